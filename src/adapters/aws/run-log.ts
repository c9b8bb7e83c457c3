import type { LogEntry } from '../../core/history.ts';
import type { JoinOpening } from '../../core/join.ts';
import type { ChunksWrite, LogPage, LogRead } from '../../ports/run-store.ts';
import type { Logged, LoggedSettlement } from '../log-entries.ts';
import { numberValue } from './attributes.ts';
import { writtenAt } from './block-store.ts';
import { keyItem, type UpdateWrite } from './expression.ts';
import { type Item, logBlockAttribute, logCounterSort, logPartition, logRange, logSlotSort } from './keys.ts';
import { decodeSlot, encodeEntries, encodeState, stateId, stateIdAttribute } from './log-codec.ts';
import { PendingChunks } from './pending-chunks.ts';
import { type Pacing, pause } from './retry.ts';
import { isSame } from './same.ts';
import type { Table } from './table.ts';

/** Attribute of the counter. */
const counter = 'c';

/** What goes with the next number: what it sets and removes on the counter's item, and on what condition it is taken. */
type Taking = Pick<UpdateWrite, 'set' | 'setOnce' | 'remove' | 'condition' | 'names'>;

/** Entries of one slot can be told apart in the place where a reader goes on. */
const entriesOfSlot = 1_000;

/**
 * How long a slot may stay empty behind which others are written, ms: longer than a write takes, retries of the client
 * included, since a writer who finds its slot taken has to write once more.
 */
const gapMs = 3_000;

/** How long a reader waits before it looks at a gap again, ms: a write takes about ten. */
const gapPauseMs = 50;

/**
 * How long a settlement waits for those before it to be in the log, ms: `each` of them, at most `most` before it tries again, and
 * `whole` until it appends them. A write takes about ten; a function that has run out of time for its step has some seconds left
 * to store what it came to.
 */
const turnMs = { each: 20, most: 200, whole: 1_000 } as const;

/** Where a state that is in the log already is looked for: it was written shortly before. */
const lookBack = { slots: 25, pages: 8 } as const;

/** What one slot may hold of chunks: a quarter of an item's limit. */
const chunksOfSlot = { entries: 100, bytes: 100_000 } as const;

/**
 * The logs of runs with history, as numbered slots.
 *
 *     writer: take the next number ─ put the slot, if it is free ─ taken: once more
 *     reader: slots in their order ─ one is missing ─ wait for it; for 3 s: fill it with nothing, and go on
 *
 * So all readers see the same order, and none goes past a slot that a writer may still fill. A page that is shorter than
 * it may be ends where the log does: nothing that was appended before the read is behind it.
 */
export class RunLog {
  readonly #table: Table;
  readonly #clock: Pacing['clock'];
  readonly #chunks: PendingChunks;

