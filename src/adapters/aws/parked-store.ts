import type { RunHeader } from '../../core/records.ts';
import type { RunStore } from '../../ports/run-store.ts';
import { encodeFields, numberValue } from './attributes.ts';
import { sweepIndex } from './config.ts';
import { keyItem } from './expression.ts';
import { equals, headerWrite, notOver } from './header-store.ts';
import { headerKey, type Item, parkedItemKey, parkedPartition, parkedRunOf } from './keys.ts';
import { decodeHeader, headerFields } from './record-codec.ts';
import type { Table } from './table.ts';

const sweep = sweepIndex.sortKey.name;
const { wakes, parked: parkedField } = headerFields;

/** Of an item of the list: when it was put, ms since 1970. */
const putAt = headerFields.startedAt.attribute;

/**
 * Runs that wait for code: see the methods of `RunStore`. A parked run has an item in a partition of its own, put before its
 * header says so, which the list goes through: an index would have to be paid for by all the runs that never wait.
 */
export function parkedStore(table: Table): Pick<RunStore, 'park' | 'unpark'> {
  return {
    async park({ runId, epoch, parked, now, sweepAt }) {
      const header = await table.get(headerKey(runId), true);
      if (header === undefined) return { won: false };
      await table.putAnyway({ ...keyItem(parkedItemKey(decodeHeader(header))), [putAt]: numberValue(now) });
      const write = await table.update(
        {
          key: headerKey(runId),
          set: {
            ...encodeFields(headerFields, { parked, updatedAt: now }),
            [sweep]: numberValue(sweepAt),
          },
          increase: { [wakes.attribute]: 1 },
          condition: { expression: `#ep = :epoch AND ${notOver}`, values: { epoch: numberValue(epoch) } },
        },
        (item) => equals({ epoch, updatedAt: now })(item) && isSame(decodeHeader(item).parked, parked),
      );
      return headerWrite(write);
    },

    async unpark({ runId, epoch, graphHash, now, sweepAt }) {
      const seen = await table.get(headerKey(runId), true);
      if (seen === undefined) return { won: false };
      const listed = await table.get(parkedItemKey(decodeHeader(seen)), true);
      const write = await table.update(
        {
          key: headerKey(runId),
          set: {
            ...encodeFields(headerFields, { graphHash, updatedAt: now }),
            [sweep]: numberValue(sweepAt),
          },
          increase: { [wakes.attribute]: 1 },
          remove: [parkedField.attribute],
          condition: {
            expression: `#ep = :epoch AND ${notOver} AND (attribute_exists(#${parkedField.attribute}) OR #gh <> :graph)`,
            values: { epoch: numberValue(epoch), graph: headerFields.graphHash.type.encode(graphHash) },
          },
        },
        equals({ epoch, graphHash, updatedAt: now, parked: undefined }),
      );
      const result = headerWrite(write);
      if (result.won && listed !== undefined) await takeOut(table, listed);
      return result;
    },
  };
}

/** Takes an item out of the list, but not one that was put anew since it was read. */
async function takeOut(table: Table, item: Item): Promise<void> {
  const key = { pk: parkedPartition, sk: item['sk']?.S ?? '' };
  const put = item[putAt];
  if (put === undefined) return;
  await table.remove(key, { expression: `#${putAt} = :put`, values: { put } });
}

function isSame(a: RunHeader['parked'], b: RunHeader['parked']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Items that one query of the list reads, and queries for one page of it. */
const listed = { items: 100, queries: 20 } as const;

/** See {@link parkedRuns}. */
export interface ParkedRuns {
  readonly runs: readonly { readonly at: string; readonly header: RunHeader }[];
  /** All before this was looked at; absent when everything was. */
  readonly readDownTo?: string;
}

/**
 * The first `count` runs within `range` that are parked and wanted, newest first, each with where it stands in that order: or
 * fewer, when very many others are between them. What an end or a time travel left behind in the list is taken out of it here.
 */
export async function parkedRuns(
  table: Table,
  range: { readonly from: string; readonly to: string },
  isWanted: (at: string, header: RunHeader) => boolean,
  count: number,
): Promise<ParkedRuns> {
  const runs: { at: string; header: RunHeader }[] = [];
  let queries = 0;
  const pages = table.rangePages(parkedPartition, { ...range, limit: listed.items, backwards: true });
  for await (const items of pages) {
    const places = items.map((item) => item['sk']?.S ?? '');
    const headers = await table.getAll(
      places.map((at) => headerKey(parkedRunOf(at))),
      true,
    );
    for (const [index, at] of places.entries()) {
      const [item, stored] = [items[index], headers[index]];
      const header = stored === undefined ? undefined : decodeHeader(stored);
      if (header?.parked !== undefined && isWanted(at, header)) runs.push({ at, header });
      if (header?.parked === undefined && item !== undefined) await takeOut(table, item);
    }
    queries += 1;
    const last = places.at(-1);
    if (last !== undefined && (runs.length >= count || queries === listed.queries)) {
      return { runs: runs.slice(0, count), readDownTo: last };
    }
  }
  return { runs };
}
