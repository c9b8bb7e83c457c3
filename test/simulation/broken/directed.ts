import { memoryPlace } from '../../../src/adapters/memory/index.ts';
import { createRuntime, type Runtime } from '../../../src/runtime/index.ts';
import { ManualClock } from '../../runtime/faults.ts';
import { byHand, death } from '../../runtime/hand.ts';
import { step, workflow } from '../../runtime/fixtures.ts';

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

/** The code has another graph by the time when a suspended step is resumed, and then the one of before again. */
export const otherGraph: DirectedSchedule = async () => {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const asking = step('asking', async ({ resumeData, suspend }) => resumeData ?? suspend({}));
  const deploy = (...ids: readonly string[]): Runtime => {
    const steps = ids.map((id) => step(id, () => id));
    const logger = { warn: () => undefined };
    return createRuntime({
      workflows: [workflow('w', [...steps, asking])],
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
