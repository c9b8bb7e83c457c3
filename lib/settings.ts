import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Duration, Token } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { defaults, type RequestSource } from '../src/adapters/aws/config.ts';
import { type AlarmSettings, alarmSettingsOf } from './alarm-thresholds.ts';
import { atLeast, daysWithin, durationWithin, invalid, minutesWithin, oneOf, onOrOff } from './bounds.ts';
import { WorkflowRuntimeError } from './errors.ts';
import {
  type LaneSettings,
  type StepFunctionSettings,
  laneSettingsOf,
  stepFunctionSettingsOf,
} from './function-settings.ts';
import type { Cors, IWorkflowStorage, Throttling, WorkflowAuth, WorkflowRuntimeProps } from './props.ts';
import { requestSourcesOf } from './sources.ts';
import { type StorageSettings, settingsBeside, storageSettingsOf } from './storage-settings.ts';

/** The props with their defaults, checked. Of the functions, what it says holds for those that no lane has. */
export interface Settings extends StepFunctionSettings, StorageSettings {
  /** Absolute. */
  readonly entry: string;
  readonly auth: WorkflowAuth;
  /** The table and the bucket, when they were made before. */
  readonly storage: IWorkflowStorage | undefined;
  /** A bus and a queue of the deployment's own, instead of new ones. */
  readonly ownBus: IEventBus | undefined;
  readonly ownQueue: IQueue | undefined;
  readonly ownDeadLetterQueue: IQueue | undefined;
  readonly lanes: readonly LaneSettings[];
  readonly sweepInterval: Duration;
  readonly stepEndEvents: boolean;
  readonly lease: Duration;
  readonly runRetention: Duration;
  readonly listing: boolean;
  readonly history: 'full' | 'none';
  readonly requestSources: readonly RequestSource[];
  readonly throttling: Required<Throttling>;
  readonly cors: Cors | undefined;
  readonly tracing: Tracing;
  readonly logRetention: RetentionDays;
  readonly logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly metricsNamespace: string;
  /** Undefined: there are none. */
  readonly alarms: AlarmSettings | undefined;
  readonly alarmTopic: ITopic | undefined;
  readonly dashboard: boolean;
}

/** Checks the props and fills in the defaults. Throws {@link WorkflowRuntimeError}. */
export function settingsOf(props: WorkflowRuntimeProps): Settings {
  const common = stepFunctionSettingsOf(props);
  if (props.deadLetterQueue !== undefined && props.queue === undefined) {
    throw invalid(
      'deadLetterQueue',
      'there is no queue whose dead letters it takes; write queue too, or leave it',
    );
  }
  return {
    ...common,
    ...(props.storage === undefined ? storageSettingsOf(props) : settingsBeside(props.storage, props)),
    storage: props.storage,
    entry: entryOf(props.entry),
    auth: authOf(props.auth),
    // The types of the CDK are not made for `exactOptionalPropertyTypes`.
    ownBus: props.bus as IEventBus | undefined,
    ownQueue: props.queue,
    ownDeadLetterQueue: props.deadLetterQueue,
    lanes: laneSettingsOf(props, common),
    sweepInterval: minutesWithin('sweepInterval', props.sweepInterval ?? Duration.minutes(1), 1, 60),
    stepEndEvents: onOrOff('stepEndEvents', props.stepEndEvents ?? true),
    lease: durationWithin('lease', props.lease ?? Duration.seconds(defaults.leaseSeconds), 3, 900),
    runRetention: daysWithin('runRetention', props.runRetention ?? Duration.days(defaults.retentionDays)),
    listing: onOrOff('listing', props.listing ?? true),
    history: oneOf('history', props.history ?? defaults.history, ['full', 'none'], "'full' or 'none'"),
    requestSources: requestSourcesOf(props.requestSources ?? []),
    throttling: throttlingOf(props.throttling ?? {}),
    cors: props.cors && corsOf(props.cors),
    tracing: oneOf(
      'tracing',
      props.tracing ?? Tracing.ACTIVE,
      Object.values(Tracing),
      'Tracing.ACTIVE, Tracing.PASS_THROUGH or Tracing.DISABLED',
    ),
    logRetention: oneOf(
      'logRetention',
      props.logRetention ?? RetentionDays.ONE_MONTH,
      Object.values(RetentionDays).filter((days) => typeof days === 'number'),
      'a member of RetentionDays, as RetentionDays.ONE_MONTH',
    ),
    logLevel: oneOf(
      'logLevel',
      props.logLevel ?? defaults.logLevel,
      ['DEBUG', 'INFO', 'WARN', 'ERROR'],
      "'DEBUG', 'INFO', 'WARN' or 'ERROR'",
    ),
    metricsNamespace: namespaceOf(props.metricsNamespace ?? defaults.metricsNamespace),
    alarms: alarmSettingsOf(props.alarms),
    alarmTopic: props.alarmTopic,
    dashboard: onOrOff('dashboard', props.dashboard ?? true),
  };
}

/** Names of a namespace as CloudWatch takes them; those of its services begin with `AWS/`. */
function namespaceOf(namespace: string): string {
  if (Token.isUnresolved(namespace)) return namespace;
  if (/^[\w.\-/#:]{1,255}$/.test(namespace) && !namespace.startsWith('AWS/')) return namespace;
  throw invalid(
    'metricsNamespace',
    'it is no namespace; write 1 to 255 of A-Z, a-z, 0-9 and ._-/#: that do not begin with AWS/',
  );
}

function throttlingOf({ rateLimit = 500, burstLimit = 1_000 }: Throttling): Required<Throttling> {
  return {
    rateLimit: atLeast('throttling.rateLimit', rateLimit, 1, 'requests a second'),
    burstLimit: atLeast('throttling.burstLimit', burstLimit, 1, 'requests'),
  };
}

function corsOf(cors: Cors): Cors {
  const { allowOrigins, maxAge } = cors;
  const wrong = allowOrigins.find(
    (origin) => origin !== '*' && !Token.isUnresolved(origin) && !/^https?:\/\/[^/]+$/.test(origin),
  );
  if (wrong !== undefined || allowOrigins.length === 0) {
    throw invalid(
      'cors.allowOrigins',
      `${wrong === undefined ? 'it is empty' : `one is ${JSON.stringify(wrong)}`}; write origins as ` +
        "'https://shop.example', without a path, or '*'",
    );
  }
  if (maxAge !== undefined) durationWithin('cors.maxAge', maxAge, 0, 86_400);
  return cors;
}

function entryOf(entry: string | undefined): string {
  if (typeof entry !== 'string' || entry === '') {
    throw invalid('entry', 'it is missing; write the path of the module that exports your workflows');
  }
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
