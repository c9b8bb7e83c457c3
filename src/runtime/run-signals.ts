import type { Clock } from '../ports/index.ts';

/**
 * Tells waiters in this process that a run may have changed. A signal is a hint: waiters read the store, and look again
 * after a while because another process may have done the work.
 */
export class RunSignals {
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Wakes everybody who waits for `runId`. */
  changed(runId: string): void {
    for (const wake of this.waiting.get(runId) ?? []) wake();
  }

  /** Wakes everybody: the runtime closes. */
  wakeAll(): void {
    for (const runId of this.waiting.keys()) this.changed(runId);
  }

  /** Resolves at the next signal for `runId`, after `maxMs`, or when `signal` aborts, whichever comes first. */
  next(runId: string, maxMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiters = this.waiting.get(runId) ?? new Set();
      this.waiting.set(runId, waiters);
      const done = (): void => {
        cancelTimer();
        signal?.removeEventListener('abort', done);
        waiters.delete(done);
        if (waiters.size === 0 && this.waiting.get(runId) === waiters) this.waiting.delete(runId);
        resolve();
      };
      // Somebody awaits this run: without it a process would end before its own retries are due.
      const cancelTimer = this.clock.timer(maxMs, done, { keepAlive: true });
      waiters.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}
