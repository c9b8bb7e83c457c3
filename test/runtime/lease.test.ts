import { expect, test } from 'vitest';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { add, step, workflow } from './fixtures.ts';
import { byHand, death } from './hand.ts';

interface Bench {
  readonly clock: ManualClock;
  readonly place: MemoryPlace;
  /** Another process on the same place. */
  process(): Runtime;
}

function bench(definition: WorkflowDefinition): Bench {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  return {
    clock,
    place,
    process: () => createRuntime({ workflows: [definition], backend: place.attach(), work: false }),
  };
}

function take(place: MemoryPlace) {
  const next = place.receive();
  if (next === undefined) return expect.unreachable('nothing is queued');
  return next.event;
}

/** A step whose body a test holds open: each execution is one entry of `bodies`. */
function held(): {
  step: StepDefinition;
  bodies: { finish: (output: unknown) => void; signal: AbortSignal }[];
} {
  const bodies: { finish: (output: unknown) => void; signal: AbortSignal }[] = [];
  const definition = step('held', async ({ abortSignal }) => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    bodies.push({ finish: resolve, signal: abortSignal });
    return promise;
  });
  return { step: definition, bodies };
}

test('a delivery while the lease is alive sets a probe for its end and does nothing else', async () => {
  const { step: slow, bodies } = held();
  const { place, clock, process } = bench(workflow('w', [slow]));
  const [one, two] = [process(), process()];
  await one.start({ workflowId: 'w', runId: 'r' });
  const event = take(place);
  const working = one.handle(event);
  await place.settled();
  await two.handle(event);
  expect(bodies).toHaveLength(1);
  expect(place.queued()).toEqual([{ event, dueAt: clock.now() + 60_000 + 10_000 + 1 }]);
  bodies[0]?.finish('done');
  await working;
  expect(await two.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'done' });
});

test('a lease is renewed while its step runs, so a long step runs once', async () => {
  const { step: slow, bodies } = held();
  const { place, clock, process } = bench(workflow('w', [slow]));
  const [one, two] = [process(), process()];
  await one.start({ workflowId: 'w', runId: 'r' });
  const event = take(place);
  const working = one.handle(event);
  for (let renewals = 0; renewals < 12; renewals += 1) {
    await place.settled();
    clock.next();
  }
  await place.settled();
  await two.handle(event);
  expect(bodies).toHaveLength(1);
  bodies[0]?.finish('after four minutes');
  await working;
  expect(await two.result({ runId: 'r' })).toMatchObject({ result: 'after four minutes' });
});

test('after its lease another worker takes the turn over, and the late result is thrown away', async () => {
  const { step: slow, bodies } = held();
  const { place, clock, process } = bench(workflow('w', [slow, add('next', 1)]));
  const [one, two] = [process(), process()];
  await one.start({ workflowId: 'w', runId: 'r' });
  const event = take(place);
  const zombie = one.handle(event);
  await place.settled();
  // The first worker is frozen: its renewals do not fire while this time passes.
  clock.pass(70_002);
  const heir = two.handle(event);
  await place.settled();
  expect(bodies).toHaveLength(2);
  bodies[1]?.finish(10);
  await heir;
  await two.handle(take(place));
  bodies[0]?.finish(20);
  await zombie;
  const result = await two.result({ runId: 'r' });
  expect(result).toMatchObject({ status: 'success', result: 11, steps: { held: { output: 10 } } });
  expect(place.receive()).toBeUndefined();
});

test('a frozen worker that wakes up loses its lease and sees its abort signal', async () => {
  const { step: slow, bodies } = held();
  const { place, clock, process } = bench(workflow('w', [slow]));
  const [one, two] = [process(), process()];
  await one.start({ workflowId: 'w', runId: 'r' });
  const event = take(place);
  const zombie = one.handle(event);
  await place.settled();
  clock.pass(70_002);
  const heir = two.handle(event);
  await place.settled();
  clock.next();
  await place.settled();
  expect(bodies[0]?.signal.aborted).toBe(true);
  expect(bodies[0]?.signal.reason).toMatchObject({ code: 'WORKFLOW_STEP_CRASHED' });
  for (const body of bodies) body.finish('x');
  await Promise.all([zombie, heir]);
});

test('a worker elsewhere learns of a cancel with its next renewal', async () => {
  const { step: slow, bodies } = held();
  const { place, clock, process } = bench(workflow('w', [slow, add('next', 1)]));
  const [one, two] = [process(), process()];
  await one.start({ workflowId: 'w', runId: 'r' });
  const working = one.handle(take(place));
  await place.settled();
  await two.cancel({ runId: 'r' });
  expect(bodies[0]?.signal.aborted).toBe(false);
  clock.next();
  await place.settled();
  expect(bodies[0]?.signal.aborted).toBe(true);
  bodies[0]?.finish('kept');
  await working;
  for (let event = place.receive(); event !== undefined; event = place.receive())
    await two.handle(event.event);
  expect(await two.get({ runId: 'r' })).toMatchObject({
    status: 'canceled',
    steps: { held: { output: 'kept' } },
  });
  expect((await two.get({ runId: 'r' }))?.steps).not.toHaveProperty('next');
});

