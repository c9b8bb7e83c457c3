import { formatKey, type RecordKey, type StepRecord } from '../../core/records.ts';
import type { ItemsRead } from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import { toText } from './text.ts';

/** Rows of `rec`: records of entries, arms and items. Every method runs within the caller's transaction, or reads. */
export class Records {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(runId: string, key: RecordKey): StepRecord | undefined {
    const row = this.#connection.row<{ body: string }>(
      'SELECT body FROM rec WHERE run = ? AND key = ?',
      toText(runId),
      formatKey(key),
    );
    return row === undefined ? undefined : (JSON.parse(row.body) as StepRecord);
  }

  /** Those of entries and arms, in the order of the graph, which is that of the keys' text. */
  all(runId: string): StepRecord[] {
    // Keys of items begin with a letter, and so come after all digits.
    return this.#range(runId, '', 'i');
  }

  /** Those of the items of a foreach, in the order of their numbers; of `wanted` only, when it is given. */
  items({ runId, entry, items: wanted }: ItemsRead): StepRecord[] {
    if (wanted !== undefined) {
      return wanted.toSorted((a, b) => a - b).flatMap((item) => this.get(runId, { entry, item }) ?? []);
    }
    const first = formatKey({ entry, item: 0 });
    // `$` is the character after the `#` between entry and number.
    return this.#range(runId, first, first.replace(/#.*/, '$$'));
  }

  /** From the key `from` up to the key `to`, and without that. */
  #range(runId: string, from: string, to: string): StepRecord[] {
    return this.#connection
      .rows<{ body: string }>(
        'SELECT body FROM rec WHERE run = ? AND key >= ? AND key < ? ORDER BY key',
        toText(runId),
        from,
        to,
      )
      .map(({ body }) => JSON.parse(body) as StepRecord);
  }

  insert(runId: string, record: StepRecord): void {
    this.#connection.run(
      'INSERT INTO rec (run, key, holder, body) VALUES (?, ?, ?, ?)',
      toText(runId),
      formatKey(record.key),
      holderOf(record),
      JSON.stringify(record),
    );
  }

  update(runId: string, record: StepRecord): void {
    this.#connection.run(
      'UPDATE rec SET holder = ?, body = ? WHERE run = ? AND key = ?',
      holderOf(record),
      JSON.stringify(record),
      toText(runId),
      formatKey(record.key),
    );
  }

  /** Ends the leases of every turn that a process holds, so that whoever gets its message takes over at once. */
  releaseLeases(incarnation: string): void {
    // Owners are `<incarnation>/<number>`, and `0` is the character after `/`.
    const rows = this.#connection.rows<{ run: string; key: string; body: string }>(
      'SELECT run, key, body FROM rec WHERE holder >= ? AND holder < ?',
      toText(`${incarnation}/`),
      toText(`${incarnation}0`),
    );
    for (const { run, key, body } of rows) {
      const released: StepRecord = { ...(JSON.parse(body) as StepRecord), leaseUntil: 0 };
      this.#connection.run(
        'UPDATE rec SET body = ? WHERE run = ? AND key = ?',
        JSON.stringify(released),
        run,
        key,
      );
    }
  }
}

function holderOf(record: StepRecord): string | null {
  return record.status === 'running' && record.owner !== undefined ? toText(record.owner) : null;
}
