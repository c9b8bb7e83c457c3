import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { WorkflowRuntime, WorkflowStack, WorkflowStorage, WorkflowStorageStack } from '../../lib/index.ts';
import { ENTRY, createApp } from './synth.ts';

/** What keeps data: nobody may lose one of these by deleting the functions. */
const STATEFUL = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key'];

describe('two stacks', () => {
  const app = createApp();
  const data = new WorkflowStorageStack(app, 'ShopRuns', { terminationProtection: true });
  const shop = new WorkflowStack(app, 'Shop', { entry: ENTRY, auth: 'iam', storage: data.storage });
  const [kept, made] = [Template.fromStack(data), Template.fromStack(shop)];

  test('one has what has to be kept, and protects it', () => {
    kept.resourceCountIs('AWS::DynamoDB::Table', 1);
    kept.resourceCountIs('AWS::S3::Bucket', 1);
    kept.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Retain' });
    kept.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
    expect(data.terminationProtection).toBe(true);
    expect(Object.keys(kept.findOutputs('*'))).toEqual(expect.arrayContaining(['TableName', 'BucketName']));
  });

  test('the other can be deleted and made again: no data is in it', () => {
    const types = new Set(Object.values(resources(made)).map(({ Type }) => Type));
    expect(types).toContain('AWS::Lambda::Function');
    for (const type of STATEFUL) expect(types).not.toContain(type);
  });

  test('and nothing waits for it: the first knows nothing of the second', () => {
    expect(data.dependencies).toEqual([]);
    expect(shop.dependencies).toEqual([data]);
    expect(Object.values(resources(kept)).filter(({ Type }) => /Lambda|SQS|Events/.test(Type))).toEqual([]);
  });

  test('the functions work on the first', () => {
    const reference = JSON.stringify(made.findResources('AWS::Lambda::Function'));
    expect(reference).toContain('Fn::GetStackOutput');
    expect(shop.runtime.table).toBe(data.storage.table);
    expect(shop.runtime.bucket).toBe(data.storage.bucket);
  });
});

function resources(template: Template): Record<string, { readonly Type: string }> {
  return template.toJSON().Resources as Record<string, { readonly Type: string }>;
}

test('a storage in the same stack is one like any other', () => {
  const stack = new Stack(createApp(), 'Both');
  const storage = new WorkflowStorage(stack, 'Runs', { removalPolicy: RemovalPolicy.DESTROY });
  new WorkflowRuntime(stack, 'Workflows', { entry: ENTRY, auth: 'iam', storage });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::DynamoDB::Table', 1);
  template.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  // No rule twice: it is not a bucket of somebody else.
  template.hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: {
      Rules: [{ Id: 'AbortUploads' }, { Id: 'ExpireKept' }].map((rule) => Match.objectLike(rule)),
    },
  });
});

test('two deployments do not share a storage', () => {
  const stack = new Stack(createApp(), 'Both');
  const storage = new WorkflowStorage(stack, 'Runs');
  const props = { entry: ENTRY, auth: 'iam', storage } as const;
  new WorkflowRuntime(stack, 'One', props);
  expect(() => new WorkflowRuntime(stack, 'Other', props)).toThrow(/another WorkflowRuntime works on it/);
});
