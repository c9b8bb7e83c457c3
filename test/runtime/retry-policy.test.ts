import { describe, expect, test } from 'vitest';
import type { RetryConfig } from '../../src/core/definition.ts';
import { createStep, createWorkflow, NonRetryableError } from '../../src/index.ts';
import { byHand } from './hand.ts';
import { places, withVirtualTime } from './places.ts';
import { any, body, flow } from './steps.ts';

/** A step that always fails, and notes when it is tried; `retryConfig` is its own. */
function failing(times: number[], now: () => number, retryConfig?: RetryConfig) {
  return createStep({
    id: 'failing',
    inputSchema: any,
    outputSchema: any,
    ...(retryConfig === undefined ? {} : { retryConfig }),
    execute: async ({ retryCount }) => {
      times.push(now());
      throw new Error(`try ${retryCount}`);
    },
  });
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, at) => time - (times[at] ?? 0));
}

function withPolicy(retryConfig: RetryConfig) {
  return createWorkflow({ id: 'w', inputSchema: any, outputSchema: any, retryConfig });
}

describe.each(places)('a retry policy, $name', (place) => {
  test('doubles the pauses up to their bound, and a step changes single fields of it', async () => {
    const seen: number[][] = [];
    for (const own of [undefined, { attempts: 2, backoff: 'constant' } as const]) {
      const times: number[] = [];
      const clock: { now?: () => number } = {};
      const step = failing(times, () => clock.now?.() ?? 0, own);
      const made = withPolicy({ attempts: 4, delay: 1_000, backoff: 'exponential', maxDelay: 5_000 })
        .then(step)
        .commit();
      await withVirtualTime(place, [made], async (runtime, virtual) => {
        clock.now = () => virtual.now();
        await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
        await virtual.runUntil(runtime.settled({ runId: 'r' }));
        expect(await runtime.result({ runId: 'r' })).toMatchObject({ error: { message: /^try \d$/ } });
      });
      seen.push(gaps(times));
    }
    // A place that polls its queue is a few ms late.
    const about = (ms: number) => expect.closeTo(ms, -2);
    expect(seen).toEqual([
      [about(1_000), about(2_000), about(4_000), about(5_000)],
      [about(1_000), about(1_000)],
    ]);
  });

  test('asks after each error whether it is to be tried again', async () => {
    const asked: unknown[] = [];
    const made = withPolicy({
      attempts: 5,
      retryIf: async (error, { retryCount }) => {
        asked.push([error.message, retryCount]);
        return !error.message.endsWith('1');
      },
    })
      .then(failing([], () => 0))
      .commit();
    await withVirtualTime(place, [made], async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      const result = await runtime.result({ runId: 'r' });
      expect(result).toMatchObject({ status: 'failed', error: { message: 'try 1' } });
      expect(result.steps['failing']).not.toHaveProperty('nonRetryable');
    });
    expect(asked).toEqual([
      ['try 0', 0],
      ['try 1', 1],
    ]);
  });

  test('whose condition throws fails the step, and says about which error', async () => {
    const thrown = Object.assign(new TypeError('no such field'), { code: 'E1' });
    const made = withPolicy({ attempts: 5, retryIf: () => Promise.reject(thrown) })
      .then(failing([], () => 0))
      .commit();
    await withVirtualTime(place, [made], async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      expect(await runtime.result({ runId: 'r' })).toMatchObject({
        status: 'failed',
        error: {
          code: 'WORKFLOW_RETRY_CONDITION_FAILED',
          message: expect.stringContaining('"failing" threw "no such field" when it was asked about "try 0"'),
          details: { stepId: 'failing', runId: 'r', failure: 'try 0' },
          cause: { name: 'TypeError', message: 'no such field', code: 'E1' },
        },
      });
    });
  });

  test('begins a nested workflow anew, by what is asked about its error', async () => {
    const asked: string[] = [];
    let count = 0;
    const inner = flow('inner')
      .then(
        body('call', async () => {
          count += 1;
          throw Object.assign(new RangeError(`call ${count}`), { status: count === 3 ? 404 : 503 });
        }),
      )
      .commit();
    const made = withPolicy({
      attempts: 9,
      delay: 60_000,
      retryIf: (error) => {
        asked.push(`${error.name} ${error.message}`);
        return 'status' in error && error.status === 503;
      },
    })
      .then(inner)
      .commit();
    await withVirtualTime(place, [made], async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      expect(await runtime.result({ runId: 'r' })).toMatchObject({
        status: 'failed',
        error: { name: 'RangeError', message: 'call 3', status: 404 },
      });
    });
    expect(new Set(asked)).toEqual(new Set(['RangeError call 1', 'RangeError call 2', 'RangeError call 3']));
    expect(count).toBe(3);
  });
});

describe('a retry policy', () => {
  test('whose condition throws about a nested workflow fails the entry', async () => {
    const inner = flow('inner')
      .then(failing([], () => 0))
      .commit();
    const made = withPolicy({
      attempts: 1,
      retryIf: () => {
        throw new Error('nobody knows');
      },
    })
      .then(inner)
      .commit();
    const result = await (await made.createRun()).start({ inputData: 1 });
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'WORKFLOW_RETRY_CONDITION_FAILED', details: { stepId: 'inner', failure: 'try 0' } },
    });
  });

  test('is not asked about an error that is not retryable, nor about the last one', async () => {
    const asked: string[] = [];
    const refusing = body('refusing', async () => Promise.reject(new NonRetryableError('no')), {
      retries: 3,
    });
    const last = body('last', async () => Promise.reject(new Error('once')));
    for (const step of [refusing, last]) {
      const made = withPolicy({ retryIf: (error) => asked.push(error.message) > 0 })
        .then(step)
        .commit();
      expect((await (await made.createRun()).start({ inputData: 1 })).status).toBe('failed');
    }
    expect(asked).toEqual([]);
  });

  test('draws the same pause for an attempt whoever computes it, and another one for each attempt', async () => {
    const made = withPolicy({ attempts: 3, delay: 100_000, jitter: 'full' })
      .then(failing([], () => 0))
      .commit();
    const drawn = async (runId: string): Promise<number[]> => {
      const { runtime, place, clock, drain } = byHand([made]);
      const pauses: number[] = [];
      await runtime.start({ workflowId: 'w', runId, inputData: 1 });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await drain();
        const { store } = place.attach();
        const load = await store.loadStep({ runId, keys: [{ entry: 0 }], input: false, consistent: true });
        const { dueAt = 0 } = load.records[0] ?? {};
        pauses.push(dueAt - clock.now());
        clock.next();
      }
      return pauses;
    };
    const first = await drawn('one');
    expect(await drawn('one')).toEqual(first);
    const all = [...first, ...(await drawn('two'))];
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((pause) => pause >= 0 && pause <= 100_000)).toBe(true);
  });
});
