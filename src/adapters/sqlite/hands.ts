import type { StepRecord } from '../../core/records.ts';
import type { Connection } from './connection.ts';

/**
 * What this process has in its hands: messages that it took, and leases. Both are rows of `msg`. The id of a row says whose it
 * is: the number of the process (0 for nobody) in the bits from the 40th on, and below a number that is the process's own. So
 * what goes through the hands of one process lies side by side, and is found without an index when the process is dead.
 */
export class Hands {
  /** Number of this process. */
  readonly owner: number;
  readonly #incarnation: string;
  /** The last number of our own: nothing of ours was in the file before us. */
  #last = 0;

  constructor(owner: number, incarnation: string) {
    this.owner = owner;
    this.#incarnation = incarnation;
  }

  /** Numbers a row of ours. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Whether we are the ones who have the lease of a record. */
  hold(record: StepRecord): boolean {
    return record.status === 'running' && record.owner?.startsWith(`${this.#incarnation}/`) === true;
  }
}

/** The id that the next message gets that belongs to nobody. 1099511627776 is 2 ** 40. */
export const nextFree = '(SELECT coalesce(max(id), 0) + 1 FROM msg WHERE id < 1099511627776)';

/** Frees the messages of a process, but for those with an id of `handled`. Within the caller's transaction. */
export function releaseMessages(
  connection: Connection,
  owner: number,
  handled: ReadonlySet<number> = new Set(),
): void {
  const rows = connection.rows<{ id: number }>(
    `SELECT id & 1099511627775 AS id FROM msg
     WHERE id >= ?1 << 40 AND id < (?1 + 1) << 40 AND rec IS NULL ORDER BY due, id`,
    owner,
  );
  for (const { id } of rows) {
    if (handled.has(id)) continue;
    connection.run(`UPDATE msg SET id = ${nextFree} WHERE id = (? << 40 | ?)`, owner, id);
  }
}

/**
 * Ends the leases of every turn that a process holds, so that whoever gets its message takes over at once. Within the caller's
 * transaction.
 */
export function releaseLeases(connection: Connection, owner: number): void {
  const rows = connection.rows<{ run: number; slot: number; body: string }>(
    `SELECT rec.id >> 32 AS run, rec.id & 4294967295 AS slot, rec.body FROM msg
     JOIN rec ON rec.id = msg.rec AND rec.lease = msg.id
     WHERE msg.id >= ?1 << 40 AND msg.id < (?1 + 1) << 40`,
    owner,
  );
  for (const { run, slot, body } of rows) {
    const released: StepRecord = { ...(JSON.parse(body) as StepRecord), leaseUntil: 0 };
    connection.run(
      'UPDATE rec SET lease = NULL, body = ? WHERE id = (? << 32 | ?)',
      JSON.stringify(released),
      run,
      slot,
    );
  }
  connection.known.clear();
  connection.run('DELETE FROM msg WHERE id >= ?1 << 40 AND id < (?1 + 1) << 40 AND rec IS NOT NULL', owner);
}
