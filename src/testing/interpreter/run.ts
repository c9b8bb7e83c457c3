import { executeBlock, executeForeach } from './block.ts';
import { ask } from './context.ts';
import { errorOf, SemanticError } from './failure.ts';
import { type EntryGiven, type EntryOutcome, failed, kept, plain } from './entry.ts';
import type { Frame } from './frame.ts';
import { type Ending, entryOf, goesOn, neverSuspended, type RunOutcome } from './outcome.ts';
import { changed, combined, noChange, type Shared } from './shared.ts';
import { executePlace } from './step.ts';
import type { EntryLike } from './types.ts';

/**
 * A run executes its entries one after the other: the output of each is the input of the next, and each sees what those before
 * it have changed. It ends with the first one that does not succeed or that bails, else with the last one.
 */
export async function executeRun(frame: Frame, given: Shared): Promise<RunOutcome> {
  let shared = given;
  let input = frame.init;
  let suspensions = neverSuspended;
  let isUndecided = false;
  for (const [entry, definition] of frame.workflow.flow.entries()) {
    const outcome = await executeEntry(frame, definition, { entry, input, shared });
    shared = changed(shared, outcome.change);
    suspensions = outcome.suspensions.any
      ? { ...outcome.suspensions, isOpen: outcome.suspensions.isOpen || suspensions.isOpen }
      : suspensions;
    isUndecided ||= outcome.isUndecided;
    const { ending, others } = outcome;
    if (!goesOn(ending)) {
      return {
        ending: withoutBail(ending),
        others: others.map(withoutBail),
        isUndecided,
        given,
        shared,
        suspensions,
      };
    }
    input = ending.output;
  }
  const ending: Ending = { status: 'success', output: input };
  return { ending, others: [], isUndecided, given, shared, suspensions };
}

/** To bail ends the workflow that the step is in, and none around it. */
function withoutBail(ending: Ending): Ending {
  return ending.status === 'success' ? { status: 'success', output: ending.output } : ending;
}

async function executeEntry(frame: Frame, definition: EntryLike, given: EntryGiven): Promise<EntryOutcome> {
  switch (definition.type) {
    case 'step':
    case 'mapping': {
      const { entry, input, shared } = given;
      const outcome = await executePlace(frame, definition.step, { at: { entry }, input, shared });
      return kept(frame, definition.step.id, outcome, { entry });
    }
    case 'sleep':
      return executeSleep(frame, definition, given);
    case 'loop':
      return executeLoop(frame, definition, given);
    case 'foreach':
      return executeForeach(frame, definition, given);
    default:
      return executeBlock(frame, definition, given);
  }
}

/** A sleep puts out its input. A time that is none, or that is over, does not sleep. */
async function executeSleep(
  frame: Frame,
  { id, time }: Extract<EntryLike, { type: 'sleep' }>,
  { input, shared }: EntryGiven,
): Promise<EntryOutcome> {
  const fixed = time.type === 'sleep' ? time.duration : time.date;
  try {
    if (typeof fixed === 'function') {
      const given = await ask(frame, fixed, { inputData: input, shared });
      if (!isTime(given, time.type)) throw new SemanticError('WORKFLOW_DEFINITION_INVALID', 'No time');
    }
  } catch (thrown) {
    return plain(failed(frame, id, input, thrown));
  }
  const ending: Ending = { status: 'success', output: input };
  frame.keep(id, entryOf(input, ending, neverSuspended), ending);
  return plain(ending);
}

function isTime(given: unknown, type: 'sleep' | 'sleepUntil'): boolean {
  if (given === undefined || given === null) return true;
  const ms = type === 'sleep' ? given : given instanceof Date ? given.getTime() : undefined;
  return typeof ms === 'number' && !Number.isNaN(ms);
}

/**
 * A loop executes its body at least once, each time with the output of the time before, and asks its condition after each. The
 * entry shows the last iteration. A condition that throws fails the run.
 */
async function executeLoop(
  frame: Frame,
  { step, condition, loopType }: Extract<EntryLike, { type: 'loop' }>,
  given: EntryGiven,
): Promise<EntryOutcome> {
  const { entry } = given;
  let { input, shared } = given;
  let change = noChange;
  let suspensions = neverSuspended;
  for (let iteration = 0; ; iteration += 1) {
    const at = iteration === 0 ? { entry } : { entry, iteration };
    const outcome = await executePlace(frame, step, { at, input, shared });
    const metadata = { metadata: { iterationCount: iteration + 1 } };
    kept(frame, step.id, outcome, at, metadata);
    shared = changed(shared, outcome.change);
    change = combined(change, outcome.change);
    suspensions = outcome.suspensions.any ? outcome.suspensions : suspensions;
    const { ending } = outcome;
    if (!goesOn(ending)) return { ...outcome, change, suspensions };
    try {
      const more = { iterationCount: iteration + 1 };
      const holds = Boolean(await ask(frame, condition, { inputData: ending.output, shared, more }));
      if (holds !== (loopType === 'dowhile')) return { ...outcome, change, suspensions };
    } catch (thrown) {
      const end = { status: 'failed', error: errorOf(thrown), isNonRetryable: false } as const;
      const shown = entryOf(outcome.entry.payload, end, outcome.suspensions);
      frame.keep(step.id, { ...shown, ...metadata }, end);
      return { ...plain(end), change, suspensions };
    }
    input = ending.output;
  }
}
