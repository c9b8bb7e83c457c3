import { type MemoryBackend, memoryBackend, type MemoryOptions } from '../adapters/memory/index.ts';
import { sequenceIds } from './sequence-ids.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

/**
 * A backend in memory in which a year passes at once: its clock is virtual, waits for the backend to come to rest before it
 * goes on, and its ids count up. So a test with delays takes no time and is the same each time.
 */
export function memoryWithVirtualTime(
  options: Omit<MemoryOptions, 'clock'> & { readonly start?: number } = {},
): { readonly clock: VirtualClock; readonly backend: MemoryBackend } {
  const { start, ...rest } = options;
  const clock = virtualClock(start === undefined ? {} : { start });
  const backend = memoryBackend({ ids: sequenceIds(), ...rest, clock });
  clock.settleWith(() => backend.settled());
  return { clock, backend };
}
