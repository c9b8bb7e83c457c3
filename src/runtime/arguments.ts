import { WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

/** What a message calls a value of the wrong kind. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Checks an id that a caller chose. Throws WORKFLOW_ARGUMENT_INVALID. */
export function checkId(value: unknown, field: string): string {
  if (typeof value !== 'string') {
    throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `${field} is ${kindOf(value)}: pass a string`, {
      details: { field },
    });
  }
  const { length } = Array.from(value);
  if (length >= 1 && length <= limits.idLength) return value;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `${field} has ${length} characters: use 1 to ${limits.idLength}`,
    { details: { field } },
  );
}

/** Checks a resume key. Throws WORKFLOW_ARGUMENT_INVALID. */
export function checkResumeKey(value: unknown, field: string): string {
  const refuse = (what: string): WorkflowError =>
    new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `${field} ${what}`, { details: { field } });
  if (typeof value !== 'string') throw refuse(`is ${kindOf(value)}: pass a string`);
  const { length } = Array.from(value);
  if (length < 1 || length > limits.resumeKeyLength) {
    throw refuse(`has ${length} characters: use 1 to ${limits.resumeKeyLength}`);
  }
  // Keys are found by the hash of their UTF-8, in which all lone surrogates are one character.
  if (!value.isWellFormed()) throw refuse('has a lone surrogate: pass whole characters');
  return value;
}

/** Checks the keys that a step gives to its suspension; each is there once. Throws WORKFLOW_ARGUMENT_INVALID. */
export function checkResumeKeys(given: string | readonly string[] | undefined): readonly string[] {
  if (given === undefined) return [];
  const keys = Array.isArray(given)
    ? given.map((key) => checkResumeKey(key, 'resumeKey'))
    : [checkResumeKey(given, 'resumeKey')];
  const own = [...new Set(keys)];
  if (own.length <= limits.resumeKeys) return own;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `resumeKey has ${own.length} keys: use at most ${limits.resumeKeys}`,
    { details: { field: 'resumeKey' } },
  );
}

/** Checks a record of values (state, request context). Throws WORKFLOW_ARGUMENT_INVALID. */
export function checkRecord(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `${field} is ${kindOf(value)}: pass an object`, {
    details: { field },
  });
}

/** Checks how long a run may take. Throws WORKFLOW_ARGUMENT_INVALID. */
export function checkTimeout(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const isNumber = typeof value === 'number';
  if (isNumber && Number.isInteger(value) && value >= 1 && value <= limits.runTimeoutMs) return value;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `timeoutMs is ${isNumber ? value : kindOf(value)}: pass a whole number of milliseconds from 1 to ${limits.runTimeoutMs}`,
    { details: { field: 'timeoutMs' } },
  );
}

/** Runs that one page of a list can hold. */
const longestPage = 1_000;

/** Checks the length of a page. Throws WORKFLOW_ARGUMENT_INVALID. */
export function checkLimit(value: unknown): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= longestPage) return;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `limit is ${typeof value === 'number' ? value : kindOf(value)}: pass a whole number from 1 to ${longestPage}`,
    { details: { field: 'limit' } },
  );
}
