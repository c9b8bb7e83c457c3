import { type IndexDefinition, listIndex, serviceLimits, sweepIndex, tableDefinition } from './config.ts';
import { itemBytes } from './item-size.ts';
import type { Item } from './keys.ts';
import { isSame } from './same.ts';
import { sumOf } from './usage.ts';

/**
 * DynamoDB's rounding. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations
 */

const indexes: readonly IndexDefinition[] = [sweepIndex, listIndex];

/** Write units of so many bytes; a condition that fails on no item is one, too. */
export function writeUnitsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / serviceLimits.writeUnitBytes));
}

/** Read units of so many bytes, with at least that of an item that is not there. */
export function readUnitsOf(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / serviceLimits.readUnitBytes)) * (consistent ? 1 : 0.5);
}

/** Units of a write that turned `before` into `after`, with what it changes of the indexes; undefined: there is no item. */
export function changeUnits(before: Item | undefined, after: Item | undefined): number {
  const bytes = Math.max(
    before === undefined ? 0 : itemBytes(before),
    after === undefined ? 0 : itemBytes(after),
  );
  return writeUnitsOf(bytes) + sumOf(indexes.map((index) => indexUnits(index, before, after)));
}

/** An entry of an index that is put, removed or changed is a write; one whose key changes is removed and put. */
function indexUnits(index: IndexDefinition, before: Item | undefined, after: Item | undefined): number {
  if (namesOf(index).every((name) => isSame(before?.[name], after?.[name]))) return 0;
  const [was, is] = [entryOf(index, before), entryOf(index, after)];
  if (was === undefined && is === undefined) return 0;
  if (was === undefined || is === undefined) return writeUnitsOf(itemBytes(was ?? is ?? {}));
  const keys = [index.partitionKey.name, index.sortKey.name];
  if (keys.every((name) => isSame(was[name], is[name]))) {
    return writeUnitsOf(Math.max(itemBytes(was), itemBytes(is)));
  }
  return writeUnitsOf(itemBytes(was)) + writeUnitsOf(itemBytes(is));
}

/** What an index holds of an item; undefined when the item lacks a part of its key. */
function entryOf(index: IndexDefinition, item: Item | undefined): Item | undefined {
  const { partitionKey, sortKey } = index;
  if (item?.[partitionKey.name] === undefined || item[sortKey.name] === undefined) return undefined;
  const { partitionKey: pk, sortKey: sk } = tableDefinition;
  const names = [pk.name, sk.name, ...namesOf(index)];
  return Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
}

/** Attributes that an index holds beside the key of an item. */
function namesOf({ partitionKey, sortKey, include }: IndexDefinition): readonly string[] {
  return [partitionKey.name, sortKey.name, ...include];
}

/**
 * An item as it was before an update, when nobody has read it: as after it, but for the keys of indexes that the update has
 * written. `created`: its condition lets the update make the item, which is taken as that.
 */
export function assumedBefore(after: Item, written: ReadonlySet<string>, created: boolean): Item | undefined {
  if (created) return undefined;
  const changed = indexes
    .flatMap(({ sortKey, include }) => [sortKey.name, ...include])
    .filter((name) => written.has(name));
  return { ...after, ...Object.fromEntries(changed.map((name) => [name, { N: '0' }])) };
}
