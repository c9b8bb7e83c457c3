import { deepStrictEqual, ok, rejects } from 'node:assert/strict';
import { type ErrorCode, isWorkflowError } from '../../core/errors.ts';
import type { Write } from '../../ports/index.ts';

/** Asserts about the fields of `expected` only; one that is `undefined` there must be absent. */
export function hasFields<T extends object>(actual: T | undefined, expected: Partial<Nullable<T>>): void {
  ok(actual !== undefined, 'nothing was stored or returned');
  const names = Object.keys(expected) as (keyof T)[];
  deepStrictEqual(Object.fromEntries(names.map((name) => [name, actual[name]])), expected);
}

type Nullable<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Asserts that a write was won, and returns what is stored now. */
export function won<T>(write: Write<T>): T {
  ok(write.won, 'the write was lost, but had to be won');
  return write.image;
}

/** Asserts that a write was lost, and returns what made it lose; fails where that is not returned. */
export function lostTo<T>(write: Write<T>): T {
  ok(!write.won, 'the write was won, but had to be lost');
  ok(write.image !== undefined, 'the loser did not get the record as it stands');
  return write.image;
}

/** Asserts that a write was lost to nothing: there is no record. */
export function lostToNothing(write: Write<unknown>): void {
  ok(!write.won, 'the write was won, but had to be lost');
  deepStrictEqual(write.image, undefined);
}

/** Asserts that a call rejects with a code. */
export async function rejectsWith(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  await rejects(call, (error) => {
    ok(isWorkflowError(error, code), `rejected with ${String(error)}, but ${code} was due`);
    return true;
  });
}

/** Runs `count` calls at once. */
export function atOnce<T>(count: number, call: (number: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => call(number)));
}
