import { createHash } from 'node:crypto';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keptObjects, workPattern } from '../../src/adapters/aws/config.ts';
import { awsBackend, parseQueueMessage } from '../../src/adapters/aws/index.ts';
import { objectKey, s3PayloadRemoval } from '../../src/adapters/aws/payload-store.ts';
import { systemClock } from '../../src/adapters/system/index.ts';
import { stepEvent, type WorkflowEvent } from '../../src/core/event.ts';
import { limits } from '../../src/core/limits.ts';
import type { Backend } from '../../src/ports/index.ts';
import { payloadStoreContract } from '../../src/testing/contract/index.ts';
import { Called } from '../contract/called.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';

/** Objects, bus and queue on the services of an emulator. The table has its own suite, on DynamoDB Local. */

const endpoint = process.env[ENDPOINT_VARIABLE];
if (endpoint === undefined) throw new Error(`${ENDPOINT_VARIABLE} is not set: run npm run test:services`);
const options = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  endpoint,
};
const s3 = new S3Client({ ...options, forcePathStyle: true });
const eventbridge = new EventBridgeClient(options);
const sqs = new SQSClient(options);
const called = new Called();
let backend: Backend;
let queueUrl = '';

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: 'payloads' }));
  const queue = await sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
  queueUrl = queue.QueueUrl ?? '';
  const attributes = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  await eventbridge.send(new CreateEventBusCommand({ Name: 'bus' }));
  const { source, detailType, detail } = workPattern;
  const pattern = JSON.stringify({ source, 'detail-type': detailType, detail });
  await eventbridge.send(new PutRuleCommand({ Name: 'work', EventBusName: 'bus', EventPattern: pattern }));
  const target = { Id: 'queue', Arn: attributes.Attributes?.['QueueArn'] ?? '' };
  await eventbridge.send(new PutTargetsCommand({ Rule: 'work', EventBusName: 'bus', Targets: [target] }));
  const made = awsBackend({
    tableName: 'none',
    busName: 'bus',
    queueUrl,
    bucket: 'payloads',
    clients: { s3, eventbridge, sqs },
  });
  backend = {
    ...made,
    payloads: called.of('payloads', made.payloads),
    bus: called.of('bus', made.bus),
    timers: called.of('timers', made.timers),
  };
});

afterAll(() => {
  for (const client of [s3, eventbridge, sqs]) client.destroy();
});

payloadStoreContract({
  describe,
  test,
  name: 'S3',
  makeBackend: async () => ({ ...backend, dispose: async () => {} }),
});

const base = { workflowId: 'workflow', runId: 'run', epoch: 1, hop: 0, time: 1_800_000_000_000 };

function events(count: number, more: Partial<WorkflowEvent> = {}): WorkflowEvent[] {
  return Array.from({ length: count }, (_, entry) => ({
    ...stepEvent(base, 'workflow.step.run', { key: { entry }, turn: 'turn', stepId: `step-${entry}` }),
    ...more,
  }));
}

/** What comes out of the queue, until so many messages did. */
async function received(count: number): Promise<WorkflowEvent[]> {
  const found: WorkflowEvent[] = [];
  while (found.length < count) {
    const request = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
    const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
    for (const { Body: body = '', ReceiptHandle: receipt } of messages) {
      found.push(parseQueueMessage(body));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    }
  }
  return found.toSorted((a, b) => (a.path[0] ?? 0) - (b.path[0] ?? 0));
}

describe('the bus', () => {
  test('brings work through its rule into the queue as it was published, and nothing else', async () => {
    const facts = events(1, { work: false, type: 'workflow.step.end' });
    const work = events(25);
    await backend.bus.publish([...facts, ...work]);
    expect(await received(25)).toEqual(work);
  });

  test('takes events with the longest ids', async () => {
    const id = '😀'.repeat(limits.idLength);
    const [event] = events(1, { runId: id, workflowId: id, stepId: id, parent: { runId: id, path: [1] } });
    await backend.bus.publish(event === undefined ? [] : [event]);
    expect(await received(1)).toEqual([event]);
  });
});

