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
import { sumOf, type Usage } from './usage.ts';

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

/** Adds what a request has used. A count that fails is left out: what a service has done stays done. */
function count(counter: Counter | undefined, used: () => Partial<Usage>): void {
  if (counter === undefined) return;
  try {
    counter.add(used());
  } catch {
    // An answer of another form than the documented one: nothing is decided by what is missing then.
  }
}

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
        const sending = next({ ...args, input: { ...args.input, ...asked } });
        const result = await sending.catch((error: unknown) => {
          count(counter, () => failureCapacity(request, error, counter.seen));
          throw error;
        });
        count(counter, () => capacityOf(commandName, request, result.output, counter.seen));
        return result;
      },
    place,
  );
}

/** See {@link meterDynamoDb}. An entry that was refused is not billed. */
export function meterEventBridge(client: EventBridgeClient, counterOf: CounterOf = ofInvocation): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      count(counterOf(), () => {
        const { Entries: sent = [] } = args.input as { readonly Entries?: readonly PutEventsRequestEntry[] };
        const { Entries: answers = [] } = result.output as PutEventsCommandOutput;
        const sizes = sent.filter((_, at) => answers[at]?.ErrorCode === undefined).map(entryBytes);
        return { entries: sumOf(sizes.map(chunksOf)), bytes: sumOf(sizes) };
      });
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
      count(counterOf(), () => {
        const { MessageBody: body = '' } = args.input as { readonly MessageBody?: string };
        const bytes = Buffer.byteLength(body);
        return { requests: chunksOf(bytes), bytes };
      });
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
        count(counterOf(), () => {
          const { Body: body } = args.input as { readonly Body?: unknown };
          const bytes = typeof body === 'string' ? Buffer.byteLength(body) : 0;
          if (/^(?:Put|List)/.test(commandName)) return { objectWrites: 1, bytes };
          return commandName.startsWith('Get') ? { objectReads: 1 } : {};
        });
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
        const isCreated = commandName === 'CreateScheduleCommand';
        count(counterOf(), () => (isCreated ? { schedules: 1, requests: 1 } : {}));
        return result;
      },
    place,
  );
}

/** Size of an entry as the service counts it. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export function entryBytes({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}
