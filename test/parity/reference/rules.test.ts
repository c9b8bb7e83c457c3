import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { NonRetryableError } from '../../../src/index.ts';
import type { WorkflowDefinition } from '../../../src/core/definition.ts';
import { places } from '../places/index.ts';
import { all, payloadOf } from '../stream-events.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { any, asking, flow, passing } from './steps.ts';

/** Rules of the reference that no line of its checklist says. */

type Execute = Parameters<typeof createStep>[0]['execute'];

function step(id: string, execute: Execute, more: object = {}) {
  return createStep({ id, inputSchema: any, outputSchema: any, ...more, execute });
}

interface Startable {
  start(given: never): Promise<unknown>;
}

describe.each(places)('rules in $name', (place) => {
  const started = async <One extends Startable>(
    workflow: WorkflowDefinition & { createRun(): Promise<One> },
    inputData: unknown = {},
  ) => {
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = (await run.start({ inputData } as never)) as Awaited<ReturnType<One['start']>>;
    return { run, done };
  };

  it('R2 validates no output', async () => {
    const wrong = createStep({
      id: 'wrong',
      inputSchema: any,
      outputSchema: z.object({ n: z.number() }),
      execute: vi.fn().mockResolvedValue('text'),
    });
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: any,
      outputSchema: z.object({ n: z.number() }),
    });
    const { done } = await started(workflow.then(wrong).commit());
    expect(done).toMatchObject({ status: 'success', result: 'text' });
  });

  it.each([
    ['a text', 'just text', { message: 'just text' }],
    ['an object', { message: 'in an object', code: 7 }, { message: 'in an object', code: 7 }],
    ['nothing', undefined, { message: expect.stringContaining('nknown') }],
  ])('R3 makes an error of whatever is thrown: %s', async (_, thrown, shown) => {
    const { run, done } = await started(
      flow('flow')
        .then(step('throws', async () => Promise.reject(thrown)))
        .commit(),
    );
    if (done.status !== 'failed') expect.fail(done.status);
    expect(done.error).toBeInstanceOf(Error);
    expect(done.error).toMatchObject(shown);
    expect(run.workflowRunStatus).toBe('failed');
  });

  it('R4 does not retry what says that it cannot be mended', async () => {
    const execute = vi.fn(async () => {
      throw new NonRetryableError('for good');
    });
    const { done } = await started(
      flow('flow')
        .then(step('hopeless', execute, { retries: 3 }))
        .commit(),
    );
    expect(done).toMatchObject({
      status: 'failed',
      error: { message: 'for good' },
      steps: { hopeless: { status: 'failed', nonRetryable: true } },
    });
    expect(execute).toHaveBeenCalledTimes(1);
  });

  it('R5 shows a step the state as it was when it started, and keeps what it sets last', async () => {
    const seen: unknown[] = [];
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
      .then(
        step('sets', async ({ state, setState }) => {
          await setState({ n: 1 });
          await setState({ n: 2 });
          seen.push(state['n']);
        }),
      )
      .then(step('sees', async ({ state }) => state))
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {}, initialState: { n: 0, kept: true } });
    expect(done).toMatchObject({ status: 'success', result: { n: 2, kept: true } });
    expect(seen).toEqual([0]);
  });

  it('R6 has null for the result of a step that has none', async () => {
    const { done } = await started(
      flow('flow')
        .branch([[async () => false, passing('never').step]])
        .then(step('looks', async ({ getStepResult }) => [getStepResult('never'), getStepResult('unknown')]))
        .commit(),
    );
    expect(done).toMatchObject({ status: 'success', result: [null, null] });
  });

  it('R7 goes on with an empty object when no condition holds, and with an empty list of no items', async () => {
    const item = passing('item');
    const { done } = await started(
      flow('flow')
        .branch([[async () => false, passing('never').step]])
        .map(async ({ inputData }) => [inputData].filter(() => false))
        .foreach(item.step)
        .then(step('looks', async ({ inputData }) => ({ got: inputData })))
        .commit(),
    );
    expect(done).toMatchObject({ status: 'success', result: { got: [] }, steps: { item: { output: [] } } });
    expect(item.execute).not.toHaveBeenCalled();
  });

  it('R8 fails a mapping that leads through what is no object', async () => {
    const first = step('first', async () => ({ x: 1 }));
    const { done } = await started(
      flow('flow')
        .then(first)
        .map({ out: { step: first, path: 'x.y.z' } }, { id: 'mapped' })
        .then(passing('after').step)
        .commit(),
    );
    expect(done).toMatchObject({
      status: 'failed',
      error: { code: 'WORKFLOW_MAPPING_PATH_INVALID', message: 'Invalid path x.y.z in step first' },
      steps: { mapped: { status: 'failed' } },
    });
  });

  it('R9 fills templates', async () => {
    const { done } = await started(
      flow('flow')
        .then(step('one', async () => ({ name: 'Ada', list: [1] })))
        .map({
          // oxlint-disable-next-line no-template-curly-in-string -- it is a template of a mapping
          text: { template: '${stepResults.one.name} ${inputData.list} ${initData.n}${inputData.none}!' },
        })
        .commit(),
      { n: 3 },
    );
    expect(done).toMatchObject({ status: 'success', result: { text: 'Ada [1] 3!' } });
  });

  it('R10 gives a resumed step what it suspended with', async () => {
    const ask = step(
      'ask',
      async ({ resumeData, suspendData, suspend }) =>
        resumeData === undefined ? suspend({ question: 42 }) : { suspendData, resumeData },
      { resumeSchema: any },
    );
    const { run } = await started(flow('flow').then(ask).commit());
    expect(await run.resume({ resumeData: 'yes' })).toMatchObject({
      status: 'success',
      result: { suspendData: { question: 42 }, resumeData: 'yes' },
    });
  });

  it('R11 names the top-level steps that were executed', async () => {
    const { done } = await started(
      flow('flow')
        .then(passing('a').step)
        .parallel([passing('b').step, passing('c').step])
        .sleep(1, { id: 'nap' })
        .then(passing('d').step)
        .commit(),
    );
    expect(done.stepExecutionPath).toEqual(['a', 'nap', 'd']);
  });

  it('R12 deletes a run', async () => {
    const workflow = flow('flow').then(asking('ask').step).commit();
    const { run } = await started(workflow);
    await workflow.deleteWorkflowRunById(run.runId);
    expect(await workflow.getWorkflowRunById(run.runId)).toBeNull();
    await expect(run.resume({ resumeData: {} })).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_FOUND',
      message: `No snapshot found for this workflow run: ${run.runId}`,
    });
  });

  it('R13 refuses another input for a run that was started', async () => {
    const first = passing('first');
    const { run } = await started(flow('flow').then(first.step).commit(), { n: 1 });
    await expect(run.start({ inputData: { n: 2 } })).rejects.toMatchObject({ code: 'WORKFLOW_RUN_CONFLICT' });
    expect(first.execute).toHaveBeenCalledTimes(1);
  });

  it('R14 streams what a nested step writes as it is, under the path of the step', async () => {
    const writes = step('writes', async ({ writer }) => {
      await writer.custom({ type: 'data-progress', data: { percent: 50 } });
      await writer.write('chunk');
      return {};
    });
    const workflow = flow('outer').then(flow('inner').then(writes).commit()).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const events = await all(run.stream({ inputData: {} }).fullStream);
    expect(events.find(({ type }) => (type as string) === 'data-progress')).toMatchObject({
      data: { percent: 50 },
    });
    expect(payloadOf(events, 'workflow-step-output')).toMatchObject({
      output: 'chunk',
      stepName: 'inner.writes',
    });
  });
});
