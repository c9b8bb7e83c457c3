import { byHand, death } from '../../runtime/hand.ts';
import { step, workflow } from '../../runtime/fixtures.ts';

/**
 * Schedules for what random ones hardly ever meet: each brings one rule of the protocol to bear, and resolves with what is wrong
 * then, in words.
 */
export type DirectedSchedule = () => Promise<readonly string[]>;

/** An event of the first epoch is delivered when the run is in its second one, and what it is of has no record yet. */
export const lateEventOfAnEpoch: DirectedSchedule = async () => {
  let executions = 0;
  const counted = step('a', () => {
    executions += 1;
  });
  const hand = byHand([workflow('w', [counted])]);
  await hand.runtime.start({ workflowId: 'w', runId: 'r' });
  const late = hand.take(({ stepId }) => stepId === 'a');
  await hand.runtime.cancel({ runId: 'r' });
  await hand.runtime.timeTravel({ runId: 'r', step: 'a' });
  await hand.runtime.handle(late);
  await hand.drain();
  return executions === 1 ? [] : [`a step was executed ${executions} times in one epoch`];
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
