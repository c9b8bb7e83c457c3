import { WorkflowError } from '../core/errors.ts';
import { runDetails, usualRunDetails } from '../core/run-fields.ts';
import { describe, isObject } from './describe.ts';

function wrong(text: string): WorkflowError {
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `getWorkflowRunById was given ${text}`);
}

/** What a caller wants to see of a run. */
export interface WantedState {
  readonly fields: ReadonlySet<string>;
  /** With the steps of nested runs. */
  readonly nested: boolean;
}

/** The fields asked for. Throws WORKFLOW_ARGUMENT_INVALID. */
export function fieldsGiven(options: unknown): WantedState {
  if (options === undefined) return { fields: usualRunDetails, nested: true };
  if (!isObject(options)) throw wrong(`${describe(options)} as its options: give { fields }`);
  const { fields, withNestedWorkflows: nested = true } = options;
  if (typeof nested !== 'boolean')
    throw wrong(`${describe(nested)} as withNestedWorkflows: give true or false`);
  if (fields === undefined) return { fields: usualRunDetails, nested };
  if (!Array.isArray(fields)) throw wrong(`${describe(fields)} as fields: give an array of names`);
  const names: unknown[] = fields;
  const given = names.filter((name): name is string => runDetails.some((known) => known === name));
  if (given.length === names.length) return { fields: new Set(given), nested };
  const unknown = names.find((name) => !given.some((known) => known === name));
  throw wrong(`${describe(unknown)} as one of its fields: possible are ${runDetails.join(', ')}`);
}
