import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Records why a finding of cdk-nag is no fault here, so that an app that runs those checks sees only what is its own.
 * Without them it is a note in the construct tree.
 */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/**
 * The same for a wildcard in a resource, whose finding is named by the resource. How one of another stack is written is known
 * when the references between the stacks are resolved, which is before the validation.
 */
export function acknowledgeWildcard(construct: IConstruct, resource: string, reason: string): void {
  construct.node.addValidation({
    validate: () => {
      acknowledge(
        construct,
        `AwsSolutions-IAM5[Resource::${flat(Stack.of(construct).resolve(resource))}]`,
        reason,
      );
      return [];
    },
  });
}

/** A value of a template as the names of findings have it. */
function flat(value: unknown): string {
  if (typeof value === 'string') return value;
  const intrinsic = value as {
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    readonly 'Fn::GetAtt'?: readonly string[];
    readonly 'Fn::ImportValue'?: unknown;
    readonly Ref?: string;
  };
  const {
    'Fn::Join': join,
    'Fn::GetAtt': attribute,
    'Fn::ImportValue': imported,
    Ref: reference,
  } = intrinsic;
  if (join !== undefined) return join[1].map(flat).join(join[0]);
  if (attribute !== undefined) return `<${attribute.join('.')}>`;
  if (imported !== undefined) return flat(imported);
  return reference === undefined ? JSON.stringify(value) : `<${reference}>`;
}
