import type { z } from 'zod';
import type { Answer, JsonSchema, Parameter, Parameters } from './operation.ts';
import type { ProblemCode } from './problem.ts';
import { storedRun } from './responses.ts';

/** What several operations have in common. */

export const text: JsonSchema = { type: 'string', minLength: 1 };
export const boolean: JsonSchema = { type: 'boolean', default: false };
export const sha256: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

/** Parameters that are in a path. */
export const pathParameters: Parameters = {
  workflowId: { description: 'Id of the workflow.', schema: text },
  runId: {
    description: 'Id of the run: 1 to 200 characters of any script, percent-encoded as one segment.',
    schema: { type: 'string', minLength: 1, maxLength: 200 },
  },
  sha256: { description: 'SHA-256 of the bytes of the body, in hex.', schema: sha256 },
};

/** Seconds to wait, for whatever an operation waits for. */
export function wait(what: string): Parameter {
  return {
    description: `Seconds to wait ${what}. 2.5 is possible, too.`,
    schema: { type: 'number', minimum: 0, maximum: 25, default: 0 },
  };
}

/** `cursor` of a list of pages. */
export function cursor(from: string): Parameter {
  return { description: `\`cursor\` of the page before; without it ${from}.`, schema: text };
}

export const inline: Parameter = {
  description: 'Gives values of more than 256 KiB as they are, and no `ValueReference` instead.',
  schema: boolean,
};

export const outcomeWait = wait('until the run is over, suspended or paused');

/** Properties of several bodies. */
export const said = {
  initialState: 'State that the run begins with, validated by the `stateSchema` of the workflow.',
  requestContext: 'Request context. Of a run that is there, its keys win over those of the run.',
  perStep: 'Pauses the run after one entry.',
} as const;

/** An answer in JSON. */
export function json(description: string, schema: z.ZodType, more: Partial<Answer> = {}): Answer {
  return { description, content: { 'application/json': schema }, ...more };
}

export const location: Parameters = {
  Location: { description: 'Path of the run.', schema: { type: 'string' } },
};

/** The answer of what changes a run. */
export function changed(description: string): Readonly<Record<number, Answer>> {
  return { 200: json(description, storedRun) };
}

/** Whatever reads or writes what is stored can fail like this. */
export const stored: readonly ProblemCode[] = [
  'WORKFLOW_RECORD_CORRUPT',
  'WORKFLOW_RUNTIME_CLOSED',
  'WORKFLOW_BACKEND_UNAVAILABLE',
];

/** Whatever is about one run can fail like this. */
export const oneRun: readonly ProblemCode[] = [
  'WORKFLOW_RUN_NOT_FOUND',
  'WORKFLOW_NOT_FOUND',
  'WORKFLOW_RUN_FORBIDDEN',
  ...stored,
];

/** Whatever takes values of an author can fail like this. */
export const validated: readonly ProblemCode[] = [
  'WORKFLOW_SCHEMA_VALIDATION_FAILED',
  'WORKFLOW_VALUE_NOT_STORABLE',
];

/** The run of the examples. */
export const exampleRun = { runId: 'orders-1' } as const;
