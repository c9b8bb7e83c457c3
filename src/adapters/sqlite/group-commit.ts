import type { WorkflowError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { closed, failure, isBusy } from './failure.ts';

/**
 * When the promise of a write resolves. `stable`: after the commit that holds it. `accepted`: at once, because until that
 * commit no other process sees it, and a crash loses it together with everything that came after it.
 */
export type Durability = 'stable' | 'accepted';

/** See {@link GroupCommit.write}. */
export interface WriteOptions {
  readonly durability: Durability;
  /** The work consists of several statements: when one fails, the earlier ones of this work are undone. */
  readonly atomic?: boolean;
}

/** What a test or a benchmark may watch. */
export interface CommitHooks {
  /** Called before each COMMIT with the number of writes in it; what it throws counts as the failure of that COMMIT. */
  readonly onCommit?: (writes: number) => void;
  /** Called after each COMMIT that is done, before anybody who waited for it. It must not throw. */
  readonly onCommitted?: () => void;
}

/** Pauses between tries for a write lock that another process holds, in ms. The last one repeats. */
const lockPauses = [1, 2, 5, 10, 25];

/**
 * By file, what this process has open on it. A thread that waits for a lock of its own waits in vain, so backends of one
 * process on one file hand the lock over.
 */
const siblings = new Map<string, Set<GroupCommit>>();

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: WorkflowError) => void;
}

