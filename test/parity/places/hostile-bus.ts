import type { WorkflowEvent } from '../../../src/core/event.ts';
import type { Backend } from '../../../src/ports/index.ts';
import { Random } from '../../../src/testing/simulator/random.ts';

const seed = 1;
/** Of ten events, so many are late. */
const lateOfTen = 3;
/** By how much at most, ms: longer than the steps of these tests take, and shorter than any time that they look at. */
const latestMs = 20;

/**
 * Puts a bus that does all that EventBridge and SQS may do before a backend: each event comes twice, in an order that is
 * drawn, and some come late.
 */
export function withHostileBus(): (backend: Backend) => Backend {
  const random = new Random(seed);
  return (backend) => {
    const late = (event: WorkflowEvent): Promise<void> =>
      backend.timers.schedule(event, backend.clock.now() + random.below(latestMs) + 1);
    const publish = async (events: readonly WorkflowEvent[]): Promise<void> => {
      const copies = [...events, ...events]
        .map((event) => ({ event, place: random.next() }))
        .toSorted((one, other) => one.place - other.place)
        .map(({ event }) => event);
      const isLate = copies.map(({ work }) => work && random.below(10) < lateOfTen);
      await backend.bus.publish(copies.filter((_, n) => isLate[n] !== true));
      for (const event of copies.filter((_, n) => isLate[n] === true)) await late(event);
    };
    return { ...backend, bus: { publish } };
  };
}
