import { WorkflowError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';

/** How often something is tried, and the bounds of the pauses between. */
export interface Backoff {
  readonly tries: number;
  readonly baseMs: number;
  readonly capMs: number;
}

/** For what resolves within a transaction's time: another write to the same item. */
export const conflictBackoff: Backoff = { tries: 10, baseMs: 15, capMs: 500 };

/** For what a service refused for lack of capacity, beyond what its client has tried again already. */
export const refusalBackoff: Backoff = { tries: 7, baseMs: 50, capMs: 2_000 };

/** For what failed as a whole although its client has tried again already. */
export const failureBackoff: Backoff = { tries: 3, baseMs: 100, capMs: 2_000 };

/** Where time, pauses and their jitter come from. */
export interface Pacing {
  readonly clock: Pick<Clock, 'timer' | 'now'>;
  /** 0 to 1. */
  random(): number;
}

/** What one try came to. */
export type Try<T> = { readonly done: T } | { readonly again: unknown };

/**
 * Tries until done, with full jitter (a random pause up to a bound that doubles), so that those who collided do not
 * collide again: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. Rejects with
 * WORKFLOW_BACKEND_UNAVAILABLE, with what the last try gave as cause, when the tries are used up.
 */
export async function retrying<T>(
  pacing: Pacing,
  backoff: Backoff,
  what: string,
  attempt: () => Promise<Try<T>>,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    const outcome = await attempt();
    if ('done' in outcome) return outcome.done;
    if (tried >= backoff.tries) {
      throw unavailable(`${what}: refused ${tried} times`, outcome.again);
    }
    const bound = Math.min(backoff.capMs, backoff.baseMs * 2 ** (tried - 1));
    await pause(pacing.clock, pacing.random() * bound);
  }
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
