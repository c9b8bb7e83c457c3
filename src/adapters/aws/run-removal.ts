import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../ports/clock.ts';
import { systemClock } from '../system/index.ts';
import { numberValue } from './attributes.ts';
import { headerSort, tableDefinition } from './config.ts';
import { type Item, type ItemKey, recordKeyOf, segmentItemKey, unescapeId } from './keys.ts';
import { headerFields, segmentFields, stepFields } from './record-codec.ts';
import { Table } from './table.ts';

/** See {@link removeExpiredRun}. */
export interface RunRemovalOptions {
  /** A client whose role may query the table and delete its items. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** @default the system's clock */
  readonly clock?: Clock;
}

/** An item as a stream shows it, of which only texts and numbers are read: the same for the client and for a function. */
export type ExpiredImage = Readonly<
  Record<string, { readonly S?: string | undefined; readonly N?: string | undefined }>
>;

/** Deletions in flight at once. */
const concurrency = 25;

/** Attributes that say when an item was written. */
const times = [
  stepFields.startedAt.attribute,
  stepFields.endedAt.attribute,
  segmentFields.openedAt.attribute,
];

/**
 * Removes what the header of a finished run leaves behind when DynamoDB expires it: records, input, joins. For a function
 * on the table's stream, which gets the header as it was (`OldImage` of a REMOVE); resolves with the number of items that
 * were deleted, 0 for an image that is no header of a finished run. One write unit for each item of up to 1 KB.
 *
 * While the header exists, nobody can start a run with its id, so everything written before its expiry is of the expired
 * run; each deletion asks for that, since another run with this id may be on its way. Harmless when repeated. Payloads are
 * not removed: a lifecycle rule of the bucket does that.
 */
export async function removeExpiredRun(options: RunRemovalOptions, oldImage: ExpiredImage): Promise<number> {
  const { client, tableName, clock = systemClock } = options;
  const table = new Table({ client, name: tableName, pacing: { clock, random: Math.random } });
  const partition = oldImage[tableDefinition.partitionKey.name]?.S;
  const expiry = Number(oldImage[tableDefinition.timeToLive]?.N) * 1000;
  const isHeader = oldImage[tableDefinition.sortKey.name]?.S === headerSort;
  const isOver = headerFields.endedAt.attribute in oldImage;
  if (partition === undefined || !isHeader || !isOver || Number.isNaN(expiry)) return 0;
  const items = await table.range(partition, ' ', '~');
  const joins = await Promise.all(
    joinPartitions(unescapeId(partition), items).map((pk) => table.range(pk, ' ', '~')),
  );
  const keys = [...items, ...joins.flat()].map(keyOf).filter(({ sk }) => sk !== headerSort);
  let removed = 0;
  for (let i = 0; i < keys.length; i += concurrency) {
    const outcomes = await Promise.all(
      keys.slice(i, i + concurrency).map((key) => table.remove(key, writtenBefore(expiry))),
    );
    removed += outcomes.filter(Boolean).length;
  }
  return removed;
}

function keyOf(item: Item): ItemKey {
  return { pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' };
}

/** A join has a partition of its own, and only its entry says that it exists: each entry of the run is looked up. */
function joinPartitions(runId: string, items: readonly Item[]): string[] {
  const records = items.map(keyOf).filter(({ sk }) => sk.startsWith('B'));
  const entries = new Set(records.map(({ sk }) => recordKeyOf(sk).entry));
  return [...entries].map((entry) => segmentItemKey({ runId, entry, epoch: 1 }, 0).pk);
}

function writtenBefore(expiry: number) {
  return {
    expression: times.map((name) => `(attribute_not_exists(#${name}) OR #${name} <= :expiry)`).join(' AND '),
    values: { expiry: numberValue(expiry) },
  };
}
