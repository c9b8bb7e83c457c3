import { DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, type PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { type CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { type SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsBackend, parseQueueMessage } from '../../../src/adapters/aws/index.ts';
import { type MemoryBackend, memoryBackend } from '../../../src/adapters/memory/index.ts';
import { nextTurn } from '../../../src/adapters/system/index.ts';
import type { WorkflowEvent } from '../../../src/core/event.ts';
import type { Backend } from '../../../src/ports/index.ts';
import type { VirtualClock } from '../../../src/testing/index.ts';
import { Random } from '../../../src/testing/simulator/random.ts';
import { localClient } from '../../contract/dynamodb-place.ts';
import { createTable } from '../../contract/dynamodb-table.ts';
import { OBJECTS_VARIABLE } from '../../contract/endpoint.ts';
import type { OpenPlace } from '../../runtime/places.ts';

/** Nothing is sent there: each client answers by itself, or calls what runs on this machine. */
const region = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};

/** Of so many events, one is delivered twice, and one is refused at first. */
const oneOf = 8;

let opened = 0;

/** Requests of clients: how many there were, and how many have no answer yet. */
interface Traffic {
  count: number;
  open: number;
}

/**
 * The adapters for AWS: records on a table of their own in DynamoDB Local, large values on a server of objects, and clients
 * of EventBridge, SQS and the Scheduler that put what they are sent into a queue in this process. As there, events come in
 * another order, some of them twice, and a request may be refused in part; delays are whole seconds.
 */
export function onAws(clock: VirtualClock | undefined): OpenPlace {
  opened += 1;
  const tableName = `parity-${process.pid}-${opened}`;
  const dynamodb = localClient();
  const traffic: Traffic = { count: 0, open: 0 };
  const s3 = new S3Client({
    ...region,
    endpoint: process.env[OBJECTS_VARIABLE] ?? '',
    forcePathStyle: true,
  });
  const made = localClient();
  const ready = createTable(made, tableName);
  const removed = (): Promise<unknown> =>
    ready.then(() => made.send(new DeleteTableCommand({ TableName: tableName })));
  watch(dynamodb, traffic, () => ready);
  watch(s3, traffic, async () => {});
  const queue = memoryBackend(clock === undefined ? {} : { clock });
  clock?.settleWith(() => settled(queue, traffic));
  // The pause before another try has to pass, and virtual time stands while a host is shut down.
  const clients = { dynamodb, s3, ...services(queue, { refuses: clock === undefined }) };
  const open = (work: MemoryBackend): Backend => {
    const backend = awsBackend({
      tableName,
      busName: 'bus',
      queueUrl: 'work',
      bucket: tableName,
      schedules: { group: 'timers', roleArn: 'arn:aws:iam::123456789012:role/timers', queueArn: 'work' },
      clients,
      ...(clock === undefined ? {} : { clock }),
    });
    return { ...backend, source: work.source };
  };
  return {
    backend: open(queue),
    another: () => open(queue.share()),
    remove: async () => {
      await queue.close();
      await removed();
      for (const client of [dynamodb, s3, made]) client.destroy();
    },
  };
}

/** Lets each request of a client wait for `ready`, and notes it. */
function watch(client: DynamoDBClient | S3Client, traffic: Traffic, ready: () => Promise<void>): void {
  const { middlewareStack } = client as DynamoDBClient;
  middlewareStack.add(
    (next) => async (args) => {
      traffic.count += 1;
      traffic.open += 1;
      try {
        await ready();
        return await next(args);
      } finally {
        traffic.open -= 1;
      }
    },
    { step: 'initialize' },
  );
}

async function settled(queue: MemoryBackend, traffic: Traffic): Promise<void> {
  for (;;) {
    while (traffic.open > 0) await nextTurn();
    const { count } = traffic;
    await queue.settled();
    if (traffic.open === 0 && traffic.count === count) return;
  }
}

function services(queue: MemoryBackend, { refuses }: { readonly refuses: boolean }) {
  const random = new Random(opened);
  const eventOf = (body: string): WorkflowEvent => parseQueueMessage(body);
  return {
    eventbridge: answering(new EventBridgeClient(region), async ({ input }: PutEventsCommand) => {
      const entries = (input.Entries ?? []).map((entry) => ({
        entry,
        isRefused: refuses && random.below(oneOf) === 0,
      }));
      const events = entries
        .filter(({ isRefused }) => !isRefused)
        .map(({ entry: { Source, DetailType, Detail = '' } }) =>
          eventOf(`{"source":"${Source}","detail-type":"${DetailType}","detail":${Detail}}`),
        );
      const again = events.filter(() => random.below(oneOf) === 0);
      const places = new Map([...events, ...again].map((event) => [event, random.next()]));
      const order = [...events, ...again].toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
      await queue.bus.publish(order);
      return {
        Entries: entries.map(({ isRefused }) =>
          isRefused ? { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' } : { EventId: 'id' },
        ),
      };
    }),
    sqs: answering(new SQSClient(region), async ({ input }: SendMessageCommand) => {
      const { MessageBody: body = '', DelaySeconds: seconds = 0 } = input;
      await queue.timers.schedule(eventOf(body), queue.clock.now() + seconds * 1_000);
      return {};
    }),
    scheduler: answering(new SchedulerClient(region), async ({ input }: CreateScheduleCommand) => {
      const { ScheduleExpression: expression = '', Target: target } = input;
      const at = Date.parse(`${expression.slice('at('.length, -1)}Z`);
      await queue.timers.schedule(eventOf(target?.Input ?? ''), at);
      return {};
    }),
  };
}

/** A client that answers commands of one kind by itself. */
function answering<Client extends object, Command>(
  client: Client,
  send: (command: Command) => Promise<object>,
): Client {
  return Object.assign(client, { send });
}
