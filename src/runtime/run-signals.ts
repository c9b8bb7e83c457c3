import type { Clock } from '../ports/index.ts';

/** What is signaled when a log has grown; a run's own id when its status has changed, which is far less often. */
export function logSignal(log: string): string {
  return `log/${log}`;
}

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

  /**
   * Resolves at the next signal for `runId`, after `maxMs`, or when `signal` aborts, whichever comes first. `keepAlive`:
   * somebody awaits this run, and without it a process would end before its own retries are due. @default true
   */
  next(
    runId: string,
    maxMs: number,
    {
      signal,
      keepAlive = true,
    }: { readonly signal?: AbortSignal | undefined; readonly keepAlive?: boolean } = {},
  ): Promise<void> {
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
      const cancelTimer = this.clock.timer(maxMs, done, { keepAlive });
      waiters.add(done);
      signal?.addEventListener('abort', done);
    });
  }
}
