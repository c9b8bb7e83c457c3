import type { ValidationIssue } from '../../core/errors.ts';

/** What each function reads when it begins: by hand, since a library for schemas would double the time that takes. */

/** How a field has to be. */
export interface FieldRule {
  readonly is: (value: unknown) => boolean;
  /** What it has to be, for whoever sent something else. */
  readonly expected: string;
  readonly optional?: true;
}

/** What is wrong with the fields that have rules; `prefix` is put before their names. */
export function issuesOfFields(
  given: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, FieldRule>>,
  prefix = '',
): ValidationIssue[] {
  return Object.entries(rules).flatMap(([name, { is, expected, optional }]) => {
    const value = given[name];
    const isFine = value === undefined ? optional === true : is(value);
    return isFine ? [] : [{ path: `${prefix}${name}`, message: `is not ${expected}` }];
  });
}

/** Whether it is an object and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a text holds; undefined for what is no JSON, which no reader takes for anything. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
