import type { StepDefinition } from '../core/definition.ts';
import { type ErrorDetails, WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

/** What a value is, for the message that refuses it. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
  if (typeof value === 'string') return value === '' ? 'an empty string' : `the string "${value}"`;
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an object without keys' : `an object with ${keys.slice(0, 8).join(', ')}`;
  }
  return typeof value === 'symbol' ? 'a symbol' : `the ${typeof value} ${value as number}`;
}

/** The error of a malformed definition. */
export function invalid(message: string, details: ErrorDetails = {}): WorkflowError {
  return new WorkflowError('WORKFLOW_DEFINITION_INVALID', message, { details });
}

/** Whether a value is what a call may be given options by. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the runtime can execute `value`. */
export function isStep(value: unknown): value is StepDefinition {
  return isObject(value) && typeof value['id'] === 'string' && typeof value['execute'] === 'function';
}

/** Refuses an id that cannot name anything. */
export function checkId(id: unknown, of: string): asserts id is string {
  if (typeof id === 'string' && id.trim() !== '') return;
  throw invalid(`${of} has ${describe(id)} as its id: give it a string that is not empty`);
}

/** Refuses what is no Standard Schema. A schema library's class or a plain object description is a frequent mistake. */
export function checkSchema(schema: unknown, name: string, of: string, required: boolean): void {
  if (schema === undefined && !required) return;
  const isLike = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  if (isLike && '~standard' in schema) return;
  throw invalid(
    `${of} has ${describe(schema)} as its ${name}: give a Standard Schema, as zod, valibot and arktype make them`,
  );
}

/** Refuses what is no whole number from `least` to `most`. */
export function checkCount(value: unknown, name: string, of: string, most: number, least = 0): void {
  if (value === undefined) return;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(`${of} has ${describe(value)} as its ${name}: give a whole number from ${least} to ${most}`);
}

/** Refuses what cannot bound an attempt of a step. */
export function checkTimeout(value: unknown, of: string): asserts value is number | undefined {
  checkCount(value, 'timeoutMs', of, limits.stepTimeoutMs, 1);
}

/** Refuses metadata that is no object. */
export function checkMetadata(
  metadata: unknown,
  of: string,
): asserts metadata is Record<string, unknown> | undefined {
  if (metadata === undefined || isObject(metadata)) return;
  throw invalid(`${of} has ${describe(metadata)} as its metadata: give an object`);
}
