import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { UserPool, UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { type IWorkflowRuntime, WorkflowRuntime, WorkflowStack } from '../../../lib/index.ts';
import { grantNames, roleOutput } from '../roles.ts';
import { hurry, shortTimes } from './settings.ts';

const entry = 'test/integration/stacks/asking.ts';

/** Callers are roles: two that were granted everything, one that was granted nothing, and one for each grant. */
export class CallersStack extends WorkflowStack {
  constructor(scope: Construct, id: string) {
    super(scope, id, { ...shortTimes, entry, auth: 'iam' });
    hurry(this);
    addRoles(this, this.runtime);
  }
}

/** Roles that the principals of the account may assume, their names as outputs. */
function addRoles(stack: Stack, runtime: IWorkflowRuntime): void {
  const add = (name: string) => {
    const role = new Role(stack, name, { assumedBy: new AccountRootPrincipal() });
    new CfnOutput(stack, roleOutput(name), { value: role.roleArn });
    return role;
  };
  for (const caller of ['Owner', 'Other']) {
    const role = add(caller);
    for (const grant of grantNames) runtime[grant](role);
  }
  add('Nobody');
  for (const grant of grantNames) runtime[grant](add(grant));
}

/** Callers are users of a pool. */
export class TokensStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const pool = new UserPool(this, 'Pool', { removalPolicy: RemovalPolicy.DESTROY });
    const client = (name: string) =>
      new UserPoolClient(this, name, { userPool: pool, authFlows: { adminUserPassword: true } });
    const known = client('Known');
    // Not by the pool's own attribute, which emulators do not all have.
    const issuer = `https://cognito-idp.${this.region}.${this.urlSuffix}/${pool.userPoolId}`;
    const runtime = new WorkflowRuntime(this, 'Workflows', {
      ...shortTimes,
      entry,
      auth: { issuer, audience: known.userPoolClientId },
    });
    hurry(this);
    const outputs = {
      Url: runtime.url,
      ApiId: runtime.apiId,
      BucketName: runtime.bucket.bucketName,
      PoolId: pool.userPoolId,
      ClientId: known.userPoolClientId,
      OtherClientId: client('Unknown').userPoolClientId,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
