import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  type DynamoDBClientResolvedConfig,
  GetItemCommand,
  PutItemCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyItem } from '../../../src/adapters/aws/expression.ts';
import { withInvocation } from '../../../src/adapters/aws/invocation.ts';
import { recordItemKey } from '../../../src/adapters/aws/keys.ts';
import { meterDynamoDb, meterEventBridge } from '../../../src/adapters/aws/meter.ts';
import { Spending } from '../../../src/adapters/aws/spending.ts';
import { Table } from '../../../src/adapters/aws/table.ts';
import { noUsage } from '../../../src/adapters/aws/usage.ts';
import { instantPacing } from './pacing.ts';

const place = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 's' } };

describe('a count that fails', () => {
  /** Gives an answer in place of the service, below the meter. */
  function answering<Client extends DynamoDBClient | EventBridgeClient>(
    client: Client,
    output: object,
  ): Client {
    (client as DynamoDBClient).middlewareStack.add(
      () => () => Promise.resolve({ output: { $metadata: {}, ...output }, response: {} }),
      { step: 'finalizeRequest', priority: 'high', name: 'answering' },
    );
    return client;
  }
  const newMeter = () => new Spending({ now: () => 0, gigabytes: 0.5 });
  const key = { pk: { S: 'run' }, sk: { S: 'A' } };
  // Of no type that the sizes of items are known of.
  const strange = { ...key, st: null } as never;

  test('is left out, and what the service did stays done', async () => {
    const meter = newMeter();
    const client = answering(new DynamoDBClient(place), { Item: strange });
    meterDynamoDb(client);
    const read = new GetItemCommand({ TableName: 'runs', Key: key });
    const answer = await withInvocation({ deadline: 0, meter }, () => client.send(read));
    expect(answer.Item).toBe(strange);
    expect(meter.total).toEqual(noUsage());
  });

  test('of what failed leaves the failure as it was', async () => {
    const meter = newMeter();
    const client = new DynamoDBClient(place);
    const failure = new ConditionalCheckFailedException({ message: 'failed', $metadata: {}, Item: strange });
    client.middlewareStack.add(() => () => Promise.reject(failure), {
      step: 'finalizeRequest',
      priority: 'high',
      name: 'failing',
    });
    meterDynamoDb(client);
    const put = new PutItemCommand({ TableName: 'runs', Item: key });
    await expect(withInvocation({ deadline: 0, meter }, () => client.send(put))).rejects.toBe(failure);
    expect(meter.total).toEqual(noUsage());
  });

  test('is left out of what a bus accepted', async () => {
    const meter = newMeter();
    const client = answering(new EventBridgeClient(place), { Entries: null });
    meterEventBridge(client);
    const publish = new PutEventsCommand({ Entries: [{ Detail: '{}' }] });
    await withInvocation({ deadline: 0, meter }, () => client.send(publish));
    expect(meter.total).toEqual(noUsage());
  });
});

describe('a charged write', () => {
  let service: ReturnType<
    typeof mockClient<ServiceInputTypes, ServiceOutputTypes, DynamoDBClientResolvedConfig>
  >;
  beforeEach(() => {
    service = mockClient(DynamoDBClient);
  });
  // The tests above, and other files of this worker, use the client as it is.
  afterEach(() => service.restore());

  const key = recordItemKey('run', { entry: 0 });
  const used = { requests: 3, invocations: 1 };
  const table = () => new Table({ client: new DynamoDBClient(place), name: 'runs', pacing: instantPacing() });
  const condition = { expression: 'attribute_not_exists(#pk)' };
  const writes = [
    ['an update', () => table().update({ key, set: { st: { S: 'running' } } }, () => false)],
    ['a put', () => table().put({ ...keyItem(key), st: { S: 'running' } }, condition, () => false)],
  ] as const;
  const denied = () => Object.assign(new Error('denied'), { name: 'AccessDeniedException', $metadata: {} });
  const lost = () => new ConditionalCheckFailedException({ message: 'failed', $metadata: {} });

  test.each(writes)('that is rejected leaves all to the next: %s', async (_name, write) => {
    const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: used });
    service.rejects(denied());
    await expect(withInvocation({ deadline: 0, meter }, write)).rejects.toMatchObject({
      code: 'WORKFLOW_BACKEND_UNAVAILABLE',
    });
    expect(meter.take({})).toEqual({ ...noUsage(), ...used });
  });

  test.each(writes)('that is lost leaves all to the next: %s', async (_name, write) => {
    const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: used });
    service.rejects(lost());
    expect(await withInvocation({ deadline: 0, meter }, write)).toMatchObject({ won: false });
    expect(meter.take({})).toEqual({ ...noUsage(), ...used });
  });

  test.each(writes)('takes all along: %s', async (_name, write) => {
    const meter = new Spending({ now: () => 0, gigabytes: 0.5, before: used });
    service
      .on(UpdateItemCommand)
      .resolves({ Attributes: keyItem(key) })
      .on(PutItemCommand)
      .resolves({});
    expect(await withInvocation({ deadline: 0, meter }, write)).toMatchObject({ won: true });
    expect(meter.take({})).toMatchObject({ requests: 0, invocations: 0 });
  });
});
