import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import { WorkflowRuntime, WorkflowStorage } from '../../lib/index.ts';
import { ENTRY, createApp, idOf, resourcesOf } from './synth.ts';

describe('a key of its own', () => {
  const stack = new Stack(createApp(), 'Own');
  const key = new Key(stack, 'Key', { enableKeyRotation: true });
  new WorkflowRuntime(stack, 'Workflows', { entry: ENTRY, auth: 'iam', encryptionKey: key });
  const template = Template.fromStack(stack);
  const arn = { 'Fn::GetAtt': [idOf(template, 'AWS::KMS::Key', 'Key'), 'Arn'] };

  test('encrypts everything at rest', () => {
    template.allResourcesProperties('AWS::DynamoDB::Table', {
      SSESpecification: { KMSMasterKeyId: arn, SSEEnabled: true, SSEType: 'KMS' },
    });
    template.allResourcesProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { KMSMasterKeyID: arn, SSEAlgorithm: 'aws:kms' },
          },
        ],
      },
    });
    expect(resourcesOf(template, 'AWS::SQS::Queue')).toHaveLength(8);
    template.allResourcesProperties('AWS::SQS::Queue', {
      KmsMasterKeyId: arn,
      KmsDataKeyReusePeriodSeconds: 900,
    });
    template.allResourcesProperties('AWS::Events::EventBus', { KmsKeyIdentifier: arn });
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: arn });
  });

  test.each([
    [
      'EventBridge, of this account',
      { Service: 'events.amazonaws.com' },
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
      { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    ],
    [
      'CloudWatch Logs, for logs of this account',
      { Service: { 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } },
      ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': Match.anyValue() } },
    ],
  ])('may be used by %s', (_, Principal, Action, Condition) => {
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Allow', Principal, Action, Resource: '*', Condition }),
        ]),
      },
    });
  });

  test('may be used by each function through the services, and by none directly', () => {
    // All but the Scheduler's, which a test of its own looks at.
    const scheduler = JSON.stringify([{ Ref: idOf(template, 'AWS::IAM::Role', 'WorkflowsTimersRole') }]);
    const policies = resourcesOf(template, 'AWS::IAM::Policy').filter(
      ({ Properties }) => JSON.stringify(Properties.Roles) !== scheduler,
    );
    expect(policies).toHaveLength(7);
    for (const { Properties } of policies) {
      const { Statement: statements } = Properties.PolicyDocument as {
        Statement: { Sid?: string; Resource: unknown; Condition?: unknown }[];
      };
      expect(statements.find(({ Sid }) => Sid === 'Keys')).toMatchObject({
        Effect: 'Allow',
        Action: expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey']) as unknown,
        Resource: arn,
        Condition: { StringEquals: { 'kms:ViaService': expect.any(Array) as unknown } },
      });
    }
  });

  test('lets in no more rules than without', () => {
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: idOf(template, 'AWS::SQS::Queue', 'WorkflowsWork') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: {
              ArnEquals: {
                'aws:SourceArn': {
                  'Fn::GetAtt': [idOf(template, 'AWS::Events::Rule', 'WorkflowsWorkRule'), 'Arn'],
                },
              },
            },
          }),
        ]),
      },
    });
  });
});

test('a key in the stack of the storage serves the other stack, and waits for nothing in it', () => {
  const app = createApp();
  const data = new Stack(app, 'Data');
  const storage = new WorkflowStorage(data, 'Runs', { encryptionKey: new Key(data, 'Key') });
  const shop = new Stack(app, 'Shop');
  new WorkflowRuntime(shop, 'Workflows', { entry: ENTRY, auth: 'iam', storage });
  const template = Template.fromStack(shop);
  template.allResourcesProperties('AWS::SQS::Queue', {
    KmsMasterKeyId: { 'Fn::GetStackOutput': Match.anyValue() },
  });
  expect(data.dependencies).toEqual([]);
});

test('without one, the services use theirs', () => {
  const stack = new Stack(createApp(), 'Own');
  new WorkflowRuntime(stack, 'Workflows', { entry: ENTRY, auth: 'iam' });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::KMS::Key', 0);
  template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  expect(JSON.stringify(template.toJSON())).not.toContain('kms:');
});

test('an imported key has to have its statements already, and the app is told so', () => {
  const stack = new Stack(createApp(), 'Own');
  const arn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-4333-8444-555555555555';
  const encryptionKey = Key.fromKeyArn(stack, 'Key', arn);
  new WorkflowRuntime(stack, 'Workflows', { entry: ENTRY, auth: 'iam', encryptionKey });
  Annotations.fromStack(stack).hasWarning(
    '/Own/Workflows',
    Match.stringLikeRegexp('has to let events\\.amazonaws\\.com .* use the key'),
  );
});
