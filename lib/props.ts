import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';

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

/** What a {@link WorkflowRuntime} is made of. */
export interface WorkflowRuntimeProps {
  /**
   * Path of the module with the workflows, relative to the working directory. It exports them as an array, by the name
   * `workflows` or as default. esbuild bundles it with everything that it imports.
   */
  readonly entry: string;
  /** Who may call the API. There is no default: see {@link WorkflowAuth}. */
  readonly auth: WorkflowAuth;
  /**
   * Memory of each function in MiB, 128 to 10,240. The share of a CPU grows with it: 1,769 MiB are one.
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
   * How many events are processed at the same time, 2 to 1,000. It bounds what this deployment takes of the account's
   * Lambda concurrency (1,000 in a new account).
   * @default 100
   */
  readonly maximumConcurrency?: number;
  /**
   * How often the sweeper looks for runs whose next event was lost, 1 to 60 minutes, whole ones. Such a run goes on at
   * the first sweep that comes two minutes or more after its last change. A sweep that finds nothing is 16 small queries:
   * about $0.10 a month at the default.
   * @default Duration.minutes(1)
   */
  readonly sweepInterval?: Duration;
  /**
   * What becomes of the table, the bucket and the logs when the stack is deleted. `DESTROY` also deletes the runs.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
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
   * After which age a value in the bucket (those above 24 KB) is deleted, 1 day at least. A run that reads one after that
   * fails, so it has to be longer than any run lasts, its sleeps and suspensions included.
   * @default - never
   */
  readonly payloadExpiration?: Duration;
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
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Environment of the functions, for the steps to read. Everybody who may look at a function sees it: pass the name of a
   * secret, not the secret.
   * @default - nothing beside what the runtime needs
   */
  readonly environment?: Readonly<Record<string, string>>;
}
