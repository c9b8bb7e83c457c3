import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { type IndexDefinition, listIndex, namedPartition, sweepIndex } from '../src/adapters/aws/config.ts';
import type { Parts } from './parts.ts';
import { timerPermissions } from './scheduler.ts';

/** What the API function may do: read and write runs, list them, remove them with their payloads, publish events, set timers. */
export function apiPermissions(parts: Parts): PolicyStatement[] {
  return [
    // A restart sets the timers of its run again.
    ...handlingPermissions(parts),
    queryPermission('ListRuns', parts.table, listIndex),
    ...removalPermissions(parts),
  ];
}

/** What the sweeper function may do: handle runs, and find those that are due for a look. */
export function sweeperPermissions(parts: Parts): PolicyStatement[] {
  return [...handlingPermissions(parts), queryPermission('DueRuns', parts.table, sweepIndex)];
}

/**
 * What it takes to handle the events of runs: to read and write these, publish events and set timers. Processors and the
 * dead-letter function may do no more; their event sources add the receiving.
 */
export function handlingPermissions(parts: Parts): PolicyStatement[] {
  return [...statePermissions(parts), ...timerPermissions(parts)];
}

/** What the expiry function may do: find and delete the items of a run, and lay aside. Its event source adds the stream. */
export function expiryPermissions({ table }: Parts, deadLetterQueue: IQueue): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'RemoveRuns',
      actions: ['dynamodb:DeleteItem', 'dynamodb:Query'],
      resources: [table.tableArn],
    }),
    new PolicyStatement({
      sid: 'LayAside',
      actions: ['sqs:SendMessage'],
      resources: [deadLetterQueue.queueArn],
    }),
  ];
}

/**
 * What every function of the engine may do: read and write runs, and publish.
 *
 * No deletion of a single item but of texts under names, such as a resume key that is given up: only the API function has more,
 * for the header of a run that a caller removes. Batches are the pages of large arrays; there is no permission for these without
 * that for batches of deletions.
 */
function statePermissions({ table, bus, bucket }: Parts): PolicyStatement[] {
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
    new PolicyStatement({
      sid: 'Names',
      actions: ['dynamodb:DeleteItem'],
      resources: [table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${namedPartition}*`] } },
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
function removalPermissions({ table, bucket }: Parts): PolicyStatement[] {
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

function queryPermission(sid: string, table: ITable, { name }: IndexDefinition): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: ['dynamodb:Query'],
    resources: [`${table.tableArn}/index/${name}`],
  });
}

/** Writing to one log. */
export function logPermission(logs: ILogGroup): PolicyStatement {
  return new PolicyStatement({
    sid: 'Logs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    // This ARN ends in `:*`, the streams of this one group.
    resources: [logs.logGroupArn],
  });
}
