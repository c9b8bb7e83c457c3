import {
  type AddToPrincipalPolicyResult,
  type IPrincipal,
  type IRole,
  type PolicyStatement,
  PrincipalPolicyFragment,
} from 'aws-cdk-lib/aws-iam';
import { DependencyGroup } from 'constructs';

/** Several roles as one principal: what is granted to it, each of them may do. */
export class StepPrincipal implements IPrincipal {
  readonly assumeRoleAction = 'sts:AssumeRole';
  readonly grantPrincipal: IPrincipal = this;
  readonly policyFragment: PrincipalPolicyFragment;
  /** Without it a grant takes the roles for those of another account, and writes them into the policy of what is granted, too. */
  readonly principalAccount?: string;
  readonly #roles: readonly IRole[];

  /** Roles of one account. */
  constructor(roles: readonly IRole[]) {
    this.#roles = roles;
    const account = roles[0]?.principalAccount;
    if (account !== undefined) this.principalAccount = account;
    this.policyFragment = new PrincipalPolicyFragment({ AWS: roles.map(({ roleArn }) => roleArn) });
  }

  addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    const added = this.#roles.map((role) => role.addToPrincipalPolicy(statement.copy()));
    return {
      statementAdded: true,
      policyDependable: new DependencyGroup(
        ...added.flatMap(({ policyDependable }) =>
          policyDependable === undefined ? [] : [policyDependable],
        ),
      ),
    };
  }
}