describe('timers', () => {
  test('bring an event into the queue when it is due, past the bus', async () => {
    const [event] = events(1);
    const dueAt = systemClock.now() + 1_500;
    if (event !== undefined) await backend.timers.schedule(event, dueAt);
    expect(await received(1)).toEqual([event]);
    // SQS counts in whole seconds.
    expect(systemClock.now()).toBeGreaterThan(dueAt - 1_000);
  });
});

describe('payloads', () => {
  test('of runs with the longest ids have keys that S3 takes', async () => {
    for (const id of [
      '😀'.repeat(limits.idLength),
      'x'.repeat(limits.idLength),
      '\ud800'.repeat(limits.idLength),
    ]) {
      expect(Buffer.byteLength(`${keptObjects.prefix}${objectKey(id, 'f'.repeat(64))}`)).toBeLessThanOrEqual(
        1_024,
      );
      await backend.payloads.put(id, 'hash', '"here"');
      await backend.payloads.keep(id, 'name', '"kept"', 0);
      expect(await backend.payloads.get(id, 'hash')).toBe('"here"');
      expect(await backend.payloads.kept(id, 'name')).toBe('"kept"');
    }
  });

  test('are JSON to whoever looks at the bucket', async () => {
    await backend.payloads.put('typed', 'hash', '"ü"');
    const key = objectKey('typed', 'hash');
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'payloads', Key: key }));
    expect(head.ContentType).toBe('application/json');
  });

  test('of a removed run are gone, more than one request removes, and those of others are not', async () => {
    const put = async (key: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'payloads', Key: key, Body: '1' }));
    const names = Array.from({ length: 1_001 }, (_, number) => objectKey('gone', String(number)));
    for (let at = 0; at < names.length; at += 50) await Promise.all(names.slice(at, at + 50).map(put));
    await backend.payloads.put('gone too', 'hash', '1');
    const remove = s3PayloadRemoval({
      client: async () => s3,
      bucket: 'payloads',
      pacing: { clock: systemClock, random: Math.random },
    });
    await remove('gone');
    for (const name of ['0', '1000']) {
      const get = new GetObjectCommand({ Bucket: 'payloads', Key: objectKey('gone', name) });
      await expect(s3.send(get)).rejects.toMatchObject({ name: 'NoSuchKey' });
    }
    expect(await backend.payloads.get('gone too', 'hash')).toBe('1');
  });
});

describe('links', () => {
  const text = JSON.stringify('ü'.repeat(3 * 1_048_576));
  const sha256 = createHash('sha256').update(text).digest('hex');
  const linksOf = () => {
    const { links } = backend.payloads;
    if (links === undefined) throw new Error('S3 has links.');
    return called.of('links', links);
  };

  test('lead to what was kept, and bear all that it takes to get it', async () => {
    await backend.payloads.keep('linked run', 'name', text, 0);
    const { url, expiresAt } = await linksOf().read('linked run', 'name');
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.text()).toBe(text);
    expect(expiresAt).toBeGreaterThan(systemClock.now());
  });

  test('take what they were made for', async () => {
    const bytes = Buffer.byteLength(text);
    const { url, headers } = await linksOf().write('linked run', 'sent', { sha256, bytes });
    expect((await fetch(url, { method: 'PUT', headers, body: text })).status).toBe(200);
    expect(await backend.payloads.kept('linked run', 'sent')).toBe(text);
  });

  // Whether S3 is held to it, the emulator does not show: that it is signed for is what can be seen.
  test('sign the hash and the length of what they take, as headers', async () => {
    const { url, headers } = await linksOf().write('linked run', 'sent', { sha256, bytes: 5 });
    const query = new URL(url).searchParams;
    const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
    expect(signed).toEqual(['content-length', 'content-type', 'host', 'x-amz-checksum-sha256']);
    expect(headers['x-amz-checksum-sha256']).toBe(Buffer.from(sha256, 'hex').toString('base64'));
    // One of an empty body, which the client would add by itself, would refuse every other.
    expect([...query.keys()].filter((name) => /crc|checksum-algorithm/i.test(name))).toEqual([]);
  });
});

test('each method of the ports has a test here', () => {
  expect(called.methods()).not.toEqual([]);
  expect(called.untested()).toEqual([]);
});
