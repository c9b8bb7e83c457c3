import { Stack } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  CfnGlobalTable,
  CfnTable,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import {
  type IndexDefinition,
  type KeyAttribute,
  listIndex,
  sweepIndex,
  tableDefinition,
} from '../src/adapters/aws/config.ts';
import { invalid } from './bounds.ts';
import type { StorageSettings } from './storage-settings.ts';

/** The one table: all records of all runs. On demand, because a run costs nothing while it waits. */
export function createTable(scope: Construct, settings: StorageSettings): ITable {
  const { removalPolicy, deletionProtection, warmThroughput, encryptionKey } = settings;
  const table = new Table(scope, 'Table', {
    partitionKey: attribute(tableDefinition.partitionKey),
    sortKey: attribute(tableDefinition.sortKey),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: tableDefinition.timeToLive,
    // A header as it was when it expired says which run it was of; nobody needs to see more of a change.
    stream: StreamViewType.OLD_IMAGE,
    deletionProtection,
    removalPolicy,
    ...(encryptionKey && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    ...(warmThroughput && { warmThroughput }),
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

/** What a template says of a table. */
interface TableTemplate {
  readonly keySchema?: readonly KeySchema[];
  readonly attributeDefinitions?: readonly {
    readonly attributeName: string;
    readonly attributeType: string;
  }[];
  readonly globalSecondaryIndexes?: readonly {
    readonly indexName: string;
    readonly keySchema: readonly KeySchema[];
    readonly projection?: { readonly projectionType?: string; readonly nonKeyAttributes?: readonly string[] };
  }[];
  readonly timeToLiveSpecification?: { readonly attributeName?: string; readonly enabled?: boolean };
  readonly streamSpecification?: { readonly streamViewType?: string };
}

interface KeySchema {
  readonly attributeName: string;
  readonly keyType: string;
}

/**
 * Throws `WorkflowRuntimeError` when a table that others made, in the prop `name`, is not what the store works on. One that was
 * imported shows its stream only; what else it lacks shows in the first request.
 */
export function checkTable(name: string, table: ITable): void {
  const resource = table.node.defaultChild;
  if (resource instanceof CfnTable || resource instanceof CfnGlobalTable) {
    checkTemplate(name, resource, {
      keySchema: resource.keySchema,
      attributeDefinitions: resource.attributeDefinitions,
      globalSecondaryIndexes: resource.globalSecondaryIndexes,
      timeToLiveSpecification: resource.timeToLiveSpecification,
      streamSpecification: resource.streamSpecification,
    });
  } else if (table.tableStreamArn === undefined) {
    throw invalid(
      name,
      'it has no stream, by which the records of expired runs are found; import it by Table.fromTableAttributes(this, id, ' +
        '{ tableName, tableStreamArn })',
    );
  }
}

function checkTemplate(
  name: string,
  scope: Construct,
  values: Readonly<Record<keyof TableTemplate, unknown>>,
): void {
  const template = Stack.of(scope).resolve(values) as TableTemplate;
  const { partitionKey, sortKey, timeToLive } = tableDefinition;
  if (!hasKeys(template, template.keySchema, partitionKey, sortKey)) {
    throw invalid(
      name,
      `its keys are others; write partitionKey: ${asWritten(partitionKey)}, sortKey: ${asWritten(sortKey)}`,
    );
  }
  for (const index of [sweepIndex, listIndex]) checkIndex(name, template, index);
  const { attributeName, enabled } = template.timeToLiveSpecification ?? {};
  if (attributeName !== timeToLive || enabled === false) {
    throw invalid(
      name,
      `finished runs would stay in it for ever; write timeToLiveAttribute: '${timeToLive}'`,
    );
  }
  if (!template.streamSpecification?.streamViewType?.includes('OLD_IMAGE')) {
    throw invalid(
      name,
      'it has no stream of what is removed, by which the records of expired runs are found; write stream: ' +
        'StreamViewType.OLD_IMAGE (dynamoStream, in a TableV2)',
    );
  }
}

function checkIndex(name: string, template: TableTemplate, index: IndexDefinition): void {
  const { name: indexName, partitionKey, sortKey, include } = index;
  const found = template.globalSecondaryIndexes?.find((candidate) => candidate.indexName === indexName);
  const { projectionType, nonKeyAttributes = [] } = found?.projection ?? {};
  const isProjected =
    projectionType === 'ALL' || include.every((attributeName) => nonKeyAttributes.includes(attributeName));
  if (found !== undefined && isProjected && hasKeys(template, found.keySchema, partitionKey, sortKey)) return;
  const projection =
    include.length === 0
      ? 'ProjectionType.KEYS_ONLY'
      : `ProjectionType.INCLUDE, nonKeyAttributes: [${include.map((attributeName) => `'${attributeName}'`).join(', ')}]`;
  throw invalid(
    name,
    `its index ${indexName} is ${found === undefined ? 'missing' : 'another'}; write addGlobalSecondaryIndex({ indexName: ` +
      `'${indexName}', partitionKey: ${asWritten(partitionKey)}, sortKey: ${asWritten(sortKey)}, projectionType: ${projection} })`,
  );
}

function hasKeys(
  { attributeDefinitions = [] }: TableTemplate,
  schema: readonly KeySchema[] = [],
  partitionKey: KeyAttribute,
  sortKey: KeyAttribute,
): boolean {
  return [
    { key: partitionKey, type: 'HASH' },
    { key: sortKey, type: 'RANGE' },
  ].every(
    ({ key, type }) =>
      schema.some(({ attributeName, keyType }) => attributeName === key.name && keyType === type) &&
      attributeDefinitions.some(
        ({ attributeName, attributeType }) => attributeName === key.name && attributeType === key.type,
      ),
  );
}

function asWritten({ name, type }: KeyAttribute): string {
  return `{ name: '${name}', type: AttributeType.${type === 'S' ? 'STRING' : 'NUMBER'} }`;
}
