import { isDeepStrictEqual } from 'node:util';
import type { Frame } from './frame.ts';
import type { OpenReason } from './open.ts';
import { type Ending, goesOn, neverSuspended, type Outcome, type Suspensions } from './outcome.ts';
import { type Change, combined, isChange, noChange } from './shared.ts';
import type { StepLike } from './types.ts';

/** An arm, or an item of a foreach. */
export interface Member {
  readonly number: number;
  readonly stepId: string;
  readonly outcome: Outcome;
}

/** A block all of whose members were executed to their ends, as if nothing stopped them. */
export interface Executed {
  readonly entry: number;
  /** By their numbers. Of a window of one, only those that were begun. */
  readonly members: readonly Member[];
  /** How many run at once. */
  readonly window: number;
  /** All that there are. */
  readonly total: number;
}

/** What a block comes to. */
export interface Settled {
  /** Undefined when every member succeeded: the block succeeds too. */
  readonly ending: Ending | undefined;
  readonly others: readonly Ending[];
  readonly isUndecided: boolean;
  readonly change: Change;
  readonly suspensions: Suspensions;
  /** The member whose ending is that of the block. */
  readonly decisive: Member | undefined;
}

const isFailed = ({ outcome }: Member): boolean => outcome.ending.status === 'failed';
const isCanceled = ({ outcome }: Member): boolean => outcome.ending.status === 'canceled';
const isSuspended = ({ outcome }: Member): boolean => outcome.ending.status === 'suspended';
const isBailed = ({ outcome }: Member): boolean =>
  outcome.ending.status === 'success' && outcome.ending.isBailed === true;

interface Verdict {
  readonly decisive: Member | undefined;
  readonly others: readonly Member[];
  readonly isUndecided: boolean;
}

const decided = (decisive: Member | undefined): Verdict => ({ decisive, others: [], isUndecided: false });

/** Members that begin however fast the others are: the first window, and all up to the first one that stops the launches. */
function certainMembers({ members, window }: Executed): readonly Member[] {
  const stop = members.findIndex(({ outcome }) => !goesOn(outcome.ending));
  if (stop < 0) return members;
  return members.filter((_, index) => index < window || index <= stop);
}

/**
 * Which member decides about the block. A failure wins over a bail, and that over a suspension; of several failures the one of
 * the lowest member counts, of several bails the first. An abort ends the run at once.
 */
function verdictOf(executed: Executed): Verdict {
  const { members } = executed;
  const ends = members.filter((member) => isFailed(member) || isBailed(member) || isCanceled(member));
  const [only, ...more] = ends;
  if (only === undefined) return decided(members.find(isSuspended));
  const certain = certainMembers(executed);
  // One that stays suspended may have kept it from being begun.
  if (more.length === 0) return { ...decided(only), isUndecided: !certain.includes(only) };
  // Sure to have come to its end before the block comes to its own: it was begun, and waited for nobody.
  const firm = certain.filter(({ outcome }) => !outcome.suspensions.any);
  const canceled = ends.find(isCanceled);
  if (canceled !== undefined) {
    const isOnly = ends.every(isCanceled);
    return { decisive: canceled, others: [], isUndecided: !isOnly };
  }
  const failure = firm.find(isFailed);
  if (failure !== undefined) {
    const lower = ends.filter((member) => isFailed(member) && member.number < failure.number);
    return { decisive: failure, others: lower, isUndecided: false };
  }
  const others = ends.filter((member) => member !== only);
  const isMixed = ends.some(isFailed) && ends.some(isBailed);
  return { decisive: only, others, isUndecided: isMixed };
}

/** Members that may have run or not, or only in part. */
function openMembers(executed: Executed, { decisive, others }: Verdict): readonly Member[] {
  const { members, window } = executed;
  // One after the other.
  if (window === 1 || decisive === undefined) return [];
  // Of several that abort, another one may have been first.
  const isOnly = members.filter(isCanceled).length === 1;
  if (isCanceled(decisive)) return members.filter((member) => member !== decisive || !isOnly);
  const certain = new Set(certainMembers(executed));
  const isEarly = !isSuspended(decisive);
  return members.filter(
    (member) =>
      !certain.has(member) ||
      (isEarly && member.outcome.suspensions.any && (member !== decisive || others.length > 0)),
  );
}

function reasonOf(executed: Executed, { decisive }: Verdict, member: Member): OpenReason {
  if (decisive !== undefined && isCanceled(decisive)) return 'beside-abort';
  return certainMembers(executed).includes(member) ? 'ended-suspension' : 'ended-window';
}

