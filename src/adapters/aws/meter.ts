import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type {
  EventBridgeClient,
  PutEventsCommandOutput,
  PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { currentInvocation } from './invocation.ts';
import { chunksOf } from './prices.ts';
import {
  asksForCapacity,
  capacityOf,
  failureCapacity,
  type Request,
  type SeenItems,
} from './table-capacity.ts';
import type { Usage } from './usage.ts';

/**
 * Counts what the clients' requests are billed. A request that a service refuses before it does anything is not billed and not
 * counted; what a client sends again, because an answer was lost, is counted once.
 */

/** What counts requests. */
export interface Counter {
  /** Items as requests have shown them so far. */
  readonly seen: SeenItems;
  add(used: Partial<Usage>): void;
}

/** What counts the request that is being made; undefined: nothing does. */
export type CounterOf = () => Counter | undefined;

const ofInvocation: CounterOf = () => currentInvocation()?.meter;

/** Where the middleware stands: it sees what was asked and answered once, however often the client had to send it. */
const place = { step: 'initialize', name: 'eventedWorkflowsMeter', override: true } as const;

/** Has the requests of a client counted, by the meter of the handling on whose behalf they are made unless another is named. */
export function meterDynamoDb(client: DynamoDBClient, counterOf: CounterOf = ofInvocation): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const counter = counterOf();
        if (counter === undefined) return next(args);
        const request = args.input as Request;
        const asked = asksForCapacity(request) ? { ReturnConsumedCapacity: 'TOTAL' as const } : {};
        try {
          const result = await next({ ...args, input: { ...args.input, ...asked } });
          counter.add(capacityOf(commandName, request, result.output, counter.seen));
          return result;
        } catch (error) {
          counter.add(failureCapacity(request, error, counter.seen));
          throw error;
        }
      },
    place,
  );
}

/** See {@link meterDynamoDb}. An entry that was refused is not billed. */
export function meterEventBridge(client: EventBridgeClient, counterOf: CounterOf = ofInvocation): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Entries: sent = [] } = args.input as { readonly Entries?: readonly PutEventsRequestEntry[] };
      const { Entries: answers = [] } = result.output as PutEventsCommandOutput;
      const sizes = sent.filter((_, at) => answers[at]?.ErrorCode === undefined).map(entryBytes);
      counterOf()?.add({ entries: sum(sizes.map(chunksOf)), bytes: sum(sizes) });
      return result;
    },
    place,
  );
}

/** See {@link meterDynamoDb}. What Lambda does for a message is no request of ours: see `deliveryOf`. */
export function meterSqs(client: SQSClient, counterOf: CounterOf = ofInvocation): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { MessageBody: body = '' } = args.input as { readonly MessageBody?: string };
      const bytes = Buffer.byteLength(body);
      counterOf()?.add({ requests: chunksOf(bytes), bytes });
      return result;
    },
    place,
  );
}

/** See {@link meterDynamoDb}. */
export function meterS3(client: S3Client, counterOf: CounterOf = ofInvocation): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const { Body: body } = args.input as { readonly Body?: unknown };
        const bytes = typeof body === 'string' ? Buffer.byteLength(body) : 0;
        if (/^(?:Put|List)/.test(commandName)) counterOf()?.add({ objectWrites: 1, bytes });
        if (commandName.startsWith('Get')) counterOf()?.add({ objectReads: 1 });
        return result;
      },
    place,
  );
}

/** See {@link meterDynamoDb}. To make a schedule is free; the one time that it fires is not, nor is the message that it sends. */
export function meterScheduler(client: SchedulerClient, counterOf: CounterOf = ofInvocation): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        if (commandName === 'CreateScheduleCommand') counterOf()?.add({ schedules: 1, requests: 1 });
        return result;
      },
    place,
  );
}

/** Size of an entry as the service counts it. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export function entryBytes({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
