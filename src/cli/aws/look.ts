import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { sweepIndex, sweepShards } from '../../adapters/aws/config.ts';
import { services } from './services.ts';

/** Messages of a queue. */
export interface QueueState {
  /** That wait to be received. */
  readonly waiting: number;
  /** That somebody works on. */
  readonly inFlight: number;
  /** That wait for their time. */
  readonly delayed: number;
}

/** How many messages a queue has, about. */
export async function queueState(client: SQSClient, queueUrl: string): Promise<QueueState> {
  const { GetQueueAttributesCommand } = await services.sqs();
  const command = new GetQueueAttributesCommand({
    QueueUrl: queueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ],
  });
  const { Attributes: attributes = {} } = await client.send(command);
  return {
    waiting: Number(attributes.ApproximateNumberOfMessages ?? 0),
    inFlight: Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}

/** Status of the table, as DynamoDB has it: `ACTIVE` is the good one. */
export async function tableStatus(client: DynamoDBClient, tableName: string): Promise<string> {
  const { DescribeTableCommand } = await services.dynamodb();
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  return table?.TableStatus ?? 'unknown';
}

/** Rejects when the bucket is not there, or not for this caller. */
export async function checkBucket(client: S3Client, bucket: string): Promise<void> {
  const { HeadBucketCommand } = await services.s3();
  await client.send(new HeadBucketCommand({ Bucket: bucket }));
}

/** Runs of a partition of the index that are counted; more are many. */
const mostOverdue = 100;

/** How many runs the sweeper should have looked at before `before` (ms since 1970) and has not: at most 100 of each partition. */
export async function overdueRuns(
  client: DynamoDBClient,
  tableName: string,
  before: number,
): Promise<number> {
  const { QueryCommand } = await services.dynamodb();
  const counts = await Promise.all(
    Array.from({ length: sweepShards }, async (_, shard) => {
      const command = new QueryCommand({
        TableName: tableName,
        IndexName: sweepIndex.name,
        Select: 'COUNT',
        Limit: mostOverdue,
        KeyConditionExpression: '#shard = :shard AND #due < :before',
        ExpressionAttributeNames: { '#shard': sweepIndex.partitionKey.name, '#due': sweepIndex.sortKey.name },
        ExpressionAttributeValues: { ':shard': { S: `h${shard}` }, ':before': { N: String(before) } },
      });
      const { Count: count = 0 } = await client.send(command);
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
