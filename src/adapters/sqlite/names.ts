import type { Connection } from './connection.ts';
import { toText } from './text.ts';

/**
 * Rows of `name`: the number of each run, under which all its rows are kept. A key that begins with a number is one integer, so
 * that rows lie in the order of their keys and are found without an index: a commit touches few pages.
 */
export class Names {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Undefined for a run of which nothing is stored. */
  find(runId: string): number | undefined {
    const { numbers } = this.#connection.known;
    const known = numbers.get(runId);
    if (known !== undefined) return known;
    const sql = 'SELECT num FROM name WHERE id = ?';
    const found = this.#connection.row<{ num: number }>(sql, toText(runId))?.num;
    if (found !== undefined) numbers.set(runId, found);
    return found;
  }

  /** Within the caller's transaction: the number of a run, which gets one when it has none. */
  get(runId: string): number {
    const found = this.find(runId);
    if (found !== undefined) return found;
    const number = this.#connection.insert('INSERT INTO name (id) VALUES (?)', toText(runId));
    this.#connection.known.numbers.set(runId, number);
    return number;
  }
}
