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
    return this.#connection.row<{ num: number }>('SELECT num FROM name WHERE id = ?', toText(runId))?.num;
  }

  /** Within the caller's transaction: the number of a run, which gets one when it has none. */
  get(runId: string): number {
    const found = this.find(runId);
    if (found !== undefined) return found;
    return this.#connection.insert('INSERT INTO name (id) VALUES (?)', toText(runId));
  }
}
