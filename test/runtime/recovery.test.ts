import { describe, expect, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { add, step, workflow } from './fixtures.ts';
import { type Death, drain, type Life, momentsOf, play, withoutTimes } from './mortal.ts';

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

const calls = [
  (runtime: Runtime) => runtime.start({ workflowId: 'everything', runId: 'r', inputData: 1 }),
  (runtime: Runtime) => runtime.resume({ runId: 'r', step: 'approval', resumeData: 1000 }),
];

/** One life of the run; {@link bodies} are those of it. */
async function live(death: Death): Promise<Life> {
  bodies = [];
  return play(everything, calls, death);
}

describe('a process dies at a port call', async () => {
  const undisturbed = await live({ crashAt: 0, after: false });
  const once = bodies.toSorted();

  test('nobody dies: every body runs exactly once', () => {
    expect(undisturbed.result).toMatchObject({
      status: 'success',
      result: 1119,
      state: { first: 1, left: 10, right: 100, again: 1, last: 0 },
    });
    expect(once).toEqual(everyBody);
  });

  test.for(momentsOf(undisturbed.calls))(
    '$crashAt: $name (after it: $after), and another goes on to the same result',
    async (moment) => {
      const { result, crashed, runs, unswept } = await live(moment);
      expect(crashed).toBe(true);
      expect(unswept ?? runs).toEqual({ r: 'success' });
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
