import { createStep } from '../../../src/index.ts';
import { any } from '../reference/steps.ts';
import type { AuthorsWorkflow, Calls } from './calls.ts';
import type { ShownRefusal } from './shown.ts';

/** A call that is refused. */
export interface Refused {
  readonly situation: string;
  readonly workflow: () => AuthorsWorkflow;
  /** What comes before. */
  readonly before?: (calls: Calls) => Promise<unknown>;
  readonly call: (calls: Calls) => Promise<unknown>;
  readonly error: ShownRefusal;
  /** What HTTP shows instead, on purpose. @default the same */
  readonly overHttp?: ShownRefusal;
}

/** A run that fails. */
export interface Failed {
  readonly situation: string;
  readonly workflow: () => AuthorsWorkflow;
  /** @default {} */
  readonly inputData?: unknown;
  /** Whose entry shows the error. @default fails */
  readonly stepId?: string;
  /** JSON of the error: all that it has. */
  readonly error: object;
  /** The built-in class that it is of. @default Error */
  readonly type?: new () => Error;
}

type Body = Parameters<typeof createStep>[0]['execute'];

/** The step that fails. */
export function failingStep(execute: Body, more: object = {}) {
  return createStep({ id: 'fails', inputSchema: any, outputSchema: any, ...more, execute });
}

/** A workflow of a chain that knows its types. */
export function made(workflow: object): AuthorsWorkflow {
  return workflow as AuthorsWorkflow;
}

/** Starts the run. */
export const start = (calls: Calls): Promise<unknown> => calls.start({ inputData: {} });

/** What refusals about the run say of it. */
export const ids = { runId: 'run', workflowId: 'flow' };