test('a step whose workers keep dying fails by its own count of claims, and runs no more', async () => {
  const { step: slow, bodies } = held();
  const { place, clock, process } = bench(workflow('w', [slow]));
  const starter = process();
  await starter.start({ workflowId: 'w', runId: 'r' });
  const event = take(place);
  for (let deaths = 0; deaths < 5; deaths += 1) {
    void process().handle(event);
    await place.settled();
    clock.pass(70_002);
  }
  expect(bodies).toHaveLength(5);
  await process().handle(event);
  expect(bodies).toHaveLength(5);
  expect(await starter.result({ runId: 'r' })).toMatchObject({
    status: 'failed',
    error: { code: 'WORKFLOW_STEP_CRASHED', message: expect.stringContaining('5 times in a row') },
  });
});

test('a retry waits for its delay, in whichever process, and an early wake-up only sets the timer again', async () => {
  let tries = 0;
  const flaky = step('flaky', () => {
    tries += 1;
    if (tries === 1) throw new Error('once');
    return 'second try';
  });
  const { place, clock, process } = bench(
    workflow('w', [flaky], { retryConfig: { attempts: 1, delay: 3_600_000 } }),
  );
  const [one, two] = [process(), process()];
  await one.start({ workflowId: 'w', runId: 'r' });
  await one.handle(take(place));
  const [waiting] = place.queued();
  expect(waiting?.dueAt).toBe(clock.now() + 3_600_000);
  if (waiting === undefined) return expect.unreachable('no retry is queued');
  clock.pass(3_599_999);
  await two.handle(waiting.event);
  expect(tries).toBe(1);
  expect(place.queued()).toHaveLength(2);
  clock.pass(1);
  await two.handle(waiting.event);
  expect(tries).toBe(2);
  expect(await two.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'second try' });
});

test('events that are stale, early or of nobody change nothing', async () => {
  const { place, process } = bench(workflow('w', [add('one', 1), add('two', 1)]));
  const runtime = process();
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 0 });
  const first = take(place);
  const forged = { ...first, path: [1], stepId: 'two', id: 'forged' };
  await runtime.handle(forged);
  await runtime.handle({ ...first, runId: 'nobody' });
  await runtime.handle({ ...first, epoch: 0 });
  await runtime.handle({ ...first, turn: '0001.000000.0001.000' });
  await runtime.handle({ ...first, turn: '9999.000000.0000.000' });
  await runtime.handle({ ...first, turn: 'any' });
  await runtime.handle({ ...first, path: [] });
  await runtime.handle({ ...first, type: 'workflow.step.end', work: false });
  expect(place.receive()).toBeUndefined();
  expect((await runtime.get({ runId: 'r' }))?.steps).toEqual({});
  await expect(runtime.handle({ ...first, format: 99 })).rejects.toMatchObject({
    code: 'WORKFLOW_RECORD_CORRUPT',
  });
  await runtime.handle(first);
  expect((await runtime.get({ runId: 'r' }))?.steps).toMatchObject({ one: { output: 1 } });
});

test('what this code cannot handle parks its run, and is acknowledged', async () => {
  const { place, process } = bench(workflow('w', [add('one', 1)]));
  const runtime = process();
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 0 });
  const first = take(place);
  const renamed = { ...first, stepId: 'renamed' };
  const removed = { ...first, workflowId: 'gone' };
  await runtime.handle(renamed);
  await runtime.handle(removed);
  // The first reason stays, and nothing of the run is executed while it does.
  const parked = { code: 'WORKFLOW_GRAPH_CHANGED' };
  expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'running', steps: {}, parked });
  await runtime.cancel({ runId: 'r' });
  expect((await runtime.get({ runId: 'r' }))?.parked).toBeUndefined();
  await runtime.handle(renamed);
  await runtime.handle(removed);
  await runtime.handle({ ...removed, path: [] });
});

test('a claim that is taken over once more is not void for whoever saw it expire the first time', async () => {
  const { step: slow, bodies } = held();
  const hand = byHand([workflow('w', [slow])]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  const event = hand.take();
  const pass = (): void => hand.clock.pass(71_000);
  // It executes past its lease, which the second one sees.
  const first = hand.runtime.handle(event);
  await hand.place.settled();
  pass();
  const gate = Promise.withResolvers<void>();
  const slowOne = hand.worker((store) => ({
    takeOver: async (write) => {
      await gate.promise;
      return store.takeOver(write);
    },
  }));
  const second = slowOne.handle(event);
  await hand.place.settled();
  // A third one takes the turn over and dies; the first one's result is refused, and it takes over again.
  void hand.worker(() => ({ renew: () => death() })).handle(event);
  await hand.place.settled();
  pass();
  bodies[0]?.finish('refused');
  await hand.place.settled();
  expect(bodies).toHaveLength(3);
  gate.resolve();
  await second;
  expect(bodies).toHaveLength(3);
  bodies[2]?.finish('done');
  await first;
  expect(await hand.runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 'done' });
});
