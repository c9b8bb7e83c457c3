import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WorkflowError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { failure, isBusy } from './failure.ts';
import type { GroupCommit } from './group-commit.ts';
import { releaseLeases, releaseMessages } from './hands.ts';

/** How long to wait for our own new lock file, which nobody but a passing check can hold, in ms. */
const ownLockWaitMs = 1_000;
const suffix = '.lock';

/**
 * Who is alive. Each process holds a small SQLite file of its own open under `BEGIN EXCLUSIVE`; the system drops that lock
 * with the process, however it ended. So whoever gets the lock of another one knows that it is dead, and what it held
 * (messages, leases) is free at once. Node has no other lock with this property.
 */
export class Owners {
  readonly #connection: Connection;
  readonly #commit: GroupCommit;
  readonly #directory: string;
  readonly #incarnation: string;
  readonly #lock: DatabaseSync;
  readonly #releasing = new Set<string>();
  /** Our number: what messages that we took carry. */
  readonly number: number;

  /** Takes our lock and registers us. */
  constructor(connection: Connection, commit: GroupCommit, incarnation: string) {
    this.#connection = connection;
    this.#commit = commit;
    this.#directory = `${connection.file}-owners`;
    this.#incarnation = incarnation;
    this.#lock = this.#takeOwnLock();
    try {
      // Only after the lock is held: whoever reads this row finds a lock to try.
      commit.commitSiblings();
      this.number = connection.patiently(() =>
        connection.insert('INSERT INTO owner (incarnation) VALUES (?)', incarnation),
      );
    } catch (cause) {
      this.#dropOwnLock();
      throw failure(connection.file, cause);
    }
  }

  /** Frees what dead processes held; resolves with whether there were any. Failures are left to the next check. */
  async check(): Promise<boolean> {
    const checks = await Promise.all(this.#others().map((incarnation) => this.#checkOne(incarnation)));
    return checks.includes(true);
  }

  /** Gives back what we hold. The lock stays until {@link close}. */
  async leave(): Promise<void> {
    await this.#release(this.#incarnation);
  }

  /** Drops our lock. */
  close(): void {
    this.#dropOwnLock();
  }

  /** Registered processes, and lock files of processes that died before they were registered. */
  #others(): string[] {
    const rows = this.#connection.rows<{ incarnation: string }>('SELECT incarnation FROM owner');
    const files = readdirSync(this.#directory)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length));
    const all = new Set([...rows.map(({ incarnation }) => incarnation), ...files]);
    all.delete(this.#incarnation);
    return [...all].filter((incarnation) => !this.#releasing.has(incarnation));
  }

  async #checkOne(incarnation: string): Promise<boolean> {
    const path = this.#path(incarnation);
    // A lock that is held until its file is gone keeps everybody else from a second release.
    const lock = existsSync(path) ? tryLock(path, 0) : undefined;
    if (lock === 'held') return false;
    this.#releasing.add(incarnation);
    try {
      await this.#release(incarnation);
      rmSync(path, { force: true });
      return true;
    } catch {
      return false;
    } finally {
      this.#releasing.delete(incarnation);
      lock?.close();
    }
  }

  #release(incarnation: string): Promise<void> {
    const work = (): void => {
      const row = this.#connection.row<{ number: number }>(
        'SELECT number FROM owner WHERE incarnation = ?',
        incarnation,
      );
      if (row === undefined) return;
      releaseMessages(this.#connection, row.number);
      releaseLeases(this.#connection, row.number);
      this.#connection.run('DELETE FROM owner WHERE incarnation = ?', incarnation);
    };
    return this.#commit.write(work, { durability: 'stable', atomic: true });
  }

  #takeOwnLock(): DatabaseSync {
    const path = this.#path(this.#incarnation);
    try {
      for (;;) {
        mkdirSync(this.#directory, { recursive: true });
        const lock = tryLock(path, ownLockWaitMs);
        if (lock === 'held') throw inUse(path);
        // Between its creation and our lock, a check may have taken the file for that of a dead process.
        if (existsSync(path)) return lock;
        lock.close();
      }
    } catch (cause) {
      throw failure(path, cause);
    }
  }

  #dropOwnLock(): void {
    rmSync(this.#path(this.#incarnation), { force: true });
    this.#lock.close();
  }

  #path(incarnation: string): string {
    return join(this.#directory, `${incarnation}${suffix}`);
  }
}

/** Ids that repeat, or a tool that has the file open. */
function inUse(path: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_BACKEND_UNAVAILABLE',
    `another process holds ${path}: give each process an id source whose ids are unique`,
    { details: { file: path } },
  );
}

/** The open lock; `held` when another process has it. */
function tryLock(path: string, waitMs: number): DatabaseSync | 'held' {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    // Nothing is ever written, so a journal would only be one more file that a dead process leaves behind.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database.close();
    if (isBusy(cause)) return 'held';
    throw cause;
  }
}