/**
 * What the members of a block have changed, merged by key in the order in which they settled. What a body changed before a
 * suspension counts from that one on; a nested run gives all that it holds when it settles last.
 */
function mergedChange(frame: Frame, { entry, members }: Executed): Change {
  const order =
    frame.world.settlementOrder?.({ run: frame.place, entry }) ?? members.map(({ number }) => number);
  const left = new Map(members.map(({ number, outcome }) => [number, [...(outcome.changes ?? [])]]));
  const whole = new Map(members.map(({ number, outcome }) => [number, outcome.change]));
  return order.reduce((sum, number, index) => {
    const isLast = order.lastIndexOf(number) === index;
    const changes = left.get(number) ?? [];
    if (changes.length === 0) return isLast ? combined(sum, whole.get(number) ?? noChange) : sum;
    return changes.splice(0, isLast ? changes.length : 1).reduce(combined, sum);
  }, noChange);
}

/** What is told of a change by comparing it with what was there: the request context, and the state of a nested run. */
function comparedValues({ set, removed, state }: Change, isNested: boolean): [string, unknown][] {
  const named = (kind: string, values: Readonly<Record<string, unknown>>): [string, unknown][] =>
    Object.entries(values).map(([key, value]) => [`${kind} ${key}`, { value }]);
  const removals = removed.map((key): [string, unknown] => [`context ${key}`, 'removed']);
  return [...named('context', set), ...removals, ...(isNested ? named('state', state) : [])];
}

/**
 * Whether members that may see each other's changes change one key, and what they change is told by comparing: items of a window
 * that set it to different values, and any that were suspended meanwhile.
 */
function isOverwritten(frame: Frame, { entry, members, window, total }: Executed): boolean {
  const definition = frame.workflow.flow[entry];
  const anyWaited = members.some(({ outcome }) => outcome.suspensions.any);
  const isWindow = definition?.type === 'foreach' && window < total;
  if (window === 1 || !(isWindow || anyWaited)) return false;
  const stepOf = ({ number }: Member): StepLike | undefined => {
    if (definition === undefined || definition.type === 'sleep') return undefined;
    return 'steps' in definition ? definition.steps[number] : definition.step;
  };
  const first = new Map<string, { readonly by: number; readonly value: unknown }>();
  return members
    .flatMap((member) =>
      comparedValues(member.outcome.change, stepOf(member)?.workflow !== undefined).map(([name, value]) => ({
        name,
        value,
        by: member.number,
      })),
    )
    .some(({ name, value, by }) => {
      const before = first.get(name);
      if (before === undefined) first.set(name, { by, value });
      if (before === undefined || before.by === by) return false;
      return anyWaited || !isDeepStrictEqual(before.value, value);
    });
}

function suspensionsOf({ members, window }: Executed): Suspensions {
  const waited = members.filter(({ outcome }) => outcome.suspensions.any);
  const last = waited.at(-1);
  if (last === undefined) return neverSuspended;
  const isBeside = window > 1 && members.length > 1;
  const isOpen = isBeside || waited.some(({ outcome }) => outcome.suspensions.isOpen);
  return { ...last.outcome.suspensions, isOpen };
}

/** What a block comes to whose members came to this, and notes what of it is open. */
export function settle(frame: Frame, executed: Executed): Settled {
  const { entry, members } = executed;
  const verdict = verdictOf(executed);
  const { decisive, others } = verdict;
  const open = openMembers(executed, verdict);
  for (const member of open) {
    const { number, stepId } = member;
    frame.open({ entry, member: number }, stepId, 'place', reasonOf(executed, verdict, member));
  }
  if (open.some(({ outcome }) => isChange(outcome.change)))
    frame.open({ entry }, '', 'state', 'state-of-open');
  if (isOverwritten(frame, executed)) frame.open({ entry }, '', 'run', 'overwritten-beside');
  const isUndecided = verdict.isUndecided || members.some(({ outcome }) => outcome.isUndecided);
  if (verdict.isUndecided) frame.open({ entry }, '', 'run', 'fail-or-bail');
  const suspended = members.flatMap(({ outcome: { ending } }) =>
    ending.status === 'suspended' ? ending.paths : [],
  );
  const ending = decisive?.outcome.ending;
  return {
    ending: ending?.status === 'suspended' ? { ...ending, paths: suspended } : ending,
    others: [...(decisive?.outcome.others ?? []), ...others.flatMap(endingsOf)],
    isUndecided,
    change: mergedChange(frame, executed),
    suspensions: suspensionsOf(executed),
    decisive,
  };
}

function endingsOf({ outcome }: Member): readonly Ending[] {
  return [outcome.ending, ...outcome.others];
}
