import { describe, expect, test } from 'vitest';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import type { StepContext, WorkflowDefinition } from '../../src/core/definition.ts';
import { RequestContext } from '../../src/core/request-context.ts';
import { createStep } from '../../src/index.ts';
import { createRuntime, executeStep, type Runtime, type StepExecution } from '../../src/runtime/index.ts';
import { simulate, type VirtualClock, virtualClock } from '../../src/testing/index.ts';
import { byHand } from './hand.ts';
import { step, workflow } from './fixtures.ts';
import { type Place, places } from './places.ts';
import { any, body, flow } from './steps.ts';

/** A body that never ends, and heeds no signal. */
const never = (): Promise<unknown> => new Promise(() => {});

function inMemory(clock: VirtualClock) {
  const backend = memoryBackend({ clock });
  clock.settleWith(() => backend.settled());
  return { backend };
}

/** Runs `act` with a runtime whose time passes only when it says so. */
async function withVirtualTime(
  place: Place,
  made: WorkflowDefinition,
  act: (runtime: Runtime, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const clock = virtualClock();
  const { backend, remove } = place.open(clock);
  const runtime = createRuntime({ workflows: [made], backend });
  try {
    await act(runtime, clock);
  } finally {
    await runtime.close();
    await remove();
  }
}

describe.each(places)('a step with a timeout, $name', (place) => {
  test('fails when its time is over, and says of what', async () => {
    const signals: AbortSignal[] = [];
    const hangs = createStep({
      id: 'hangs',
      inputSchema: any,
      outputSchema: any,
      timeoutMs: 5_000,
      execute: async ({ abortSignal }) => {
        signals.push(abortSignal);
        return never();
      },
    });
    await withVirtualTime(place, flow('w').then(hangs).commit(), async (runtime, clock) => {
      const began = clock.now();
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.advance(4_999);
      expect((await runtime.get({ runId: 'r' }))?.status).toBe('running');
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      const result = await runtime.result({ runId: 'r' });
      expect(result).toMatchObject({
        status: 'failed',
        error: {
          code: 'WORKFLOW_STEP_TIMEOUT',
          message:
            'Step "hangs" was stopped at its timeoutMs of 5000 ms: raise timeoutMs, or let the step do less at once',
          details: { stepId: 'hangs', runId: 'r', limitMs: 5_000, limitedBy: 'step' },
        },
      });
      expect(result.steps['hangs']).toMatchObject({ status: 'failed', payload: 1 });
      expect(signals.map(({ reason }) => (reason as { code?: string }).code)).toEqual([
        'WORKFLOW_STEP_TIMEOUT',
      ]);
      // A place that looks for work at intervals begins late.
      expect(clock.now() - began).toBeLessThan(7_000);
    });
  });

  test('is tried again like any attempt that failed, each with all of its time', async () => {
    const tries: number[] = [];
    const slowAtFirst = createStep({
      id: 'slow',
      inputSchema: any,
      outputSchema: any,
      retries: 2,
      timeoutMs: 1_000,
      execute: async ({ retryCount, idempotencyKey }) => {
        tries.push(retryCount);
        return retryCount < 2 ? never() : idempotencyKey;
      },
    });
    await withVirtualTime(place, flow('w').then(slowAtFirst).commit(), async (runtime, clock) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      expect(await runtime.result({ runId: 'r' })).toMatchObject({
        status: 'success',
        result: 'r/00000/1.0.0',
      });
      expect(tries).toEqual([0, 1, 2]);
    });
  });

  test('that is over in time leaves nothing behind', async () => {
    const quick = createStep({
      id: 'quick',
      inputSchema: any,
      outputSchema: any,
      timeoutMs: 3_600_000,
      execute: async ({ abortSignal }) => abortSignal.aborted,
    });
    await withVirtualTime(place, flow('w').then(quick).commit(), async (runtime, clock) => {
      const hour = clock.now() + 3_600_000;
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await clock.runUntil(runtime.settled({ runId: 'r' }));
      expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: false });
      expect(clock.pending().filter((dueAt) => dueAt >= hour)).toEqual([]);
    });
  });
});

