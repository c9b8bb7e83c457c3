import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { defaults } from '../src/adapters/aws/config.ts';
import { reservedNames } from './environment.ts';
import { WorkflowRuntimeError } from './errors.ts';

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

/** The props with their defaults, checked. */
export interface Settings {
  /** Absolute. */
  readonly entry: string;
  readonly auth: WorkflowAuth;
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly maximumConcurrency: number;
  readonly sweepInterval: Duration;
  readonly removalPolicy: RemovalPolicy;
  readonly stepEndEvents: boolean;
  readonly lease: Duration;
  readonly runRetention: Duration;
  readonly payloadExpiration: Duration | undefined;
  readonly listing: boolean;
  readonly history: 'full' | 'none';
  readonly logRetention: RetentionDays;
  readonly environment: Readonly<Record<string, string>>;
}

/** A step has to end this long before its function, so that its outcome can be stored; two seconds are left for the step. */
const LEAST_TIMEOUT = defaults.stepMarginSeconds + 2;

/** Checks the props and fills in the defaults. Throws {@link WorkflowRuntimeError}. */
export function settingsOf(props: WorkflowRuntimeProps): Settings {
  return {
    entry: entryOf(props.entry),
    auth: authOf(props.auth),
    memorySize: within('memorySize', props.memorySize ?? 512, 128, 10_240, 'MiB'),
    timeout: durationWithin(
      'timeout',
      props.timeout ?? Duration.seconds(defaults.functionTimeoutSeconds),
      LEAST_TIMEOUT,
      900,
    ),
    maximumConcurrency: within('maximumConcurrency', props.maximumConcurrency ?? 100, 2, 1_000, 'events'),
    sweepInterval: minutesWithin('sweepInterval', props.sweepInterval ?? Duration.minutes(1), 1, 60),
    removalPolicy: removalPolicyOf(props.removalPolicy ?? RemovalPolicy.RETAIN),
    stepEndEvents: props.stepEndEvents ?? true,
    lease: durationWithin('lease', props.lease ?? Duration.seconds(defaults.leaseSeconds), 3, 900),
    runRetention: daysWithin('runRetention', props.runRetention ?? Duration.days(defaults.retentionDays)),
    payloadExpiration: props.payloadExpiration && daysWithin('payloadExpiration', props.payloadExpiration),
    listing: props.listing ?? true,
    history: historyOf(props.history ?? defaults.history),
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    environment: environmentOf(props.environment ?? {}),
  };
}

function entryOf(entry: string): string {
  const path = resolve(entry);
  if (!existsSync(path)) {
    throw invalid(
      'entry',
      `there is no file ${path}; write the path of the module that exports your workflows, relative to the directory ` +
        'in which the CDK runs',
    );
  }
  return path;
}

/** Untyped callers (JavaScript, `as`) come through here too, hence the checks that the types make already. */
function authOf(auth: WorkflowAuth | undefined): WorkflowAuth {
  if (auth === undefined) {
    throw new WorkflowRuntimeError(
      'AUTH_MISSING',
      "WorkflowRuntime: auth is missing. Write auth: 'iam' (signed requests of AWS principals), auth: { issuer: " +
        "'https://...', audience: '...' } (tokens), or, for an API that is open to everybody, auth: 'none'",
    );
  }
  if (auth === 'iam' || auth === 'none') return auth;
  if (typeof auth !== 'object' || auth === null) {
    throw invalid('auth', "it is none of 'iam', 'none' and { issuer, audience }; write one of them");
  }
  if (!Token.isUnresolved(auth.issuer) && !/^https:\/\/./.test(auth.issuer ?? '')) {
    throw invalid('auth.issuer', "it is no https URL; write the issuer as in the tokens' claim iss");
  }
  const audiences = [auth.audience].flat().filter((audience) => audience !== undefined && audience !== '');
  if (audiences.length === 0) {
    throw invalid('auth.audience', 'it is empty; write what the tokens have as claim aud');
  }
  if (auth.ownerClaim === '') throw invalid('auth.ownerClaim', "it is empty; write a claim, or leave 'sub'");
  return auth;
}

function removalPolicyOf(policy: RemovalPolicy): RemovalPolicy {
  if (policy === RemovalPolicy.RETAIN || policy === RemovalPolicy.DESTROY) return policy;
  // A bucket has no snapshot, and of three stores that belong together one alone would be kept.
  throw invalid('removalPolicy', `it is ${policy}; write RemovalPolicy.RETAIN or RemovalPolicy.DESTROY`);
}

function historyOf(history: 'full' | 'none'): 'full' | 'none' {
  if (history === 'full' || history === 'none') return history;
  throw invalid('history', `it is ${JSON.stringify(history)}; write 'full' or 'none'`);
}

function environmentOf(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const taken = Object.keys(environment).filter((name) => reservedNames.has(name));
  if (taken.length > 0) {
    throw invalid('environment', `${taken.join(', ')} belongs to the runtime; choose another name`);
  }
  return environment;
}

function daysWithin(name: string, value: Duration): Duration {
  if (!value.isUnresolved()) within(name, value.toDays({ integral: false }), 1, 3_650, 'days');
  return value;
}

function minutesWithin(name: string, value: Duration, least: number, most: number): Duration {
  if (!value.isUnresolved()) within(name, value.toMinutes({ integral: false }), least, most, 'minutes');
  return value;
}

function durationWithin(name: string, value: Duration, least: number, most: number): Duration {
  if (!value.isUnresolved()) within(name, value.toSeconds({ integral: false }), least, most, 's');
  return value;
}

function within(name: string, value: number, least: number, most: number, unit: string): number {
  if (Token.isUnresolved(value) || (Number.isInteger(value) && value >= least && value <= most)) return value;
  throw invalid(name, `it is ${value}; write a whole number of ${unit} from ${least} to ${most}`);
}

function invalid(name: string, problem: string): WorkflowRuntimeError {
  return new WorkflowRuntimeError('PROPS_INVALID', `WorkflowRuntime: ${name} is invalid: ${problem}`);
}
