import type { StepDefinition } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import type { HandleOptions } from './api.ts';

/** How long an execution of a step may take. */
export interface TimeLimit {
  readonly ms: number;
  /** Who says so: the step's `timeoutMs`, or the function, which ends then. */
  readonly by: 'step' | 'function';
}

/** A step without a `timeoutMs` is not begun with less than this left, ms: hardly any call of a service is done in less. */
const leastMs = 1_000;

/** While this part of a function's time is left, another one would have no more: then nothing is sent back for lack of time. */
const freshPart = 0.9;

/** The limit of an execution that begins now; undefined: it may take as long as it likes. */
export function timeLimit(
  { timeoutMs = Infinity }: StepDefinition,
  { deadline = Infinity }: HandleOptions,
  now: number,
): TimeLimit | undefined {
  const left = Math.max(0, deadline - now);
  if (timeoutMs <= left) return timeoutMs === Infinity ? undefined : { ms: timeoutMs, by: 'step' };
  return { ms: left, by: 'function' };
}

/**
 * Refuses to begin a step that might not end in what is left of its function, though it would in a whole one. Throws
 * WORKFLOW_TIME_SHORT: before the claim, so that nothing has happened when the event comes again.
 */
export function checkTimeLeft(
  {
    step,
    runId,
    time,
  }: { readonly step: StepDefinition; readonly runId: string; readonly time: HandleOptions },
  now: number,
): void {
  const { deadline = Infinity, allotmentMs } = time;
  const left = deadline - now;
  if (allotmentMs !== undefined && left >= allotmentMs * freshPart) return;
  const { timeoutMs } = step;
  const fits = timeoutMs !== undefined && timeoutMs <= (allotmentMs ?? 0);
  const wanted = fits ? timeoutMs : leastMs;
  if (left >= wanted) return;
  throw new WorkflowError(
    'WORKFLOW_TIME_SHORT',
    `Step "${step.id}" may take ${wanted} ms, and its function has ${Math.max(0, left)} ms left: the event has to be delivered again`,
    { details: { stepId: step.id, runId } },
  );
}

/** What an attempt fails with when its time is over. */
export function stepTimeout(
  { step, runId }: { readonly step: StepDefinition; readonly runId: string },
  { ms, by }: TimeLimit,
): WorkflowError {
  const message =
    by === 'step'
      ? `Step "${step.id}" was stopped at its timeoutMs of ${ms} ms: raise timeoutMs, or let the step do less at once`
      : `Step "${step.id}" was stopped after ${ms} ms, which is all the time that its function had left for it: raise the timeout of the ` +
        'function, give the step a function of its own, or let it do less at once';
  return new WorkflowError('WORKFLOW_STEP_TIMEOUT', message, {
    details: { stepId: step.id, runId, limitMs: ms, limitedBy: by },
  });
}
