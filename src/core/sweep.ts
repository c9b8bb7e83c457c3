import { isOverdue } from './deadline.ts';
import { isDone, memberKey, membersOf, settlementOf } from './decide.ts';
import { type Graph, isBlock } from './graph.ts';
import {
  closingMember,
  decodeToken,
  encodeToken,
  type JoinOpening,
  membersInFlight,
  membersOpen,
} from './join.ts';
import {
  isEntryKey,
  isVisible,
  memberOf,
  type RecordKey,
  type RunHeader,
  sameKey,
  type StepRecord,
  terminalStatuses,
} from './records.ts';
import { firstTurn, formatTurn, parseTurn } from './turn.ts';

/**
 * What a run that showed no change needs, from its records alone: the events that may have been lost, published again.
 * Each of them is harmless when it was not lost.
 */

/** One thing to do. */
export type SweepAction =
  /** Publish the turn of a place: nobody works on it, or whoever does holds its record. */
  | { readonly type: 'run'; readonly key: RecordKey; readonly turn: string }
  /** Do what a record's outcome implies, as a loser. */
  | { readonly type: 'duty'; readonly record: StepRecord }
  | { readonly type: 'announce-end' }
  /** End the run: its deadline has passed. */
  | { readonly type: 'time-out' };

/** What the sweeper does with a run. */
export interface SweepPlan {
  readonly actions: readonly SweepAction[];
  /** When to look again, ms since 1970; undefined when nothing is left to do until somebody resumes the run. */
  readonly again: number | undefined;
}

/** A run and, when its frontier is a block, that block's log; of a foreach, `records` has the items of {@link itemsToSweep}. */
export interface SweepView {
  readonly header: RunHeader;
  readonly records: readonly StepRecord[];
  readonly graph: Graph;
  readonly join?: JoinOpening & { readonly tokens: readonly number[] };
}

/** Pauses between two looks at a run that does not change, ms. */
const sweepPause = { shortest: 120_000, longest: 3_600_000 } as const;

/** A run that has something to do and has not changed for this long, ms, is stuck: three looks did not help it. */
export const stuckAfter = 900_000;

/** Whether what a sweep does is more than to look after somebody else: a nested run that is on its way, a person's answer. */
export function needsWork(actions: readonly SweepAction[]): boolean {
  return actions.some(
    (action) =>
      action.type !== 'duty' || (action.record.status !== 'child' && action.record.status !== 'suspended'),
  );
}

/** Whether nothing of a run has changed for as long as {@link stuckAfter}. */
export function standsStill(
  { header, records }: Pick<SweepView, 'header' | 'records'>,
  now: number,
): boolean {
  // What an earlier epoch waited for is nothing to this one.
  const current = records.filter(({ turn }) => parseTurn(turn).epoch === header.epoch);
  const changes = current.flatMap(({ startedAt, endedAt, resumedAt, dueAt, leaseUntil }) => [
    startedAt ?? 0,
    endedAt ?? 0,
    resumedAt ?? 0,
    dueAt ?? 0,
    leaseUntil ?? 0,
  ]);
  // A run that waits for a person does not stand still before its time is over.
  const { deadlineAt = 0 } = header;
  const last = Math.max(header.updatedAt, deadlineAt <= now ? deadlineAt : 0, ...changes);
  return now - last >= stuckAfter;
}

/** When to look at a run again whose nested run is looked at at `nestedAt`: after that, and not at once. */
export function nextLook(nestedAt: number, now: number): number {
  return Math.max(nestedAt, now) + sweepPause.shortest;
}

/** When to look at a run again that waits for a place: the longer it has waited, the later. */
export function nextQueuedLook({ startedAt }: RunHeader, now: number): number {
  return later({ startedAt }, { now });
}

/** The first entry that has not succeeded: where the run stands. */
export function frontierEntry(view: Pick<SweepView, 'header' | 'records'>): number {
  const done = view.records.filter(
    (record) =>
      isEntryKey(record.key) &&
      isDone(record) &&
      isVisible(parseTurn(record.turn).epoch, record.key.entry, view.header),
  );
  return done.reduce((frontier, record) => Math.max(frontier, record.key.entry + 1), 0);
}

