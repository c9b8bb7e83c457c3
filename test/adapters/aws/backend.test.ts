import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LazyClients } from '../../../src/adapters/aws/clients.ts';
import { awsBackend } from '../../../src/adapters/aws/index.ts';
import { s3PayloadRemoval } from '../../../src/adapters/aws/payload-store.ts';
import { instantPacing } from './pacing.ts';

const names = { tableName: 'runs', busName: 'bus', queueUrl: 'http://127.0.0.1/queue', bucket: 'payloads' };
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) await close();
});

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stubAccount(endpoint: string): void {
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
}

describe('the AWS place', () => {
  test('sends each service to the endpoint of the environment, with the bucket in the path', async () => {
    const seen: string[] = [];
    const endpoint = await listen((request, response) => {
      seen.push(
        `${request.method} ${request.url?.split('?')[0]} ${String(request.headers['x-amz-target'] ?? '')}`.trim(),
      );
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(request.headers['x-amz-target'] === undefined ? '' : '{}');
    });
    stubAccount(endpoint);
    const backend = awsBackend(names);
    expect(await backend.store.loadHeader('run')).toBeUndefined();
    await backend.payloads.put('run', 'hash', '"value"');
    await backend.close();
    expect(seen).toEqual(['POST / DynamoDB_20120810.GetItem', 'PUT /payloads/run/hash']);
  });

  test('tells a payload that is not there from a service that fails', async () => {
    const endpoint = await listen((request, response) => {
      const code = request.url?.includes('missing') ? 404 : 403;
      response.writeHead(code, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code === 404 ? 'NoSuchKey' : 'AccessDenied'}</Code></Error>`);
    });
    stubAccount(endpoint);
    const backend = awsBackend(names);
    await expect(backend.payloads.get('run', 'missing')).rejects.toMatchObject({
      code: 'WORKFLOW_RECORD_CORRUPT',
    });
    await expect(backend.payloads.get('run', 'hidden')).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    });
    await expect(backend.payloads.put('run', 'hidden', '1')).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    });
    await backend.close();
  });

  test('says when payloads of a removed run could not be deleted', async () => {
    const answers = [
      '<ListBucketResult><Contents><Key>run/a</Key></Contents></ListBucketResult>',
      '<DeleteResult><Error><Key>run/a</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
    ];
    stubAccount(await listen((_, response) => response.end(answers.shift())));
    const remove = s3PayloadRemoval({
      client: () => new LazyClients({}, 'http://a').s3(),
      bucket: 'payloads',
      pacing: instantPacing(),
    });
    await expect(remove('run')).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
      message: expect.stringContaining('AccessDenied: no') as string,
    });
    expect(answers).toEqual([]);
  });

  test('has no work source, and an incarnation of its own each time', async () => {
    stubAccount('http://127.0.0.1:1');
    const [one, other] = [awsBackend(names), awsBackend(names)];
    expect(one.source).toBeUndefined();
    expect(one.incarnation).not.toBe(other.incarnation);
    await one.close();
    await other.close();
  });
});

describe('clients', () => {
  test('are made once, when they are asked for', async () => {
    stubAccount('http://127.0.0.1:1');
    const clients = new LazyClients({}, undefined);
    expect(clients.dynamodb()).toBe(clients.dynamodb());
    expect(clients.sqs()).toBe(clients.sqs());
    expect(clients.eventbridge()).toBe(clients.eventbridge());
    expect(await clients.s3()).toBe(await clients.s3());
    clients.close();
  });

  test('that are given are used, and left open', () => {
    const dynamodb = new DynamoDBClient({ region: 'us-east-1' });
    const destroy = vi.spyOn(dynamodb, 'destroy');
    const clients = new LazyClients({ dynamodb }, undefined);
    expect(clients.dynamodb()).toBe(dynamodb);
    clients.close();
    expect(destroy).not.toHaveBeenCalled();
    dynamodb.destroy();
  });
});
