import { onTestFinished } from 'vitest';
import type { Backend } from '../../../src/ports/index.ts';
import { type VirtualClock, virtualClock } from '../../../src/testing/index.ts';
import type { OpenPlace, Place } from '../../runtime/places.ts';

/** A storage, how a runtime is made on it, and others on the same place, as other processes have them. */
export type Storage = Backend & Pick<OpenPlace, 'another' | 'createRuntime'>;

/** A storage in a fresh place, which is removed when the test is over and its hosts are shut down. */
export function storageIn(place: Place, clock?: VirtualClock): Storage {
  const { backend, another, remove, createRuntime } = place.open(clock);
  // The last that is told: hosts are made, and so shut down, with a storage that there is.
  onTestFinished(() => remove());
  const like = createRuntime === undefined ? {} : { createRuntime };
  return { ...backend, another: () => ({ ...another(), ...like }), ...like };
}

/** The same with a clock that only passes when it is told to. */
export function storageWithVirtualTime(place: Place): {
  readonly storage: Storage;
  readonly clock: VirtualClock;
} {
  const clock = virtualClock({ start: 0 });
  return { storage: storageIn(place, clock), clock };
}
