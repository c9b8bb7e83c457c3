import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { closed, failure } from './failure.ts';
import { Known } from './known.ts';

/**
 * How long SQLite itself may wait for a lock, in ms: it blocks the whole event loop, so only as long as another
 * process's commit usually takes. What lasts longer is waited for without blocking, see group-commit.ts.
 */
const blockingWaitMs = 20;

/** How long {@link Connection.patiently} lets SQLite wait, in ms. */
const patientWaitMs = 10_000;

/** One open database file, its prepared statements, and what is known of its rows. */
export class Connection {
  readonly file: string;
  readonly known = new Known();
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #version = -1;
  #isClosed = false;

  constructor(file: string) {
    this.file = file;
    try {
      this.#database = new DatabaseSync(file);
    } catch (cause) {
      throw failure(file, cause);
    }
  }

  /** Sets what every connection needs; separate from opening, because this is where a foreign file shows. */
  configure(): void {
    this.exec(`PRAGMA busy_timeout = ${blockingWaitMs}`);
    this.exec('PRAGMA synchronous = FULL');
    this.exec('PRAGMA temp_store = MEMORY');
    // Pages: 4 MiB, which is SQLite's default for its own page size. A page that many commits change is copied once for all.
    this.exec('PRAGMA wal_autocheckpoint = 4096');
    // The write-ahead log grows with the largest burst and would otherwise keep that size for ever.
    this.exec('PRAGMA journal_size_limit = 67108864');
  }

  /** For opening, which is synchronous: lets `work` wait for the locks of other processes, and blocks the event loop. */
  patiently<T>(work: () => T): T {
    this.exec(`PRAGMA busy_timeout = ${patientWaitMs}`);
    try {
      return work();
    } finally {
      this.exec(`PRAGMA busy_timeout = ${blockingWaitMs}`);
    }
  }

  /** Runs statements whose texts are constants and that give no rows. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs one statement; returns the number of rows that it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** Runs one INSERT; returns the row id. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  /** First row. `Row` is what the statement selects: nothing checks it. */
  row<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  /** All rows. */
  rows<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** Changes whenever {@link refresh} found that another connection has committed something. */
  get version(): number {
    return this.#version;
  }

  /** Forgets what is known when another connection has committed something. Within a transaction, none can. */
  refresh(): void {
    try {
      const version = this.row<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0;
      if (version === this.#version) return;
      this.#version = version;
    } catch (cause) {
      this.known.clear();
      throw cause;
    }
    this.known.clear();
  }

  /** Whether a transaction is open. Node 22.13 has no property for it, so SQLite is asked for what it refuses inside one. */
  isInTransaction(): boolean {
    try {
      this.#database.exec('BEGIN');
    } catch {
      return true;
    }
    this.#database.exec('ROLLBACK');
    return false;
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    if (this.#isClosed) throw closed(this.file);
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
