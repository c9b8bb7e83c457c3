import { randomUUID } from 'node:crypto';
import type { Backend } from '../../ports/backend.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { Timers } from '../../ports/event-bus.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { noMetrics, systemClock, uuidSource } from '../system/index.ts';
import { type AwsClients, LazyClients } from './clients.ts';
import { defaults } from './config.ts';
import { eventBridgeBus } from './event-bus.ts';
import type { LaneOf } from './lanes.ts';
import { s3PayloadRemoval, s3PayloadStore } from './payload-store.ts';
import type { AwsConfig } from './read-config.ts';
import type { Pacing } from './retry.ts';
import { dynamoRunStore } from './run-store.ts';
import { schedulerTimers } from './scheduler-timers.ts';
import { sqsTimers } from './sqs-timers.ts';
import { type TraceHeader, traceHeaderOf } from './trace-header.ts';

/** A look at a log is a query: half a read unit, 0.0625 millionths of a dollar at list price. */
const logPollMs = 500;

/** See {@link awsBackend}. */
export interface AwsBackendOptions extends Omit<AwsConfig, 'lanes'> {
  /** Which events have a queue of their own, see {@link lanesOf}. @default none */
  readonly laneOf?: LaneOf;
  /** Clients to use; the caller closes them. @default made on first use */
  readonly clients?: AwsClients;
  /** Tokens of a join segment, 1 to 100; the same for every process that works on the table. @default 100 */
  readonly segmentSize?: number;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** @default random UUIDs */
  readonly ids?: IdSource;
  /** @default counts nothing */
  readonly metrics?: Metrics;
}

const defaultRetentionMs = defaults.retentionDays * 24 * 60 * 60 * 1000;

/**
 * The place for production: DynamoDB, S3, EventBridge and SQS. It has no work source, since SQS invokes the processor
 * function, which passes each message's body through `parseQueueMessage` to the runtime. Nothing is called before first use;
 * the S3 client is not even loaded.
 */
export function awsBackend(options: AwsBackendOptions): Backend {
  const { clock = systemClock, ids = uuidSource, metrics = noMetrics } = options;
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
  const clients = new LazyClients(options.clients ?? {}, AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL, clock);
  const { laneOf = () => undefined } = options;
  const pacing = { clock, random: Math.random };
  const traceHeader = traceHeaderOf(process.env);
  const objects = { client: () => clients.s3(), bucket: options.bucket, pacing };
  const store = dynamoRunStore({
    client: clients.dynamodb(),
    tableName: options.tableName,
    pacing,
    listing: options.listing ?? true,
    retentionMs: options.retentionMs ?? defaultRetentionMs,
    removePayloads: s3PayloadRemoval(objects),
    ...(options.segmentSize === undefined ? {} : { segmentSize: options.segmentSize }),
  });
  return {
    name: 'aws',
    history: options.history ?? defaults.history,
    logPollMs,
    store,
    payloads: s3PayloadStore(objects),
    bus: eventBridgeBus({
      client: clients.eventbridge(),
      busName: options.busName,
      pacing,
      stepEnds: options.stepEnds ?? true,
      laneOf,
      traceHeader,
    }),
    timers: timersOf(options, clients, { clock, pacing, traceHeader }),
    clock,
    ids,
    metrics,
    // An execution environment of Lambda is one process; random, so that none is taken for another.
    incarnation: randomUUID(),
    close: async () => {
      try {
        await store.durable();
      } finally {
        clients.close();
      }
    },
  };
}

/** Delays of the queues, and schedules for what is due later, where there is a group for them. */
function timersOf(
  { laneOf = () => undefined, queueUrl, schedules }: AwsBackendOptions,
  clients: LazyClients,
  common: { readonly clock: Clock; readonly pacing: Pacing; readonly traceHeader: TraceHeader },
): Timers {
  const near = sqsTimers({
    ...common,
    client: () => clients.sqs(),
    queueUrl: (event) => laneOf(event)?.queueUrl ?? queueUrl,
  });
  if (schedules === undefined) return near;
  return schedulerTimers({
    ...common,
    ...schedules,
    near,
    client: () => clients.scheduler(),
    queueArn: (event) => laneOf(event)?.queueArn ?? schedules.queueArn,
  });
}