interface Clock {
  readonly now: number;
  readonly skewMs: number;
}

/** What one record that is not over needs, and when to look at it again. */
function planRecord(record: StepRecord, clock: Clock): SweepPlan {
  const run: SweepAction = { type: 'run', key: record.key, turn: record.turn };
  const at = (time: number): SweepPlan => ({ actions: [], again: time + sweepPause.shortest });
  if (record.status === 'running') {
    const end = (record.leaseUntil ?? 0) + clock.skewMs;
    return end >= clock.now ? at(end) : { actions: [run], again: later(record, clock) };
  }
  if (record.status === 'due' || record.status === 'waiting') {
    const due = record.dueAt ?? 0;
    return due > clock.now ? at(due) : { actions: [run], again: later(record, clock) };
  }
  if (record.status === 'suspended') return { actions: [{ type: 'duty', record }], again: undefined };
  return { actions: [{ type: 'duty', record }], again: later(record, clock) };
}

/** When a record changed. */
type Changes = { readonly [K in 'startedAt' | 'endedAt' | 'resumedAt' | 'dueAt']?: number | undefined };

/** Looks again after as long as the record has been standing still, within the bounds of {@link sweepPause}. */
function later(record: Changes, { now }: Pick<Clock, 'now'>): number {
  const { startedAt = 0, endedAt = 0, resumedAt = 0, dueAt = 0 } = record;
  return laterThan(Math.max(startedAt, endedAt, resumedAt, dueAt), now);
}

/** When to look again at what has not changed since `changed`: after as long as that, within the bounds of {@link sweepPause}. */
export function laterThan(changed: number, now: number): number {
  return now + Math.min(sweepPause.longest, Math.max(sweepPause.shortest, now - changed));
}

function merge(plans: readonly SweepPlan[]): SweepPlan {
  const times = plans.flatMap((plan) => plan.again ?? []);
  return {
    actions: plans.flatMap((plan) => plan.actions),
    again: times.length === 0 ? undefined : Math.min(...times),
  };
}

/** Statuses of a member that somebody works on, or that waits for its time or a nested run. */
const active: ReadonlySet<StepRecord['status']> = new Set(['running', 'due', 'child']);

function planMember(view: SweepView, key: RecordKey, tokens: ReadonlySet<number>, clock: Clock): SweepPlan {
  const turn = formatTurn(firstTurn(view.header.epoch));
  const record = view.records.find((one) => sameKey(one.key, key));
  if (record === undefined || record.turn < turn) {
    return { actions: [{ type: 'run', key, turn }], again: clock.now + sweepPause.shortest };
  }
  const newest = settlementOf(record);
  const logged = newest === undefined || tokens.has(encodeToken(newest));
  if (!logged) return { actions: [{ type: 'duty', record }], again: clock.now + sweepPause.shortest };
  if (active.has(record.status)) return planRecord(record, clock);
  // Settled and logged: somebody else's settlement decides about the block. A nested run may have been resumed since.
  const isFollowed = record.status === 'suspended' && record.childRunId !== undefined;
  return { actions: isFollowed ? [{ type: 'duty', record }] : [], again: undefined };
}

/** Items that a sweep of a foreach has to look at: those that may still move, and those that decided about the block. */
export function itemsToSweep(join: NonNullable<SweepView['join']>): number[] {
  const last = join.tokens.at(-1);
  const deciding = [
    closingMember(join, join.tokens),
    last === undefined ? undefined : decodeToken(last).member,
  ];
  return [...new Set([...membersOpen(join, join.tokens), ...deciding.flatMap((member) => member ?? [])])];
}

