import type { LogEntry } from '../../core/history.ts';
import type { Pacing } from './retry.ts';

/** See {@link PendingChunks}. */
export interface PendingChunksOptions {
  readonly clock: Pick<Pacing['clock'], 'timer'>;
  /** What is written at once at most; a single chunk may be larger. */
  readonly most: { readonly entries: number; readonly bytes: number };
  readonly write: (log: string, chunks: readonly LogEntry[]) => Promise<void>;
}

/** How long a chunk waits for others, ms: a reader looks every 500 ms, and each write is billed. */
const pauseMs = 100;

/**
 * Chunks of streams that were accepted and not written yet. A step that writes many small ones waits for none of them, and
 * they become few writes, in the order in which they came.
 */
export class PendingChunks {
  readonly #options: PendingChunksOptions;
  readonly #chunks = new Map<string, LogEntry[]>();
  /** The writing of each log, so that there is one at a time. */
  readonly #writing = new Map<string, Promise<void>>();
  #isTimed = false;

  constructor(options: PendingChunksOptions) {
    this.#options = options;
  }

  /** Accepts chunks; where enough are pending, waits until they are written. */
  async add(log: string, chunks: readonly LogEntry[]): Promise<void> {
    if (chunks.length === 0) return;
    const pending = this.#chunks.get(log) ?? [];
    this.#chunks.set(log, pending);
    pending.push(...chunks);
    if (pending.length >= this.#options.most.entries) return this.#flushLog(log);
    this.#time();
  }

  /** Writes all that were accepted. Rejects when the store fails; what was not written is still pending then. */
  async flush(): Promise<void> {
    const logs = new Set([...this.#chunks.keys(), ...this.#writing.keys()]);
    await Promise.all([...logs].map((log) => this.#flushLog(log)));
  }

  #time(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#options.clock.timer(
      pauseMs,
      () => {
        this.#isTimed = false;
        // What fails here is still pending: the next write of a state tries again, and fails in the open.
        this.flush().catch(() => {});
      },
      { keepAlive: true },
    );
  }

  #flushLog(log: string): Promise<void> {
    const before = this.#writing.get(log) ?? Promise.resolve();
    const writing = before.catch(() => {}).then(() => this.#write(log));
    this.#writing.set(log, writing);
    const done = (): void => {
      if (this.#writing.get(log) === writing) this.#writing.delete(log);
    };
    writing.then(done, done);
    return writing;
  }

  async #write(log: string): Promise<void> {
    for (;;) {
      const pending = this.#chunks.get(log);
      if (pending === undefined) return;
      const batch = this.#batchOf(pending);
      await this.#options.write(log, batch);
      pending.splice(0, batch.length);
      if (pending.length === 0) this.#chunks.delete(log);
    }
  }

  #batchOf(pending: readonly LogEntry[]): LogEntry[] {
    const { entries, bytes } = this.#options.most;
    let size = 0;
    const fitting = pending.slice(0, entries).findIndex((chunk) => {
      size += JSON.stringify(chunk).length;
      return size > bytes;
    });
    return pending.slice(0, fitting === -1 ? entries : Math.max(1, fitting));
  }
}
