import type { RunStore } from '../../ports/run-store.ts';
import { numberValue } from './attributes.ts';
import { sweepIndex } from './config.ts';
import { attributeNames, attributeValues } from './expression.ts';
import { type Item, sweepPartitions, unescapeId } from './keys.ts';
import type { Table } from './table.ts';

/** A run in the sweep index. */
interface Due {
  readonly at: number;
  readonly runId: string;
}

/**
 * What the sweeper reads: see `RunStore.dueRuns`. One query for each partition of the sweep index, which is late and has
 * nothing but keys: the sweeper looks at the header of each run itself.
 */
export function sweepReads(table: Table): Pick<RunStore, 'dueRuns'> {
  return {
    async dueRuns({ now, limit }) {
      const shards = await Promise.all(
        sweepPartitions().map((partition) => readShard(table, partition, now, limit)),
      );
      const due = shards.flat().toSorted((a, b) => a.at - b.at);
      return due.slice(0, limit).map(({ runId }) => runId);
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
        runId: unescapeId(item['pk']?.S ?? ''),
      })),
    );
    next = page.next;
  } while (next !== undefined && found.length < limit);
  return found;
}
