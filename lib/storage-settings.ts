import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { atLeast, daysWithin, invalid, onOrOff } from './bounds.ts';
import type { IWorkflowStorage, WarmThroughput, WorkflowStorageProps } from './props.ts';

/** The props of a storage with their defaults, checked. */
export interface StorageSettings {
  /** A table and a bucket of the deployment's own, instead of new ones. */
  readonly table: ITable | undefined;
  readonly bucket: IBucket | undefined;
  readonly encryptionKey: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly warmThroughput: WarmThroughput | undefined;
  readonly payloadExpiration: Duration | undefined;
}

/** Props that say how a table or a bucket is made, and nothing of one that is there already. */
const OF_TABLE = ['deletionProtection', 'warmThroughput'] as const;
const OF_BUCKET = ['payloadExpiration'] as const;

/** Checks the props and fills in the defaults. Throws `WorkflowRuntimeError`. */
export function storageSettingsOf(props: WorkflowStorageProps): StorageSettings {
  if (props.table !== undefined) refuseBeside('table', props, OF_TABLE, 'set it on the table');
  if (props.bucket !== undefined) {
    refuseBeside('bucket', props, OF_BUCKET, 'give the bucket a lifecycle rule');
  }
  const removalPolicy = removalPolicyOf(props.removalPolicy ?? RemovalPolicy.RETAIN);
  return {
    // The types of the CDK are not made for `exactOptionalPropertyTypes`.
    table: props.table as ITable | undefined,
    bucket: props.bucket as IBucket | undefined,
    encryptionKey: props.encryptionKey,
    removalPolicy,
    deletionProtection: onOrOff(
      'deletionProtection',
      props.deletionProtection ?? removalPolicy === RemovalPolicy.RETAIN,
    ),
    warmThroughput: props.warmThroughput && warmThroughputOf(props.warmThroughput),
    payloadExpiration: props.payloadExpiration && daysWithin('payloadExpiration', props.payloadExpiration),
  };
}

/** The same beside a storage that was made before. */
export function settingsBeside(storage: IWorkflowStorage, props: WorkflowStorageProps): StorageSettings {
  refuseBeside('storage', props, ['table', 'bucket', ...OF_TABLE, ...OF_BUCKET], 'write it on the storage');
  const settings = storageSettingsOf(props);
  return { ...settings, encryptionKey: settings.encryptionKey ?? storage.encryptionKey };
}

function refuseBeside(
  given: string,
  props: WorkflowStorageProps,
  names: readonly (keyof WorkflowStorageProps)[],
  instead: string,
): void {
  const name = names.find((candidate) => props[candidate] !== undefined);
  if (name !== undefined)
    throw invalid(name, `it is written beside ${given}; ${instead}, or leave one of the two`);
}

function warmThroughputOf(warm: WarmThroughput): WarmThroughput {
  atLeast('warmThroughput.readUnitsPerSecond', warm.readUnitsPerSecond, 12_000, 'read units');
  atLeast('warmThroughput.writeUnitsPerSecond', warm.writeUnitsPerSecond, 4_000, 'write units');
  return warm;
}

function removalPolicyOf(policy: RemovalPolicy): RemovalPolicy {
  if (policy === RemovalPolicy.RETAIN || policy === RemovalPolicy.DESTROY) return policy;
  // A bucket has no snapshot, and of three stores that belong together one alone would be kept.
  throw invalid('removalPolicy', `it is ${policy}; write RemovalPolicy.RETAIN or RemovalPolicy.DESTROY`);
}
