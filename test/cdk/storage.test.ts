import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { listIndex, sweepIndex, tableDefinition } from '../../src/adapters/aws/config.ts';
import { resourcesOf, synth } from './synth.ts';

const template = synth();

describe('the table', () => {
  test('is on demand, restorable, and forgets by time to live', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: tableDefinition.timeToLive, Enabled: true },
      KeySchema: [
        { AttributeName: tableDefinition.partitionKey.name, KeyType: 'HASH' },
        { AttributeName: tableDefinition.sortKey.name, KeyType: 'RANGE' },
      ],
    });
  });

  test('has the two indexes that the store queries, and no local one', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      GlobalSecondaryIndexes: [
        {
          IndexName: sweepIndex.name,
          KeySchema: [
            { AttributeName: sweepIndex.partitionKey.name, KeyType: 'HASH' },
            { AttributeName: sweepIndex.sortKey.name, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: listIndex.name,
          KeySchema: [
            { AttributeName: listIndex.partitionKey.name, KeyType: 'HASH' },
            { AttributeName: listIndex.sortKey.name, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: listIndex.include },
        },
      ],
      LocalSecondaryIndexes: Match.absent(),
    });
  });

  test('cannot be deleted by mistake, and is not warmed up, unless that is wanted', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      DeletionProtectionEnabled: true,
      WarmThroughput: Match.absent(),
    });
    const warmThroughput = { readUnitsPerSecond: 20_000, writeUnitsPerSecond: 10_000 };
    synth({ deletionProtection: false, warmThroughput }).hasResourceProperties('AWS::DynamoDB::Table', {
      DeletionProtectionEnabled: false,
      WarmThroughput: { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 10_000 },
    });
  });

  test('shows in a stream what it has removed', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      StreamSpecification: { StreamViewType: 'OLD_IMAGE' },
    });
  });

  test('declares each key attribute with its type', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      AttributeDefinitions: Match.arrayWith([
        { AttributeName: sweepIndex.sortKey.name, AttributeType: 'N' },
        { AttributeName: listIndex.sortKey.name, AttributeType: 'S' },
      ]),
    });
  });
});

describe('the bucket', () => {
  test('is closed to the public and encrypted', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  test('deletes no value of a run that waits, unless told after what time', () => {
    const rules = resourcesOf(template, 'AWS::S3::Bucket').map(
      ({ Properties }) => Properties.LifecycleConfiguration,
    );
    expect(rules).toEqual([
      {
        Rules: [
          {
            Id: 'AbortUploads',
            Status: 'Enabled',
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
          // Sent ahead of a run that may never come: no payload of one has this prefix.
          { Id: 'ExpireKept', Status: 'Enabled', Prefix: '~kept/', ExpirationInDays: 7 },
        ],
      },
    ]);
    synth({ payloadExpiration: Duration.days(400) }).hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ Id: 'ExpirePayloads', ExpirationInDays: 400 })]),
      },
    });
  });
});

test.each(['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy'])('%s refuses what is not TLS', (type) => {
  const policies = resourcesOf(template, type);
  expect(policies).toHaveLength(type === 'AWS::S3::BucketPolicy' ? 1 : 8);
  template.allResourcesProperties(type, {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: type === 'AWS::S3::BucketPolicy' ? 's3:*' : 'sqs:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ]),
    },
  });
});

describe('when the stack is deleted', () => {
  const kept = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Logs::LogGroup'];

  test.each(kept)('%s stays by default', (type) => {
    template.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test.each(kept)('%s goes when asked', (type) => {
    const destroyed = synth({ removalPolicy: RemovalPolicy.DESTROY });
    destroyed.allResources(type, { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    destroyed.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    // A bucket with objects in it cannot be deleted.
    destroyed.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
  });
});
