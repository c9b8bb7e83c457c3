import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { drive, settledResult } from './drive.ts';
import { asking, add, nest, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

describe.each(places)('nested workflows in $name', (place) => {
  const inner = workflow('inner', [add('one', 1), add('two', 10)]);

  test('a nested run gives its result to the entry', async () => {
    const made = workflow('outer', [add('first', 100), nest(inner), add('last', 1000)]);
    await inPlace(place, [made], async (runtime) => {
      const result = await drive(runtime, 'outer', 0);
      expect(result).toMatchObject({
        status: 'success',
        result: 1111,
        steps: { inner: { status: 'success', payload: 100, output: 111 } },
        stepExecutionPath: ['first', 'inner', 'last'],
      });
      const stored = await runtime.get({ runId: 'r' });
      expect(stored?.steps).toMatchObject({
        'inner.one': { status: 'success', payload: 100, output: 101 },
        'inner.two': { status: 'success', output: 111 },
      });
    });
  });

  test('in a parallel, a branch, a loop and a foreach', async () => {
    const other = workflow('other', [add('five', 5)]);
    const made = workflow('outer', [
      { parallel: [nest(inner), nest(other)] },
      step('sum', ({ inputData }) => {
        const { inner: a, other: b } = inputData as Record<string, number>;
        return Number(a) + Number(b);
      }),
      { dountil: [nest(other), ({ inputData }) => Number(inputData) > 30] },
      step('list', ({ inputData }) => [inputData, inputData]),
      { foreach: nest(inner), concurrency: 2 },
    ]);
    await inPlace(place, [made], async (runtime) => {
      const result = await drive(runtime, 'outer', 1);
      // 1+11=12, 1+5=6 -> 18 -> 23, 28, 33 -> [44, 44]
      expect(result).toMatchObject({
        status: 'success',
        result: [44, 44],
        steps: { other: { output: 33, metadata: { iterationCount: 3 } } },
      });
      const stored = await runtime.get({ runId: 'r' });
      expect(stored?.steps).toMatchObject({ 'inner[1].two': { output: 44 } });
    });
  });

  test('D131 D136 a suspension three levels down is resumed by its path, and all levels go on', async () => {
    const leaf = workflow('leaf', [{ ...asking, resumeSchema: z.number() }]);
    const middle = workflow('middle', [nest(leaf), add('m', 100)]);
    const made = workflow('outer', [nest(middle), add('o', 1000)]);
    await inPlace(place, [made], async (runtime) => {
      const first = await drive(runtime, 'outer', 1);
      expect(first).toMatchObject({
        status: 'suspended',
        suspended: [['middle', 'leaf', 'ask']],
        suspendPayload: { middle: { about: 1 } },
        steps: { middle: { status: 'suspended', suspendPayload: { about: 1 } } },
        resumeLabels: { 'label-1': { stepId: 'middle.leaf.ask' } },
      });
      expect((await runtime.get({ runId: 'r' }))?.steps).toMatchObject({
        middle: { status: 'running' },
        'middle.leaf.ask': { status: 'suspended' },
      });
      // A refusal names the run that the caller knows, and not the nested one.
      await expect(runtime.resume({ runId: 'r', resumeData: 'ten' })).rejects.toMatchObject({
        code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
        details: { runId: 'r', stepId: 'ask' },
      });
      await runtime.resume({ runId: 'r', step: ['middle', 'leaf', 'ask'], resumeData: 10 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 1111 });
    });
  });

  test('D67 a failure inside fails the entry with its error', async () => {
    const broken = workflow('broken', [
      step('bad', () => {
        throw new Error('inside');
      }),
    ]);
    const made = workflow('outer', [nest(broken), add('never', 1)]);
    await inPlace(place, [made], async (runtime) => {
      const result = await drive(runtime, 'outer', 1);
      expect(result).toMatchObject({ status: 'failed', error: { message: 'inside' } });
      expect(result.steps['broken']).toMatchObject({ status: 'failed', error: { message: 'inside' } });
    });
  });

  test('D26 D27 state goes in and comes back', async () => {
    const stateful = workflow('stateful', [
      step('set', async ({ state, setState, requestContext }) => {
        await setState({ inner: true, seen: state['outer'] });
        requestContext.set('from', 'inside');
        return null;
      }),
    ]);
    const made = workflow('outer', [
      step('before', async ({ setState }) => {
        await setState({ outer: 1 });
      }),
      nest(stateful),
      step('after', ({ state, requestContext }) => ({ ...state, from: requestContext.get('from') })),
    ]);
    await inPlace(place, [made], async (runtime) => {
      const result = await drive(runtime, 'outer', 1);
      expect(result).toMatchObject({
        status: 'success',
        result: { outer: 1, inner: true, seen: 1, from: 'inside' },
      });
    });
  });

  test('a retry of the entry runs the nested workflow anew', async () => {
    let tries = 0;
    const flaky = workflow('flaky', [
      step('try', () => {
        tries += 1;
        if (tries < 3) throw new Error(`try ${tries}`);
        return tries;
      }),
    ]);
    const made = workflow('outer', [nest(flaky)], { retryConfig: { attempts: 2 } });
    await inPlace(place, [made], async (runtime) => {
      expect(await drive(runtime, 'outer', 1)).toMatchObject({ status: 'success', result: 3 });
    });
  });

  test('G11 H14 a cancel ends the nested runs that wait', async () => {
    const leaf = workflow('leaf', [asking]);
    const made = workflow('outer', [{ parallel: [nest(leaf), add('fine', 1)] }]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'outer', 1);
      await runtime.cancel({ runId: 'r' });
      await expect(runtime.resume({ runId: 'r', resumeData: 1 })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      });
    });
  });

  test('in a foreach, several are suspended and resumed by index and all at once', async () => {
    const leaf = workflow('leaf', [asking]);
    const made = workflow('outer', [{ foreach: nest(leaf), concurrency: 3 }]);
    await inPlace(place, [made], async (runtime) => {
      const first = await drive(runtime, 'outer', [1, 2, 3]);
      expect(first).toMatchObject({ status: 'suspended', suspended: [['leaf', 'ask']] });
      await runtime.resume({ runId: 'r', step: 'leaf', forEachIndex: 1, resumeData: 5 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'suspended' });
      await runtime.resume({ runId: 'r', step: 'leaf.ask', resumeData: 1 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: [2, 7, 4] });
    });
  });
});
