import { describe, expect, test } from 'vitest';
import { memoryPlace, type MemoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { RunResult } from '../../src/core/snapshot.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { CrashingBackend, ManualClock } from './faults.ts';
import { add, step, workflow } from './fixtures.ts';

/** Bodies that ran to their end, so that a test can say how often. */
let bodies: string[] = [];

const noted = (id: string, by: number) =>
  step(id, async ({ inputData, setState }) => {
    await setState({ [id]: by });
    bodies.push(id);
    return Number(inputData) + by;
  });

const approval = step('approval', async ({ inputData, resumeData, suspend }) => {
  if (resumeData === undefined) return suspend({ sum: inputData });
  bodies.push('approval');
  return Number(inputData) + Number(resumeData);
});

const sum = step('sum', ({ inputData }) => {
  bodies.push('sum');
  return Object.values(inputData as Record<string, number>).reduce((total, part) => total + part, 0);
});

const flaky = step(
  'flaky',
  ({ inputData, retryCount }) => {
    if (retryCount < 2) throw new Error('not yet');
    bodies.push('flaky');
    return inputData;
  },
  { retries: 2 },
);

const unwrapped = step('unwrapped', ({ inputData }) => (inputData as { flaky: number }).flaky);

const everything = workflow('everything', [
  noted('first', 1),
  { parallel: [noted('left', 10), approval, noted('right', 100)] },
  sum,
  {
    branch: [
      [({ inputData }) => Number(inputData) > 0, flaky],
      [() => false, add('never', 0)],
    ],
  },
  unwrapped,
  { sleep: 3_600_000, id: 'nap' },
  { dountil: [noted('again', 1), ({ iterationCount }) => iterationCount === 3] },
  noted('last', 0),
]);

const everyBody = [
  ...Array.from({ length: 3 }, () => 'again'),
  'approval',
  'first',
  'flaky',
  'last',
  'left',
  'right',
  'sum',
];

/** Delivers whatever is in the queue, moving time to what is delayed, until nothing is left. */
async function drain(place: MemoryPlace, clock: ManualClock, handle: Runtime['handle']): Promise<void> {
  for (let deliveries = 0; deliveries < 500; deliveries += 1) {
    const next = place.receive();
    if (next === undefined) {
      if (place.queued().length === 0) return;
      clock.next();
      continue;
    }
    await handle(next.event).catch(() => next.reject());
  }
  expect.unreachable('the queue never ran empty');
}

/** Lets a call that waits for time go on. */
async function withTime<T>(place: MemoryPlace, clock: ManualClock, call: Promise<T>): Promise<T> {
  const settled = { yet: false };
  void call
    .catch(() => undefined)
    .finally(() => {
      settled.yet = true;
    });
  while (!settled.yet) {
    await place.settled();
    if (!settled.yet) clock.next();
  }
  return call;
}

/** Plays a whole run: start, work, approval, work. A process that crashes is followed by another one. */
async function play(definition: WorkflowDefinition, crashAt: number, after: boolean) {
  bodies = [];
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const first = new CrashingBackend(place.attach(), crashAt, after);
  const healthy = createRuntime({ workflows: [definition], backend: place.attach(), work: false });
  const mortal = createRuntime({ workflows: [definition], backend: first.backend, work: false });
  const alive = (): Runtime => (first.crashed ? healthy : mortal);
  const handle: Runtime['handle'] = (event) => alive().handle(event);
  const repeat = async (call: (runtime: Runtime) => Promise<unknown>): Promise<void> => {
    await call(alive()).catch(async () => withTime(place, clock, call(healthy)).catch(() => undefined));
  };
  await repeat((runtime) => runtime.start({ workflowId: definition.id, runId: 'r', inputData: 1 }));
  await drain(place, clock, handle);
  await repeat((runtime) => runtime.resume({ runId: 'r', step: 'approval', resumeData: 1000 }));
  await drain(place, clock, handle);
  // A call that died between its write and its event leaves the run to the sweeper.
  clock.pass(130_000);
  await healthy.sweep();
  await drain(place, clock, handle);
  return {
    result: await healthy.result({ runId: 'r', includeState: true }),
    calls: first.calls,
    crashed: first.crashed,
  };
}

function withoutTimes(result: RunResult): unknown {
  const steps = Object.entries(result.steps).map(([id, entry]) => {
    const {
      startedAt: _s,
      endedAt: _e,
      suspendedAt: _a,
      resumedAt: _r,
      ...rest
    } = Object(entry) as Record<string, unknown>;
    return [id, rest];
  });
  return { ...result, steps: Object.fromEntries(steps) };
}

describe('a process dies at a port call', async () => {
  const undisturbed = await play(everything, 0, false);
  const once = bodies.toSorted();

  test('nobody dies: every body runs exactly once', () => {
    expect(undisturbed.result).toMatchObject({
      status: 'success',
      result: 1119,
      state: { first: 1, left: 10, right: 100, again: 1, last: 0 },
    });
    expect(once).toEqual(everyBody);
  });

  const moments = undisturbed.calls.flatMap((name, index) => [
    { name, crashAt: index + 1, after: false },
    { name, crashAt: index + 1, after: true },
  ]);

  test.for(moments)(
    '$crashAt: $name (after it: $after), and another goes on to the same result',
    async (moment) => {
      const { result, crashed } = await play(everything, moment.crashAt, moment.after);
      expect(crashed).toBe(true);
      expect(withoutTimes(result)).toEqual(withoutTimes(undisturbed.result));
      // At most the body that was in the process's hands may have run once more.
      expect(bodies.length - once.length).toBeLessThanOrEqual(1);
    },
  );
});

describe('deliveries of an event', () => {
  async function playTwice(order: 'at once' | 'afterwards') {
    bodies = [];
    const clock = new ManualClock();
    const place = memoryPlace({ clock });
    const runtime = createRuntime({ workflows: [everything], backend: place.attach(), work: false });
    const seen = new Set<string>();
    const handle: Runtime['handle'] = async (event) => {
      // A second delivery publishes its successor again while that has not begun. Were those doubled too, they would
      // double with each step.
      const again = seen.has(event.id) ? undefined : event;
      seen.add(event.id);
      const first = runtime.handle(event);
      if (order === 'afterwards') await first;
      await Promise.all([first, again === undefined ? undefined : runtime.handle(again)]);
    };
    await runtime.start({ workflowId: 'everything', runId: 'r', inputData: 1 });
    await drain(place, clock, handle);
    await runtime.resume({ runId: 'r', step: 'approval', resumeData: 1000 });
    await drain(place, clock, handle);
    return runtime.result({ runId: 'r', includeState: true });
  }

  test.for(['at once', 'afterwards'] as const)('twice %s: every body runs exactly once', async (order) => {
    const result = await playTwice(order);
    expect(result).toMatchObject({ status: 'success', result: 1119 });
    expect(bodies.toSorted()).toEqual(everyBody);
  });
});
