import type { LogEntry } from '../../core/history.ts';
import type { LogPage, LogRead } from '../../ports/index.ts';
import type { Logged } from '../log-entries.ts';
import type { Connection } from './connection.ts';
import type { Names } from './names.ts';

/**
 * Rows of `log`: what is kept of runs with history. The id is the number of the root run and that of the entry. One process
 * writes at a time, so the number of an entry is the next one, and everybody sees the entries in this order. Every method runs
 * within the caller's transaction, or reads.
 */
export class Logs {
  readonly #connection: Connection;
  readonly #names: Names;

  constructor(connection: Connection, names: Names) {
    this.#connection = connection;
    this.#names = names;
  }

  append(logged: Logged | undefined): void {
    if (logged === undefined) return;
    const run = this.#names.get(logged.log);
    const { nextEntries } = this.#connection.known;
    const number = nextEntries.get(run) ?? this.#next(run);
    this.#connection.run(
      'INSERT INTO log (id, body) VALUES (? << 32 | ?, ?)',
      run,
      number,
      JSON.stringify(logged.entry),
    );
    nextEntries.set(run, number + 1);
  }

  #next(run: number): number {
    const last = this.#connection.row<{ seq: number }>(
      `SELECT id & 4294967295 AS seq FROM log
       WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32 ORDER BY id DESC LIMIT 1`,
      run,
    );
    return last === undefined ? 0 : last.seq + 1;
  }

  read({ log, after, limit }: LogRead): LogPage {
    const run = this.#names.find(log);
    if (run === undefined) return { entries: [], next: after };
    const rows = this.#connection.rows<{ seq: number; body: string }>(
      `SELECT id & 4294967295 AS seq, body FROM log
       WHERE id > (?1 << 32) + ?2 AND id < (?1 + 1) << 32 ORDER BY id LIMIT ?3`,
      run,
      after,
      limit,
    );
    return {
      entries: rows.map(({ body }) => JSON.parse(body) as LogEntry),
      next: rows.at(-1)?.seq ?? after,
    };
  }
}
