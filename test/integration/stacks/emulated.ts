import type { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnEventBusPolicy } from 'aws-cdk-lib/aws-events';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';

/**
 * Takes out of a stack what an emulator that is called over plain HTTP, and knows no policies of an event bus, cannot be
 * given. Tests of the template (test/cdk) hold each of them: what is left here is deployed as it is.
 */
export function fitForEmulator(stack: Stack): void {
  for (const construct of stack.node.findAll()) {
    if (construct instanceof CfnEventBusPolicy) remove(construct);
    if (construct instanceof CfnQueuePolicy || construct instanceof CfnBucketPolicy)
      withoutTls(stack, construct);
  }
}

interface Policy {
  readonly Statement: readonly { readonly Condition?: unknown }[];
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

function remove({ node }: CfnResource): void {
  node.scope?.node.tryRemoveChild(node.id);
}
