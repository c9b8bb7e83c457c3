import { describe, expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { nest, step, workflow } from './fixtures.ts';
import { asking, byHand } from './hand.ts';
import { places, withVirtualTime } from './places.ts';
import { any, body, echo } from './steps.ts';

function flow(id: string, timeoutMs?: number) {
  return createWorkflow({
    id,
    inputSchema: any,
    outputSchema: any,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/** Runs until its signal fires, whose reason it notes. */
function listening(id: string, reasons: unknown[]) {
  return createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    execute: async ({ abortSignal }) =>
      new Promise((_, reject) => {
        abortSignal.addEventListener('abort', () => {
          reasons.push(abortSignal.reason);
          reject(abortSignal.reason as Error);
        });
      }),
  });
}

const suspending = body('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({}));
const timedOut = { status: 'failed', error: { code: 'WORKFLOW_RUN_TIMEOUT' } };
const minute = 60_000;

describe.each(places)('a run with a time limit, $name', (place) => {
  test('fails at its deadline, and its steps are told to stop', async () => {
    const reasons: unknown[] = [];
    const made = flow('w', 5_000).then(listening('slow', reasons)).then(echo('after')).commit();
    await withVirtualTime(place, [made], async (runtime, clock) => {
      const began = clock.now();
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.advance(4_999);
      expect((await runtime.get({ runId: 'r' }))?.status).toBe('running');
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      const deadline = new Date(began + 5_000).toISOString();
      const result = await runtime.result({ runId: 'r' });
      expect(result).toMatchObject({
        status: 'failed',
        error: {
          code: 'WORKFLOW_RUN_TIMEOUT',
          message: `Run "r" was not over at its deadline, ${deadline}: raise the timeoutMs of workflow "w", or give its start a longer one`,
          details: { runId: 'r', workflowId: 'w', deadline },
        },
      });
      expect(reasons).toMatchObject([{ code: 'WORKFLOW_RUN_TIMEOUT' }]);
      await clock.advance(minute);
      expect((await runtime.result({ runId: 'r' })).steps).not.toHaveProperty('after');
      expect(await runtime.result({ runId: 'r' })).toMatchObject(timedOut);
    });
  });

  test.each([
    [
      'asleep',
      flow('w', minute)
        .sleep(5 * minute)
        .commit(),
      {},
    ],
    ['suspended', flow('w', minute).then(suspending).commit(), {}],
    ['paused', flow('w', minute).then(echo('a')).then(echo('b')).commit(), { perStep: true }],
    [
      'waiting for another attempt',
      createWorkflow({
        id: 'w',
        inputSchema: any,
        outputSchema: any,
        timeoutMs: minute,
        retryConfig: { attempts: 9, delay: 3 * minute },
      })
        .then(body('fails', async () => Promise.reject(new Error('no'))))
        .commit(),
      {},
    ],
    [
      'in a block',
      flow('w', minute)
        .parallel([suspending, echo('b')])
        .commit(),
      {},
    ],
    [
      'in a foreach',
      flow('w', minute)
        .map(async () => [1, 2])
        .foreach(suspending)
        .commit(),
      {},
    ],
  ])('fails at its deadline while it is %s', async (_, made, more) => {
    await withVirtualTime(place, [made], async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1, ...more });
      await clock.advance(minute - 1);
      expect((await runtime.get({ runId: 'r' }))?.status).not.toBe('failed');
      await clock.advance(20);
      expect(await runtime.result({ runId: 'r' })).toMatchObject(timedOut);
      await expect(runtime.resume({ runId: 'r', resumeData: 1 })).rejects.toThrow();
    });
  });

  test('has another limit when its start says so, shorter or longer', async () => {
    const made = flow('w', minute).then(suspending).commit();
    const free = flow('free').then(suspending).commit();
    await withVirtualTime(place, [made, free], async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'short', inputData: 1, timeoutMs: 1_000 });
      await runtime.start({ workflowId: 'w', runId: 'long', inputData: 1, timeoutMs: 3 * minute });
      await runtime.start({ workflowId: 'free', runId: 'free', inputData: 1 });
      await runtime.start({ workflowId: 'free', runId: 'bound', inputData: 1, timeoutMs: 2_000 });
      await runtime.start({ workflowId: 'w', runId: 'done', inputData: 1 });
      await clock.advance(100);
      await runtime.resume({ runId: 'done', resumeData: 'in time' });
      const statuses = async () => {
        const found: Record<string, string> = {};
        for (const runId of ['short', 'bound', 'long', 'free', 'done']) {
          found[runId] = (await runtime.result({ runId })).status;
        }
        return found;
      };
      await clock.advance(2_100);
      const soon = {
        short: 'failed',
        bound: 'failed',
        long: 'suspended',
        free: 'suspended',
        done: 'success',
      };
      expect(await statuses()).toEqual(soon);
      await clock.advance(2 * minute);
      expect(await statuses()).toEqual(soon);
      await clock.advance(minute);
      expect(await statuses()).toEqual({ ...soon, long: 'failed' });
    });
  });

  test('nested in another one fails like any of its steps, and what is nested in it ends', async () => {
    const reasons: unknown[] = [];
    const inner = flow('inner', 5_000).then(listening('slow', reasons)).commit();
    const outer = createWorkflow({
      id: 'outer',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 1 },
    })
      .then(inner)
      .commit();
    const around = flow('around', 2_000)
      .then(flow('inside').then(listening('slow', reasons)).commit())
      .commit();
    await withVirtualTime(place, [outer, around], async (runtime, clock) => {
      const began = clock.now();
      await runtime.start({ workflowId: 'outer', runId: 'r', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      expect(await runtime.result({ runId: 'r' })).toMatchObject(timedOut);
      // Each attempt has all of the time.
      expect(clock.now() - began).toBeGreaterThanOrEqual(10_000);
      expect(reasons).toMatchObject([{ code: 'WORKFLOW_RUN_TIMEOUT' }, { code: 'WORKFLOW_RUN_TIMEOUT' }]);
      await runtime.start({ workflowId: 'around', runId: 'a', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'a' }));
      await clock.advance(1_000);
      expect(await runtime.result({ runId: 'a' })).toMatchObject(timedOut);
      expect(reasons[2]).toMatchObject({ code: 'WORKFLOW_RUN_ALREADY_FINISHED' });
    });
  });

  test('begins anew with a time travel', async () => {
    const made = flow('w', minute).then(echo('a')).then(suspending).commit();
    await withVirtualTime(place, [made], async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await runtime.start({ workflowId: 'w', runId: 'own', inputData: 1, timeoutMs: 2 * minute });
      await clock.advance(minute / 2);
      for (const runId of ['r', 'own']) await runtime.timeTravel({ runId, step: 'ask', inputData: 1 });
      await clock.advance(minute - 1_000);
      expect((await runtime.result({ runId: 'r' })).status).toBe('suspended');
      await clock.advance(1_100);
      expect(await runtime.result({ runId: 'r' })).toMatchObject(timedOut);
      expect((await runtime.result({ runId: 'own' })).status).toBe('suspended');
      // A run whose time was over has all of it again.
      await runtime.timeTravel({ runId: 'r', step: 'ask', inputData: 1 });
      await clock.advance(minute - 1_000);
      expect((await runtime.result({ runId: 'r' })).status).toBe('suspended');
      await runtime.resume({ runId: 'r', resumeData: 'late' });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'late' });
      await clock.advance(minute);
      expect(await runtime.result({ runId: 'own' })).toMatchObject(timedOut);
    });
  });
});

