import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsBackend } from '../../src/adapters/aws/index.ts';
import {
  type ContractBackend,
  payloadStoreContract,
  runStoreContract,
} from '../../src/testing/contract/index.ts';
import { BilledComparison } from './dynamodb-billed.ts';
import { Called } from './called.ts';
import { localClient, tableForTests } from './dynamodb-place.ts';
import { startObjectServer } from './object-server.ts';

const fake = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const tableName = 'contract';
const called = new Called();
const dynamodb = localClient();
const comparison = new BilledComparison(dynamodb);
tableForTests(tableName);
let s3: S3Client;
let objects: Awaited<ReturnType<typeof startObjectServer>>;

beforeAll(async () => {
  objects = await startObjectServer();
  s3 = new S3Client({ ...fake, endpoint: objects.endpoint, forcePathStyle: true });
});

afterAll(async () => {
  dynamodb.destroy();
  s3.destroy();
  await objects.close();
});

/** A backend of its own on the one table: what a process learned about it is not what the next one knows. */
async function makeBackend(segmentSize?: number): Promise<ContractBackend> {
  const backend = awsBackend({
    tableName,
    busName: 'contract',
    queueUrl: 'http://127.0.0.1/contract',
    bucket: 'contract',
    clients: { dynamodb, s3 },
    ...(segmentSize === undefined ? {} : { segmentSize }),
  });
  comparison.count();
  const store = called.of('store', backend.store);
  return { ...backend, store, dispose: () => backend.close() };
}

const dynamo = { describe, test, name: 'DynamoDB', makeBackend: () => makeBackend() };
runStoreContract(dynamo);
payloadStoreContract(dynamo);

for (const segmentSize of [1, 3]) {
  runStoreContract({
    describe,
    test,
    name: `DynamoDB, segments of ${segmentSize}`,
    segmentSize,
    makeBackend: () => makeBackend(segmentSize),
  });
}

test('each method of the store has a test here', () => {
  expect(called.methods()).not.toEqual([]);
  expect(called.untested()).toEqual([]);
});

// Last: of all that the contracts have requested.
describe('the meter', () => {
  test('counts what each request is billed', () => {
    const { commands, differences } = comparison;
    expect(differences).toEqual([]);
    expect([...commands].toSorted()).toEqual([
      'BatchGetItemCommand',
      'BatchWriteItemCommand',
      'DeleteItemCommand',
      'GetItemCommand',
      'PutItemCommand',
      'QueryCommand',
      'TransactWriteItemsCommand',
      'UpdateItemCommand',
    ]);
  });
});
