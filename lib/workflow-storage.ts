import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { adoptBucket, createBucket } from './bucket.ts';
import type { IWorkflowStorage, WorkflowStorageProps } from './props.ts';
import { type StorageSettings, storageSettingsOf } from './storage-settings.ts';
import { checkTable, createTable } from './table.ts';

/**
 * What a deployment has to keep: the table and the bucket. A `WorkflowRuntime` makes its own, unless it is given one of these
 * as `storage`. In a stack of its own it outlives the stack of the runtime.
 *
 * @example
 * const storage = new WorkflowStorage(dataStack, 'Runs');
 * new WorkflowRuntime(appStack, 'Workflows', { entry: 'src/workflows.ts', auth: 'iam', storage });
 */
export class WorkflowStorage extends Construct implements IWorkflowStorage {
  readonly table: ITable;
  readonly bucket: IBucket;
  readonly encryptionKey?: IKey | undefined;

  /** Throws `WorkflowRuntimeError` when a prop is out of bounds. */
  constructor(scope: Construct, id: string, props: WorkflowStorageProps = {}) {
    super(scope, id);
    const settings = storageSettingsOf(props);
    const { table, bucket } = createStorage(this, settings);
    this.table = table;
    this.bucket = bucket;
    this.encryptionKey = settings.encryptionKey;
  }
}

/** The table and the bucket of the settings, made here unless they are there already. */
export function createStorage(
  scope: Construct,
  settings: StorageSettings,
): { readonly table: ITable; readonly bucket: IBucket } {
  if (settings.table !== undefined) checkTable('table', settings.table);
  return {
    table: settings.table ?? createTable(scope, settings),
    bucket: settings.bucket === undefined ? createBucket(scope, settings) : adoptBucket(settings.bucket),
  };
}

/** Props of the stack and of the storage in it. */
export interface WorkflowStorageStackProps extends StackProps, WorkflowStorageProps {}

/**
 * A stack with one storage in it and nothing else: the half of a deployment that stays.
 *
 * @example
 * const { storage } = new WorkflowStorageStack(app, 'ShopRuns', { terminationProtection: true });
 * new WorkflowStack(app, 'Shop', { entry: 'src/workflows.ts', auth: 'iam', storage });
 */
export class WorkflowStorageStack extends Stack {
  readonly storage: WorkflowStorage;

  constructor(scope: Construct, id: string, props: WorkflowStorageStackProps = {}) {
    super(scope, id, props);
    this.storage = new WorkflowStorage(this, 'Storage', props);
    new CfnOutput(this, 'TableName', {
      value: this.storage.table.tableName,
      description: 'Records of all runs',
    });
    new CfnOutput(this, 'BucketName', {
      value: this.storage.bucket.bucketName,
      description: 'Values too large for a record',
    });
  }
}
