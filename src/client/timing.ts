/** What a client needs of its surroundings beside `fetch`. Tests give their own, so that nothing waits for real. */
export interface Timing {
  /** Now, ms since 1970. */
  readonly now: () => number;
  /** Calls back once, in so many ms, unless the function that it returns is called before. */
  readonly timer: (ms: number, callback: () => void) => () => void;
  /** From 0 to below 1: spreads retries, so that clients who failed together do not come back together. */
  readonly random: () => number;
}

/** The clock, the timers and the randomness of the platform. */
export const systemTiming: Timing = {
  now: () => Date.now(),
  timer: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Pauses for so many ms; rejects with the reason of the signal as soon as that aborts. */
export async function pause({ timer }: Timing, ms: number, signal: AbortSignal | undefined): Promise<void> {
  let stop = (): void => {};
  const over = new Promise<void>((resolve) => {
    stop = timer(ms, resolve);
  });
  await unlessAborted(over, signal).finally(stop);
}

/** Settles as `work` does, or rejects with the reason of the signal when that comes first. */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return await work;
  // Not Promise.withResolvers: Node 20 has none.
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
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
export function backoff({ random }: Timing, retry: number, first: number, most: number): number {
  return random() * Math.min(most, first * 2 ** retry);
}
