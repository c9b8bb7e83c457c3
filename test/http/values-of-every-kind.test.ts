import { describe, expect, onTestFinished, test } from 'vitest';
import { createClient, isValueRef } from '../../src/client/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createHttpApp } from '../../src/http/index.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { megabyte, shownValues, valuesOfEveryKind } from '../parity/values.ts';
import { onSqlite } from '../runtime/places.ts';
import { any } from '../runtime/steps.ts';
import { all } from '../client/fixtures.ts';

/** Clients of servers on one file, one after the other: the server before is closed. */
function onFile(workflow: WorkflowDefinition) {
  const { another, backend, remove } = onSqlite(undefined);
  let unused: typeof backend | undefined = backend;
  let close = async (): Promise<void> => {};
  onTestFinished(async () => {
    await close();
    await remove();
  });
  return async () => {
    await close();
    const runtime = createRuntime({ workflows: [workflow], backend: unused ?? another(), history: 'full' });
    unused = undefined;
    close = () => runtime.close();
    const app = createHttpApp({ runtime });
    return createClient({ url: 'http://api.test', fetch: (request) => app.fetch(request) });
  };
}

/** Puts what `values` gives wherever a value can go, and notes in `seen` what a caller sent. */
function everywhere(values: () => unknown, seen: Record<string, unknown>) {
  const ask = createStep({
    id: 'ask',
    inputSchema: any,
    outputSchema: any,
    resumeSchema: any,
    execute: async ({ inputData, resumeData, suspend, state, setState, requestContext, writer }) => {
      if (resumeData !== undefined) {
        Object.assign(seen, { resume: resumeData, kept: (state as { kept?: unknown }).kept });
        return values();
      }
      const initial = (state as { given?: unknown }).given;
      Object.assign(seen, { input: inputData, context: requestContext.get('given'), initial });
      await writer.write(values());
      await setState({ kept: values() });
      requestContext.set('set', values());
      return suspend(values());
    },
  });
  return createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
    .then(ask as never)
    .commit();
}

describe('values over HTTP', () => {
  test.each<[string, () => unknown, unknown]>([
    ['of every kind', valuesOfEveryKind, shownValues],
    ['of a megabyte', () => megabyte, megabyte],
  ])('%s are sent and shown by one table, and stored as they were', async (_, values, shown) => {
    const seen: Record<string, unknown> = {};
    const open = onFile(everywhere(values, seen));
    const client = await open();
    const started = await client.workflow('flow').start({
      runId: 'run',
      inputData: values(),
      initialState: { given: values() },
      requestContext: { given: values() },
      wait: 25,
    });
    expect(started.outcome).toMatchObject({
      status: 'suspended',
      input: shown,
      suspendPayload: { ask: shown },
    });
    expect(seen).toEqual({ input: shown, context: shown, initial: shown });
    const reopened = await open();
    const run = reopened.run('run');
    expect(await run.result()).toEqual(started.outcome);
    const resumed = await run.resume({ resumeData: values(), wait: 25 });
    expect(resumed.outcome).toMatchObject({ status: 'success', result: shown });
    expect(seen).toMatchObject({ resume: shown });
    // What a step stored is read by the next one as it was.
    expect(seen['kept']).toEqual(values());
    const last = (await open()).run('run');
    expect(await last.result({ includeState: true })).toMatchObject({
      status: 'success',
      result: shown,
      input: shown,
      state: { given: shown, kept: shown },
      steps: { ask: { payload: shown, suspendPayload: shown, resumePayload: shown, output: shown } },
    });
    expect(await last.get({ fields: ['payload', 'requestContext', 'initialState'] })).toMatchObject({
      payload: shown,
      requestContext: { given: shown, set: shown },
      initialState: { given: shown, kept: shown },
    });
  });

  test.each<[string, () => unknown, unknown]>([
    ['of every kind', valuesOfEveryKind, shownValues],
    ['of a megabyte', () => megabyte, megabyte],
  ])('%s are in events, those of a megabyte by reference', async (_, values, shown) => {
    const client = await onFile(everywhere(values, {}))();
    const run = await client.workflow('flow').start({ runId: 'run', inputData: values(), wait: 25 });
    await run.resume({ resumeData: values(), wait: 25 });
    const found: Record<string, unknown> = {};
    for (const { type, payload } of await all(run.events())) {
      const names = ['output', 'suspendPayload', 'resumePayload', 'payload'];
      for (const name of names.filter((field) => field in payload)) {
        const value: unknown = Reflect.get(payload, name);
        found[`${type} ${name}`] = isValueRef(value) ? await client.value(value) : value;
      }
    }
    delete found['workflow-finish output'];
    const places = [
      'workflow-step-output output',
      'workflow-step-result output',
      'workflow-step-result payload',
      'workflow-step-result resumePayload',
      'workflow-step-start payload',
      'workflow-step-start resumePayload',
      'workflow-step-suspended payload',
      'workflow-step-suspended suspendPayload',
    ];
    expect(Object.keys(found).toSorted()).toEqual(expect.arrayContaining(places));
    for (const value of Object.values(found)) expect(value).toEqual(shown);
  });

  test.each([
    [undefined, undefined],
    [null, null],
    [7n, '7'],
    [Number.NaN, null],
    [new Date(5), '1970-01-01T00:00:00.005Z'],
  ])('%s as a whole', async (value, shown) => {
    const echo = createStep({
      id: 'echo',
      inputSchema: any,
      outputSchema: any,
      execute: async () => value,
    });
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any }).then(echo).commit();
    const client = await onFile(workflow)();
    const { outcome } = await client.workflow('flow').start({ inputData: value, wait: 25 });
    if (outcome?.status !== 'success') expect.fail(outcome?.status);
    expect([outcome.input, outcome.result]).toEqual([shown, shown]);
    expect('result' in outcome).toBe(value !== undefined);
  });
});
