import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { WorkflowStack } from '../../lib/index.ts';
import { ENTRY, createApp } from './synth.ts';

const partitionKey = { name: 'id', type: AttributeType.STRING };

/** By the name of the construct, how one is made and given to somebody, and what he may do then. */
const granted: Record<string, { readonly action: string; give(stack: Stack, to: IGrantable): void }> = {
  Bucket: { action: 's3:GetObject*', give: (stack, to) => new Bucket(stack, 'Given').grantRead(to) },
  Table: {
    action: 'dynamodb:GetItem',
    give: (stack, to) => new Table(stack, 'Given', { partitionKey }).grantReadData(to),
  },
  Key: { action: 'kms:Decrypt', give: (stack, to) => new Key(stack, 'Given').grantDecrypt(to) },
  Secret: {
    action: 'secretsmanager:GetSecretValue',
    give: (stack, to) => new Secret(stack, 'Given').grantRead(to),
  },
  Queue: { action: 'sqs:SendMessage', give: (stack, to) => new Queue(stack, 'Given').grantSendMessages(to) },
};

/** What a template says of others that names a role: the policy of the key has the account in it only. */
function policiesOf(template: Template): string {
  const resources = template.toJSON()['Resources'] as Readonly<Record<string, { readonly Type: string }>>;
  return JSON.stringify(
    Object.entries(resources).filter(
      ([id, { Type }]) => id.startsWith('Given') && Type !== 'AWS::IAM::Policy',
    ),
  );
}

/** Roles that may do something, by the policies of a template. */
function rolesThatMay(template: Template, action: string): string {
  return JSON.stringify(
    Object.values(template.findResources('AWS::IAM::Policy'))
      .filter(({ Properties }) => JSON.stringify(Properties).includes(`"${action}"`))
      .map(({ Properties }) => (Properties as { readonly Roles: unknown }).Roles),
  );
}

describe.each(Object.entries(granted))('a %s that is granted to a runtime', (_, { action, give }) => {
  test('of another stack is one that the stack of the runtime needs, and not the other way round', () => {
    const app = createApp();
    const data = new Stack(app, 'Data');
    const shop = new WorkflowStack(app, 'Shop', { entry: ENTRY, auth: 'iam' });
    give(data, shop.runtime);
    app.synth();
    expect(data.dependencies).toEqual([]);
    expect(shop.dependencies).toEqual([data]);
    const roles = rolesThatMay(Template.fromStack(shop), action);
    for (const role of ['WorkflowsProcessorRole', 'WorkflowsLongStepsProcessorRole']) {
      expect(roles).toContain(role);
    }
  });

  test('of the same stack gets no policy that names the roles', () => {
    const stack = new WorkflowStack(createApp(), 'Shop', { entry: ENTRY, auth: 'iam' });
    give(stack, stack.runtime);
    const template = Template.fromStack(stack);
    expect(policiesOf(template)).toContain('Given');
    expect(policiesOf(template)).not.toContain('ProcessorRole');
    expect(rolesThatMay(template, action)).toContain('WorkflowsLongStepsProcessorRole');
  });
});
