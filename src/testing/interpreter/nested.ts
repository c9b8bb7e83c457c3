import { validInput } from './attempt.ts';
import type { PlaceGiven } from './entry.ts';
import { errorOf, tripwireOf } from './failure.ts';
import { Frame } from './frame.ts';
import {
  type Ending,
  entryOf,
  neverSuspended,
  type Outcome,
  type RunOutcome,
  type Suspensions,
} from './outcome.ts';
import { conditionOf, refused, retriesOf } from './retries.ts';
import { changeBetween, isChange, noChange } from './shared.ts';
import type { StepLike, WorkflowLike } from './types.ts';

/**
 * A workflow in the place of a step is a run of its own: it gets the input, state and request context of the place, and gives
 * back what it has changed of the latter two, also when it fails at last. Begun anew for a retry, it has done nothing before.
 */
export async function executeNested(
  frame: Frame,
  step: StepLike,
  workflow: WorkflowLike,
  { at, input, shared }: PlaceGiven,
): Promise<Outcome> {
  let init: unknown;
  try {
    init = await validInput(frame, step, input, shared);
  } catch (thrown) {
    // The input is the same for every attempt, so none is made.
    const ending: Ending = { status: 'failed', error: errorOf(thrown), isNonRetryable: false };
    const suspensions = neverSuspended;
    const common = { others: [], isUndecided: false, change: noChange, suspensions };
    return { ...common, ending, entry: entryOf(input, ending, suspensions) };
  }
  const { world, notes, executeRun } = frame;
  const retries = retriesOf(frame, step);
  let suspensions = neverSuspended;
  for (let attempt = 0; ; attempt += 1) {
    const place = [...frame.place, attempt === 0 ? at : { ...at, attempt }];
    const path = [...frame.path, step.id];
    const run = new Frame({ workflow, world, notes, place, path, init, executeRun });
    const key = `${at.entry}.${at.member ?? ''}`;
    const isItem = frame.workflow.flow[at.entry]?.type === 'foreach';
    const prefix = isItem ? `${step.id}[${at.member ?? 0}]` : step.id;
    frame.nested.set(key, { prefix, frame: run });
    const executed = await executeRun(run, shared);
    const ending = await lastEnding(frame, step, executed.ending, { attempt, retries });
    const outcome = ending === undefined ? executed : { ...executed, ending };
    suspensions = outcome.suspensions.any ? shownOutside(outcome.suspensions) : suspensions;
    const change = changeBetween(outcome.given, outcome.shared);
    const isTold = outcome.suspensions.any && isChange(change);
    frame.touch(noChange, run);
    if (outcome.suspensions.any && at.member !== undefined && run.hasPutBack(change)) {
      frame.open(at, '', 'state', 'put-back');
    }
    if (isTold && outcome.ending.status === 'canceled') {
      frame.open(at, '', 'state', 'canceled-inside');
    }
    // Which of its errors it is that the condition is asked about, nobody knows.
    const isAsked = executed.others.length > 0 && conditionOf(frame, step) !== undefined;
    if (isAsked) frame.open(at, step.id, 'run', 'several-ends');
    if (ending !== undefined) {
      const { isUndecided, others } = outcome;
      // Which output it is, or whether there is another attempt, decides what follows.
      const isOpen = others.length > 0 && (others.some(({ status }) => status !== 'failed') || retries > 0);
      if (isOpen) frame.open(at, step.id, 'run', 'several-ends');
      return outcomeOf(init, outcome, { suspensions, stepId: step.id, isUndecided: isUndecided || isOpen });
    }
    // Of a failed attempt nothing counts.
    if (isTold && at.member !== undefined) frame.open(at, step.id, 'run', 'begun-anew');
  }
}

/** A workflow gives no output when it is suspended. */
function shownOutside({ shown, ...rest }: Suspensions): Suspensions {
  const { suspendOutput: _, ...outside } = shown;
  return { ...rest, shown: outside };
}

/** What the last attempt has come to; undefined when there is another one. */
async function lastEnding(
  frame: Frame,
  step: StepLike,
  ending: RunOutcome['ending'],
  { attempt, retries }: { readonly attempt: number; readonly retries: number },
): Promise<RunOutcome['ending'] | undefined> {
  if (ending.status !== 'failed' || ending.isNonRetryable || attempt >= retries) return ending;
  if (tripwireOf(ending.error) !== undefined) return ending;
  return refused(frame, step, ending, attempt);
}

function outcomeOf(
  input: unknown,
  run: RunOutcome,
  more: { readonly suspensions: Suspensions; readonly stepId: string; readonly isUndecided: boolean },
): Outcome {
  const { suspensions, stepId, isUndecided } = more;
  const ending: Ending =
    run.ending.status === 'suspended'
      ? { ...run.ending, paths: run.ending.paths.map((path) => [stepId, ...path]) }
      : run.ending;
  const tripwire = ending.status === 'failed' ? tripwireOf(ending.error) : undefined;
  return {
    ending,
    others: run.others,
    isUndecided,
    // Nobody is told what a run has changed that was canceled from within.
    change: ending.status === 'canceled' ? noChange : changeBetween(run.given, run.shared),
    suspensions,
    entry: entryOf(input, ending, suspensions, tripwire),
  };
}
