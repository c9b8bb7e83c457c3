import type { ConditionDefinition } from '../core/definition.ts';
import { evaluatePredicate, readPredicate, readsOfPredicate } from '../core/predicate.ts';
import { describe, invalid, isObject } from './describe.ts';

/** Checks a condition; `role` tells its author where it stands. One that is data becomes a function that carries what it reads and what a graph shows. */
export function conditionOf(
  value: unknown,
  of: string,
  role: string,
  workflowId: string,
): ConditionDefinition {
  if (typeof value === 'function') return value as ConditionDefinition;
  if (!isObject(value) || value['predicate'] === undefined) {
    throw invalid(
      `${of} was given ${describe(value)} as ${role}: give a function of the context, or { predicate }`,
      { workflowId },
    );
  }
  const predicate = readPredicate(value['predicate'], of);
  const condition: ConditionDefinition = (context) => evaluatePredicate(predicate, context);
  const shown = JSON.stringify({ predicate });
  return Object.freeze(Object.assign(condition, { reads: readsOfPredicate(predicate), shown }));
}
