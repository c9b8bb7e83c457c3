import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus, IEventBus } from 'aws-cdk-lib/aws-events';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Tracing } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { RequestSource } from '../src/adapters/aws/config.ts';
import type { AlarmThresholds } from './alarm-thresholds.ts';
import type { WorkflowScheduleProps } from './schedule-settings.ts';

/** Callers bring a JSON Web Token of this issuer; API Gateway verifies it. */
export interface JwtAuth {
  /** URL of the issuer; its keys are read from `<issuer>/.well-known/openid-configuration`. */
  readonly issuer: string;
  /** One of these has to be in the token's `aud` (or `client_id`). */
  readonly audience: string | readonly string[];
  /**
   * The claim that names the owner of a run. It has to be one that the issuer vouches for and callers cannot choose.
   * @default 'sub'
   */
  readonly ownerClaim?: string;
}

/**
 * Who may call the API.
 * - `'iam'`: AWS principals that were granted it (see `grantStart`); requests are signed. The owner of a run is the ARN of
 *   its caller, of a role without the session's name.
 * - {@link JwtAuth}: holders of a token; the owner of a run is a claim of it.
 * - `'none'`: everybody on the internet, and every run belongs to everybody. Only for tries and closed networks.
 */
export type WorkflowAuth = 'iam' | 'none' | JwtAuth;

/** How much a table can take at once, without having been warmed up by traffic. */
export interface WarmThroughput {
  /** Read units a second: 12,000, which every table on demand has, or more. */
  readonly readUnitsPerSecond: number;
  /** Write units a second: 4,000, which every table on demand has, or more. A step of an item of a foreach takes 4 units. */
  readonly writeUnitsPerSecond: number;
}

/** How many requests the API takes before it answers 429. */
export interface Throttling {
  /**
   * Requests a second, 1 at least.
   * @default 500
   */
  readonly rateLimit?: number;
  /**
   * Requests that may come at once, 1 at least.
   * @default 1000
   */
  readonly burstLimit?: number;
}

/** Which pages may call the API from a browser. */
export interface Cors {
  /** Origins, as `https://shop.example`, or `*` for all. One at least. */
  readonly allowOrigins: readonly string[];
  /**
   * Names of headers that requests may have.
   * @default - those that the client of this package sends, and those of signed requests
   */
  readonly allowHeaders?: readonly string[];
  /**
   * How long a browser may remember the answer, 0 to 86,400 s.
   * @default Duration.hours(1)
   */
  readonly maxAge?: Duration;
}

/** Where runs are kept. */
export interface WorkflowStorageProps {
  /**
   * A table of your own, for nothing but this deployment. It has the keys, indexes, time to live and stream that the runtime
   * works on: one that is made in the same app is checked, and the message says what to write. Import another by
   * `Table.fromTableAttributes`, with its stream.
   * @default - a table on demand, with point-in-time recovery
   */
  readonly table?: ITable | Table | TableV2;
  /**
   * A bucket of your own, for nothing but this deployment. To one that is made in the same app, the lifecycle rules for what the runtime no longer needs are
   * added.
   * @default - a bucket that is closed to the public, encrypted, and TLS only
   */
  readonly bucket?: IBucket | Bucket;
  /**
   * Key of AWS KMS with which everything at rest is encrypted: table and bucket, and in a runtime also the queues, the bus and
   * the logs. The policy of a key that is made in the same app gets the statements that EventBridge and CloudWatch Logs need;
   * an imported one has to have them (docs/construct.md). Each use of a key is billed by KMS.
   * @default - keys of the services, which cost nothing
   */
  readonly encryptionKey?: IKey;
  /**
   * What becomes of the table, the bucket and the logs when the stack is deleted. `DESTROY` also deletes the runs.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Whether the table refuses to be deleted, by whomever.
   * @default - true unless removalPolicy is DESTROY
   */
  readonly deletionProtection?: boolean;
  /**
   * What the table can take from its first second on: for blocks that fan out to thousands of steps at once. It is paid for
   * once, when it is raised. Without it, DynamoDB warms up as the traffic grows, and throttles meanwhile.
   * @default - what every table on demand has: 12,000 read units and 4,000 write units a second
   */
  readonly warmThroughput?: WarmThroughput;
  /**
   * After which age a value in the bucket (those above 24 KB) is deleted, 1 day at least. A run that reads one after that
   * fails, so it has to be longer than any run lasts, its sleeps and suspensions included.
   * @default - never
   */
  readonly payloadExpiration?: Duration;
}

