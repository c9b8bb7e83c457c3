import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../ports/clock.ts';
import type { RunStore } from '../../ports/run-store.ts';
import { systemClock } from '../system/index.ts';
import { numberValue } from './attributes.ts';
import { writtenAt } from './block-store.ts';
import { headerSort, tableDefinition } from './config.ts';
import {
  headerKey,
  type Item,
  type ItemKey,
  itemPartitions,
  joinPartition,
  logPartition,
  pagePartition,
  recordKeyOf,
  unescapeId,
} from './keys.ts';
import { decodeHeader, headerFields, segmentFields, stepFields } from './record-codec.ts';
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
  writtenAt,
];

/** See `RunStore.removeRun`. `removePayloads`: removes those of a run. */
export function runRemoval(
  table: Table,
  removePayloads: (runId: string) => Promise<void>,
): Pick<RunStore, 'removeRun'> {
  return {
    // The header goes last: as long as it is there, nobody starts a run with this id, and a removal that failed is repeated.
    async removeRun(runId) {
      const header = await table.get(headerKey(runId), true);
      if (header === undefined) return false;
      const hasLog = decodeHeader(header).root === undefined;
      for await (const keys of partsOf(table, runId, hasLog)) await table.removeAll(keys);
      await removePayloads(runId);
      return await table.remove(headerKey(runId), { expression: 'attribute_exists(#pk)' });
    },
  };
}

/**
 * Removes what the header of a finished run leaves behind when DynamoDB expires it: records, input, joins, items, pages,
 * cells, its log. For a function on the table's stream, which gets the header as it was (`OldImage` of a REMOVE); resolves
 * with the number of items that were deleted, 0 for an image that is no header of a finished run. One write unit for each
 * item of up to 1 KB.
 *
 * While the header exists, nobody can start a run with its id, so everything written before its expiry is of the expired
 * run; each deletion asks for that, since another run with this id may be on its way. Harmless when repeated. Payloads are
 * not removed: they stay unless the bucket has a lifecycle rule that expires them, which it has only where it is asked for
 * (`payloadExpiration` of the CDK construct).
 */
export async function removeExpiredRun(options: RunRemovalOptions, oldImage: ExpiredImage): Promise<number> {
  const { client, tableName, clock = systemClock } = options;
  const table = new Table({ client, name: tableName, pacing: { clock, random: Math.random } });
  const partition = oldImage[tableDefinition.partitionKey.name]?.S;
  const expiry = Number(oldImage[tableDefinition.timeToLive]?.N) * 1000;
  const isHeader = oldImage[tableDefinition.sortKey.name]?.S === headerSort;
  const isOver = headerFields.endedAt.attribute in oldImage;
  if (partition === undefined || !isHeader || !isOver || Number.isNaN(expiry)) return 0;
  const hasLog = headerFields.history.attribute in oldImage && !(headerFields.root.attribute in oldImage);
  let removed = 0;
  for await (const keys of partsOf(table, unescapeId(partition), hasLog)) {
    for (let i = 0; i < keys.length; i += concurrency) {
      const outcomes = await Promise.all(
        keys.slice(i, i + concurrency).map((key) => table.remove(key, writtenBefore(expiry))),
      );
      removed += outcomes.filter(Boolean).length;
    }
  }
  return removed;
}

/**
 * Keys of all that is stored of a run but its header, in parts of a page of a query. What has partitions of its own comes
 * first: only the records of the run tell where those are. Entries begin one after the other, so the first one without a
 * record is the last that can have any.
 */
async function* partsOf(table: Table, runId: string, hasLog: boolean): AsyncGenerator<ItemKey[]> {
  const { pk } = headerKey(runId);
  const own: ItemKey[] = [];
  for await (const keys of keysOf(table, pk)) own.push(...keys.filter(({ sk }) => sk !== headerSort));
  const records = own.filter(({ sk }) => sk.startsWith('B')).map(recordKeyOf);
  const last = records.reduce((latest, { entry }) => Math.max(latest, entry), -1) + 1;
  const withArms = new Set(records.flatMap(({ entry, arm }) => (arm === undefined ? [] : [entry])));
  for (let entry = 0; entry <= last; entry += 1) {
    yield* blockParts(table, { runId, entry, hasArms: withArms.has(entry), isLast: entry >= last - 1 });
  }
  if (hasLog) yield* keysOf(table, logPartition(runId));
  yield own;
}

/** What a block has in partitions of its own. A foreach whose join was never opened can have pages: it was the last entry. */
async function* blockParts(
  table: Table,
  at: { readonly runId: string; readonly entry: number; readonly hasArms: boolean; readonly isLast: boolean },
): AsyncGenerator<ItemKey[]> {
  const { runId, entry, hasArms, isLast } = at;
  const { total, pageSize } = segmentFields;
  const segments: ItemKey[] = [];
  let members = 0;
  let hasPages = isLast && !hasArms;
  const pages = table.rangePages(joinPartition(runId, entry), {
    ...everything,
    attributes: ['pk', 'sk', total.attribute, pageSize.attribute],
  });
  for await (const page of pages) {
    segments.push(...page.map(keyOf));
    for (const segment of page) {
      members = Math.max(members, Number(segment[total.attribute]?.N));
      hasPages ||= pageSize.attribute in segment;
    }
  }
  const partitions = [
    ...(hasArms ? [] : itemPartitions(runId, entry, members)),
    ...(hasPages ? [pagePartition(runId, entry)] : []),
  ];
  for (const partition of partitions) yield* keysOf(table, partition);
  yield segments;
}

/** Bounds of a whole partition. */
const everything = { from: ' ', to: '~' } as const;

async function* keysOf(table: Table, pk: string): AsyncGenerator<ItemKey[]> {
  const pages = table.rangePages(pk, { ...everything, attributes: ['pk', 'sk'] });
  for await (const page of pages) yield page.map(keyOf);
}

function keyOf(item: Item): ItemKey {
  return { pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' };
}

function writtenBefore(expiry: number) {
  return {
    expression: times.map((name) => `(attribute_not_exists(#${name}) OR #${name} <= :expiry)`).join(' AND '),
    values: { expiry: numberValue(expiry) },
  };
}
