import { describe, expect, test } from 'vitest';
import { drive, settledResult } from './drive.ts';
import { asking, add, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

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
      const result = await drive(runtime, 'w', input);
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
      expect(await drive(runtime, 'w', input)).toMatchObject({ status: 'success', result: input });
    });
  });

  test('an array of many pages, and more items at once than one event launches', async () => {
    const made = workflow('w', [
      { foreach: step('length', ({ inputData }) => String(inputData).length), concurrency: 250 },
    ]);
    await inPlace(place, [made], async (runtime) => {
      const input = Array.from({ length: 300 }, (_, i) => 'x'.repeat(i % 150));
      const result = await drive(runtime, 'w', input);
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
      const result = await drive(runtime, 'w', [1, 2, 3]);
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
      const result = await drive(runtime, 'w', [1, 2, 3]);
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
      const result = await drive(runtime, 'w', ['a', 'b', 'c']);
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
      const first = await drive(runtime, 'w', [1, 2]);
      expect(first).toMatchObject({
        status: 'suspended',
        suspended: [['ask']],
        suspendPayload: { ask: { about: 1 } },
        resumeLabels: { 'label-1': { stepId: 'ask', foreachIndex: 0 } },
        steps: { ask: { status: 'suspended', payload: [1, 2], suspendPayload: { about: 1 } } },
      });
      await runtime.resume({ runId: 'r', resumeData: 10 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'suspended',
        suspendPayload: { ask: { about: 2 } },
      });
      await runtime.resume({ runId: 'r', label: 'label-2', resumeData: 20 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: [11, 22] });
    });
  });

  test('D74 D75 all suspended items at once, or by their index', async () => {
    const made = workflow('w', [{ foreach: asking, concurrency: 3 }]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', [1, 2, 3], { runId: 'all' });
      await runtime.resume({ runId: 'all', resumeData: 10 });
      expect(await settledResult(runtime, 'all')).toMatchObject({ status: 'success', result: [11, 12, 13] });

      await drive(runtime, 'w', [1, 2, 3], { runId: 'each' });
      for (const index of [2, 0]) {
        await runtime.resume({ runId: 'each', step: 'ask', forEachIndex: index, resumeData: 100 });
        expect(await settledResult(runtime, 'each')).toMatchObject({ status: 'suspended' });
      }
      await expect(
        runtime.resume({ runId: 'each', step: 'ask', forEachIndex: 2, resumeData: 1 }),
      ).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
      await runtime.resume({ runId: 'each', step: 'ask', resumeData: 1 });
      expect(await settledResult(runtime, 'each')).toMatchObject({
        status: 'success',
        result: [101, 3, 103],
      });
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
      expect(await drive(runtime, 'w', ['a', 'b'])).toMatchObject({ status: 'success', result: [0, 2] });
      expect(await drive(runtime, 'w', null, { runId: 'none' })).toMatchObject({ status: 'failed' });
    });
  });
});
