import type { Clock } from '../../ports/clock.ts';

/** Longest delay of a Node timer, in ms: a longer one fires at once. https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The real clock. Its timers keep the process alive only where they are asked to, and may be any length: one of years is
 * set again every 24 days.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  timer(delayMs, callback, options) {
    // By a clock that nobody sets: a wall clock that goes back by years would keep the callback waiting for as long.
    const dueAt = performance.now() + delayMs;
    let timeout: NodeJS.Timeout;
    const arm = (remaining: number): void => {
      timeout = setTimeout(
        () => {
          const left = dueAt - performance.now();
          // A Node timer may fire a millisecond before its time.
          if (left > 0) arm(left);
          else callback();
        },
        Math.min(Math.max(remaining, 0), LONGEST_TIMER_MS),
      );
      if (options?.keepAlive !== true) timeout.unref();
    };
    arm(delayMs);
    return () => clearTimeout(timeout);
  },
};

/** Resolves in the next turn of the event loop: by then, whatever waits for promises alone has gone on as far as it can. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
