import { WorkflowError } from '../core/errors.ts';
import type { WorkflowState } from '../core/snapshot.ts';
import { describe, isObject } from './describe.ts';
import type { WorkflowStateField } from './stored-run-types.ts';

/** A record, so that the compiler misses a field that is added. */
const known: Readonly<Record<WorkflowStateField, true>> = {
  initialState: true,
  payload: true,
  result: true,
  error: true,
  tripwire: true,
  requestContext: true,
  steps: true,
  activeStepsPath: true,
  suspendedPaths: true,
  waitingPaths: true,
  resumeLabels: true,
  serializedStepGraph: true,
  stepExecutionPath: true,
};

function isField(value: unknown): value is WorkflowStateField {
  return typeof value === 'string' && Object.hasOwn(known, value);
}

function wrong(text: string): WorkflowError {
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `getWorkflowRunById was given ${text}`);
}

/** What a caller wants to see of a run. */
export interface WantedState {
  readonly fields: ReadonlySet<string>;
  /** With the steps of nested runs. */
  readonly nested: boolean;
}

/** What one gets who names no fields: a request context may hold secrets, so it has to be asked for. */
const usual: ReadonlySet<string> = new Set(Object.keys(known).filter((name) => name !== 'requestContext'));

/** The fields asked for. Throws WORKFLOW_ARGUMENT_INVALID. */
export function fieldsGiven(options: unknown): WantedState {
  if (options === undefined) return { fields: usual, nested: true };
  if (!isObject(options)) throw wrong(`${describe(options)} as its options: give { fields }`);
  const { fields, withNestedWorkflows: nested = true } = options;
  if (typeof nested !== 'boolean')
    throw wrong(`${describe(nested)} as withNestedWorkflows: give true or false`);
  if (fields === undefined) return { fields: usual, nested };
  if (!Array.isArray(fields)) throw wrong(`${describe(fields)} as fields: give an array of names`);
  const names: unknown[] = fields;
  const unknown = names.findIndex((name) => !isField(name));
  if (unknown < 0) return { fields: new Set(names.filter(isField)), nested };
  const possible = Object.keys(known).join(', ');
  throw wrong(`${describe(names[unknown])} as one of its fields: possible are ${possible}`);
}

/** A run with the fields asked for, and with what is no field: its metadata and its status. */
export function withFields(state: WorkflowState, fields: ReadonlySet<string>): Partial<WorkflowState> {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !isField(name) || fields.has(name)));
}
