import type { LogEntry } from '../../core/history.ts';
import type { LogPage, LogRead } from '../../ports/index.ts';
import type { Logged } from '../log-entries.ts';
import type { Connection } from './connection.ts';
import { toText } from './text.ts';

/**
 * Rows of `log`: what is kept of runs with history. One process writes at a time, so the number of an entry is the next one,
 * and everybody sees the entries in this order. Every method runs within the caller's transaction, or reads.
 */
export class Logs {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  append(logged: Logged | undefined): void {
    if (logged === undefined) return;
    this.#connection.run(
      `INSERT INTO log (run, seq, body)
       VALUES (?1, coalesce((SELECT max(seq) + 1 FROM log WHERE run = ?1), 0), ?2)`,
      toText(logged.log),
      JSON.stringify(logged.entry),
    );
  }

  read({ log, after, limit }: LogRead): LogPage {
    const rows = this.#connection.rows<{ seq: number; body: string }>(
      'SELECT seq, body FROM log WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?',
      toText(log),
      after,
      limit,
    );
    return {
      entries: rows.map(({ body }) => JSON.parse(body) as LogEntry),
      next: rows.at(-1)?.seq ?? after,
    };
  }
}
