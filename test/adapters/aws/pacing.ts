import type { Pacing } from '../../../src/adapters/aws/retry.ts';

/** Pauses that take no time, and how long each would have been at most; the end of an invocation never comes. */
export function instantPacing(): Pacing & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    random: () => 1,
    clock: {
      now: () => 1_800_000_000_000,
      timer(delayMs, callback, options) {
        if (options?.keepAlive !== true) return () => {};
        pauses.push(delayMs);
        queueMicrotask(callback);
        return () => {};
      },
    },
  };
}
