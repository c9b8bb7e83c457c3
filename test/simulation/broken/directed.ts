import { byHand, death } from '../../runtime/hand.ts';
import { step, workflow } from '../../runtime/fixtures.ts';
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

/** Some seeds of runs under a concurrency key, on processes that die. */
export const concurrentRuns: DirectedSchedule = async () => {
  const violations: string[] = [];
  for (let seed = 0; seed < 10; seed += 1) violations.push(...(await playConcurrentRuns(seed)).violations);
  return violations;
};
