import { type Attempt, attemptStep } from './attempt.ts';
import { copy } from './context.ts';
import type { PlaceGiven } from './entry.ts';
import { tripwireOf } from './failure.ts';
import { type Frame, leaveSuspended } from './frame.ts';
import { executeNested } from './nested.ts';
import { type Ending, entryOf, neverSuspended, type Outcome, type Suspensions } from './outcome.ts';
import { refused, retriesOf } from './retries.ts';
import { type Change, changeBetween, changed, combined, noChange } from './shared.ts';
import type { StepLike } from './types.ts';
import { validated } from './validation.ts';

/** Executes the step of a place until it has come to something. */
export async function executePlace(frame: Frame, step: StepLike, given: PlaceGiven): Promise<Outcome> {
  frame.outputs.delete(step.id);
  if (step.workflow !== undefined) return executeNested(frame, step, step.workflow, given);
  return executeBody(frame, step, given);
}

/**
 * A body is executed, resumed after each suspension, until it does something else. What it changed before a suspension counts
 * from then on, whatever becomes of it later.
 */
async function executeBody(frame: Frame, step: StepLike, given: PlaceGiven): Promise<Outcome> {
  const changes: Change[] = [];
  let suspensions = neverSuspended;
  let resumption: { data: unknown; payload: unknown } | undefined;
  for (let generation = 0; ; generation += 1) {
    const shared = changes.reduce(changed, given.shared);
    const attempt = await attempts(frame, step, { ...given, shared }, { generation, resumption });
    changes.push(attempt.change);
    frame.touch(changeBetween(shared, changed(shared, attempt.change)));
    const { ending } = attempt;
    if (ending.status !== 'suspends') return outcomeOf(attempt, changes, suspensions);
    const { payload, output, labels } = ending;
    suspensions = afterSuspension(suspensions, payload, output);
    const place = [...frame.place, given.at];
    const path = [...frame.path, step.id];
    const { resume = () => leaveSuspended } = frame.world;
    const answer = await resume({ path, payload: copy(payload), labels, place });
    if (answer === leaveSuspended) {
      return outcomeOf(
        { ...attempt, ending: { status: 'suspended', payload, paths: [[step.id]] } },
        changes,
        suspensions,
      );
    }
    const data = await validated(frame.workflow.validateInputs ? step.resumeSchema : undefined, answer, {
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      headline: 'Invalid resume data',
    });
    resumption = { data: copy(data), payload };
    suspensions = afterResumption(suspensions, data);
  }
}

/** A second suspension shows its own payload and output, or none. The data of the last resumption stays. */
function afterSuspension({ shown }: Suspensions, payload: unknown, output: unknown): Suspensions {
  const { resumePayload } = shown;
  return {
    any: true,
    isOpen: false,
    shown: {
      ...(payload === undefined ? {} : { suspendPayload: payload }),
      ...(output === undefined ? {} : { suspendOutput: output }),
      ...(resumePayload === undefined ? {} : { resumePayload }),
    },
  };
}

function afterResumption(suspensions: Suspensions, data: unknown): Suspensions {
  const { resumePayload: _, ...shown } = suspensions.shown;
  return { ...suspensions, shown: { ...shown, ...(data === undefined ? {} : { resumePayload: data }) } };
}

/** One generation of a body: it is tried until an attempt does not fail, or none is left. */
async function attempts(
  frame: Frame,
  step: StepLike,
  { at, input, shared }: PlaceGiven,
  {
    generation,
    resumption,
  }: { generation: number; resumption: { data: unknown; payload: unknown } | undefined },
): Promise<Attempt> {
  const retries = retriesOf(frame, step);
  for (let attempt = 0; ; attempt += 1) {
    const place = [...frame.place, at];
    const made = await attemptStep(frame, step, { input, shared, attempt, resumption });
    if (made.isExecuted) {
      frame.notes.executions.push({ place, stepId: step.id, generation, attempt, times: 1 });
    }
    const { ending } = made;
    if (ending.status !== 'failed' || ending.isNonRetryable || attempt >= retries) return made;
    const last = await refused(frame, step, ending, attempt);
    if (last !== undefined) return { ...made, ending: last };
  }
}

function outcomeOf(attempt: Attempt, changes: readonly Change[], suspensions: Suspensions): Outcome {
  const { ending: made, input } = attempt;
  const change = changes.reduce(combined, noChange);
  const common = { others: [], isUndecided: false, change, changes, suspensions };
  if (made.status === 'aborted') {
    // The run is canceled, and the step that did it keeps its own result.
    const shown = { status: 'success', output: made.output } as const;
    return { ...common, ending: { status: 'canceled' }, entry: entryOf(input, shown, suspensions) };
  }
  const ending = made as Ending;
  const tripwire = ending.status === 'failed' ? tripwireOf(ending.error) : undefined;
  return { ...common, ending, entry: entryOf(input, ending, suspensions, tripwire) };
}
