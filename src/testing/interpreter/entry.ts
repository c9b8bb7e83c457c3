import { errorOf } from './failure.ts';
import type { Frame } from './frame.ts';
import { type Ending, entryOf, type InterpretedStep, neverSuspended, type Outcome } from './outcome.ts';
import type { PlaceStep } from './place.ts';
import { noChange, type Shared } from './shared.ts';

/** What the step of a place is executed with. */
export interface PlaceGiven {
  readonly at: PlaceStep;
  readonly input: unknown;
  /** State and request context as the place sees them. */
  readonly shared: Shared;
}

/** What an entry comes to; what `steps` show of it is kept already. */
export type EntryOutcome = Omit<Outcome, 'entry'>;

/** What an entry is executed with. */
export interface EntryGiven {
  readonly entry: number;
  readonly input: unknown;
  readonly shared: Shared;
}

/** Keeps what a place came to as the entry of its step. */
export function kept(
  frame: Frame,
  stepId: string,
  outcome: Outcome,
  at: { readonly entry: number; readonly member?: number },
  metadata: Pick<InterpretedStep, 'metadata'> = {},
): Outcome {
  const entry = { ...outcome.entry, ...metadata };
  frame.keep(stepId, entry, outcome.ending);
  if (outcome.suspensions.isOpen) frame.open(at, stepId, 'suspension', 'beside-suspension');
  if (outcome.others.length > 0) frame.open(at, stepId, 'ending', 'several-ends');
  return outcome;
}

/** A place at which nothing changes state or request context. */
export function plain(ending: Ending): EntryOutcome {
  return { ending, others: [], isUndecided: false, change: noChange, suspensions: neverSuspended };
}

/** Fails an entry of which a function of its author, or its input, is no good. */
export function failed(
  frame: Frame,
  stepId: string,
  input: unknown,
  thrown: unknown,
): Extract<Ending, { status: 'failed' }> {
  const ending = { status: 'failed', error: errorOf(thrown), isNonRetryable: false } as const;
  frame.keep(stepId, entryOf(input, ending, neverSuspended), ending);
  return ending;
}
