import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type IndexDefinition,
  type KeyAttribute,
  listIndex,
  sweepIndex,
  tableDefinition,
} from '../../src/adapters/aws/config.ts';

/** Creates the table from the definitions that the CDK construct builds it from. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const indexes: readonly IndexDefinition[] = [sweepIndex, listIndex];
  const keys: readonly KeyAttribute[] = [
    tableDefinition.partitionKey,
    tableDefinition.sortKey,
    ...indexes.flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]),
  ];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
      KeySchema: schemaOf(tableDefinition),
      GlobalSecondaryIndexes: indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: schemaOf(index),
        Projection:
          index.include.length === 0
            ? { ProjectionType: 'KEYS_ONLY' }
            : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...index.include] },
      })),
    }),
  );
}

function schemaOf({ partitionKey, sortKey }: { partitionKey: KeyAttribute; sortKey: KeyAttribute }) {
  return [
    { AttributeName: partitionKey.name, KeyType: 'HASH' as const },
    { AttributeName: sortKey.name, KeyType: 'RANGE' as const },
  ];
}
