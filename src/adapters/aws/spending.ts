import { changeUnits } from './capacity.ts';
import { headerSort } from './config.ts';
import type { UpdateWrite } from './expression.ts';
import { currentInvocation } from './invocation.ts';
import { itemBytes } from './item-size.ts';
import type { Item, ItemKey } from './keys.ts';
import type { Counter } from './meter.ts';
import { chunksOf } from './prices.ts';
import { headerFields, stepFields } from './record-codec.ts';
import { nameOfKey, type SeenItems } from './table-capacity.ts';
import { addUsage, noUsage, type Usage, usageNames, type UsageSum } from './usage.ts';

/**
 * How a run learns what it costs without a write of its own: what a handling has used so far is added to the record that it
 * writes anyway, together with what that write itself and what commonly follows it will use. What was used after the last
 * write of a handling, or was expected and did not come, travels in the next event that somebody works on, and is added to
 * the next record.
 *
 *     deliver ─ load ─ claim ─ step ─ commit ─ publish
 *        └────────────▶│        └───────▶│        └───▶ the next delivery
 *
 * It is a meter and no ledger: a delivery that comes twice brings what the event carries twice, one that finds nothing to do
 * writes nothing, and so does the sweeper. Nothing is decided by it.
 */

/** Attributes of headers and records that hold what they have been charged with. */
const attributes: Readonly<Record<keyof Usage, string>> = {
  entries: 'me',
  requests: 'mq',
  invocations: 'mi',
  gbMs: 'mg',
  writeUnits: 'mw',
  readUnits: 'mr',
  objectWrites: 'mp',
  objectReads: 'mo',
  schedules: 'ms',
  bytes: 'mb',
};

/** What an event carries: the parts that are not 0, by the names of the {@link attributes}. */
export type Carried = Readonly<Record<string, number>>;

/** See {@link Spending}. */
export interface SpendingOptions {
  /** Milliseconds from any beginning. */
  readonly now: () => number;
  /** Memory of the function, in GB. */
  readonly gigabytes: number;
  /** Messages that the invocation handles at the same time, which share its time. @default 1 */
  readonly share?: number;
  /** Whether each step's end is published: expected after the outcomes of steps. @default true */
  readonly stepEnds?: boolean;
  /** What was used before the handling began. @default nothing */
  readonly before?: Partial<Usage>;
  /** What another handling has used, and no record was charged with. @default nothing */
  readonly carried?: Partial<Usage>;
}

/** What one handling has used, and no record holds yet. */
export class Spending implements Counter {
  readonly seen: SeenItems = new Map();
  readonly total: UsageSum = noUsage();
  readonly #open: UsageSum = noUsage();
  readonly #items = new Map<string, Usage>();
  readonly #options: SpendingOptions;
  #until: number;

