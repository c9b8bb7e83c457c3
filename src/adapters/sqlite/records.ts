import type { RecordKey, StepRecord } from '../../core/records.ts';
import type { ItemsRead } from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import type { Hands } from './hands.ts';
import { placeOf } from './known.ts';
import type { Names } from './names.ts';

/** First slot of items: they come after all entries and arms. */
const firstItem = 2 ** 31;
/** Slots of one entry: itself, and its arms (`limits.arms`). */
const armSlots = 2 ** 7;
/** Slots of the items of one entry (`limits.joinMembers`). */
const itemSlots = 2 ** 14;

/** Place of a record within its run, in the order of `formatKey`. */
function slotOf({ entry, arm, item }: RecordKey): number {
  if (item !== undefined) return firstItem + entry * itemSlots + item;
  return entry * armSlots + (arm === undefined ? 0 : arm + 1);
}

/**
 * Rows of `rec`: records of entries, arms and items. The id is the number of the run and the slot of the key. Every method runs
 * within the caller's transaction, or reads.
 */
export class Records {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #hands: Hands;

  constructor(connection: Connection, names: Names, hands: Hands) {
    this.#connection = connection;
    this.#names = names;
    this.#hands = hands;
  }

  get(runId: string, key: RecordKey): StepRecord | undefined {
    const run = this.#names.find(runId);
    if (run === undefined) return undefined;
    const { records } = this.#connection.known;
    const slot = slotOf(key);
    const place = placeOf(run, slot);
    const known = records.get(place);
    if (known !== undefined) return JSON.parse(known) as StepRecord;
    const sql = 'SELECT body FROM rec WHERE id = (? << 32 | ?)';
    const found = this.#connection.row<{ body: string }>(sql, run, slot)?.body;
    if (found === undefined) return undefined;
    records.set(place, found);
    return JSON.parse(found) as StepRecord;
  }

  /** Those of entries and arms, in the order of the graph, which is that of the slots. */
  all(runId: string): StepRecord[] {
    return this.#range(runId, 0, firstItem);
  }

  /** Those of the items of a foreach, in the order of their numbers; of `wanted` only, when it is given. */
  items({ runId, entry, items: wanted }: ItemsRead): StepRecord[] {
    if (wanted !== undefined) {
      return wanted.toSorted((a, b) => a - b).flatMap((item) => this.get(runId, { entry, item }) ?? []);
    }
    const first = slotOf({ entry, item: 0 });
    return this.#range(runId, first, first + itemSlots);
  }

  insert(runId: string, record: StepRecord): void {
    const run = this.#names.get(runId);
    const slot = slotOf(record.key);
    const body = JSON.stringify(record);
    this.#connection.run(
      'INSERT INTO rec (id, lease, body) VALUES (? << 32 | ?, ? << 40 | ?, ?)',
      run,
      slot,
      ...this.#noteLease(run, slot, record),
      body,
    );
    this.#connection.known.records.set(placeOf(run, slot), body);
  }

  update(runId: string, record: StepRecord, before: StepRecord): void {
    const run = this.#names.get(runId);
    const slot = slotOf(record.key);
    const body = JSON.stringify(record);
    this.#connection.known.records.set(placeOf(run, slot), body);
    const isRunning = before.status === 'running';
    if (isRunning && record.status === 'running' && record.owner === before.owner) {
      this.#connection.run('UPDATE rec SET body = ? WHERE id = (? << 32 | ?)', body, run, slot);
      return;
    }
    if (isRunning) {
      const sql = 'DELETE FROM msg WHERE id = (SELECT lease FROM rec WHERE id = (? << 32 | ?))';
      this.#connection.run(sql, run, slot);
    }
    this.#connection.run(
      'UPDATE rec SET lease = (? << 40 | ?), body = ? WHERE id = (? << 32 | ?)',
      ...this.#noteLease(run, slot, record),
      body,
      run,
      slot,
    );
  }

  /** Leaves a note in `msg` where the record is under a lease of ours; its id in two parts. */
  #noteLease(run: number, slot: number, record: StepRecord): [number, number] | [null, null] {
    if (!this.#hands.hold(record)) return [null, null];
    const { owner } = this.#hands;
    const id = this.#hands.next();
    this.#connection.run(
      'INSERT INTO msg (id, due, tries, rec) VALUES (? << 40 | ?, 0, 0, ? << 32 | ?)',
      owner,
      id,
      run,
      slot,
    );
    return [owner, id];
  }

  /** From the slot `from` up to the slot `to`, and without that. */
  #range(runId: string, from: number, to: number): StepRecord[] {
    const run = this.#names.find(runId);
    if (run === undefined) return [];
    return this.#connection
      .rows<{ body: string }>(
        'SELECT body FROM rec WHERE id >= (?1 << 32 | ?2) AND id < (?1 << 32 | ?3) ORDER BY id',
        run,
        from,
        to,
      )
      .map(({ body }) => JSON.parse(body) as StepRecord);
  }
}
