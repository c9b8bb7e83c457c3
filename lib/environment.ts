import { environment } from '../src/adapters/aws/config.ts';
import type { Parts } from './parts.ts';
import type { Settings } from './settings.ts';

/** Names that a deployment's own environment may not use. */
export const reservedNames: ReadonlySet<string> = new Set(Object.values(environment));

/** What each function is told. */
export function commonEnvironment({ settings, table, bus, work, bucket }: Parts): Record<string, string> {
  return {
    NODE_OPTIONS: '--enable-source-maps',
    ...settings.environment,
    [environment.table]: table.tableName,
    [environment.bus]: bus.eventBusName,
    [environment.queueUrl]: work.queue.queueUrl,
    [environment.bucket]: bucket.bucketName,
    [environment.leaseSeconds]: String(settings.lease.toSeconds()),
    [environment.retentionDays]: String(settings.runRetention.toDays()),
    [environment.stepEnds]: onOff(settings.stepEndEvents),
    [environment.listing]: onOff(settings.listing),
    [environment.history]: settings.history,
  };
}

/** What the API function is told beside: whom it takes for the owner of a run. */
export function authEnvironment({ auth }: Settings): Record<string, string> {
  if (typeof auth === 'string') return { [environment.auth]: auth };
  return { [environment.auth]: 'jwt', [environment.ownerClaim]: auth.ownerClaim ?? 'sub' };
}

function onOff(value: boolean): 'on' | 'off' {
  return value ? 'on' : 'off';
}
