import type { SQSBatchResponse } from 'aws-lambda';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import { formatQueueMessage } from '../../src/adapters/aws/index.ts';
import { currentInvocation, type Invocation } from '../../src/adapters/aws/invocation.ts';
import { Spending } from '../../src/adapters/aws/spending.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts';
import { step, workflow } from '../runtime/fixtures.ts';
import { intercepted } from '../runtime/hand.ts';
import { batch } from './batch.ts';
import { captureLog, context, type LogLine } from './log.ts';

const started: { runtime?: Runtime } = {};
const invocations: (Invocation | undefined)[] = [];

vi.mock('../../lambdas/runtime.ts', () => ({
  startRuntime: () => ({
    handle: (...given: Parameters<Runtime['handle']>) => {
      invocations.push(currentInvocation());
      return started.runtime?.handle(...given);
    },
  }),
}));

vi.stubEnv('EVENTED_TABLE', 'table');
vi.stubEnv('EVENTED_BUS', 'bus');
vi.stubEnv('EVENTED_QUEUE_URL', 'https://sqs.test/work');
vi.stubEnv('EVENTED_BUCKET', 'bucket');

const { handler } = await import('../../lambdas/processor.ts');

/** A body that never ends, and heeds no signal. */
const never = (): Promise<unknown> => new Promise(() => {});

/** What the function has when it begins, as a deployment's default; 10 s of it are for storing outcomes. */
const functionMs = 120_000;

let written: () => readonly LogLine[];
let clock: VirtualClock;
let place: MemoryPlace;

beforeEach(() => {
  invocations.length = 0;
  written = captureLog();
  clock = virtualClock();
  place = memoryPlace({ clock });
  clock.settleWith(() => place.settled());
  vi.useFakeTimers({ toFake: ['Date'], now: clock.now() });
  return () => vi.useRealTimers();
});

/** Starts a run of each id on a runtime whose loads take some time, by run. */
async function runsOf(
  ids: readonly string[],
  loads: ReadonlyMap<string, number> = new Map(),
): Promise<string[]> {
  const workflows = [
    workflow('quick', [step('quick', () => 'done', { timeoutMs: 60_000 })]),
    workflow('slow', [step('slow', never)]),
    workflow('failing', [
      step('failing', () => {
        throw new Error('of the step');
      }),
    ]),
  ];
  const backend = place.attach();
  const store = intercepted(backend.store, (inner) => ({
    loadStep: async (at) => {
      const ms = loads.get(at.runId) ?? 0;
      if (ms > 0) await new Promise<void>((resolve) => void clock.timer(ms, resolve));
      return inner.loadStep(at);
    },
  }));
  started.runtime = createRuntime({ workflows, backend: { ...backend, store }, work: false });
  for (const id of ids) await started.runtime.start({ workflowId: id.split('-')[0] ?? '', runId: id });
  return messages();
}

function messages(): string[] {
  return place.queued().map(({ event }) => formatQueueMessage(event));
}

/** Hands a batch over and lets time pass until it is answered. */
async function process(...bodies: string[]): Promise<SQSBatchResponse & { readonly tookMs: number }> {
  const began = clock.now();
  vi.setSystemTime(began);
  const answer = handler(batch(...bodies), { ...context, getRemainingTimeInMillis: () => functionMs });
  const { batchItemFailures } = await clock.runUntil(answer);
  return { batchItemFailures, tookMs: clock.now() - began };
}

const statusOf = async (runId: string) => (await started.runtime?.get({ runId }))?.status;

describe('a batch', () => {
  test('gives back what failed, and waits for a slow step no longer than the function lives', async () => {
    const [quick = '', slow = '', failing = ''] = await runsOf(['quick', 'slow', 'failing']);
    const forged = slow.replace('"workflowId":"slow"', '"workflowId":"gone"');
    const answer = await process(quick, 'no JSON', slow, failing, forged);
    // A step that fails, or is stopped, was handled: its run says so, and its message does not come again. Nor does one of a
    // workflow that is not here: its run would be parked, if it were of that.
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: 'message-1' }]);
    expect(answer.tookMs).toBe(110_000);
    expect(await Promise.all(['quick', 'slow', 'failing'].map(statusOf))).toEqual([
      'success',
      'failed',
      'failed',
    ]);
    expect(await started.runtime?.result({ runId: 'slow' })).toMatchObject({
      error: { code: 'WORKFLOW_STEP_TIMEOUT', details: { limitedBy: 'function', limitMs: 110_000 } },
    });
  });

  test('gives back the record whose step could not end any more, which another function does', async () => {
    const late = new Map([['quick-late', 60_000]]);
    const bodies = await runsOf(['quick-first', 'quick-late'], late);
    const answer = await process(...bodies);
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: 'message-1' }]);
    // Besides the line of the metrics, which has no level.
    expect(written().filter(({ level }) => level !== undefined)).toMatchObject([
      { messageId: 'message-1', receiveCount: 2, error: { code: 'WORKFLOW_TIME_SHORT' } },
    ]);
    expect(await started.runtime?.get({ runId: 'quick-late' })).toMatchObject({
      status: 'running',
      steps: {},
    });
    late.clear();
    expect((await process(bodies[1] ?? '')).batchItemFailures).toEqual([]);
    expect(await statusOf('quick-late')).toBe('success');
  });

  test('is handled in an invocation for each record, which says when it is over', async () => {
    const bodies = await runsOf(['quick-1', 'quick-2']);
    const deadline = clock.now() + 110_000;
    await process(...bodies);
    expect(invocations).toEqual([
      { deadline, meter: expect.any(Spending) as Spending },
      { deadline, meter: expect.any(Spending) as Spending },
    ]);
    expect(new Set(invocations).size).toBe(2);
    expect(currentInvocation()).toBeUndefined();
  });
});
