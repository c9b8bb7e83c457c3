import { AsyncLocalStorage } from 'node:async_hooks';
import type { Spending } from './spending.ts';

/** What the calls of one handling share: a processor handles the records of a batch at the same time. */
export interface Invocation {
  /** Time by which the handling has to be over, ms since 1970: when the function ends, less what storing an outcome takes. */
  readonly deadline: number;
  /** What counts the requests that are made meanwhile. @default they are not counted */
  readonly meter?: Spending;
}

const current = new AsyncLocalStorage<Invocation>();

/** Calls `handle`; what it calls, and what that calls, finds `invocation` by {@link currentInvocation}. */
export function withInvocation<T>(invocation: Invocation, handle: () => T): T {
  return current.run(invocation, handle);
}

/** The invocation on whose behalf this is called; undefined outside of one. */
export function currentInvocation(): Invocation | undefined {
  return current.getStore();
}
