import type { Backend } from '../../../src/ports/index.ts';
import { type VirtualClock, virtualClock } from '../../../src/testing/index.ts';
import type { Place } from '../../runtime/places.ts';

/** A storage in a fresh place, which is removed when it is closed. */
export function storageIn(place: Place, clock?: VirtualClock): Backend {
  const { backend, remove } = place.open(clock);
  return {
    ...backend,
    close: async () => {
      await backend.close();
      remove();
    },
  };
}

/** The same with a clock that only passes when it is told to. */
export function storageWithVirtualTime(place: Place): {
  readonly storage: Backend;
  readonly clock: VirtualClock;
} {
  const clock = virtualClock({ start: 0 });
  return { storage: storageIn(place, clock), clock };
}
