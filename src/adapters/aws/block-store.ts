import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StoredValue } from '../../core/records.ts';
import type { CellWrite, JoinKey, RunStore, StoredDelta } from '../../ports/run-store.ts';
import { numberValue, stored, text, textValue } from './attributes.ts';
import { keyItem } from './expression.ts';
import { currentInvocation } from './invocation.ts';
import {
  cellItemKey,
  type Item,
  type ItemKey,
  itemPartitions,
  joinPartition,
  pageItemKey,
  recordItemKey,
  segmentEpoch,
} from './keys.ts';
import { decodeRecord, segmentFields } from './record-codec.ts';
import { isSame } from './same.ts';
import { chargesOn } from './spending.ts';
import type { Table } from './table.ts';

/** When an item without a time of its own was written: tells it from that of an earlier run with this id. */
export const writtenAt = 'wt';

/** What the members of blocks go through, and what they change: see the methods of `RunStore`. */
export function blockStore(
  table: Table,
  clock: { now(): number },
): Pick<RunStore, 'loadItems' | 'putPages' | 'loadPage' | 'mergeCell' | 'loadCell'> {
  return {
    async loadItems({ runId, entry, items: wanted }) {
      const items =
        wanted === undefined
          ? await allItems(table, runId, entry)
          : await table.getAll(
              [...new Set(wanted)].map((item) => recordItemKey(runId, { entry, item })),
              true,
            );
      if (wanted === undefined) noteCharges(recordItemKey(runId, { entry }), items);
      return items
        .flatMap((item) => (item === undefined ? [] : [decodeRecord(item)]))
        .toSorted((a, b) => (a.key.item ?? 0) - (b.key.item ?? 0));
    },

    async putPages({ runId, entry, epoch, pageSize, pages }) {
      const written = numberValue(clock.now());
      await table.putAll(
        pages.map((value, page) => ({
          ...keyItem(pageItemKey({ runId, entry, epoch, pageSize, page })),
          v: stored.encode(value),
          [writtenAt]: written,
        })),
      );
    },

    // Put before whoever asks could learn that it is there, but a read that is not consistent may miss it even so.
    async loadPage(at) {
      const key = pageItemKey(at);
      const item = (await table.get(key, false)) ?? (await table.get(key, true));
      const value = item?.['v'];
      return value === undefined ? undefined : stored.decode(value);
    },

    mergeCell: async (write) => await mergeCell(table, clock, write),
    loadCell: async (at) => decodeCell((await table.get(cellItemKey(at), true)) ?? {}),
  };
}

/** For the record of the block, which whoever reads all of its items may be about to put. */
function noteCharges(block: ItemKey, items: readonly (Item | undefined)[]): void {
  const charges = chargesOn(items);
  if (charges !== undefined) currentInvocation()?.meter?.noteItems(block, charges);
}

/**
 * All items that have a record. A join says how many its array has, so that a small foreach is one query; where a time
 * travel may have begun with another array, all partitions are asked.
 */
async function allItems(table: Table, runId: string, entry: number): Promise<Item[]> {
  const total = await totalOf(table, { runId, entry });
  const shards = await Promise.all(
    itemPartitions(runId, entry, total).map((partition) => table.range(partition, ' ', '~')),
  );
  return shards.flat();
}

/** Elements of the only array that the foreach had; undefined when it may have had others. */
async function totalOf(
  table: Table,
  { runId, entry }: Pick<JoinKey, 'runId' | 'entry'>,
): Promise<number | undefined> {
  const { attribute } = segmentFields.total;
  const newest = table.rangePages(joinPartition(runId, entry), {
    from: ' ',
    to: '~',
    attributes: ['sk', attribute],
    limit: 1,
    backwards: true,
  });
  for await (const [segment] of newest) {
    if (segment === undefined || segmentEpoch(segment['sk']?.S ?? '') > 1) return undefined;
    return Number(segment[attribute]?.N);
  }
  return undefined;
}

/** A key of a cell: what it was set to, and by which settlement. */
interface CellField {
  /** A mark and the key, so that no key is taken for another attribute of the item. */
  readonly attribute: string;
  readonly value: AttributeValue;
}

/** Marks the attributes of a cell that are keys. */
const stateMark = 'S:';
const contextMark = 'C:';

function fieldsOf({ position, delta }: CellWrite): CellField[] {
  const field = (mark: string, key: string, value?: StoredValue): CellField => ({
    attribute: `${mark}${textValue(key).S}`,
    value: {
      M: { p: numberValue(position), ...(value === undefined ? {} : { v: stored.encode(value) }) },
    },
  });
  return [
    ...Object.entries(delta.state).map(([key, value]) => field(stateMark, key, value)),
    ...Object.entries(delta.requestContext).map(([key, value]) => field(contextMark, key, value)),
    ...delta.removed
      .filter((key) => !Object.hasOwn(delta.requestContext, key))
      .map((key) => field(contextMark, key)),
  ];
}

/**
 * Sets all keys in one write; where one of them has a later position by then, each key for itself. Every key decides by its
 * own position, so the order in which changes come does not matter.
 */
async function mergeCell(table: Table, clock: { now(): number }, write: CellWrite): Promise<void> {
  const key = cellItemKey(write);
  const written = clock.now();
  const fields = fieldsOf(write);
  if (fields.length === 0) return;
  // An update has room for its expression: 4 KB (DynamoDB quotas).
  const all = fields.length <= fieldsAtOnce && (await setFields(table, key, write.position, written, fields));
  if (all) return;
  for (const field of fields) await setFields(table, key, write.position, written, [field]);
}

/** About 100 bytes of expressions for each. */
const fieldsAtOnce = 20;

async function setFields(
  table: Table,
  key: ItemKey,
  position: number,
  written: number,
  fields: readonly CellField[],
): Promise<boolean> {
  const names = Object.fromEntries(fields.map(({ attribute }, at) => [`k${at}`, attribute]));
  const isFree = (name: string): string => `(attribute_not_exists(#${name}) OR #${name}.#p < :position)`;
  const update = {
    key,
    names,
    set: {
      ...Object.fromEntries(fields.map(({ value }, at) => [`k${at}`, value])),
      [writtenAt]: numberValue(written),
    },
    condition: {
      expression: Object.keys(names).map(isFree).join(' AND '),
      values: { position: numberValue(position) },
    },
  };
  const { won } = await table.update(update, (item) =>
    fields.every(({ attribute, value }) => isSame(item[attribute], value)),
  );
  return won;
}

function decodeCell(item: Item): StoredDelta {
  const keysOf = (mark: string): [string, StoredValue | undefined][] =>
    Object.entries(item)
      .filter(([attribute]) => attribute.startsWith(mark))
      .map(([attribute, { M }]) => {
        const key = text.decode({ S: attribute.slice(mark.length) }) ?? '';
        const value = M?.['v'];
        return [key, value === undefined ? undefined : stored.decode(value)];
      });
  const valuesOf = (mark: string): Record<string, StoredValue> =>
    Object.fromEntries(keysOf(mark).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  return {
    state: valuesOf(stateMark),
    requestContext: valuesOf(contextMark),
    removed: keysOf(contextMark).flatMap(([key, value]) => (value === undefined ? [key] : [])),
  };
}
