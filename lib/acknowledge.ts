import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Records why a finding of cdk-nag is no fault here, so that an app that runs those checks sees only what is its own.
 * Without them it is a note in the construct tree.
 */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}
