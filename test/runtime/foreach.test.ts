import { describe, expect, test } from 'vitest';
import type { StepContext } from '../../src/core/definition.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

/** Starts a run and waits until nothing moves any more. */
async function run(runtime: Runtime, workflowId: string, inputData: unknown, runId = 'r') {
  await runtime.start({ workflowId, runId, inputData });
  return settled(runtime, runId);
}

async function settled(runtime: Runtime, runId = 'r') {
  await runtime.settled({ runId });
  return runtime.result({ runId, includeState: true, includeResumeLabels: true });
}

/** Suspends until it is told what to add. */
const asking = step('ask', async ({ inputData, resumeData, suspend }: StepContext) => {
  if (resumeData === undefined)
    return suspend({ about: inputData }, { resumeLabel: `label-${String(inputData)}` });
  return Number(inputData) + Number(resumeData);
});

describe.each(places)('foreach in $name', (place) => {
  test('goes through an array in order, with a window', async () => {
    let running = 0;
    let most = 0;
    const made = workflow('w', [
      {
        foreach: step('double', async ({ inputData }) => {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          return Number(inputData) * 2;
        }),
        concurrency: 3,
      },
      step('after', ({ inputData }) => inputData),
    ]);
    await inPlace(place, [made], async (runtime) => {
      const input = Array.from({ length: 20 }, (_, i) => i);
      const result = await run(runtime, 'w', input);
      expect(result).toMatchObject({
        status: 'success',
        result: input.map((i) => i * 2),
        steps: { double: { status: 'success', payload: input, output: input.map((i) => i * 2) } },
        stepExecutionPath: ['after'],
      });
      expect(most).toBeLessThanOrEqual(3);
      expect(most).toBeGreaterThan(1);
    });
  });

  test.each([[[]], [[1]], [[null, undefined, 0, '', false]]])('D71 H2 of %j', async (input) => {
    const made = workflow('w', [{ foreach: step('same', ({ inputData }) => inputData), concurrency: 2 }]);
    await inPlace(place, [made], async (runtime) => {
      expect(await run(runtime, 'w', input)).toMatchObject({ status: 'success', result: input });
    });
  });

  test('an array of many pages, and more items at once than one event launches', async () => {
    const made = workflow('w', [
      { foreach: step('length', ({ inputData }) => String(inputData).length), concurrency: 250 },
    ]);
    await inPlace(place, [made], async (runtime) => {
      const input = Array.from({ length: 300 }, (_, i) => 'x'.repeat(i % 150));
      const result = await run(runtime, 'w', input);
      expect(result).toMatchObject({ status: 'success', result: input.map(({ length }) => length) });
    });
  });

  test('H1 a failing item fails the run, and nothing is launched after it', async () => {
    const seen: unknown[] = [];
    const made = workflow('w', [
      {
        foreach: step('some', ({ inputData }) => {
          seen.push(inputData);
          if (inputData === 2) throw new Error('no two');
          return inputData;
        }),
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      const result = await run(runtime, 'w', [1, 2, 3]);
      expect(result).toMatchObject({ status: 'failed', error: { message: 'no two' } });
      expect(result.steps['some']).toMatchObject({ status: 'failed', payload: [1, 2, 3] });
      expect(seen).toEqual([1, 2]);
    });
  });

  test('an item that bails ends the run with its result', async () => {
    const made = workflow('w', [
      { foreach: step('some', ({ inputData, bail }) => (inputData === 2 ? bail('enough') : inputData)) },
      add('never', 1),
    ]);
    await inPlace(place, [made], async (runtime) => {
      const result = await run(runtime, 'w', [1, 2, 3]);
      expect(result).toMatchObject({ status: 'success', result: 'enough' });
      expect(result.steps['some']).toMatchObject({ status: 'success', payload: 2, output: 'enough' });
      expect(result.steps).not.toHaveProperty('never');
    });
  });

  test('items see the state of those that settled before them', async () => {
    const made = workflow('w', [
      {
        foreach: step('count', async ({ state, setState }) => {
          const count = Number(state['count'] ?? 0) + 1;
          await setState({ count, [`seen${count}`]: true });
          return count;
        }),
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      const result = await run(runtime, 'w', ['a', 'b', 'c']);
      expect(result).toMatchObject({
        status: 'success',
        result: [1, 2, 3],
        state: { count: 3, seen1: true, seen2: true, seen3: true },
      });
    });
  });

  test('D72 one after the other, each suspends and is resumed', async () => {
    const made = workflow('w', [{ foreach: asking }]);
    await inPlace(place, [made], async (runtime) => {
      const first = await run(runtime, 'w', [1, 2]);
      expect(first).toMatchObject({
        status: 'suspended',
        suspended: [['ask']],
        suspendPayload: { ask: { about: 1 } },
        resumeLabels: { 'label-1': { stepId: 'ask', foreachIndex: 0 } },
        steps: { ask: { status: 'suspended', payload: [1, 2], suspendPayload: { about: 1 } } },
      });
      await runtime.resume({ runId: 'r', resumeData: 10 });
      expect(await settled(runtime)).toMatchObject({
        status: 'suspended',
        suspendPayload: { ask: { about: 2 } },
      });
      await runtime.resume({ runId: 'r', label: 'label-2', resumeData: 20 });
      expect(await settled(runtime)).toMatchObject({ status: 'success', result: [11, 22] });
    });
  });

  test('D74 D75 all suspended items at once, or by their index', async () => {
    const made = workflow('w', [{ foreach: asking, concurrency: 3 }]);
    await inPlace(place, [made], async (runtime) => {
      await run(runtime, 'w', [1, 2, 3], 'all');
      await runtime.resume({ runId: 'all', resumeData: 10 });
      expect(await settled(runtime, 'all')).toMatchObject({ status: 'success', result: [11, 12, 13] });

      await run(runtime, 'w', [1, 2, 3], 'each');
      for (const index of [2, 0]) {
        await runtime.resume({ runId: 'each', step: 'ask', forEachIndex: index, resumeData: 100 });
        expect(await settled(runtime, 'each')).toMatchObject({ status: 'suspended' });
      }
      await expect(
        runtime.resume({ runId: 'each', step: 'ask', forEachIndex: 2, resumeData: 1 }),
      ).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
      await runtime.resume({ runId: 'each', step: 'ask', resumeData: 1 });
      expect(await settled(runtime, 'each')).toMatchObject({ status: 'success', result: [101, 3, 103] });
    });
  });

  test('a retry of an item is its own, and null fails the run', async () => {
    const tries = new Map<unknown, number>();
    const made = workflow('w', [
      {
        foreach: step(
          'flaky',
          ({ inputData, retryCount }) => {
            tries.set(inputData, retryCount);
            if (inputData === 'b' && retryCount < 2) throw new Error('again');
            return retryCount;
          },
          { retries: 2 },
        ),
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      expect(await run(runtime, 'w', ['a', 'b'])).toMatchObject({ status: 'success', result: [0, 2] });
      expect(await run(runtime, 'w', null, 'none')).toMatchObject({ status: 'failed' });
    });
  });
});

describe.each(places)('nested workflows in $name', (place) => {
  const inner = workflow('inner', [add('one', 1), add('two', 10)]);

  test('a nested run gives its result to the entry', async () => {
    const made = workflow('outer', [add('first', 100), nest(inner), add('last', 1000)]);
    await inPlace(place, [made], async (runtime) => {
      const result = await run(runtime, 'outer', 0);
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
      const result = await run(runtime, 'outer', 1);
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
    const leaf = workflow('leaf', [asking]);
    const middle = workflow('middle', [nest(leaf), add('m', 100)]);
    const made = workflow('outer', [nest(middle), add('o', 1000)]);
    await inPlace(place, [made], async (runtime) => {
      const first = await run(runtime, 'outer', 1);
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
      await runtime.resume({ runId: 'r', step: ['middle', 'leaf', 'ask'], resumeData: 10 });
      expect(await settled(runtime)).toMatchObject({ status: 'success', result: 1111 });
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
      const result = await run(runtime, 'outer', 1);
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
      const result = await run(runtime, 'outer', 1);
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
      expect(await run(runtime, 'outer', 1)).toMatchObject({ status: 'success', result: 3 });
    });
  });

  test('G11 H14 a cancel ends the nested runs that wait', async () => {
    const leaf = workflow('leaf', [asking]);
    const made = workflow('outer', [{ parallel: [nest(leaf), add('fine', 1)] }]);
    await inPlace(place, [made], async (runtime) => {
      await run(runtime, 'outer', 1);
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
      const first = await run(runtime, 'outer', [1, 2, 3]);
      expect(first).toMatchObject({ status: 'suspended', suspended: [['leaf', 'ask']] });
      await runtime.resume({ runId: 'r', step: 'leaf', forEachIndex: 1, resumeData: 5 });
      expect(await settled(runtime)).toMatchObject({ status: 'suspended' });
      await runtime.resume({ runId: 'r', step: 'leaf.ask', resumeData: 1 });
      expect(await settled(runtime)).toMatchObject({ status: 'success', result: [2, 7, 4] });
    });
  });
});
