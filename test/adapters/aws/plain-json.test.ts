import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { LazyClients } from '../../../src/adapters/aws/clients.ts';

/** What a client sends and makes of answers, beside what the SDK's own does. */

interface Sent {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

const sent: Sent[] = [];
let answer: { readonly status: number; readonly body: unknown } = { status: 200, body: {} };

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const { 'content-type': type, 'x-amz-target': target, 'user-agent': agent } = request.headers;
    sent.push({ headers: { type, target, agent }, body: JSON.parse(body) });
    response.writeHead(answer.status, { 'content-type': String(type), 'x-amzn-requestid': 'id' });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  sent.length = 0;
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  return () => vi.unstubAllEnvs();
});

type Client = DynamoDBClient | EventBridgeClient | SQSClient;

/** What two clients send for a command, and what each makes of the answer, or throws. */
async function both(own: Client, sdk: Client, command: () => unknown) {
  const send = async (client: Client) =>
    (client.send as (command: unknown) => Promise<object>).call(client, command()).catch((error: unknown) => {
      const { name, message, ...more } = error as Error;
      return { name, message, ...more };
    });
  const outcomes = [await send(own), await send(sdk)];
  own.destroy();
  sdk.destroy();
  return { outcomes, sent };
}

const item = {
  pk: { S: 'a "quoted" \u{1f600} \\ text\n' },
  n: { N: '12345678901234567890.5' },
  b: { BOOL: false },
  l: { L: [{ S: '' }, { M: { r: { S: 'x' }, n: { N: '1' } } }] },
};

describe('DynamoDB', () => {
  const clients = (): [DynamoDBClient, DynamoDBClient] => [
    new LazyClients({}, undefined).dynamodb(),
    new DynamoDBClient({ maxAttempts: 1 }),
  ];
  const key = { pk: { S: 'a' }, sk: { S: 'b' } };

  test('writes and answers are those of the SDK', async () => {
    answer = { status: 200, body: { Attributes: item, ConsumedCapacity: { CapacityUnits: 1.5 } } };
    const update = {
      TableName: 't',
      Key: key,
      UpdateExpression: 'SET #a = :a',
      ExpressionAttributeNames: { '#a': 'a' },
      ExpressionAttributeValues: { ':a': item.l, ':b': item.pk },
      ReturnValues: 'ALL_NEW' as const,
      ConditionExpression: undefined,
    };
    const { outcomes } = await both(...clients(), () => new UpdateItemCommand(update));
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(outcomes[0]).toMatchObject({ Attributes: item });
    expect(sent[0]?.body).toEqual(sent[1]?.body);
    expect(sent[0]?.headers).toEqual({ ...sent[1]?.headers, agent: 'evented-workflows' });
    expect(sent[1]?.headers['agent']).toContain('aws-sdk-js');
  });

  test('an empty answer is an empty one', async () => {
    answer = { status: 200, body: {} };
    const { outcomes } = await both(...clients(), () => new GetItemCommand({ TableName: 't', Key: key }));
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  test.each([
    { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException', message: 'no', Item: item },
    {
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: 'no',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: item }],
    },
    { __type: 'com.amazon.coral.validate#ValidationException', message: 'Item size' },
    { __type: 'com.amazon.coral.service#UnknownOne', message: 'what' },
  ])('what it refuses is what the SDK makes of it: $__type', async (body) => {
    answer = { status: 400, body };
    const writes = {
      TransactItems: [{ Update: { TableName: 't', Key: key, UpdateExpression: 'REMOVE a' } }],
    };
    const command = () => new TransactWriteItemsCommand({ ...writes, ClientRequestToken: 'token' });
    const { outcomes } = await both(...clients(), command);
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(sent[0]?.body).toEqual(sent[1]?.body);
  });
});

test('EventBridge: entries, and which of them were refused', async () => {
  answer = { status: 200, body: { FailedEntryCount: 1, Entries: [{ EventId: '1' }, { ErrorCode: 'x' }] } };
  const own = new LazyClients({}, undefined).eventbridge();
  const entry = { Source: 's', DetailType: 't', Detail: '{"a":"\\u2028"}', EventBusName: 'bus' };
  const command = () => new PutEventsCommand({ Entries: [entry, { ...entry, TraceHeader: 'trace' }] });
  const { outcomes } = await both(own, new EventBridgeClient(), command);
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(sent[0]?.body).toEqual(sent[1]?.body);
});

test('SQS: a message, whose digest the client checks', async () => {
  answer = { status: 200, body: { MessageId: '1', MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592' } };
  const command = () =>
    new SendMessageCommand({
      QueueUrl: `${process.env.AWS_ENDPOINT_URL}/1/queue`,
      MessageBody: 'hello',
      DelaySeconds: 9,
    });
  const { outcomes } = await both(new LazyClients({}, undefined).sqs(), new SQSClient(), command);
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(outcomes[0]).toMatchObject({ MessageId: '1' });
  expect(sent[0]?.body).toEqual(sent[1]?.body);
});
