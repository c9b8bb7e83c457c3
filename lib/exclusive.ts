import type { IConstruct } from 'constructs';
import { invalid } from './bounds.ts';

const taken = new WeakSet<IConstruct>();

/**
 * Keeps two deployments of an app from working on the same table, bucket, bus or queue: each would take the runs of the other
 * for its own. Throws `WorkflowRuntimeError`.
 */
export function takeFor(name: string, construct: IConstruct | undefined): void {
  if (construct === undefined) return;
  if (taken.has(construct)) {
    throw invalid(
      name,
      'another WorkflowRuntime works on it, and would take the runs of this one for its own; write another',
    );
  }
  taken.add(construct);
}