  constructor(table: Table, clock: Pacing['clock']) {
    this.#table = table;
    this.#clock = clock;
    this.#chunks = new PendingChunks({
      clock,
      most: chunksOfSlot,
      write: async (log, chunks) => this.#append(log, encodeEntries(chunks)),
    });
  }

  /** Appends a state. */
  async add(logged: Logged | undefined): Promise<void> {
    if (logged === undefined) return;
    const { log, entry } = logged;
    await this.#append(log, encodeState(log, entry), takingOf(entry));
  }

  /**
   * Appends a settlement of a block whose members settle at once, behind those before it. The counter has the position of
   * the block's last one that has a number, so whoever comes too early sees which are missing. He waits a moment, since their
   * writers are hardly ever slower, and appends them when they are, or died: to read them costs ten times what it costs to
   * try again. `earlier` gives the settlements of the block from one position to before another.
   */
  async addSettled(
    { log, entry }: LoggedSettlement,
    earlier: (from: number, to: number) => Promise<readonly LoggedSettlement[]>,
    waitedMs = 0,
  ): Promise<void> {
    const { position, after } = entry;
    const block = logBlockAttribute(entry);
    const names = { block };
    const condition = { expression: '#block = :before', values: { before: numberValue(position - 1) } };
    const isLast = after.closed !== undefined;
    const change = isLast ? { remove: ['block'] } : { set: { block: numberValue(position) } };
    const taken = await this.#take(log, { ...change, condition, names });
    if (taken.won) {
      if (!(await this.#put(log, taken.slot, encodeState(log, entry)))) await this.add({ log, entry });
      return;
    }
    const last = taken.item?.[block]?.N;
    const before = last === undefined ? 0 : position - 1 - Number(last);
    if (before > 0 && waitedMs < turnMs.whole) {
      const ms = Math.min(before * turnMs.each, turnMs.most);
      await pause(this.#clock, ms);
      return await this.addSettled({ log, entry }, earlier, waitedMs + ms);
    }
    const missing = before > 0 ? await earlier(Number(last) + 1, position) : [];
    // It has its number already, or the block is closed.
    if (missing.length === 0) return await this.ensure({ log, entry });
    for (const one of [...missing, { log, entry }]) await this.addSettled(one, earlier);
  }

  /** Whether a state is among the last of the log. */
  async has({ log, entry }: Logged): Promise<boolean> {
    return await this.#has(log, stateId(entry));
  }

  /**
   * Appends a state, unless it is in the log: its writer may have died, or be about to append it. What is not found among
   * the last 200 slots is appended again, which readers drop. `whole`: completes the entry, where it is appended.
   */
  async ensure(
    logged: Logged | undefined,
    whole: (entry: LogEntry) => Promise<LogEntry> = async (entry) => entry,
  ): Promise<void> {
    if (logged === undefined) return;
    const { log, entry } = logged;
    if (await this.has(logged)) return;
    await this.#append(log, encodeState(log, await whole(entry)), takingOf(entry));
  }

  /** Accepts chunks: they are written with what comes in the next moment, and before any state. */
  async addChunks({ log, chunks }: ChunksWrite): Promise<void> {
    await this.#chunks.add(log, chunks);
  }

  /** Writes the chunks that were accepted. */
  async flush(): Promise<void> {
    await this.#chunks.flush();
  }

  /** See `RunStore.readLog`. */
  async read({ log, after, limit }: LogRead): Promise<LogPage> {
    await this.flush();
    const entries: LogEntry[] = [];
    let next = after;
    for (let waitedMs = 0; ; ) {
      const read = await this.#readSlots(log, next, limit - entries.length);
      entries.push(...read.entries);
      if (read.next > next) waitedMs = 0;
      next = read.next;
      if (read.behind === undefined) return { entries, next: entries.length === 0 ? after : next };
      // The two clocks may differ: whoever has waited as long by its own goes on, too.
      const age = Math.max(waitedMs, this.#clock.now() - Number(read.behind[writtenAt]?.N));
      if (age >= gapMs) {
        await this.#fill(log, next, read.behind);
        continue;
      }
      await pause(this.#clock, gapPauseMs);
      waitedMs += gapPauseMs;
    }
  }

  /** Reads until the limit, the end, or a gap; `behind`: the first slot after that. */
  async #readSlots(
    log: string,
    after: number,
    limit: number,
  ): Promise<{ readonly entries: LogEntry[]; readonly next: number; readonly behind?: Item }> {
    const entries: LogEntry[] = [];
    let next = after;
    const first = Math.floor((after + 1) / entriesOfSlot);
    const pages = this.#table.rangePages(logPartition(log), { ...logRange(first - 1), limit: limit + 1 });
    for await (const page of pages) {
      for (const slot of page) {
        const number = Number(slot['sk']?.S);
        if (number > Math.floor((next + 1) / entriesOfSlot)) return { entries, next, behind: slot };
        const all = decodeSlot(log, slot);
        const from = (next + 1) % entriesOfSlot;
        const taken = all.slice(from, from + limit - entries.length);
        entries.push(...taken);
        const isWhole = from + taken.length >= all.length;
        next = number * entriesOfSlot + (isWhole ? entriesOfSlot : from + taken.length) - 1;
        if (entries.length >= limit) return { entries, next };
      }
    }
    return { entries, next };
  }

  /** Fills the slots between the place after `next` and `behind`; a writer who was faster stays. */
  async #fill(log: string, next: number, behind: Item): Promise<void> {
    const first = Math.floor((next + 1) / entriesOfSlot);
    for (let slot = first; slot < Number(behind['sk']?.S); slot += 1) await this.#put(log, slot, {});
  }

  async #append(log: string, content: Item, taking?: Taking): Promise<void> {
    for (;;) {
      const { slot } = await this.#take(log, taking);
      if (await this.#put(log, slot, content)) return;
    }
  }

  /** The next number. A request that the client repeats takes two, and one of them stays empty. */
  async #take(log: string, taking: Taking = {}): Promise<{ won: boolean; slot: number; item?: Item }> {
    const { won, item } = await this.#table.update(
      {
        key: { pk: logPartition(log), sk: logCounterSort },
        increase: { [counter]: 1 },
        ...taking,
        set: { ...taking.set, [writtenAt]: numberValue(this.#clock.now()) },
      },
      () => false,
    );
    return { won, slot: Number(item?.[counter]?.N) - 1, ...(item === undefined ? {} : { item }) };
  }

  async #put(log: string, slot: number, content: Item): Promise<boolean> {
    const key = keyItem({ pk: logPartition(log), sk: logSlotSort(slot) });
    const item = { ...key, ...content, [writtenAt]: numberValue(this.#clock.now()) };
    const free = { expression: 'attribute_not_exists(#pk)' };
    const { won } = await this.#table.put(item, free, (found) => isSame(found, item));
    return won;
  }

  async #has(log: string, id: string): Promise<boolean> {
    const newest = this.#table.rangePages(logPartition(log), {
      ...logRange(-1),
      attributes: [stateIdAttribute],
      limit: lookBack.slots,
      backwards: true,
    });
    let pages = 0;
    for await (const page of newest) {
      if (page.some((slot) => slot[stateIdAttribute]?.S === id)) return true;
      pages += 1;
      if (pages === lookBack.pages) return false;
    }
    return false;
  }
}

/** The counter knows a block whose members settle at once from its opening on. */
function takingOf(entry: LogEntry): Taking {
  if (entry.kind !== 'opened' || !settlesAtOnce(entry.opening)) return {};
  return { setOnce: { block: numberValue(-1) }, names: { block: logBlockAttribute(entry) } };
}

/** Whether members of a block can settle at the same time. */
export function settlesAtOnce({ concurrency }: JoinOpening): boolean {
  return concurrency > 1;
}
