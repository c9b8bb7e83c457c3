import type { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnEventBusPolicy } from 'aws-cdk-lib/aws-events';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { z } from 'zod';

/**
 * Takes out of a stack what an emulator that is called over plain HTTP, and knows no policies of an event bus, cannot be
 * given. Tests of the template (test/cdk) hold each of them: what is left here is deployed as it is.
 */
export function fitForEmulator(stack: Stack): void {
  for (const construct of stack.node.findAll()) {
    if (construct instanceof CfnEventBusPolicy) remove(construct);
    if (construct instanceof CfnPolicy) withDefaultGroup(stack, construct);
    if (construct instanceof CfnQueuePolicy || construct instanceof CfnBucketPolicy)
      withoutTls(stack, construct);
    if (construct instanceof CfnQueuePolicy) withSessions(stack, construct);
  }
}

interface Policy {
  readonly Statement: readonly {
    readonly Action?: unknown;
    readonly Condition?: unknown;
    readonly Resource?: unknown;
  }[];
}

/** Takes every schedule for one of the group `default`, whichever it is in, so what may be done is looked up there. */
function withDefaultGroup(stack: Stack, policy: CfnPolicy): void {
  const document = stack.resolve(policy.policyDocument) as Policy;
  const Statement = document.Statement.map((statement) =>
    JSON.stringify(statement.Action).includes('scheduler:')
      ? { ...statement, Resource: [statement.Resource, 'arn:aws:scheduler:*:*:schedule/default/*'].flat() }
      : statement,
  );
  policy.policyDocument = { ...document, Statement };
}

/** Without the statements that refuse whoever does not come over TLS: nobody does. */
function withoutTls(stack: Stack, policy: CfnQueuePolicy | CfnBucketPolicy): void {
  const document = stack.resolve(policy.policyDocument) as Policy;
  const Statement = document.Statement.filter(
    ({ Condition }) => !JSON.stringify(Condition ?? {}).includes('aws:SecureTransport'),
  );
  if (Statement.length === 0) remove(policy);
  else policy.policyDocument = { ...document, Statement };
}

/** What `aws:PrincipalArn` is compared with, resolved: roles by their attributes. */
const principals = z.looseObject({
  ArnNotEquals: z.looseObject({
    'aws:PrincipalArn': z.array(z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) })),
  }),
});

/** Takes the ARN of a role's session for `aws:PrincipalArn`, where AWS has that of the role: so the sessions are named, too. */
function withSessions(stack: Stack, policy: CfnQueuePolicy): void {
  const document = stack.resolve(policy.policyDocument) as Policy;
  const Statement = document.Statement.map((statement) => {
    const { data: Condition } = principals.safeParse(statement.Condition);
    if (Condition === undefined) return statement;
    const roles = Condition.ArnNotEquals['aws:PrincipalArn'];
    const sessions = roles.map(({ 'Fn::GetAtt': [role] }) => ({
      'Fn::Join': ['', ['arn:aws:sts::', { Ref: 'AWS::AccountId' }, ':assumed-role/', { Ref: role }, '/*']],
    }));
    const either = { ...Condition.ArnNotEquals, 'aws:PrincipalArn': [...roles, ...sessions] };
    return { ...statement, Condition: { ...Condition, ArnNotEquals: either } };
  });
  policy.policyDocument = { ...document, Statement };
}

function remove({ node }: CfnResource): void {
  node.scope?.node.tryRemoveChild(node.id);
}
