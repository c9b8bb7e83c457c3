import type { Change, Shared } from './shared.ts';

/** How a place, or a run, ends. */
export type Ending =
  | {
      readonly status: 'success';
      readonly output: unknown;
      /** The workflow that it is in ends with this output. */
      readonly isBailed?: true;
    }
  | { readonly status: 'failed'; readonly error: Error; readonly isNonRetryable: boolean }
  | { readonly status: 'canceled' }
  | {
      readonly status: 'suspended';
      readonly payload: unknown;
      /** Ids from this place to each step that is suspended. */
      readonly paths: readonly (readonly string[])[];
    };

/** What a place went through on the way. */
export interface Suspensions {
  /** Whether it was suspended at all. */
  readonly any: boolean;
  /** Fields of its entry that tell of the last suspension and resumption. */
  readonly shown: Pick<InterpretedStep, 'suspendPayload' | 'suspendOutput' | 'resumePayload'>;
  /** The fields depend on what ran beside it. */
  readonly isOpen: boolean;
}

export const neverSuspended: Suspensions = { any: false, shown: {}, isOpen: false };

/** What a place comes to. */
export interface Outcome {
  readonly ending: Ending;
  /** Endings that are as possible. */
  readonly others: readonly Ending[];
  /** Anything may come of it. */
  readonly isUndecided: boolean;
  readonly change: Change;
  /** Of a body that was suspended: the same by its executions, each of which but the last ended in a suspension. */
  readonly changes?: readonly Change[];
  readonly suspensions: Suspensions;
  /** What `steps` show of it. */
  readonly entry: InterpretedStep;
}

/** What a run comes to. */
export interface RunOutcome {
  readonly ending: Ending;
  readonly others: readonly Ending[];
  readonly isUndecided: boolean;
  /** State and request context at its start, and at its end. */
  readonly given: Shared;
  readonly shared: Shared;
  readonly suspensions: Suspensions;
}

/** An entry of `steps`, without times. */
export interface InterpretedStep {
  readonly status: 'success' | 'failed' | 'suspended' | 'canceled';
  readonly payload: unknown;
  readonly output?: unknown;
  readonly error?: Error;
  readonly nonRetryable?: true;
  readonly tripwire?: unknown;
  readonly suspendPayload?: unknown;
  readonly suspendOutput?: unknown;
  readonly resumePayload?: unknown;
  readonly metadata?: { readonly iterationCount: number };
}

/** Whether the workflow goes on behind a place that ends so. */
export function goesOn(ending: Ending): ending is Extract<Ending, { status: 'success' }> {
  return ending.status === 'success' && ending.isBailed !== true;
}

/** What `steps` show of a place that got `payload`. */
export function entryOf(
  payload: unknown,
  ending: Ending,
  { shown }: Suspensions,
  tripwire?: unknown,
): InterpretedStep {
  const base = { payload, ...shown };
  switch (ending.status) {
    case 'success':
      return { ...base, status: 'success', output: ending.output };
    case 'failed':
      return {
        ...base,
        status: 'failed',
        error: ending.error,
        ...(ending.isNonRetryable ? { nonRetryable: true } : {}),
        ...(tripwire === undefined ? {} : { tripwire }),
      };
    default:
      return { ...base, status: ending.status };
  }
}