  constructor(options: SpendingOptions) {
    this.#options = options;
    this.#until = options.now();
    this.add(options.before ?? {});
    addUsage(this.#open, options.carried ?? {});
  }

  add(used: Partial<Usage>): void {
    addUsage(this.total, used);
    addUsage(this.#open, used);
  }

  /** Takes all that is open, with what is `expected` to follow: that is not open again when it comes. */
  take(expected: Partial<Usage>): Usage {
    this.#countTime();
    const taken = { ...this.#open };
    addUsage(taken, expected);
    addUsage(this.#open, taken, -1);
    return taken;
  }

  /** Of a write that did not come about, or an event that was not sent. */
  putBack(taken: Usage): void {
    addUsage(this.#open, taken);
  }

  /** What the items of a foreach were charged with, for the record that the block is to get. */
  noteItems(block: ItemKey, used: Usage): void {
    this.#items.set(nameOfKey({ pk: { S: block.pk }, sk: { S: block.sk } }), used);
  }

  /** See {@link Spending.noteItems}. */
  ofItems(block: Item): Partial<Usage> {
    return this.#items.get(nameOfKey(block)) ?? {};
  }

  get stepEnds(): boolean {
    return this.#options.stepEnds ?? true;
  }

  #countTime(): void {
    const { now, gigabytes, share = 1 } = this.#options;
    const until = now();
    this.add({ gbMs: ((until - this.#until) * gigabytes) / share });
    this.#until = until;
  }
}

/** A charge on a record that is about to be written. */
export interface Charge {
  /** Numbers to add to attributes of the item. */
  readonly increase: Readonly<Record<string, number>>;
  /** The write did not come about. */
  readonly undo: () => void;
}

const noCharge: Charge = { increase: {}, undo: () => {} };

/** Charges an update of a header or of a step's record with what its handling has used; nothing else holds charges. */
export function chargeUpdate(write: UpdateWrite): Charge {
  const { key, set = {}, remove = [] } = write;
  const meter = currentInvocation()?.meter;
  if (meter === undefined || !holdsCharges(key)) return noCharge;
  const itemKey: Item = { pk: { S: key.pk }, sk: { S: key.sk } };
  const before = meter.seen.get(nameOfKey(itemKey));
  const after = { ...itemKey, ...before, ...set };
  for (const name of remove) delete after[name];
  return charge(meter, { key, before, after, set });
}

/** The same for an item that is about to be put: `increase` is what it has to hold. */
export function chargePut(item: Item): Charge {
  const key = { pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' };
  const meter = currentInvocation()?.meter;
  if (meter === undefined || !holdsCharges(key)) return noCharge;
  const { increase, undo } = charge(meter, {
    key,
    before: meter.seen.get(nameOfKey(item)),
    after: item,
    set: item,
  });
  const held = noUsage();
  addUsage(held, usageIn(increase));
  addUsage(held, meter.ofItems(item));
  return { increase: carriedOf(held), undo };
}

interface Change {
  readonly key: ItemKey;
  readonly before: Item | undefined;
  readonly after: Item;
  readonly set: Item;
}

function charge(meter: Spending, change: Change): Charge {
  const { key, before, after, set } = change;
  const taken = meter.take({
    writeUnits: changeUnits(before, after) + appendsAfter(key, set),
    entries: eventsAfter(key, set, meter.stepEnds),
    bytes: itemBytes(after),
  });
  return { increase: carriedOf(taken), undo: () => meter.putBack(taken) };
}

/** Headers, and records of entries, arms and items. */
function holdsCharges({ pk, sk }: ItemKey): boolean {
  return sk === headerSort || sk.startsWith('B#') || itemPartition.test(pk);
}

const itemPartition = /#k\d{5}#\d{2}$/;

const ended = stepFields.endedAt.attribute;
const quiet = new Set(['suspended', 'paused']);

/** A member of a block that has ended appends to its join, and often publishes nothing that anybody works on. */
function appendsAfter({ pk, sk }: ItemKey, set: Item): number {
  return ended in set && (itemPartition.test(pk) || sk.length > 'B#00000'.length) ? 1 : 0;
}

/** Events that follow a write and that nobody works on: of the run's end or rest, and of the end of the step before. */
function eventsAfter({ sk }: ItemKey, set: Item, stepEnds: boolean): number {
  const steps = stepEnds ? 1 : 0;
  if (sk !== headerSort) return ended in set && sk.length > 'B#00000'.length ? steps : 0;
  const rests = quiet.has(set[headerFields.status.attribute]?.S ?? '');
  return headerFields.endedAt.attribute in set || rests ? 1 + steps : 0;
}

/** What an event takes along. */
export interface Load {
  /** Empty when nothing is open. */
  readonly carried: Carried;
  /** The event was not sent. */
  readonly undo: () => void;
}

/** What an event that is about to be sent carries: all that is open, and `sending`, which is what sending it uses. */
export function loadOf(sending: Partial<Usage>): Load {
  const meter = currentInvocation()?.meter;
  if (meter === undefined) return { carried: {}, undo: () => {} };
  const taken = meter.take(sending);
  return { carried: carriedOf(taken), undo: () => meter.putBack(taken) };
}

/** The parts that are not 0, to a thousandth. */
function carriedOf(usage: Usage): Record<string, number> {
  const parts = usageNames.map(
    (name) => [attributes[name], Math.round(usage[name] * 1_000) / 1_000] as const,
  );
  return Object.fromEntries(parts.filter(([, value]) => value !== 0));
}

/** The inverse of {@link carriedOf}; what is no number is left out, since an event is only a hint. */
function usageIn(carried: object): Partial<Usage> {
  const given = carried as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    usageNames.flatMap((name) => {
      const value = given[attributes[name]];
      return typeof value === 'number' && Number.isFinite(value) ? [[name, value]] : [];
    }),
  );
}

/** What items were charged with, all together; undefined when none of them was charged. */
export function chargesOn(items: readonly (Item | undefined)[]): Usage | undefined {
  const sum = noUsage();
  let charged = false;
  for (const item of items) {
    for (const name of usageNames) {
      const value = item?.[attributes[name]]?.N;
      if (value === undefined) continue;
      charged = true;
      sum[name] += Number(value);
    }
  }
  return charged ? sum : undefined;
}

/**
 * What the delivery of a message has used by formula, and what its event carries. The rule of the bus sends the message, which a
 * timer has counted itself; Lambda's poller receives and deletes messages in batches. Anything that is no event is a delivery too.
 * `content`: what the body of the message holds, of `bytes`.
 */
export function deliveryOf(
  content: unknown,
  bytes: number,
  batch: number,
): Required<Pick<SpendingOptions, 'before' | 'carried'>> {
  const { account, detail } = (content ?? {}) as {
    readonly account?: unknown;
    readonly detail?: { spent?: unknown } | null;
  };
  const chunks = chunksOf(bytes);
  const requests = (account === undefined ? 0 : chunks) + (2 * chunks) / batch;
  const spent = detail?.spent;
  return {
    before: { requests, invocations: 1 / batch },
    carried: typeof spent === 'object' && spent !== null ? usageIn(spent) : {},
  };
}
