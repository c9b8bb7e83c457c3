import type { WorkflowEvent } from '../../core/event.ts';
import type { Connection } from './connection.ts';
import { type Hands, nextFree, releaseMessages } from './hands.ts';

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
  readonly tries: number;
  readonly body: string;
}

/**
 * Rows of `msg` that are messages. A message belongs to nobody (it is free, and due at a time) or to the process that took it,
 * until that one removes it, gives it back or is dead: its id says so, see {@link Hands}. Every method runs within the caller's
 * transaction, or reads.
 */
export class Queue {
  readonly #connection: Connection;
  readonly #hands: Hands;

  constructor(connection: Connection, hands: Hands) {
    this.#connection = connection;
    this.#hands = hands;
  }

  /** Returns the id, which only means something of what is taken. `taken`: this process handles it at once. */
  add(event: WorkflowEvent, dueAt: number, place: 'free' | 'taken'): number {
    const body = JSON.stringify(event);
    if (place === 'free') {
      const sql = `INSERT INTO msg (id, due, tries, body) VALUES (${nextFree}, ?, 0, ?)`;
      this.#connection.run(sql, dueAt, body);
      return 0;
    }
    const id = this.#hands.next();
    const sql = 'INSERT INTO msg (id, due, tries, body) VALUES (? << 40 | ?, ?, 0, ?)';
    this.#connection.run(sql, this.#hands.owner, id, dueAt, body);
    return id;
  }

  /** Takes what is due, in the order of the due times. */
  take(now: number, limit: number): TakenMessage[] {
    const due = this.#connection.rows<MessageRow>(
      'SELECT id, tries, body FROM msg WHERE id < 1099511627776 AND due <= ? ORDER BY due, id LIMIT ?',
      now,
      limit,
    );
    return due.map(({ id: free, tries, body }) => {
      const id = this.#hands.next();
      this.#connection.run('UPDATE msg SET id = (? << 40 | ?) WHERE id = ?', this.#hands.owner, id, free);
      return { id, tries, read: () => JSON.parse(body) as WorkflowEvent };
    });
  }

  /** When the next free message is due; Infinity when there is none. */
  nextDue(): number {
    const sql = 'SELECT min(due) AS due FROM msg WHERE id < 1099511627776';
    return this.#connection.row<{ due: number | null }>(sql)?.due ?? Number.POSITIVE_INFINITY;
  }

  /** Acknowledges a message. Nothing happens when it is no longer ours. */
  remove(id: number): void {
    this.#connection.run('DELETE FROM msg WHERE id = (? << 40 | ?)', this.#hands.owner, id);
  }

  /** Makes a message free again from `dueAt` on. Nothing happens when it is no longer ours. */
  giveBack(id: number, dueAt: number): void {
    this.#connection.run(
      `UPDATE msg SET id = ${nextFree}, due = ?, tries = tries + 1 WHERE id = (? << 40 | ?)`,
      dueAt,
      this.#hands.owner,
      id,
    );
  }

  /** Frees our messages that nobody handles: what a failed commit brought back. */
  releaseAllBut(handled: ReadonlySet<number>): void {
    releaseMessages(this.#connection, this.#hands.owner, handled);
  }
}
