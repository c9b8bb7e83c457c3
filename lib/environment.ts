import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { environment } from '../src/adapters/aws/config.ts';
import { invalid } from './bounds.ts';
import { lanesForFunctions } from './lane.ts';
import type { Parts } from './parts.ts';
import { schedulerEnvironment } from './scheduler.ts';
import type { Settings } from './settings.ts';

/** What each function is told. */
export function commonEnvironment({
  settings,
  metrics,
  table,
  bus,
  work,
  bucket,
  lanes,
  scheduler,
}: Parts): Record<string, string> {
  return {
    NODE_OPTIONS: '--enable-source-maps',
    ...settings.environment,
    [environment.table]: table.tableName,
    [environment.bus]: bus.eventBusName,
    [environment.queueUrl]: work.queue.queueUrl,
    [environment.queueArn]: work.queue.queueArn,
    ...schedulerEnvironment(scheduler),
    ...(lanes.length === 0 ? {} : { [environment.lanes]: JSON.stringify(lanesForFunctions(lanes)) }),
    [environment.bucket]: bucket.bucketName,
    [environment.leaseSeconds]: String(settings.lease.toSeconds()),
    [environment.retentionDays]: String(settings.runRetention.toDays()),
    [environment.stepEnds]: onOff(settings.stepEndEvents),
    [environment.listing]: onOff(settings.listing),
    [environment.history]: settings.history,
    [environment.name]: metrics.name,
    [environment.metricsNamespace]: metrics.namespace,
    [environment.logLevel]: settings.logLevel,
  };
}

/** What the API function is told beside: whom it takes for the owner of a run. */
export function authEnvironment({ auth }: Settings): Record<string, string> {
  if (typeof auth === 'string') return { [environment.auth]: auth };
  return { [environment.auth]: 'jwt', [environment.ownerClaim]: auth.ownerClaim ?? 'sub' };
}

/** Longest that the names and values of a function's variables may be together (Lambda quotas), in bytes. */
const MOST_BYTES = 4_096;

/** What a name or an ARN that is known at deployment only counts. */
const UNKNOWN_BYTES = 120;

/** Throws `WorkflowRuntimeError` when a function would be refused at its deployment for the size of its environment. */
export function checkEnvironment(
  scope: Construct,
  id: string,
  variables: Readonly<Record<string, string>>,
): void {
  const bytes = Object.entries(Stack.of(scope).resolve(variables) as Record<string, unknown>)
    .map(([name, value]) => name.length + bytesOf(value))
    .reduce((sum, length) => sum + length, 0);
  if (bytes <= MOST_BYTES) return;
  throw invalid(
    'environment',
    `the variables of ${id} are about ${bytes} bytes, and Lambda takes ${MOST_BYTES}; write fewer or shorter ones, ` +
      'requestSources among them, or, where functions has long lists of steps, their workflows instead',
  );
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  const { 'Fn::Join': join } = value as { readonly 'Fn::Join'?: readonly [string, readonly unknown[]] };
  if (join === undefined) return UNKNOWN_BYTES;
  return join[1].reduce<number>((sum, part) => sum + bytesOf(part), 0);
}

function onOff(value: boolean): 'on' | 'off' {
  return value ? 'on' : 'off';
}
