import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { WorkflowError } from '../../core/errors.ts';
import type { RunHeader } from '../../core/records.ts';
import type { RunPage, RunQuery, RunStore } from '../../ports/run-store.ts';
import { textValue } from './attributes.ts';
import { headerSort, listIndex } from './config.ts';
import { attributeNames, attributeValues } from './expression.ts';
import { type Item, type ItemKey, listPartitions, listTime, unescapeId, workflowsPartition } from './keys.ts';
import { decodeHeader } from './record-codec.ts';
import { parkedRuns } from './parked-store.ts';
import type { Table } from './table.ts';

/** Queries that one page may take in each partition before it is given out short, with a cursor. Each reads up to 1 MB. */
const maxQueries = 20;

/** Queries under way at once: a client has 50 connections, and the time of a request begins before it has one. */
const queriesAtOnce = 40;

/** Version of the cursor's text. */
const cursorVersion = 1;

/** A root run in the list index. */
interface Entry {
  /** `<createdAt>#<run>`: where the run stands among all. */
  readonly at: string;
  readonly key: ItemKey;
}

/** What one partition of the index gave. */
interface ShardPage {
  readonly entries: readonly Entry[];
  /** Everything from here on upwards was read; absent when everything was. */
  readonly readDownTo?: string;
}

/**
 * See `RunStore.listRuns`. Runs are spread over partitions of the list index, which are merged here. The index is late and
 * the header counts: a run whose status changed meanwhile is left out, so that a page may be short and have a cursor.
 */
export function runList(table: Table): Pick<RunStore, 'listRuns'> {
  return {
    async listRuns(query) {
      const before = query.cursor === undefined ? undefined : parseCursor(query.cursor, query);
      if (query.parked === true) return await parkedPage(table, query, before);
      const workflows = query.workflowId === undefined ? await workflowIds(table) : [query.workflowId];
      const partitions = workflows.flatMap(listPartitions);
      const shards: ShardPage[] = [];
      for (let i = 0; i < partitions.length; i += queriesAtOnce) {
        const some = partitions.slice(i, i + queriesAtOnce);
        shards.push(...(await Promise.all(some.map((at) => readShard(table, at, query, before)))));
      }
      const floor = shards.map(({ readDownTo }) => readDownTo ?? '').reduce(later, '');
      const entries = shards
        .flatMap((shard) => shard.entries)
        .filter(({ at }) => at >= floor)
        .toSorted((a, b) => (a.at < b.at ? 1 : -1));
      const page = entries.slice(0, query.limit);
      const items = await table.getAll(
        page.map(({ key }) => key),
        true,
      );
      const headers = items.flatMap((item) => (item === undefined ? [] : [decodeHeader(item)]));
      const end = entries.length > page.length ? (page.at(-1)?.at ?? '') : floor;
      return {
        headers: headers.filter((header) => isWanted(header, query)),
        ...(end === '' ? {} : { cursor: formatCursor(end, query) }),
      };
    },
  };
}

