import type { WorkflowEvent } from '../../../src/core/event.ts';
import { asking, byHand, death, type Hand } from '../../runtime/hand.ts';
import { memoryPlace } from '../../../src/adapters/memory/index.ts';
import { createRuntime, type Runtime } from '../../../src/runtime/index.ts';
import { ManualClock } from '../../runtime/faults.ts';
import { nest, step, workflow } from '../../runtime/fixtures.ts';
import { twoGraphs } from '../../runtime/two-graphs.ts';
import { playConcurrentRuns } from '../concurrent-runs.ts';

/**
 * Schedules for what random ones hardly ever meet: each brings one rule of the protocol to bear, and resolves with what is wrong
 * then, in words.
 */
export type DirectedSchedule = () => Promise<readonly string[]>;

/** The event of a block comes once more when one arm has changed the state and the event of the other one was lost. */
export const armLaunchedOnceMore: DirectedSchedule = async () => {
  const setting = step('setting', ({ setState }) => setState({ k: 'set' }));
  const looking = step('looking', ({ state }) => ({ seen: state['k'] }));
  const hand = byHand([workflow('w', [{ parallel: [setting, looking] }])]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  const opened = hand.take();
  await hand.runtime.handle(opened);
  await hand.drain(({ stepId }) => stepId === 'looking');
  await hand.runtime.handle(opened);
  await hand.drain();
  const { steps } = await hand.runtime.result({ runId: 'r', includeState: true });
  const { output } = steps['looking'] as { readonly output?: { readonly seen?: unknown } };
  return output?.seen === undefined
    ? []
    : [`an arm saw what its sibling had set: ${JSON.stringify(output.seen)}`];
};

/** Whoever resumed a step says that the run is running when the step is suspended once more, and dies. */
export const lateStatus: DirectedSchedule = async () => {
  const hand = byHand([workflow('w', [step('asking', async ({ suspend }) => suspend({}))])]);
  const gate = Promise.withResolvers<void>();
  let isResumed = false;
  const slow = hand.worker(
    (store) => ({
      setStatus: async (write) => {
        if (write.status === 'running') {
          isResumed = true;
          await gate.promise;
        }
        return store.setStatus(write);
      },
    }),
    ({ bus }) => ({ bus: { publish: (events) => (isResumed ? death() : bus.publish(events)) } }),
  );
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  await hand.drain();
  void slow.resume({ runId: 'r', resumeData: 1 });
  await hand.place.settled();
  // Its event is not published yet: a sweep finds the record.
  await hand.sweep();
  gate.resolve();
  await hand.place.settled();
  const { status } = await hand.runtime.result({ runId: 'r' });
  return status === 'suspended' ? [] : [`the run waits for a person, and shows that it is ${status}`];
};

const isDeadline = ({ type }: WorkflowEvent): boolean => type === 'workflow.timeout';

/** A run waits for a person, and the event of its deadline is lost. */
export const lostDeadline: DirectedSchedule = async () => {
  const hand = byHand([workflow('w', [asking('ask')], { timeoutMs: 300_000 })]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  await hand.drain(isDeadline);
  for (let sweeps = 0; sweeps < 6; sweeps += 1) await hand.sweep(isDeadline);
  const { status } = await hand.runtime.result({ runId: 'r' });
  return status === 'failed' ? [] : [`the time of the run is over, and it is ${status}`];
};

/** A time travel begins before the deadline, whose event comes in the epoch after. */
export const deadlineOfAnEarlierEpoch: DirectedSchedule = async () => {
  const hand = byHand([workflow('w', [asking('ask')], { timeoutMs: 10_000 })]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await hand.drain();
  const late = hand.place.queued().find(({ event }) => isDeadline(event))?.event;
  hand.clock.pass(9_000);
  await hand.runtime.timeTravel({ runId: 'r', step: 'ask', inputData: 1 });
  await hand.drain(isDeadline);
  hand.clock.pass(2_000);
  if (late !== undefined) await hand.runtime.handle(late);
  const { status } = await hand.runtime.result({ runId: 'r' });
  return status === 'suspended' ? [] : [`the run has time left, and is ${status}`];
};

const waitsUnderKey = workflow('w', [
  step('asking', ({ resumeData, suspend }) => resumeData ?? suspend({}, { resumeKey: 'k' })),
]);

/** Who waits under the key, when two runs have wanted it: one of them, whom the key finds. */
async function holdersOf({ runtime, drain }: Hand): Promise<string[]> {
  const statuses = new Map<string, string>();
  for (const runId of ['a', 'b']) statuses.set(runId, (await runtime.result({ runId })).status);
  const waiting = [...statuses].filter(([, status]) => status === 'suspended').map(([runId]) => runId);
  if (waiting.length !== 1) return [`of two runs that want one key, ${waiting.length} wait under it`];
  const { runId } = await runtime.resumeByKey({ key: 'k', resumeData: 1 });
  await drain();
  return waiting.includes(runId) ? [] : [`run ${waiting.join()} waits under the key, which finds ${runId}`];
}

/** A run suspends under a key under which another one waits. */
export const twoRunsWantOneKey: DirectedSchedule = async () => {
  const hand = byHand([waitsUnderKey]);
  for (const runId of ['a', 'b']) {
    await hand.runtime.start({ workflowId: 'w', runId });
    await hand.drain();
  }
  return holdersOf(hand);
};

/** A run wants a key that a worker has taken for another one, whose suspension it is about to store. */
export const keyWantedBeforeSuspension: DirectedSchedule = async () => {
  const hand = byHand([waitsUnderKey]);
  const gate = Promise.withResolvers<void>();
  const slow = hand.worker((store) => ({
    commit: async (write) => {
      await gate.promise;
      return store.commit(write);
    },
  }));
  await hand.runtime.start({ workflowId: 'w', runId: 'a' });
  const handled = slow.handle(hand.take());
  await hand.place.settled();
  await hand.runtime.start({ workflowId: 'w', runId: 'b' });
  await hand.drain();
  gate.resolve();
  await handled;
  await hand.drain();
  return holdersOf(hand);
};

/** Some seeds of runs under a concurrency key, on processes that die. */
export const concurrentRuns: DirectedSchedule = async () => {
  const violations: string[] = [];
  for (let seed = 0; seed < 10; seed += 1) violations.push(...(await playConcurrentRuns(seed)).violations);
  return violations;
};

/** A worker with the old graph begins a step that only that has, when a sweep with the new one has found that the run fits it. */
export const begunByAnotherGraph: DirectedSchedule = async () => {
  const { worker, drain, place, clock } = twoGraphs();
  const named = (id: string) => step(id, () => id);
  const before = [named('one'), named('two'), named('last')];
  const gate = Promise.withResolvers<void>();
  const [old, slow] = [worker(before), worker(before, { claim: gate.promise })];
  const now = worker([named('one'), named('new'), named('last')]);
  await old.start({ workflowId: 'w', runId: 'r' });
  const second = await drain(old, ({ path }) => path[0] === 1);
  const handled = second === undefined ? undefined : slow.handle(second);
  await place.settled();
  clock.pass(130_000);
  await now.sweep();
  gate.resolve();
  await handled;
  await drain(now);
  const run = await now.get({ runId: 'r' });
  return run?.parked === undefined ? [`a run with a step of another graph is ${run?.status}`] : [];
};

/** The new version lacks the first of two branches; its worker opens the other one, and a worker with the old version sweeps. */
export const blockOfAnotherGraph: DirectedSchedule = async () => {
  const { worker, drain, sweep } = twoGraphs();
  const named = (id: string) => step(id, () => id);
  const last = { branch: [[() => true, named('last')]] } as const;
  const now = worker([last]);
  const first = { branch: [[() => false, named('never')]] } as const;
  const old = worker([first, last]);
  await now.start({ workflowId: 'w', runId: 'r' });
  await drain(now, ({ path }) => path.length === 2);
  await sweep(old);
  const { steps } = await old.result({ runId: 'r' });
  return 'never' in steps ? ['a block that another graph had opened was taken for the first branch'] : [];
};

/** The code has another graph by the time when a suspended step is resumed, and then the one of before again. */
export const otherGraph: DirectedSchedule = async () => {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const waits = step('asking', async ({ resumeData, suspend }) => resumeData ?? suspend({}));
  const deploy = (...ids: readonly string[]): Runtime => {
    const steps = ids.map((id) => step(id, () => id));
    const logger = { warn: () => undefined };
    return createRuntime({
      workflows: [workflow('w', [...steps, waits])],
      backend: place.attach(),
      work: false,
      logger,
    });
  };
  const drain = async (runtime: Runtime): Promise<void> => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      await runtime.handle(next.event);
    }
  };
  const before = deploy('one');
  await before.start({ workflowId: 'w', runId: 'r' });
  await drain(before);
  const problems: string[] = [];
  const after = deploy('new', 'one');
  const resumed = after.resume({ runId: 'r', resumeData: 1 });
  const isRefused = await resumed.then(
    () => false,
    () => true,
  );
  if (!isRefused) problems.push('a run went on with a graph that it does not fit');
  clock.pass(130_000);
  await before.sweep();
  await drain(before);
  if ((await before.get({ runId: 'r' }))?.parked !== undefined) problems.push('the run stays parked');
  return problems;
};

/** A run is canceled after a worker has seen where its nested run is to stand, and before that one is stored. */
export const canceledBeforeNested: DirectedSchedule = async () => {
  const bodies: string[] = [];
  const inner = workflow('inner', [
    step('inside', () => {
      bodies.push('inside');
    }),
  ]);
  const hand = byHand([workflow('w', [nest(inner)])]);
  const gate = Promise.withResolvers<void>();
  const slow = hand.worker((store) => ({
    startChild: async (write) => {
      await gate.promise;
      return store.startChild(write);
    },
  }));
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  const handled = slow.handle(hand.take());
  await hand.place.settled();
  await hand.runtime.cancel({ runId: 'r' });
  await hand.drain();
  gate.resolve();
  await handled;
  await hand.drain();
  return bodies.length === 0 ? [] : ['a nested run goes on whose run above was canceled before it began'];
};
