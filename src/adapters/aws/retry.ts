import { WorkflowError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { currentInvocation } from './invocation.ts';

/** How often something is tried, and the bounds of the pauses between. */
export interface Backoff {
  readonly tries: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** No try begins later than this after the first one, ms. @default the number of tries is all */
  readonly withinMs?: number;
}

/**
 * For what resolves within a transaction's time: another write to the same item. A write may carry a lease, so the last try,
 * which takes as long as its client lets it, begins within a quarter of the usual lease of 60 s.
 */
export const conflictBackoff: Backoff = { tries: 10, baseMs: 15, capMs: 500, withinMs: 15_000 };

/** For what a service refused for lack of capacity, beyond what its client has tried again already. */
export const refusalBackoff: Backoff = { tries: 7, baseMs: 50, capMs: 2_000 };

/** For what failed as a whole although its client has tried again already. */
export const failureBackoff: Backoff = { tries: 3, baseMs: 100, capMs: 2_000 };

/**
 * Requests end this long after the deadline of an invocation, ms: by then the outcome of a step that had until the deadline is
 * stored, or will not be. Less than the function still has (`defaults.stepMarginSeconds`), so that the failure is reported.
 */
export const graceMs = 4_000;

/** Where time, pauses and their jitter come from. */
export interface Pacing {
  readonly clock: Pick<Clock, 'timer' | 'now'>;
  /** 0 to 1. */
  random(): number;
}

/** What one try came to; `progressed`: it did a part, so that the next one is as good as a first one. */
export type Try<T> = { readonly done: T } | { readonly again: unknown; readonly progressed?: boolean };

/**
 * Tries until done, with full jitter (a random pause up to a bound that doubles), so that those who collided do not
 * collide again: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. Rejects with
 * WORKFLOW_BACKEND_UNAVAILABLE, with what the last try gave as cause, when the tries are used up, or when the pause would
 * end after their time or that of the invocation: whoever is killed in the middle of a try leaves more behind than who fails.
 */
export async function retrying<T>(
  pacing: Pacing,
  backoff: Backoff,
  what: string,
  attempt: () => Promise<Try<T>>,
): Promise<T> {
  const { deadline } = currentInvocation() ?? { deadline: Number.POSITIVE_INFINITY };
  const { withinMs = Number.POSITIVE_INFINITY } = backoff;
  const end = Math.min(deadline + graceMs, pacing.clock.now() + withinMs);
  for (let tried = 1; ; tried += 1) {
    const outcome = await attempt();
    if ('done' in outcome) return outcome.done;
    if (outcome.progressed === true) tried = 1;
    if (tried >= backoff.tries) {
      throw unavailable(`${what}: refused ${tried} times`, outcome.again);
    }
    const bound = Math.min(backoff.capMs, backoff.baseMs * 2 ** (tried - 1));
    const ms = pacing.random() * bound;
    if (pacing.clock.now() + ms >= end) {
      throw unavailable(`${what}: refused ${tried} times, and no time is left`, outcome.again);
    }
    await pause(pacing.clock, ms);
  }
}

/** Sends once; what will pass by itself may be tried again. Rejects with WORKFLOW_BACKEND_UNAVAILABLE for the rest. */
export async function trying<T>(what: string, send: () => Promise<T>): Promise<Try<T>> {
  try {
    return { done: await send() };
  } catch (error) {
    return passingOf(error, what);
  }
}

/** The outcome of a try that failed. */
export function passingOf(error: unknown, what: string): Try<never> {
  if (error instanceof WorkflowError) throw error;
  if (isPassing(error)) return { again: error };
  throw unavailable(what, error);
}

/** Resolves in `ms`; keeps the process alive until then. */
export function pause(clock: Pick<Clock, 'timer'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.timer(ms, resolve, { keepAlive: true });
  });
}

/** A failure of a service as the ports promise it. */
export function unavailable(what: string, cause: unknown): WorkflowError {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new WorkflowError(
    'WORKFLOW_BACKEND_UNAVAILABLE',
    `${what} (${reason}): try again, and check the service and the permissions of this role`,
    { cause },
  );
}

/** Whether an error of an AWS client has this name. */
export function isNamed(error: unknown, ...names: string[]): error is Error {
  return error instanceof Error && names.includes(error.name);
}

/** Names by which the services refuse for lack of capacity (their API references, common errors). */
const throttles = [
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
];

/**
 * Whether what a client gave up on may succeed a little later: the service has no capacity, or an error of its own. Not a
 * timeout: each of the client's tries took seconds of a lease.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || isNamed(error, 'TimeoutError', 'AbortError')) return false;
  if (isNamed(error, ...throttles)) return true;
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return (metadata?.httpStatusCode ?? 0) >= 500;
}