const isDeadline = ({ type }: WorkflowEvent): boolean => type === 'workflow.timeout';

describe('a run with a time limit', () => {
  test.each([0, -1, 1.5, Number.NaN, 31_536_000_001, '5s', null])(
    'is not started with %j',
    async (timeoutMs) => {
      const { runtime } = byHand([workflow('w', [asking('ask')])]);
      const call = runtime.start({ workflowId: 'w', runId: 'r', timeoutMs: timeoutMs as never });
      await expect(call).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        details: { field: 'timeoutMs' },
        message: expect.stringMatching(
          /^timeoutMs is .*: pass a whole number of milliseconds from 1 to 31536000000$/,
        ),
      });
      expect(await runtime.get({ runId: 'r' })).toBeNull();
    },
  );

  test('started once more, keeps the time that it has', async () => {
    const { runtime, place } = byHand([workflow('w', [asking('ask')])]);
    await runtime.start({ workflowId: 'w', runId: 'r', timeoutMs: 5_000 });
    const { store } = place.attach();
    const { deadlineAt } = (await store.loadHeader('r')) ?? {};
    expect((await runtime.start({ workflowId: 'w', runId: 'r', timeoutMs: 9_000 })).changed).toBe(false);
    expect((await store.loadHeader('r'))?.deadlineAt).toBe(deadlineAt);
  });

  test.each(['suspended', 'paused', 'asleep'])(
    'is ended by a sweep when its timer was lost while %s',
    async (how) => {
      const entries =
        how === 'asleep' ? [{ sleep: 3_600_000, id: 'nap' } as const] : [asking('ask'), asking('b')];
      const made = workflow('w', [step('a', () => 1), ...entries], { timeoutMs: 300_000 });
      const hand = byHand([made]);
      const { store } = hand.place.attach();
      await hand.runtime.start({ workflowId: 'w', runId: 'r', perStep: how === 'paused' });
      await hand.drain(isDeadline);
      for (let sweeps = 0; sweeps < 5; sweeps += 1) {
        await hand.sweep(isDeadline);
        const header = await store.loadHeader('r');
        if (header?.status === 'failed') break;
        expect(header?.sweepAt).toBeLessThanOrEqual((header?.deadlineAt ?? 0) + 120_000);
      }
      expect(await hand.runtime.result({ runId: 'r' })).toMatchObject(timedOut);
      await hand.sweep(isDeadline);
      expect((await store.loadHeader('r'))?.sweepAt).toBeUndefined();
    },
  );

  test('is ended by nobody before its deadline, nor by an event of an epoch that is over', async () => {
    const made = workflow('w', [step('a', () => 1), asking('ask')], { timeoutMs: 10_000 });
    const hand = byHand([made]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    await hand.drain();
    const [early] = hand.place.queued().filter(({ event }) => isDeadline(event));
    expect(early?.dueAt).toBe(hand.clock.now() + 10_000);
    const event = early?.event as WorkflowEvent;
    const { dueAt: _, ...forged } = event;
    await hand.runtime.handle(forged);
    await hand.runtime.handle({ ...event, epoch: 7, dueAt: 0 });
    expect((await hand.runtime.result({ runId: 'r' })).status).toBe('suspended');
    hand.clock.pass(9_000);
    await hand.runtime.timeTravel({ runId: 'r', step: 'ask', inputData: 1 });
    await hand.drain(isDeadline);
    hand.clock.pass(5_000);
    await hand.runtime.handle(event);
    expect((await hand.runtime.result({ runId: 'r' })).status).toBe('suspended');
    hand.clock.pass(5_000);
    await hand.runtime.handle({ ...event, epoch: 2 });
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject(timedOut);
  });

  test('is announced again when whoever ended it died before saying so, and not when it ended by itself', async () => {
    const ends: string[] = [];
    const made = workflow('w', [asking('ask')], {
      timeoutMs: 1_000,
      callbacks: {
        onFinish: ({ status, error }) => ends.push(`${status} ${error?.message.slice(0, 7) ?? ''}`),
      },
    });
    const hand = byHand([made]);
    for (const runId of ['r', 'done']) await hand.runtime.start({ workflowId: 'w', runId, inputData: 1 });
    await hand.drain();
    await hand.runtime.resume({ runId: 'done', resumeData: 1 });
    await hand.drain();
    ends.length = 0;
    const dying = hand.worker(undefined, ({ bus }) => ({
      bus: { ...bus, publish: async () => Promise.reject(new Error('died')) },
    }));
    hand.clock.pass(1_000);
    const events = hand.place.queued().map(({ event }) => event);
    const of = (runId: string) => events.find((event) => isDeadline(event) && event.runId === runId);
    await expect(dying.handle(of('r') as WorkflowEvent)).rejects.toThrow('died');
    await hand.runtime.handle(of('r') as WorkflowEvent);
    await hand.runtime.handle(of('done') as WorkflowEvent);
    await hand.drain();
    expect(ends).toEqual(['failed Run "r"']);
    expect((await hand.runtime.result({ runId: 'done' })).status).toBe('success');
  });

  test('cancels what is nested in it, also when that is suspended', async () => {
    const inner = workflow('inner', [asking('ask')]);
    const hand = byHand([workflow('w', [nest(inner)], { timeoutMs: 1_000 })]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    const { store } = hand.place.attach();
    const load = await store.loadStep({ runId: 'r', keys: [{ entry: 0 }], input: false, consistent: true });
    const childRunId = load.records[0]?.childRunId ?? '';
    expect((await store.loadHeader(childRunId))?.status).toBe('suspended');
    hand.clock.next();
    await hand.drain();
    expect((await store.loadHeader(childRunId))?.status).toBe('canceled');
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject(timedOut);
  });

  test('tells its stream how it ended', async () => {
    const hand = byHand([workflow('w', [asking('ask')], { timeoutMs: 1_000 })]);
    await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await hand.drain();
    hand.clock.next();
    await hand.drain();
    const { events } = await hand.runtime.events({ runId: 'r' });
    expect(events.at(-1)).toMatchObject({
      type: 'workflow-finish',
      payload: { workflowStatus: 'failed', metadata: { error: { code: 'WORKFLOW_RUN_TIMEOUT' } } },
    });
  });

  test('is told to a step in another process by the renewal of its lease', async () => {
    const reasons: unknown[] = [];
    const slow = step(
      'slow',
      async ({ abortSignal }) =>
        new Promise((resolve) => {
          abortSignal.addEventListener('abort', () => {
            reasons.push(abortSignal.reason);
            resolve(undefined);
          });
        }),
    );
    const hand = byHand([workflow('w', [slow], { timeoutMs: 5_000 })]);
    const other = hand.worker();
    await hand.runtime.start({ workflowId: 'w', runId: 'r' });
    const working = other.handle(hand.take());
    await hand.place.settled();
    hand.clock.next();
    await hand.drain();
    expect(await hand.runtime.result({ runId: 'r' })).toMatchObject(timedOut);
    expect(reasons).toEqual([]);
    hand.clock.next();
    await working;
    expect(reasons).toMatchObject([{ code: 'WORKFLOW_RUN_TIMEOUT' }]);
  });
});
