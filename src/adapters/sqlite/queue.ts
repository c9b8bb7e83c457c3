import type { WorkflowEvent } from '../../core/event.ts';
import type { Connection } from './connection.ts';

/** A message in this process's hands. */
export interface TakenMessage {
  readonly id: number;
  /** Throws when the stored text is damaged. */
  readonly read: () => WorkflowEvent;
  /** Deliveries that were rejected. */
  readonly tries: number;
}

interface MessageRow {
  readonly id: number;
  readonly due: number;
  readonly tries: number;
  readonly body: string;
}

/**
 * Rows of `msg`. A message belongs to nobody (it is free, and due at a time) or to the process that took it, until that
 * one removes it, gives it back or is dead. Every method runs within the caller's transaction, or reads.
 */
export class Queue {
  readonly #connection: Connection;
  readonly #owner: number;

  /** `owner`: the number of this process. */
  constructor(connection: Connection, owner: number) {
    this.#connection = connection;
    this.#owner = owner;
  }

  /** Returns the id. `taken`: this process handles it at once. */
  add(event: WorkflowEvent, dueAt: number, place: 'free' | 'taken'): number {
    return this.#connection.insert(
      'INSERT INTO msg (due, owner, tries, body) VALUES (?, ?, 0, ?)',
      dueAt,
      place === 'taken' ? this.#owner : null,
      JSON.stringify(event),
    );
  }

  /** Takes what is due, in the order of the due times. */
  take(now: number, limit: number): TakenMessage[] {
    return this.#connection
      .rows<MessageRow>(
        `UPDATE msg SET owner = ? WHERE id IN (
           SELECT id FROM msg WHERE owner IS NULL AND due <= ? ORDER BY due, id LIMIT ?
         ) RETURNING id, due, tries, body`,
        this.#owner,
        now,
        limit,
      )
      .toSorted((a, b) => a.due - b.due || a.id - b.id)
      .map(({ id, tries, body }) => ({ id, tries, read: () => JSON.parse(body) as WorkflowEvent }));
  }

  /** When the next free message is due; Infinity when there is none. */
  nextDue(): number {
    const sql = 'SELECT min(due) AS due FROM msg WHERE owner IS NULL';
    return this.#connection.row<{ due: number | null }>(sql)?.due ?? Number.POSITIVE_INFINITY;
  }

  /** Acknowledges a message. Nothing happens when it is no longer ours. */
  remove(id: number): void {
    this.#connection.run('DELETE FROM msg WHERE id = ? AND owner = ?', id, this.#owner);
  }

  /** Makes a message free again from `dueAt` on. Nothing happens when it is no longer ours. */
  giveBack(id: number, dueAt: number): void {
    this.#connection.run(
      'UPDATE msg SET owner = NULL, due = ?, tries = tries + 1 WHERE id = ? AND owner = ?',
      dueAt,
      id,
      this.#owner,
    );
  }

  /** Frees our messages that nobody handles: what a failed commit brought back. */
  releaseAllBut(handled: ReadonlySet<number>): void {
    const rows = this.#connection.rows<{ id: number }>('SELECT id FROM msg WHERE owner = ?', this.#owner);
    for (const { id } of rows) {
      if (!handled.has(id)) this.#connection.run('UPDATE msg SET owner = NULL WHERE id = ?', id);
    }
  }

  /** Changes whenever another connection has committed something. */
  dataVersion(): number {
    return this.#connection.row<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0;
  }
}