/** The same for runs that wait for code, of which there are few: they are read one after the other. */
async function parkedPage(table: Table, query: RunQuery, before: string | undefined): Promise<RunPage> {
  const range = rangeOf(query, before);
  if (range === undefined) return { headers: [] };
  const { workflowId, limit } = query;
  const isListed = (at: string, header: RunHeader): boolean =>
    at !== before &&
    isWanted(header, query) &&
    (workflowId === undefined || workflowId === header.workflowId);
  const { runs, readDownTo } = await parkedRuns(table, range, isListed, limit + 1);
  const page = runs.slice(0, limit);
  const end = runs.length > limit ? page.at(-1)?.at : readDownTo;
  return {
    headers: page.map(({ header }) => header),
    ...(end === undefined ? {} : { cursor: formatCursor(end, query) }),
  };
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** One partition's share of a page: one entry more than the page can hold, to know whether another page follows. */
async function readShard(
  table: Table,
  partition: string,
  query: RunQuery,
  before: string | undefined,
): Promise<ShardPage> {
  const entries: Entry[] = [];
  const wanted = query.limit + 1;
  const request = conditions(partition, query, before);
  // DynamoDB refuses a range that ends before it begins.
  if (request === undefined) return { entries };
  let next: Item | undefined;
  for (let queries = 0; queries < maxQueries && entries.length < wanted; queries += 1) {
    const page = await table.query({
      IndexName: listIndex.name,
      ...request,
      ScanIndexForward: false,
      ...(next === undefined ? {} : { ExclusiveStartKey: next }),
    });
    entries.push(...page.items.map(entryOf).filter(({ at }) => at !== before));
    next = page.next;
    if (next === undefined && entries.length <= wanted) return { entries };
  }
  const kept = entries.slice(0, wanted);
  const readDownTo = kept.length === wanted ? kept.at(-1)?.at : next?.[listIndex.sortKey.name]?.S;
  return { entries: kept, ...(readDownTo === undefined ? {} : { readDownTo }) };
}

function entryOf(item: Item): Entry {
  return {
    at: item[listIndex.sortKey.name]?.S ?? '',
    key: { pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? headerSort },
  };
}

/**
 * The query of one partition, newest first. A filter drops entries after they are read, so that a limit would count them;
 * without one, the limit is the page. The run at `before` itself comes too, as a range includes both of its ends.
 */
function conditions(partition: string, query: RunQuery, before: string | undefined) {
  const range = rangeOf(query, before);
  if (range === undefined) return undefined;
  const values: Record<string, AttributeValue> = {
    partition: { S: partition },
    from: { S: range.from },
    to: { S: range.to },
  };
  const filters = Object.entries({ st: query.status, rid: query.resourceId, own: query.owner }).flatMap(
    ([attribute, value]) => {
      if (value === undefined) return [];
      values[attribute] = textValue(value);
      return [`#${attribute} = :${attribute}`];
    },
  );
  const key = `#${listIndex.partitionKey.name} = :partition AND #${listIndex.sortKey.name} BETWEEN :from AND :to`;
  return {
    KeyConditionExpression: key,
    ...(filters.length === 0 ? { Limit: query.limit + 2 } : { FilterExpression: filters.join(' AND ') }),
    ExpressionAttributeNames: attributeNames(key, ...filters),
    ExpressionAttributeValues: attributeValues(values),
  };
}

/** Bounds of the sort keys of a query; undefined where the end is before the beginning. */
function rangeOf(
  query: RunQuery,
  before: string | undefined,
): { readonly from: string; readonly to: string } | undefined {
  // After the time, a sort key goes on with '#'; '$' is the next character, so that the range has the whole millisecond.
  const from = listTime(Math.max(0, Math.ceil(query.createdFrom ?? 0)));
  const until =
    query.createdTo === undefined ? '~' : `${listTime(Math.max(0, Math.floor(query.createdTo)))}$`;
  const to = before === undefined || until < before ? until : before;
  return to < from ? undefined : { from, to };
}

function isWanted(header: RunHeader, query: RunQuery): boolean {
  return (
    (query.status === undefined || header.status === query.status) &&
    (query.resourceId === undefined || header.resourceId === query.resourceId) &&
    (query.owner === undefined || header.owner === query.owner)
  );
}

/** Workflows that ever had a root run in this table. */
async function workflowIds(table: Table): Promise<string[]> {
  const items = await table.range(workflowsPartition, ' ', '\u{10FFFF}');
  return items.map((item) => unescapeId(item['sk']?.S ?? ''));
}

/** What a cursor belongs to: the query without its limit. */
function fingerprint(query: RunQuery): string {
  const { workflowId, status, resourceId, owner, createdFrom, createdTo, parked } = query;
  const asked = [workflowId, status, resourceId, owner, createdFrom, createdTo];
  const parts = JSON.stringify(parked === true ? [...asked, 'parked'] : asked);
  return createHash('sha256').update(parts).digest('base64url').slice(0, 12);
}

function formatCursor(at: string, query: RunQuery): string {
  return Buffer.from(JSON.stringify([cursorVersion, fingerprint(query), at])).toString('base64url');
}

function parseCursor(cursor: string, query: RunQuery): string {
  const [version, print, at] = parseList(Buffer.from(cursor, 'base64url').toString());
  if (version !== cursorVersion || print !== fingerprint(query) || typeof at !== 'string' || at === '') {
    throw new WorkflowError(
      'WORKFLOW_CURSOR_INVALID',
      'The cursor is not one of this query: pass the cursor of the page before, and change nothing but the limit',
    );
  }
  return at;
}

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