describe('what is stopped has no effect', () => {
  /** Executes a body for 1 s, and gives what came of it and what it still does after that. */
  async function stopped(execute: (context: StepContext) => unknown, timeoutMs = 1_000) {
    const clock = virtualClock();
    const written: unknown[] = [];
    const emitted: string[] = [];
    const execution: StepExecution = {
      step: step('s', execute, { timeoutMs }),
      runId: 'r',
      workflowId: 'w',
      stepResults: { init: () => undefined, output: () => null },
      state: {},
      emitter: { emit: ({ type }) => emitted.push(type) },
      runtime: {} as StepExecution['runtime'],
      writeChunk: async (chunk) => void written.push(chunk),
      requestContext: new RequestContext(),
      input: 1,
      retryCount: 0,
      idempotencyKey: 'k',
      validateInputs: false,
      abortController: new AbortController(),
      clock,
      limit: { ms: timeoutMs, by: 'step' },
      perStep: false,
    };
    const outcome = executeStep(execution);
    const result = await clock.runUntil(outcome);
    await clock.runAll();
    return { result, written, emitted, clock };
  }

  test.each<[string, (context: StepContext, over: Promise<void>) => unknown]>([
    ['a result', async (_, over) => over.then(() => 'late')],
    ['a bail', async ({ bail }, over) => over.then(() => bail('late'))],
    ['an abort', async ({ abort }, over) => over.then(() => abort())],
    ['a suspension', async ({ suspend }, over) => over.then(async () => suspend('late'))],
    ['a change of state', async ({ setState }, over) => over.then(async () => setState({ late: 1 }))],
    ['an error of its own', async (_, over) => over.then(() => Promise.reject(new RangeError('late')))],
  ])('%s as soon as the signal comes', async (_, late) => {
    const { result, emitted } = await stopped((context) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      context.abortSignal.addEventListener('abort', () => resolve());
      return late(context, promise);
    });
    expect(result).toMatchObject({
      type: 'failed',
      nonRetryable: false,
      error: { code: 'WORKFLOW_STEP_TIMEOUT' },
    });
    expect(emitted).toEqual(['step-started', 'step-timed-out', 'step-ended']);
  });

  test('what it writes is refused, and does not end the process when nobody looks', async () => {
    const refused: unknown[] = [];
    const { written } = await stopped(async ({ abortSignal, writer }) => {
      await writer.write('in time');
      await new Promise((resolve) => {
        abortSignal.addEventListener('abort', resolve);
      });
      void writer.write('unobserved');
      await writer.write('late').catch((error: unknown) => refused.push(error));
    });
    expect(written).toEqual(['in time']);
    expect(refused).toMatchObject([{ code: 'WORKFLOW_STEP_TIMEOUT' }]);
  });

  test('an input whose check takes too long is stopped as well', async () => {
    const clock = virtualClock();
    const slow = { '~standard': { version: 1, vendor: 'slow', validate: never } } as unknown as typeof any;
    const { backend } = inMemory(clock);
    const waits = createStep({
      id: 's',
      inputSchema: slow,
      outputSchema: any,
      timeoutMs: 10,
      execute: () => 0,
    });
    const runtime = createRuntime({ workflows: [flow('w').then(waits).commit()], backend });
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await clock.runUntil(runtime.settled({ runId: 'r' }));
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ error: { code: 'WORKFLOW_STEP_TIMEOUT' } });
    await runtime.close();
  });
});

