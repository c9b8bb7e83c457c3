import { Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type IndexDefinition, listIndex, sweepIndex } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import type { Storage } from './storage.ts';

/** A role that can do nothing. Made before what it is given access to, because the bus's policy names it. */
export function createRole(scope: Construct, id: string): Role {
  return new Role(scope, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

/** What the API function may do: read and write runs, list them, remove them with their payloads, publish events. */
export function allowApi(role: Role, storage: Storage, logs: ILogGroup): void {
  allow(role, storage, [
    ...stateStatements(storage),
    queryStatement('ListRuns', storage.table, listIndex),
    ...removalStatements(storage),
    logStatement(logs),
  ]);
}

/** What the processor function may do: the same without listing, and delay messages. Its event source adds the receiving. */
export function allowProcessor(role: Role, storage: Storage, logs: ILogGroup): void {
  allow(role, storage, [...stateStatements(storage), delayStatement(storage), logStatement(logs)]);
}

/** What the sweeper function may do: the same as the processor, and find the runs that are due for a look. */
export function allowSweeper(role: Role, storage: Storage, logs: ILogGroup): void {
  allow(role, storage, [
    ...stateStatements(storage),
    delayStatement(storage),
    queryStatement('DueRuns', storage.table, sweepIndex),
    logStatement(logs),
  ]);
}

/** What the expiry function may do: find and delete the items of a run. Its event source adds the stream and its dead letters. */
export function allowExpiry(role: Role, { table }: Storage, logs: ILogGroup): void {
  role.addToPolicy(
    new PolicyStatement({
      sid: 'RemoveRuns',
      actions: ['dynamodb:DeleteItem', 'dynamodb:Query'],
      resources: [table.tableArn],
    }),
  );
  role.addToPolicy(logStatement(logs));
  acknowledge(
    role,
    'AwsSolutions-IAM5[Resource::*]',
    'Of dynamodb:ListStreams only, which Lambda asks for to read a stream and which takes no resource (Service ' +
      'Authorization Reference). It names streams and shows nothing of what is in them.',
  );
}

/**
 * No deletion of a single item: only the API function has that, for the header of a run that a caller removes. Batches are the
 * pages of large arrays; there is no permission for these without that for batches of deletions.
 */
function stateStatements({ table, bus, bucket }: Storage): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'Records',
      // A transaction needs the permissions of what it is made of.
      actions: [
        'dynamodb:BatchGetItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:ConditionCheckItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
      ],
      resources: [table.tableArn],
    }),
    new PolicyStatement({ sid: 'Publish', actions: ['events:PutEvents'], resources: [bus.eventBusArn] }),
    new PolicyStatement({
      sid: 'Payloads',
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [bucket.arnForObjects('*')],
    }),
    // Without it S3 answers 403 for an object that is not there, which cannot be told from a missing permission.
    new PolicyStatement({
      sid: 'MissingPayloads',
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
    }),
  ];
}

/** A header goes by itself, after the batches of all else. */
function removalStatements({ table, bucket }: Storage): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'RemoveRuns',
      actions: ['dynamodb:DeleteItem'],
      resources: [table.tableArn],
    }),
    new PolicyStatement({
      sid: 'RemovePayloads',
      actions: ['s3:DeleteObject'],
      resources: [bucket.arnForObjects('*')],
    }),
  ];
}

/** A retry's turn, and the probe of a lease, come through the work queue. */
function delayStatement({ queue }: Storage): PolicyStatement {
  return new PolicyStatement({ sid: 'Delay', actions: ['sqs:SendMessage'], resources: [queue.queueArn] });
}

function queryStatement(sid: string, table: Table, { name }: IndexDefinition): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: ['dynamodb:Query'],
    resources: [`${table.tableArn}/index/${name}`],
  });
}

function logStatement(logs: ILogGroup): PolicyStatement {
  return new PolicyStatement({
    sid: 'Logs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    // This ARN ends in `:*`, the streams of this one group.
    resources: [logs.logGroupArn],
  });
}

function allow(role: Role, storage: Storage, statements: readonly PolicyStatement[]): void {
  for (const statement of statements) role.addToPolicy(statement);
  acknowledge(
    role,
    `AwsSolutions-IAM5[Resource::<${logicalId(storage.bucket.bucketArn, role)}.Arn>/*]`,
    'The objects of the one bucket that holds nothing but the payloads of runs; their names are not known before.',
  );
}

/** Which resource an ARN is of. cdk-nag names a finding by it. */
function logicalId(arn: string, scope: Construct): string {
  const resolved = Stack.of(scope).resolve(arn) as { 'Fn::GetAtt': [string, string] };
  return resolved['Fn::GetAtt'][0];
}