/**
 * One transaction for all writes of one turn of the event loop, and so one fsync. The first write begins it, later ones of
 * the same turn join it, and it is committed when the turn has ended: a lone write is therefore not held back, and while a
 * commit waits for the disk, whatever arrives gathers for the next one.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #hooks: CommitHooks;
  readonly #lockWaitMs: number;
  readonly #onRollback = new Set<(transaction: number) => void>();
  #transaction = 0;
  #isOpen = false;
  #isClosed = false;
  #commitAtEnd: NodeJS.Immediate | undefined;
  #writes = 0;
  #accepted = 0;
  #waiters: Waiter[] = [];
  #afterCommit: (() => void)[] = [];
  /** Reads that wait for the end of the transaction. */
  #readers: (() => void)[] = [];
  /** Writes that came while another process held the lock, in their order. */
  #queue: { run: () => void; reject: (error: WorkflowError) => void }[] = [];
  #lockTimer: NodeJS.Timeout | undefined;
  #lost: WorkflowError | undefined;

  constructor(connection: Connection, options: { lockWaitMs: number; hooks?: CommitHooks }) {
    this.#connection = connection;
    this.#lockWaitMs = options.lockWaitMs;
    this.#hooks = options.hooks ?? {};
    const onThisFile = siblings.get(connection.file) ?? new Set();
    siblings.set(connection.file, onThisFile.add(this));
  }

  /** Commits what other backends of this process have open on the same file. */
  commitSiblings(): void {
    for (const one of siblings.get(this.#connection.file) ?? []) {
      if (one !== this && one.#isOpen) one.#commit();
    }
  }

  /**
   * Does `work` within the open transaction: at once, unless another process holds the write lock. Rejects with
   * WORKFLOW_BACKEND_UNAVAILABLE when the lock, the work or (for `stable`) the commit fails.
   */
  write<T>(work: () => T, options: WriteOptions): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed(this.#connection.file));
    if (this.#queue.length === 0) {
      try {
        if (this.#begin('wait')) return this.#apply(work, options);
      } catch (cause) {
        return Promise.reject(failure(this.#connection.file, cause));
      }
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ run: () => resolve(this.#apply(work, options)), reject });
      if (this.#queue.length === 1) this.#waitForLock(performance.now(), 0);
    });
  }

  /**
   * Resolves when everything accepted so far is committed. Rejects, once, when an accepted write was lost since the last
   * call because its commit failed.
   */
  durable(): Promise<void> {
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost !== undefined) return Promise.reject(lost);
    return this.#flush();
  }

  /** Calls `callback` when all that was accepted so far is committed; never when that fails. */
  afterCommit(callback: () => void): void {
    if (this.#isOpen) this.#afterCommit.push(callback);
    else callback();
  }

  /**
   * Reads when no transaction is open: at once, or right after the end of the one that is, however it ends. So the read sees
   * nothing that can still be lost.
   */
  readCommitted<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        try {
          this.#connection.refresh();
          resolve(read());
        } catch (cause) {
          reject(failure(this.#connection.file, cause));
        }
      };
      if (this.#isOpen) this.#readers.push(settle);
      else settle();
    });
  }

  /** Has what follows see what others have committed; returns a number that changes whenever they have. */
  refresh(): number {
    // While ours is open, nobody else can commit.
    if (!this.#isOpen) this.#connection.refresh();
    return this.#connection.version;
  }

  /** Number of the transaction that is open, or was last. */
  get transaction(): number {
    return this.#transaction;
  }

  /** Calls `callback` with the number of each transaction that is lost, after it is gone. */
  onRollback(callback: (transaction: number) => void): void {
    this.#onRollback.add(callback);
  }

  /** Commits what is open and refuses whatever comes later. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.#flush();
    } finally {
      this.#isClosed = true;
      clearTimeout(this.#lockTimer);
      if (this.#isOpen) this.#commit();
      const onThisFile = siblings.get(this.#connection.file);
      onThisFile?.delete(this);
      if (onThisFile?.size === 0) siblings.delete(this.#connection.file);
      for (const { reject } of this.#queue.splice(0)) reject(closed(this.#connection.file));
    }
  }

  async #flush(): Promise<void> {
    if (!this.#isOpen && this.#queue.length === 0) return;
    await this.write(() => undefined, { durability: 'stable' });
  }

  /** False when another process holds the lock and there is patience left. */
  #begin(patience: 'wait' | 'throw'): boolean {
    if (this.#isOpen) return true;
    try {
      this.commitSiblings();
      this.#connection.run('BEGIN IMMEDIATE');
    } catch (cause) {
      if (patience === 'wait' && isBusy(cause)) return false;
      throw cause;
    }
    this.#isOpen = true;
    this.#transaction += 1;
    this.#writes = 0;
    this.#accepted = 0;
    // Not a microtask: those of this turn may bring further writes, and there is no queue behind theirs.
    this.#commitAtEnd = setImmediate(() => this.#commit());
    this.#connection.refresh();
    return true;
  }

  #waitForLock(since: number, tries: number): void {
    const pause = lockPauses[Math.min(tries, lockPauses.length - 1)];
    this.#lockTimer = setTimeout(() => {
      try {
        const patience = performance.now() - since < this.#lockWaitMs ? 'wait' : 'throw';
        // Each run may lose the transaction, and the next one then begins another.
        while (this.#queue.length > 0 && this.#begin(patience)) this.#queue.shift()?.run();
        if (this.#queue.length > 0) this.#waitForLock(since, tries + 1);
      } catch (cause) {
        const error = failure(this.#connection.file, cause);
        for (const { reject } of this.#queue.splice(0)) reject(error);
      }
    }, pause);
  }

  #apply<T>(work: () => T, { durability, atomic }: WriteOptions): Promise<T> {
    let value: T;
    try {
      value = atomic ? this.#inSavepoint(work) : work();
    } catch (cause) {
      const error = failure(this.#connection.file, cause);
      this.#connection.known.clear();
      // SQLite undoes the whole transaction by itself for some failures of a statement: a full disk, an I/O error.
      if (this.#isOpen && !this.#connection.isInTransaction()) this.#fail(error);
      return Promise.reject(error);
    }
    this.#writes += 1;
    if (durability === 'accepted') {
      this.#accepted += 1;
      return Promise.resolve(value);
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve: () => resolve(value), reject });
    });
  }

  #inSavepoint<T>(work: () => T): T {
    this.#connection.run('SAVEPOINT work');
    try {
      const value = work();
      this.#connection.run('RELEASE work');
      return value;
    } catch (cause) {
      if (this.#connection.isInTransaction()) this.#connection.exec('ROLLBACK TO work; RELEASE work');
      throw cause;
    }
  }

  #commit(): void {
    try {
      this.#hooks.onCommit?.(this.#writes);
      this.#connection.run('COMMIT');
    } catch (cause) {
      this.#fail(failure(this.#connection.file, cause));
      return;
    }
    const { waiters, afterCommit } = this.#end();
    this.#hooks.onCommitted?.();
    for (const { resolve } of waiters) resolve();
    for (const callback of afterCommit) callback();
  }

  /** The transaction is lost: whoever waits for it learns that, and nothing of it is in the file. */
  #fail(error: WorkflowError): void {
    if (this.#connection.isInTransaction()) this.#connection.run('ROLLBACK');
    this.#connection.known.clear();
    if (this.#accepted > 0) this.#lost = error;
    const { waiters } = this.#end();
    for (const { reject } of waiters) reject(error);
    for (const callback of this.#onRollback) callback(this.#transaction);
  }

  #end(): { waiters: Waiter[]; afterCommit: (() => void)[] } {
    clearImmediate(this.#commitAtEnd);
    this.#isOpen = false;
    const ended = { waiters: this.#waiters, afterCommit: this.#afterCommit };
    this.#waiters = [];
    this.#afterCommit = [];
    for (const read of this.#readers.splice(0)) read();
    return ended;
  }
}
