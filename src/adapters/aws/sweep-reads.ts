import type { RunStore } from '../../ports/run-store.ts';
import { numberValue } from './attributes.ts';
import { sweepIndex } from './config.ts';
import { attributeNames, attributeValues } from './expression.ts';
import { headerSort, type Item, type ItemKey, sweepPartitions } from './keys.ts';
import { decodeHeader } from './record-codec.ts';
import type { Table } from './table.ts';

/** A run in the sweep index. */
interface Due {
  readonly at: number;
  readonly key: ItemKey;
}

/** What the sweeper reads: see `RunStore.dueRuns`. One query for each partition of the sweep index, then the headers. */
export function sweepReads(table: Table): Pick<RunStore, 'dueRuns'> {
  return {
    async dueRuns({ now, limit }) {
      const shards = await Promise.all(
        sweepPartitions().map((partition) => readShard(table, partition, now, limit)),
      );
      const due = shards
        .flat()
        .toSorted((a, b) => a.at - b.at)
        .slice(0, limit);
      const items = await table.getAll(
        due.map(({ key }) => key),
        true,
      );
      // The index is late: what counts is the header.
      return items
        .flatMap((item) => (item === undefined ? [] : [decodeHeader(item)]))
        .filter(({ sweepAt }) => sweepAt !== undefined && sweepAt <= now)
        .toSorted((a, b) => (a.sweepAt ?? 0) - (b.sweepAt ?? 0));
    },
  };
}

async function readShard(table: Table, partition: string, now: number, limit: number): Promise<Due[]> {
  const found: Due[] = [];
  const { name, partitionKey, sortKey } = sweepIndex;
  const condition = `#${partitionKey.name} = :partition AND #${sortKey.name} <= :now`;
  let next: Item | undefined;
  do {
    const page = await table.query({
      IndexName: name,
      KeyConditionExpression: condition,
      ExpressionAttributeNames: attributeNames(condition),
      ExpressionAttributeValues: attributeValues({ partition: { S: partition }, now: numberValue(now) }),
      Limit: limit - found.length,
      ...(next === undefined ? {} : { ExclusiveStartKey: next }),
    });
    found.push(
      ...page.items.map((item) => ({
        at: Number(item[sortKey.name]?.N),
        key: { pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? headerSort },
      })),
    );
    next = page.next;
  } while (next !== undefined && found.length < limit);
  return found;
}
