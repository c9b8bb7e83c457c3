import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { awsBackend } from '../../src/adapters/aws/index.ts';
import {
  type ContractBackend,
  payloadStoreContract,
  runStoreContract,
} from '../../src/testing/contract/index.ts';
import { createTable } from './dynamodb-table.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';
import { startObjectServer } from './object-server.ts';

const endpoint = process.env[ENDPOINT_VARIABLE];
if (endpoint === undefined) throw new Error(`${ENDPOINT_VARIABLE} is not set: run npm run test:dynamodb`);

const fake = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const tableName = 'contract';
const dynamodb = new DynamoDBClient({ ...fake, endpoint });
let s3: S3Client;
let objects: Awaited<ReturnType<typeof startObjectServer>>;

beforeAll(async () => {
  await createTable(dynamodb, tableName);
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
  return { ...backend, dispose: () => backend.close() };
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
