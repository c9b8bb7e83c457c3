import { ask } from './context.ts';
import { type EntryGiven, type EntryOutcome, failed, kept, plain } from './entry.ts';
import { SemanticError } from './failure.ts';
import type { Frame } from './frame.ts';
import { type Ending, entryOf, goesOn, type Outcome } from './outcome.ts';
import { changed } from './shared.ts';
import { executePlace } from './step.ts';
import type { EntryLike } from './types.ts';
import { type Member, settle } from './verdict.ts';

type Block = Extract<EntryLike, { type: 'parallel' | 'conditional' }>;
type Foreach = Extract<EntryLike, { type: 'foreach' }>;

/** Arms that a branch takes: all whose condition holds. One that throws does not hold. */
async function takenArms(frame: Frame, block: Block, { input, shared }: EntryGiven): Promise<number[]> {
  if (block.type === 'parallel') return block.steps.map((_, arm) => arm);
  const taken: number[] = [];
  for (const [arm, condition] of block.conditions.entries()) {
    try {
      if (await ask(frame, condition, { inputData: input, shared })) taken.push(arm);
    } catch {
      // As in the reference.
    }
  }
  return taken;
}

/**
 * The arms of a parallel, and those that a branch takes, all get the same input, and see what was before the block: not each
 * other's changes. The block waits for all of them, also when one fails. Its output holds theirs by their ids.
 */
export async function executeBlock(frame: Frame, block: Block, given: EntryGiven): Promise<EntryOutcome> {
  const { entry, input, shared } = given;
  const members: Member[] = [];
  const outputs: Record<string, unknown> = {};
  for (const arm of await takenArms(frame, block, given)) {
    const step = block.steps[arm];
    if (step === undefined) continue;
    const outcome = await executePlace(frame, step, { at: { entry, member: arm }, input, shared });
    members.push({ number: arm, stepId: step.id, outcome });
  }
  // Arms do not see what the others came to, so that is kept when all of them are through.
  for (const { number, stepId, outcome } of members) {
    kept(frame, stepId, outcome, { entry, member: number });
    if (goesOn(outcome.ending)) outputs[stepId] = outcome.ending.output;
  }
  const window = members.length;
  const block_ = settle(frame, { entry, members, window, total: members.length });
  return block_.ending === undefined
    ? { ...block_, ending: { status: 'success', output: outputs } }
    : { ...block_, ending: block_.ending };
}

/** How many items run at once: what is no number from 1 counts as 1. */
async function windowOf(
  frame: Frame,
  { concurrency }: Foreach,
  { input, shared }: EntryGiven,
): Promise<number> {
  const given =
    typeof concurrency === 'function'
      ? await ask(frame, concurrency, { inputData: input, shared })
      : concurrency;
  return typeof given === 'number' && given >= 1 && Number.isFinite(given) ? Math.floor(given) : 1;
}

/** Anything with a length is gone through, and what has none is empty. */
function itemsOf(input: unknown): readonly unknown[] {
  if (input === null || input === undefined) {
    throw new SemanticError('WORKFLOW_STEP_INPUT_VALIDATION_FAILED', 'A foreach goes through an array');
  }
  const { length } = input as { readonly length?: unknown };
  return typeof length === 'number' ? Array.from(input as ArrayLike<unknown>) : [];
}

/**
 * A foreach executes its step for each element, so many at once as its window is wide; its output holds theirs in order. After
 * an item that fails, bails, aborts or waits, no other one is begun, and those that run come to their ends. With a window of
 * one, each item sees what those before it have changed.
 */
export async function executeForeach(
  frame: Frame,
  foreach: Foreach,
  given: EntryGiven,
): Promise<EntryOutcome> {
  const { step } = foreach;
  const { entry, input } = given;
  let items: readonly unknown[];
  let window: number;
  try {
    items = itemsOf(input);
    window = await windowOf(frame, foreach, given);
  } catch (thrown) {
    return plain(failed(frame, step.id, input, thrown));
  }
  const members: Member[] = [];
  let { shared } = given;
  for (const [item, element] of items.entries()) {
    const at = { entry, member: item };
    const outcome = await executePlace(frame, step, { at, input: element, shared });
    members.push({ number: item, stepId: step.id, outcome });
    // A body sees the place's own outcome as little as that of the other items.
    frame.outputs.delete(step.id);
    if (window > 1) continue;
    shared = changed(shared, outcome.change);
    if (!goesOn(outcome.ending)) break;
  }
  const settled = settle(frame, { entry, members, window, total: items.length });
  const outputs = members.map(({ outcome }) => outputOf(outcome));
  const ending: Ending = settled.ending ?? { status: 'success', output: outputs };
  if (settled.others.length > 0) frame.open({ entry }, step.id, 'ending', 'several-ends');
  showForeach(frame, foreach, { input, ending, settled });
  return { ...settled, ending };
}

function outputOf({ ending }: Outcome): unknown {
  return ending.status === 'success' ? ending.output : undefined;
}

/** The entry of a foreach: the whole array as its payload, but where an item bailed, that item's. */
function showForeach(
  frame: Frame,
  { step }: Foreach,
  more: {
    readonly input: unknown;
    readonly ending: Ending;
    readonly settled: ReturnType<typeof settle>;
  },
): void {
  const { input, ending, settled } = more;
  const { decisive } = settled;
  const isBailed = ending.status === 'success' && ending.isBailed === true;
  const payload = isBailed ? decisive?.outcome.entry.payload : input;
  // Only while it is suspended does it show what of.
  const shown = ending.status === 'suspended' ? decisive?.outcome.entry : undefined;
  const suspension = {
    ...(shown?.suspendPayload === undefined ? {} : { suspendPayload: shown.suspendPayload }),
    ...(shown?.suspendOutput === undefined ? {} : { suspendOutput: shown.suspendOutput }),
  };
  const suspensions = { any: false, isOpen: false, shown: suspension };
  const tripwire = ending.status === 'failed' ? decisive?.outcome.entry.tripwire : undefined;
  frame.keep(step.id, entryOf(payload, ending, suspensions, tripwire), ending);
}
