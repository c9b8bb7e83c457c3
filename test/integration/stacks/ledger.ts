import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Ledger, Written } from '../../../examples/import/ledger.ts';

/** The ledger of the import in the table of the runs: functions have no file in common. */
export function tableLedger(client: DynamoDBClient): Ledger {
  const TableName = () => process.env.EVENTED_TABLE ?? '';
  const key = (kind: string, id: string) => ({ pk: { S: `ledger#${kind}` }, sk: { S: id } });
  return {
    async write(write, batch): Promise<Written> {
      const before = await client.send(
        new GetItemCommand({ TableName: TableName(), Key: key('write', write), ConsistentRead: true }),
      );
      if (before.Item !== undefined) {
        return { entered: Number(before.Item.entered?.N), known: Number(before.Item.known?.N) };
      }
      const Keys = batch.map(({ delivery }) => key('delivery', delivery));
      const { Responses } = await client.send(
        new BatchGetItemCommand({ RequestItems: { [TableName()]: { Keys, ConsistentRead: true } } }),
      );
      const known = Responses?.[TableName()]?.length ?? 0;
      // Each of them means the same however often it is made, so a write that was broken off is just made again.
      for (const Key of Keys) await client.send(new PutItemCommand({ TableName: TableName(), Item: Key }));
      const counts = { entered: { N: String(batch.length - known) }, known: { N: String(known) } };
      await client.send(
        new PutItemCommand({ TableName: TableName(), Item: { ...key('write', write), ...counts } }),
      );
      return { entered: batch.length - known, known };
    },
  };
}
