import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import {
  type IndexDefinition,
  type KeyAttribute,
  listIndex,
  sweepIndex,
  tableDefinition,
} from '../src/adapters/aws/config.ts';

/** The one table: all records of all runs. On demand, because a run costs nothing while it waits. */
export function createTable(
  scope: Construct,
  { removalPolicy }: { readonly removalPolicy: RemovalPolicy },
): ITable {
  const table = new Table(scope, 'Table', {
    partitionKey: attribute(tableDefinition.partitionKey),
    sortKey: attribute(tableDefinition.sortKey),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: tableDefinition.timeToLive,
    // A header as it was when it expired says which run it was of; nobody needs to see more of a change.
    stream: StreamViewType.OLD_IMAGE,
    removalPolicy,
  });
  addIndex(table, sweepIndex);
  // Not needed without listing, but an index that comes and goes with a switch takes hours to fill again.
  addIndex(table, listIndex);
  // The types of the CDK are not made for `exactOptionalPropertyTypes`: the ARN of a stream may be undefined here.
  return table as ITable;
}

function addIndex(table: Table, index: IndexDefinition): void {
  table.addGlobalSecondaryIndex({
    indexName: index.name,
    partitionKey: attribute(index.partitionKey),
    sortKey: attribute(index.sortKey),
    ...(index.include.length === 0
      ? { projectionType: ProjectionType.KEYS_ONLY }
      : { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...index.include] }),
  });
}

function attribute({ name, type }: KeyAttribute): Attribute {
  return { name, type: type === 'S' ? AttributeType.STRING : AttributeType.NUMBER };
}
