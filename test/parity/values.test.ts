import { describe, expect, it } from 'vitest';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { createStep, createWorkflow } from './reference-shim/index.ts';
import { any, flow } from './reference/steps.ts';
import { all, payloadOf } from './stream-events.ts';
import { megabyte, valuesOfEveryKind } from './values.ts';

type Execute = Parameters<typeof createStep>[0]['execute'];

function step(id: string, execute: Execute, more: object = {}) {
  return createStep({ id, inputSchema: any, outputSchema: any, ...more, execute });
}

/** Puts what `values` gives wherever a value can go, and notes in `seen` what comes there. */
function everywhere(values: () => unknown, seen: Record<string, unknown>) {
  const ask = step(
    'ask',
    async ({ inputData, resumeData, suspend, state, setState, requestContext, writer }) => {
      if (resumeData !== undefined) return resumeData;
      const initial = state['given'];
      Object.assign(seen, { input: inputData, context: requestContext.get('given'), initial });
      await writer.write(values());
      await writer.custom({ type: 'data-own', data: values() });
      await setState({ kept: values() });
      requestContext.set('set', values());
      return suspend(values());
    },
    { resumeSchema: any },
  );
  const item = step('item', async ({ inputData }) => {
    Object.assign(seen, { item: inputData });
    return inputData;
  });
  const last = step('last', async ({ inputData, state, requestContext, getInitData, getStepResult }) => {
    const [output] = inputData as unknown[];
    Object.assign(seen, { output, state: state['kept'], init: getInitData(), earlier: getStepResult('ask') });
    return requestContext.get('set');
  });
  return createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
    .then(ask)
    .map(async ({ inputData }) => [inputData], { id: 'listed' })
    .foreach(item)
    .then(last)
    .commit();
}

describe.each(places)('values in $name', (place) => {
  it.each([
    ['values of every kind', valuesOfEveryKind],
    ['texts of a megabyte', () => megabyte],
  ])('R1 gives %s back as they were, wherever they go', async (_, values) => {
    const seen: Record<string, unknown> = {};
    const workflow = everywhere(values, seen);
    await inPlace(place, [workflow], async () => {
      const run = await workflow.createRun();
      const output = run.stream({
        inputData: values(),
        initialState: { given: values() },
        requestContext: { given: values() },
      });
      const events = await all(output.fullStream);
      expect(payloadOf(events, 'workflow-step-output')).toMatchObject({ output: values() });
      expect(events.find(({ type }) => (type as string) === 'data-own')).toMatchObject({ data: values() });
      expect(payloadOf(events, 'workflow-step-suspended')).toMatchObject({ suspendPayload: values() });
      const asked = await output.result;
      expect(asked).toMatchObject({ status: 'suspended', suspendPayload: { ask: values() } });
      const done = await run.resume({ resumeData: values(), outputOptions: { includeState: true } });
      expect(done).toMatchObject({
        status: 'success',
        result: values(),
        input: values(),
        state: { given: values(), kept: values() },
      });
      const kinds = ['input', 'context', 'initial', 'item', 'output', 'state', 'init', 'earlier'];
      expect(seen).toEqual(Object.fromEntries(kinds.map((kind) => [kind, values()])));
      const stored = await workflow.getWorkflowRunById(run.runId, {
        fields: ['payload', 'steps', 'result', 'requestContext'],
      });
      expect(stored).toMatchObject({
        payload: values(),
        result: values(),
        requestContext: { given: values(), set: values() },
        steps: {
          ask: { suspendPayload: values(), resumePayload: values(), output: values() },
          item: { payload: [values()], output: [values()] },
        },
      });
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['zero', 0],
    ['an empty text', ''],
    ['false', false],
    ['no number', Number.NaN],
    ['a bigint', 7n],
    ['a date', new Date(5)],
  ])(
    'R21 has %s for a value as a whole: as input, output, payload of a suspension and item',
    async (_, value) => {
      const ask = step(
        'ask',
        async ({ inputData, resumeData, suspend, suspendData }) => {
          return resumeData === undefined ? suspend(inputData) : [inputData, suspendData];
        },
        { resumeSchema: any },
      );
      const workflow = flow('flow')
        .then(step('echo', async ({ inputData }) => inputData))
        .then(ask)
        .foreach(step('item', async ({ inputData }) => inputData))
        .commit();
      await inPlace(place, [workflow], async () => {
        const run = await workflow.createRun();
        const asked = await run.start({ inputData: value });
        expect(asked.steps).toMatchObject({
          echo: { payload: value, output: value },
          ask: { payload: value },
        });
        const done = await run.resume({ resumeData: true });
        expect(done).toMatchObject({ status: 'success', result: [value, value] });
        const stored = await workflow.getWorkflowRunById(run.runId);
        expect(stored?.payload).toEqual(value);
      });
    },
  );
});
