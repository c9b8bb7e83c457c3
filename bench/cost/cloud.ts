import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsClients } from '../../src/adapters/aws/index.ts';

/**
 * EventBridge, SQS and S3 inside of this process: the adapters' own clients speak to them, so that what they send is what is
 * counted. Messages are handed out one after the other, in their order, so that a workload costs the same each time.
 */

/** A request of a client, as its handler gets it. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

function answered(statusCode: number, body: string): { response: Answer } {
  return { response: { statusCode, headers: {}, body: Readable.from([Buffer.from(body)]) } };
}

/** The services beside DynamoDB, and the clients of all. */
export interface Cloud {
  readonly clients: AwsClients;
  /** Bodies in the work queue that nobody has taken yet; those that are delayed too, since time is not waited for. */
  readonly queue: string[];
  close(): void;
}

const options = { region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } };

/** `endpoint`: of DynamoDB Local. */
export function startCloud(endpoint: string): Cloud {
  const queue: string[] = [];
  const objects = new Map<string, string>();
  const clients = {
    dynamodb: new DynamoDBClient({ ...options, endpoint }),
    eventbridge: new EventBridgeClient({
      ...options,
      requestHandler: { handle: async (sent: Sent) => putEvents(queue, sent) },
    }),
    sqs: new SQSClient({
      ...options,
      md5: false,
      requestHandler: { handle: async (sent: Sent) => sendMessage(queue, sent) },
    }),
    s3: new S3Client({
      ...options,
      forcePathStyle: true,
      requestHandler: { handle: async (sent: Sent) => object(objects, sent) },
    }),
  };
  return {
    clients,
    queue,
    close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

interface Entry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** Answers PutEvents, and puts what the rule of the work queue matches into it, in the envelope of the bus. */
export function putEvents(queue: string[], sent: Pick<Sent, 'body'>): { response: Answer } {
  const { Entries } = JSON.parse(textOf(sent.body)) as { readonly Entries: readonly Entry[] };
  for (const { Source: source, DetailType, Detail } of Entries) {
    const detail = JSON.parse(Detail) as { readonly work?: boolean };
    if (detail.work !== true) continue;
    const envelope = {
      version: '0',
      id: randomUUID(),
      'detail-type': DetailType,
      source,
      account: '123456789012',
      time: '2026-11-01T00:00:00Z',
      region: options.region,
      resources: [],
      detail,
    };
    queue.push(JSON.stringify(envelope));
  }
  return answered(
    200,
    JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: randomUUID() })) }),
  );
}

function sendMessage(queue: string[], sent: Sent): { response: Answer } {
  const { MessageBody } = JSON.parse(textOf(sent.body)) as { readonly MessageBody: string };
  queue.push(MessageBody);
  return answered(200, JSON.stringify({ MessageId: randomUUID() }));
}

function object(objects: Map<string, string>, { method, path, body }: Sent): { response: Answer } {
  if (method === 'PUT') {
    objects.set(path, textOf(body));
    return answered(200, '');
  }
  const found = objects.get(path);
  return found === undefined
    ? answered(404, '<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>')
    : answered(200, found);
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString('utf8');
  throw new TypeError(`A request has a body of type ${typeof body}, which this service does not read`);
}
