import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../ports/clock.ts';
import { systemClock } from '../system/index.ts';
import { type BindableClient, bindToInvocations } from './in-time.ts';
import { type JsonClient, withPlainJson } from './plain-json.ts';
import { meterDynamoDb, meterEventBridge, meterS3, meterScheduler, meterSqs } from './meter.ts';

/** The clients of the services. Those that are not given are made on first use, from the environment's region and credentials. */
export interface AwsClients {
  readonly dynamodb?: DynamoDBClient;
  readonly eventbridge?: EventBridgeClient;
  readonly sqs?: SQSClient;
  readonly s3?: S3Client;
  readonly scheduler?: SchedulerClient;
}

/**
 * Bounds of one call of a client: three tries of at most 5 s. A write that may carry a lease is called again for what passes
 * by itself, but not after 15 s (`conflictBackoff`): so it has come about, or failed, by about half of the usual lease of
 * 60 s, and leaves the worker the rest. What carries none is called again for as long as its invocation has time. "standard"
 * rather than "adaptive", which would slow all tables of a process down for one hot partition.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
const bounds = {
  maxAttempts: 3,
  retryMode: 'standard',
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
} as const;

/** Of the clients that each step calls. */
const often = { ...bounds, cacheMiddleware: true } as const;

type MadeClient = BindableClient & JsonClient & { readonly middlewareStack: object };

/** Who calls, as CloudTrail shows it. */
const userAgent = 'evented-workflows';

/** A payload has up to 64 MiB and takes its time. */
const payloadTimeoutMs = 30_000;

/** Makes what is not given, once, when it is asked for. */
export class LazyClients {
  private readonly given: AwsClients;
  private readonly endpoint: string | undefined;
  private readonly clock: Clock;
  private readonly made: { -readonly [K in keyof AwsClients]: AwsClients[K] } = {};

  /** `endpoint`: AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3, which the clients read themselves. `clock`: the system's by default. */
  constructor(given: AwsClients, endpoint: string | undefined, clock: Clock = systemClock) {
    this.given = given;
    this.endpoint = endpoint;
    this.clock = clock;
  }

  dynamodb(): DynamoDBClient {
    const client = this.given.dynamodb ?? (this.made.dynamodb ??= this.prepared(new DynamoDBClient(often)));
    meterDynamoDb(client);
    return client;
  }

  eventbridge(): EventBridgeClient {
    const client =
      this.given.eventbridge ?? (this.made.eventbridge ??= this.prepared(new EventBridgeClient(often)));
    meterEventBridge(client);
    return client;
  }

  sqs(): SQSClient {
    const client = this.given.sqs ?? (this.made.sqs ??= this.prepared(new SQSClient(often)));
    meterSqs(client);
    return client;
  }

  /**
   * Without what describes each call for a log, which these clients do not have, and what describes this process to the service at
   * length, anew for each call.
   */
  private prepared<Made extends MadeClient>(client: Made): Made {
    const middlewares = client.middlewareStack as DynamoDBClient['middlewareStack'];
    middlewares.remove('loggerMiddleware');
    middlewares.remove('getUserAgentMiddleware');
    middlewares.add(
      (next) => (args) => {
        const { headers } = args.request as { readonly headers: Record<string, string> };
        headers['user-agent'] = userAgent;
        return next(args);
      },
      { step: 'build', name: 'eventedWorkflowsUserAgent' },
    );
    return withPlainJson(bindToInvocations(client, this.clock));
  }

  async s3(): Promise<S3Client> {
    if (this.given.s3 !== undefined) {
      meterS3(this.given.s3);
      return this.given.s3;
    }
    const { S3Client: Client } = await import('./s3.ts');
    this.made.s3 ??= new Client({
      ...bounds,
      requestHandler: { ...bounds.requestHandler, requestTimeout: payloadTimeoutMs },
      // Emulators have no host name for each bucket.
      ...(this.endpoint === undefined ? {} : { forcePathStyle: true }),
    });
    meterS3(this.made.s3);
    return this.made.s3;
  }

  async scheduler(): Promise<SchedulerClient> {
    if (this.given.scheduler !== undefined) {
      meterScheduler(this.given.scheduler);
      return this.given.scheduler;
    }
    const { SchedulerClient: Client } = await import('./scheduler.ts');
    this.made.scheduler ??= new Client(bounds);
    meterScheduler(this.made.scheduler);
    return this.made.scheduler;
  }

  /** Closes the connections of the clients that were made here; a given one is its giver's. */
  close(): void {
    for (const client of Object.values(this.made)) client?.destroy();
  }
}
