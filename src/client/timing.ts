/** What a client needs of its surroundings beside `fetch`. Tests give their own, so that nothing waits for real. */
export interface Timing {
  /** Now, ms since 1970. */
  now(): number;
  /** Resolves after so many ms; rejects with the reason of the signal as soon as that aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to below 1: spreads retries, so that clients who failed together do not come back together. */
  random(): number;
}

/** The clock, the timers and the randomness of the platform. */
export const systemTiming: Timing = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    return unlessAborted(over, signal).finally(() => clearTimeout(timer));
  },
};

/** Settles as `work` does, or rejects with the reason of the signal when that comes first. */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return await work;
  // Not Promise.withResolvers: Node 20 has none.
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** A pause before retry number `retry` (from 0), ms: exponential, at most `most`, with full jitter. */
export function backoff(retry: number, first: number, most: number, random: () => number): number {
  return random() * Math.min(most, first * 2 ** retry);
}
