import { DeleteItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { environment, headerSort } from '../../src/adapters/aws/config.ts';
import { captureLog, context, type LogLine } from './log.ts';

vi.stubEnv('AWS_REGION', 'eu-central-1');
vi.stubEnv(environment.table, 'runs');
vi.stubEnv(environment.bus, 'bus');
vi.stubEnv(environment.bucket, 'bucket');
vi.stubEnv(environment.queueUrl, 'https://queue.example/work');
const { handler } = await import('../../lambdas/expiry.ts');

const dynamodb = mockClient(DynamoDBClient);
let written: () => readonly LogLine[];

beforeEach(() => {
  dynamodb.reset();
  dynamodb.on(QueryCommand).resolves({ Items: [] });
  dynamodb.on(DeleteItemCommand).resolves({});
  written = captureLog();
});

afterAll(() => {
  dynamodb.restore();
  vi.unstubAllEnvs();
});

/** What the stream tells of a header that has expired. */
function expired(runId: string, sequenceNumber: string): DynamoDBRecord {
  const keys = { pk: { S: runId }, sk: { S: headerSort } };
  return {
    eventName: 'REMOVE',
    dynamodb: {
      Keys: keys,
      OldImage: { ...keys, ttl: { N: '1767312000' }, ea: { N: '1767225600000' } },
      SequenceNumber: sequenceNumber,
    },
  };
}

function records(runId: string, ...sortKeys: string[]): void {
  dynamodb
    .on(QueryCommand, {
      ExpressionAttributeValues: { ':pk': { S: runId }, ':from': { S: ' ' }, ':to': { S: '~' } },
    })
    .resolves({ Items: sortKeys.map((sk) => ({ pk: { S: runId }, sk: { S: sk } })) });
}

function removed(): string[] {
  return dynamodb
    .commandCalls(DeleteItemCommand)
    .map(({ args: [{ input }] }) => `${input.TableName} ${input.Key?.['pk']?.S} ${input.Key?.['sk']?.S}`);
}

test('the items of each run are deleted', async () => {
  records('r1', 'A#in', 'B#00000');
  records('r2', 'B#00000');
  const answer = await handler({ Records: [expired('r1', '1'), expired('r2', '2')] }, context);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(removed().toSorted()).toEqual(['runs r1 A#in', 'runs r1 B#00000', 'runs r2 B#00000']);
  expect(written().filter(({ level }) => level !== undefined)).toEqual([]);
});

test('a run that cannot be removed comes again, and keeps no other', async () => {
  records('r1', 'B#00000');
  records('r2', 'B#00000');
  dynamodb
    .on(DeleteItemCommand, { Key: { pk: { S: 'r1' }, sk: { S: 'B#00000' } } }, false)
    .rejects(new Error('no connection'));
  const answer = await handler({ Records: [expired('r1', '1'), expired('r2', '2')] }, context);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  expect(removed()).toContain('runs r2 B#00000');
  expect(written().filter(({ level }) => level !== undefined)).toMatchObject([
    {
      level: 'ERROR',
      requestId: 'request-1',
      keys: { pk: { S: 'r1' }, sk: { S: 'A' } },
      sequenceNumber: '1',
      error: { code: 'WORKFLOW_BACKEND_UNAVAILABLE' },
    },
  ]);
});

test('a record without an image of a run that is over deletes nothing', async () => {
  const answer = await handler(
    { Records: [{ eventName: 'REMOVE', dynamodb: { SequenceNumber: '1' } }] },
    context,
  );
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(dynamodb.calls()).toEqual([]);
});
