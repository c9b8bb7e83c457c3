import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createWorkflow } from '../../src/index.ts';
import { inPlace, places } from '../runtime/places.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';

const time = expect.any(Number);

describe.each(places)('basic execution in $name', (place) => {
  test('D21 bail ends with its result, and without it the workflow runs through', async () => {
    const made = flow('w')
      .then(
        body('first', async ({ inputData, bail }) => {
          return inputData === 'bail' ? bail('bailed') : 'passed';
        }),
      )
      .then(body('last', async () => 'end'))
      .commit();
    await inPlace(place, [made], async () => {
      const bailed = await (await made.createRun()).start({ inputData: 'bail' });
      expect(bailed).toMatchObject({ status: 'success', result: 'bailed' });
      expect(bailed.steps).toEqual({
        input: 'bail',
        first: { status: 'success', payload: 'bail', output: 'bailed', startedAt: time, endedAt: time },
      });
      const through = await (await made.createRun()).start({ inputData: 'go' });
      expect(through).toMatchObject({ status: 'success', result: 'end', steps: { last: { output: 'end' } } });
    });
  });

  test('D22 a workflow without entries has no runs', async () => {
    await expect((async () => flow('empty').commit().createRun())()).rejects.toMatchObject({
      code: 'WORKFLOW_EMPTY_GRAPH',
      message: expect.stringContaining(
        'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
      ),
    });
  });

  test('D23 a workflow that is not committed has no runs', async () => {
    const open = flow('open').then(echo('e'));
    await expect(
      (async () => (open as never as { createRun(): Promise<unknown> }).createRun())(),
    ).rejects.toMatchObject({
      code: 'WORKFLOW_NOT_COMMITTED',
      message: expect.stringContaining(
        'Uncommitted step flow changes detected. Call .commit() to register the steps.',
      ),
    });
  });

  test('D24 one step: the exact entry', async () => {
    const made = flow('w')
      .then(body('one', async () => ({ result: 'success' })))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun({ runId: 'r' })).start({ inputData: { a: 1 } });
      expect(result).toEqual({
        status: 'success',
        runId: 'r',
        input: { a: 1 },
        result: { result: 'success' },
        stepExecutionPath: ['one'],
        steps: {
          input: { a: 1 },
          one: {
            status: 'success',
            payload: { a: 1 },
            output: { result: 'success' },
            startedAt: time,
            endedAt: time,
          },
        },
      });
      const stored = (await made.getWorkflowRunById('r'))?.steps['one'];
      const { startedAt = 0, endedAt = -1 } = stored ?? {};
      expect(endedAt).toBeGreaterThanOrEqual(startedAt);
    });
  });

  test('D25 a step reads the state', async () => {
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      stateSchema: z.object({ value: z.string() }),
    })
      .then(body('one', async ({ state }) => ({ read: state['value'] })))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: {}, initialState: { value: 's' } });
      expect(result).toMatchObject({ status: 'success', result: { read: 's' } });
    });
  });

  test('D28 results of a chain by the ids of its steps', async () => {
    const made = flow('w')
      .then(body('one', async () => ({ n: 1 })))
      .then(body('two', async ({ inputData }) => ({ from: inputData })))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(Object.keys(result.steps).toSorted()).toEqual(['input', 'one', 'two']);
      expect(result).toMatchObject({
        result: { from: { n: 1 } },
        steps: { one: { output: { n: 1 } }, two: { output: { from: { n: 1 } } } },
      });
    });
  });

  test('D29 two arms run once each, and their outputs stand under their ids', async () => {
    const runs: string[] = [];
    const arm = (id: string) =>
      body(id, async () => {
        runs.push(id);
        return { value: id };
      });
    const made = flow('w')
      .parallel([arm('left'), arm('right')])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result).toMatchObject({
        status: 'success',
        result: { left: { value: 'left' }, right: { value: 'right' } },
      });
      const entry = (id: string) => ({
        status: 'success',
        payload: 1,
        output: { value: id },
        startedAt: time,
        endedAt: time,
      });
      expect(result.steps).toEqual({ input: 1, left: entry('left'), right: entry('right') });
      expect(runs.toSorted()).toEqual(['left', 'right']);
    });
  });

  test('D30 while arms run, the stored run shows all of them as running', async () => {
    const gate = Promise.withResolvers<undefined>();
    const both = Promise.withResolvers<undefined>();
    let begun = 0;
    const arm = (id: string) =>
      body(id, async () => {
        begun += 1;
        if (begun === 2) both.resolve(undefined);
        await gate.promise;
        return id;
      });
    const made = flow('w')
      .parallel([arm('left'), arm('right')])
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const over = run.start({ inputData: 1 });
      await both.promise;
      expect(await made.getWorkflowRunById(run.runId)).toMatchObject({
        status: 'running',
        steps: { left: { status: 'running' }, right: { status: 'running' } },
      });
      gate.resolve(undefined);
      await over;
      expect(await made.getWorkflowRunById(run.runId)).toMatchObject({
        status: 'success',
        steps: { left: { status: 'success' }, right: { status: 'success' } },
      });
    });
  });

  test('D31 arms read the shared state', async () => {
    const arm = (id: string) => body(id, async ({ state }) => state['value']);
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      stateSchema: z.object({ value: z.string() }),
    })
      .parallel([arm('left'), arm('right')])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0, initialState: { value: 's' } });
      expect(result).toMatchObject({ status: 'success', result: { left: 's', right: 's' } });
    });
  });

  test('D32 the run id in the context is that of the run', async () => {
    const made = flow('w')
      .then(body('one', async ({ runId }) => runId))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      expect(await run.start({ inputData: 0 })).toMatchObject({ result: run.runId });
    });
  });

  test('D33 D34 D35 D36 steps read the input and results of earlier steps', async () => {
    const first = body('first', async ({ inputData, getInitData }) => ({
      got: inputData,
      init: getInitData(),
    }));
    const made = flow('w')
      .then(first)
      .then(
        body('later', async ({ getInitData, getStepResult }) => ({
          init: getInitData(),
          object: getStepResult(first),
          id: getStepResult('first'),
          unknown: getStepResult('nobody'),
        })),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: { who: 'ada' } });
      const got = { got: { who: 'ada' }, init: { who: 'ada' } };
      expect(result).toMatchObject({
        status: 'success',
        result: { init: { who: 'ada' }, object: got, id: got, unknown: null },
      });
    });
  });

  test('D47 D50 D51 D68 of several conditions those that hold take their arms', async () => {
    const status = body('status', async ({ inputData }) => inputData);
    const made = flow('w')
      .then(status)
      .branch([
        [async ({ inputData }) => (inputData as { s: string }).s === 'ok', body('text', async () => 't')],
        [
          async ({ getStepResult }) => (getStepResult(status) as { n: number }).n > 5,
          body('result', async () => 'r'),
        ],
        [
          async ({ inputData: { s, n } }: { inputData: { s: string; n: number } }) =>
            (s === 'ok' && n > 5) || n === -1,
          body('mixed', async () => 'm'),
        ],
      ])
      .commit();
    await inPlace(place, [made], async () => {
      const of = async (s: string, n: number) => (await made.createRun()).start({ inputData: { s, n } });
      expect((await of('ok', 9)).steps).toMatchObject({
        text: { output: 't' },
        result: { output: 'r' },
        mixed: { output: 'm' },
      });
      const one = await of('ok', 1);
      expect(Object.keys(one.steps).toSorted()).toEqual(['input', 'status', 'text']);
      const other = await of('no', -1);
      expect(Object.keys(other.steps).toSorted()).toEqual(['input', 'mixed', 'status']);
      expect(other).toMatchObject({ status: 'success', result: { mixed: 'm' } });
    });
  });

  test('D48 conditions read the state', async () => {
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      stateSchema: z.object({ left: z.boolean() }),
    })
      .branch([
        [async ({ state }) => state.left, echo('left')],
        [async ({ state }) => !state.left, echo('right')],
      ])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1, initialState: { left: false } });
      expect(result).toMatchObject({ status: 'success', result: { right: 1 } });
      expect(result.steps).not.toHaveProperty('left');
    });
  });

  test('D143 a block of arms gets the map of the one before', async () => {
    const made = flow('w')
      .parallel([echo('a'), echo('b')])
      .parallel([echo('c'), echo('d')])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      const map = { a: 1, b: 1 };
      expect(result).toMatchObject({ status: 'success', result: { c: map, d: map } });
      expect(result.steps).toMatchObject({ c: { payload: map }, d: { payload: map } });
    });
  });
});