test('members of blocks and iterations have each their own time', async () => {
  const times = new Map<string, number>();
  const clock = virtualClock();
  const hang = (id: string) =>
    createStep({ id, inputSchema: any, outputSchema: any, timeoutMs: 1_000, retries: 1, execute: never });
  const made = flow('w')
    .map(async () => [1, 2, 3])
    .foreach(hang('item'), { concurrency: 2 })
    .commit();
  const arms = flow('arms')
    .parallel([hang('one'), body('two', async () => 'done')])
    .commit();
  const { backend } = inMemory(clock);
  const metrics = { count: (name: string) => void times.set(name, (times.get(name) ?? 0) + 1) };
  const runtime = createRuntime({ workflows: [made, arms], backend: { ...backend, metrics } });
  for (const workflowId of ['w', 'arms']) {
    await runtime.start({ workflowId, runId: workflowId, inputData: 1 });
    await clock.runUntil(runtime.settled({ runId: workflowId }));
  }
  expect(await runtime.result({ runId: 'w' })).toMatchObject({ error: { code: 'WORKFLOW_STEP_TIMEOUT' } });
  expect(await runtime.result({ runId: 'arms' })).toMatchObject({
    status: 'failed',
    steps: { one: { error: { code: 'WORKFLOW_STEP_TIMEOUT' } }, two: { output: 'done' } },
  });
  // Two items and an arm, twice each: the third item is not begun.
  expect(times.get('step.timed-out')).toBe(6);
  await runtime.close();
});

test('whoever takes a step over gives it all of its time, and what the first one still brings is dropped', async () => {
  const bodies: ((output: unknown) => void)[] = [];
  const slow = step('slow', () => new Promise((resolve) => bodies.push(resolve)), { timeoutMs: 30_000 });
  const hand = byHand([workflow('w', [slow])]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  const event = hand.take();
  const first = hand.runtime.handle(event);
  await hand.place.settled();
  // It stands still for longer than its lease and its timeout.
  hand.clock.pass(71_000);
  const second = hand.worker().handle(event);
  await hand.place.settled();
  expect(bodies).toHaveLength(2);
  hand.clock.pass(20_000);
  bodies[1]?.('in time');
  await second;
  bodies[0]?.('late');
  await first;
  expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'in time' });
});

test('a worker that stops a step which was taken over meanwhile fails nothing', async () => {
  const bodies: ((output: unknown) => void)[] = [];
  const slow = step('slow', () => new Promise((resolve) => bodies.push(resolve)), { timeoutMs: 100_000 });
  const hand = byHand([workflow('w', [slow])]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  const event = hand.take();
  const frozen = hand.runtime.handle(event);
  await hand.place.settled();
  hand.clock.pass(101_000);
  const heir = hand.worker().handle(event);
  await hand.place.settled();
  expect(bodies).toHaveLength(2);
  // The timers of the first one come due now: its renewal is refused, and its step is stopped.
  for (let fired = 0; fired < 2; fired += 1) hand.clock.next();
  await hand.place.settled();
  bodies[1]?.('of the heir');
  await Promise.all([frozen, heir]);
  expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({
    status: 'success',
    result: 'of the heir',
  });
});

describe('on a bad day', () => {
  const hangs = (id: string, turns: number) =>
    createStep({
      id,
      inputSchema: any,
      outputSchema: any,
      retries: 2,
      timeoutMs: 20_000,
      // Bodies of a simulation wait for nothing but their process.
      execute: async ({ retryCount, inputData }) => (retryCount < turns ? never() : inputData),
    });
  test('a run comes to rest whatever happens to the workers that stop its steps', async () => {
    const made = flow('timed')
      .then(hangs('once', 1))
      .parallel([hangs('twice', 2), hangs('always', 3)])
      .commit();
    const report = await simulate({ workflows: [made], workflowId: 'timed', inputData: 1, seeds: 150 });
    expect(report.failures).toEqual([]);
    expect(report.statuses['failed']).toBeGreaterThan(50);
  }, 60_000);

  test('a step that is over in time is what its interpretation says', async () => {
    const made = flow('timed').then(hangs('quick', 0)).commit();
    const report = await simulate({ workflows: [made], workflowId: 'timed', inputData: 1, seeds: 60 });
    expect(report.failures).toEqual([]);
    expect(report.statuses['success']).toBeGreaterThan(30);
  }, 60_000);
});