/** A table and a bucket that were made elsewhere: a `WorkflowStorage`, in the same stack or in one of its own. */
export interface IWorkflowStorage {
  /** All records of all runs. */
  readonly table: ITable;
  /** Values above 24 KB. */
  readonly bucket: IBucket;
  /** The key of both, which the runtime then takes for its queues, its bus and its logs too. */
  readonly encryptionKey?: IKey | undefined;
}

/** How a function that executes steps is set. */
export interface StepFunctionProps {
  /**
   * Memory in MiB, 128 to 10,240. The share of a CPU grows with it: 1,769 MiB are one.
   * @default 512
   */
  readonly memorySize?: number;
  /**
   * The longest that the processing of one event may take, 12 to 900 s. A step has to end 10 s before. A step whose
   * worker was killed runs again after at most this and 30 s.
   * @default Duration.seconds(120)
   */
  readonly timeout?: Duration;
  /**
   * How many invocations run at the same time, 2 to 1,000. It bounds what this function takes of the account's
   * Lambda concurrency (1,000 in a new account).
   * @default 100
   */
  readonly maximumConcurrency?: number;
  /**
   * How many events one invocation takes at most, 1 to 10. Above 1 they are processed at the same time, in one process; a step
   * is cheaper then, but shares memory and CPU with the others, and an invocation lasts as long as the slowest of them. Each
   * is acknowledged by itself. An invocation never waits for its batch to fill.
   * @default 1
   */
  readonly batchSize?: number;
  /**
   * What its steps may do on AWS. Grants do the same: `table.grantReadData(runtime)`.
   * @default - nothing beside what the runtime needs
   */
  readonly initialPolicy?: readonly PolicyStatement[];
  /**
   * Variables for its steps to read. Everybody who may look at a function sees it: pass the name of a secret, not the secret.
   * Lambda takes 4 KB in all, and about 1 KB is the runtime's.
   * @default - nothing beside what the runtime needs
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A function with a queue and a role of its own, for some workflows or steps. What is left out is as on the runtime; its
 * `initialPolicy` is not: a function of its own may do only what it was given.
 */
export interface WorkflowFunctionProps extends StepFunctionProps {
  /**
   * Ids of workflows whose steps it executes.
   * @default - none
   */
  readonly workflows?: readonly string[];
  /**
   * Steps that it executes, as `<workflow id>/<step id>`. They win over `workflows` of another function.
   * @default - none
   */
  readonly steps?: readonly string[];
}

/** The function for steps that take longer than the others, with a queue of its own. What is left out is as on the runtime. */
export interface LongStepsProps {
  /**
   * The longest that the processing of one event may take, more than `timeout` of the runtime and at most 900 s.
   * @default Duration.minutes(15)
   */
  readonly timeout?: Duration;
  /** Memory in MiB, 128 to 10,240. @default - as on the runtime */
  readonly memorySize?: number;
  /** How many invocations run at the same time, 2 to 1,000. @default - as on the runtime */
  readonly maximumConcurrency?: number;
}

/** What a {@link WorkflowRuntime} is made of. */
export interface WorkflowRuntimeProps extends WorkflowStorageProps, StepFunctionProps {
  /**
   * Path of the module with the workflows, relative to the working directory. It exports them as an array, by the name
   * `workflows` or as default. esbuild bundles it with everything that it imports.
   */
  readonly entry: string;
  /** Who may call the API. There is no default: see {@link WorkflowAuth}. */
  readonly auth: WorkflowAuth;
  /**
   * A `WorkflowStorage` that was made before, in another stack for instance: then this one can be deleted and made again, and
   * the runs stay. Its own props (`table`, `bucket`, `deletionProtection`, `warmThroughput`, `payloadExpiration`) are not
   * written here then.
   * @default - a table and a bucket beside the functions
   */
  readonly storage?: IWorkflowStorage;
  /**
   * An event bus of your own, in the same account and region. Only one deployment can be on a bus: its events have the same
   * source as those of any other.
   * @default - a bus for this deployment
   */
  readonly bus?: IEventBus | EventBus;
  /**
   * A queue of your own for the work, for nothing but this deployment: a standard one, with a visibility timeout of the
   * processor's `timeout` and 30 s at least, and with a dead-letter queue.
   * @default - a queue that is encrypted, TLS only, and takes messages of nobody else
   */
  readonly queue?: IQueue;
  /**
   * The dead-letter queue of `queue`, where that was imported and does not say it.
   * @default - the one that `queue` was made with
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * The second function, to which the steps go that need more than `timeout` allows: those with a `timeoutMs` above it. `false`:
   * there is none, and such a step fails. It costs what its steps cost, and about $0.30 a month for looking at its queue.
   * @default - a function of 15 minutes, unless `timeout` is as long
   */
  readonly longSteps?: LongStepsProps | false;
  /**
   * Functions of their own for some workflows or steps, by their names: 1 to 40 characters of A-Z, a-z, 0-9 and hyphens.
   * @default - one function for all, and the one of `longSteps`
   */
  readonly functions?: Readonly<Record<string, WorkflowFunctionProps>>;
  /**
   * How often the sweeper looks for runs whose next event was lost, 1 to 60 minutes, whole ones. Such a run goes on at
   * the first sweep that comes two minutes or more after its last change. A sweep that finds nothing is 16 small queries:
   * about $0.10 a month at the default.
   * @default Duration.minutes(1)
   */
  readonly sweepInterval?: Duration;
  /**
   * Whether the end of each step is an event of its own on the bus. Without them a sequential step costs one event less
   * ($1.00 per million), and rules learn of an end from `prev` of the next `workflow.step.run`.
   * @default true
   */
  readonly stepEndEvents?: boolean;
  /**
   * How long a step's claim holds without renewal, 3 to 900 s; it is renewed every third of it. Only its end lets another
   * worker take over the step of a dead one.
   * @default Duration.seconds(60)
   */
  readonly lease?: Duration;
  /**
   * How long a finished run is kept, 1 to 3,650 days. Runs that wait are kept for as long as they wait.
   * @default Duration.days(30)
   */
  readonly runRetention?: Duration;
  /**
   * Whether runs can be listed. Without it the start and end of a run cost 2 write units less, and lists are empty.
   * @default true
   */
  readonly listing?: boolean;
  /**
   * Whether runs keep every state they go through, for streams, for watching and for the events of a run after its end.
   * `options.history` of a workflow and `createRun({ history })` win over it. A step costs 6 write units with it instead of
   * 2 ($2.50 per million steps more), so it pays to choose it for the workflows that need it.
   * @default 'none'
   */
  readonly history?: 'full' | 'none';
  /**
   * Sources on the bus that may ask to start, resume and cancel runs by events, at most 50. Whoever may put events of such a
   * source (see `grantRequests`) acts as its owner. None of them may begin with `evented-workflows`.
   * @default - none
   */
  readonly requestSources?: readonly RequestSource[];
  /**
   * When runs start by themselves, beside the schedules that the workflows of `entry` declare.
   * @default []
   */
  readonly schedules?: readonly WorkflowScheduleProps[];
  /**
   * How many requests the API takes, over all callers.
   * @default - 500 a second, 1,000 at once
   */
  readonly throttling?: Throttling;
  /**
   * Which pages may call the API from a browser.
   * @default - none
   */
  readonly cors?: Cors;
  /**
   * Whether the functions send traces to X-Ray. It takes a sample: the first request of each second and 5 % of the others.
   * @default Tracing.ACTIVE
   */
  readonly tracing?: Tracing;
  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * The least that the functions log: `'DEBUG'`, `'INFO'`, `'WARN'` or `'ERROR'`. Lines are JSON with ids of run and step, and
   * without values of runs, whatever the level; what steps write by `console` is theirs.
   * @default 'INFO'
   */
  readonly logLevel?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /**
   * CloudWatch namespace of what the engine counts. The dimension `Runtime` keeps deployments apart. Up to 20 metrics, at $0.30 a
   * month each (CloudWatch pricing, us-east-1).
   * @default 'EventedWorkflows'
   */
  readonly metricsNamespace?: string;
  /**
   * From where on the alarms ring, each documented in docs/operations.md; false for none. About 30 alarms, at $0.10 a month each.
   * @default each as {@link AlarmThresholds} says
   */
  readonly alarms?: AlarmThresholds | false;
  /**
   * Is told when an alarm rings, and when that is over.
   * @default - alarms show in CloudWatch only
   */
  readonly alarmTopic?: ITopic;
  /**
   * Whether to make a CloudWatch dashboard: runs, steps, queues, functions, table, alarms. Three of an account are free, each more
   * costs $3 a month.
   * @default true
   */
  readonly dashboard?: boolean;
}
