import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { defaults } from '../src/adapters/aws/config.ts';
import { daysWithin, durationWithin, invalid, minutesWithin, within } from './bounds.ts';
import { reservedNames } from './environment.ts';
import { WorkflowRuntimeError } from './errors.ts';
import type { WorkflowAuth, WorkflowRuntimeProps } from './props.ts';

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