function planBlock(view: SweepView, entry: number, clock: Clock): SweepPlan {
  const { join } = view;
  const opening: SweepAction = {
    type: 'run',
    key: { entry },
    turn: formatTurn(firstTurn(view.header.epoch)),
  };
  if (join === undefined) return { actions: [opening], again: clock.now + sweepPause.shortest };
  const dutyOf = (member: number | undefined): SweepAction[] => {
    const record = view.records.find((one) => one.key.entry === entry && memberOf(one.key) === member);
    return member === undefined || record === undefined ? [] : [{ type: 'duty', record }];
  };
  const closing = dutyOf(closingMember(join, join.tokens));
  // What a closed block leads to can be lost as well, so the run stays in sight.
  if (closing.length > 0) return { actions: closing, again: clock.now + sweepPause.shortest };
  const tokens = new Set(join.tokens);
  const members = membersOf(join);
  const open = membersInFlight(join, join.tokens, members);
  const last = join.tokens.at(-1);
  const begun = (member: number): boolean =>
    view.records.some(
      ({ key, turn }) => sameKey(key, memberKey(view.graph, entry, member)) && turn >= join.turn,
    );
  // The run pauses before the next arm begins, and nobody lived to see that it does.
  const pauses = view.header.perStep === true && join.perStep === true && last !== undefined;
  if (pauses && open.some((member) => !begun(member))) {
    return { actions: dutyOf(decodeToken(last).member), again: clock.now + sweepPause.shortest };
  }
  // An arm is looked at in any case; of the items of a foreach only those that may still move were read.
  const launched = view.graph[entry]?.type === 'foreach' ? membersOpen(join, join.tokens) : members;
  const plan = merge(
    launched.map((member) => planMember(view, memberKey(view.graph, entry, member), tokens, clock)),
  );
  if (open.length > 0) return plan;
  // There never was a member: whoever opened the block closes it too.
  if (last === undefined) return { actions: [opening], again: clock.now + sweepPause.shortest };
  // Nothing is in flight: the last settlement suspended the block.
  return { actions: [...plan.actions, ...dutyOf(decodeToken(last).member)], again: plan.again };
}

/** Whether a run pauses after an entry that is done: it executes one only, and nothing behind that has begun. */
function pausesAfter({ header, join }: SweepView, { key }: StepRecord): boolean {
  const [, first] = header.from.find(([epoch]) => epoch === header.epoch) ?? [header.epoch, 0];
  return header.perStep === true && key.entry >= first && join === undefined;
}

/** Plans what a run needs. The caller read the header first, then the records, and writes with the header's `wakes`. */
export function planSweep(view: SweepView, clock: Clock): SweepPlan {
  const { header, graph } = view;
  if (terminalStatuses.has(header.status)) {
    // Whoever does what the end implies takes the run out of sight.
    return { actions: [{ type: 'announce-end' }], again: later({ endedAt: header.endedAt }, clock) };
  }
  if (isOverdue(header, clock.now)) {
    return { actions: [{ type: 'time-out' }], again: clock.now + sweepPause.shortest };
  }
  // It waits for a time travel.
  if (header.status === 'paused') return { actions: [], again: undefined };
  const entry = frontierEntry(view);
  const last = view.records.find((record) => sameKey(record.key, { entry: entry - 1 }));
  const own = view.records.find((record) => sameKey(record.key, { entry }));
  const current = own !== undefined && parseTurn(own.turn).epoch === header.epoch ? own : undefined;
  if (current !== undefined) return planRecord(current, clock);
  const ended =
    last !== undefined && (entry >= graph.length || last.bailed === true || last.aborted === true);
  if (ended) return { actions: [{ type: 'duty', record: last }], again: later(last, clock) };
  // It pauses after each entry, and nobody lived to see that it does.
  if (last !== undefined && pausesAfter(view, last)) {
    return { actions: [{ type: 'duty', record: last }], again: later(last, clock) };
  }
  if (isBlock(graph[entry])) return planBlock(view, entry, clock);
  const turn = formatTurn(firstTurn(header.epoch));
  return { actions: [{ type: 'run', key: { entry }, turn }], again: clock.now + sweepPause.shortest };
}
