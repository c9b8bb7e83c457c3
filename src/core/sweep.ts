import { isDone, membersOf, settlementOf } from './decide.ts';
import { armsOf, type Graph } from './graph.ts';
import { closingMember, decodeToken, encodeToken, type JoinShape, membersInFlight } from './join.ts';
import { isVisible, type RecordKey, type RunHeader, type StepRecord, terminalStatuses } from './records.ts';
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
  | { readonly type: 'announce-end' };

/** What the sweeper does with a run. */
export interface SweepPlan {
  readonly actions: readonly SweepAction[];
  /** When to look again, ms since 1970; undefined when nothing is left to do until somebody resumes the run. */
  readonly again: number | undefined;
}

/** A run and, when its frontier is a block, that block's log. */
export interface SweepView {
  readonly header: RunHeader;
  readonly records: readonly StepRecord[];
  readonly graph: Graph;
  readonly join?: JoinShape & { readonly tokens: readonly number[]; readonly taken?: readonly number[] };
}

/** Pauses between two looks at a run that does not change, ms. */
const sweepPause = { shortest: 120_000, longest: 3_600_000 } as const;

/** The first entry that has not succeeded: where the run stands. */
export function frontierEntry(view: Pick<SweepView, 'header' | 'records'>): number {
  const done = view.records.filter(
    (record) =>
      record.key.arm === undefined &&
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

/** Looks again after as long as the record has been standing still, within the bounds of {@link sweepPause}. */
function later(record: StepRecord, { now }: Clock): number {
  const changed = Math.max(
    record.startedAt ?? 0,
    record.endedAt ?? 0,
    record.resumedAt ?? 0,
    record.dueAt ?? 0,
  );
  return now + Math.min(sweepPause.longest, Math.max(sweepPause.shortest, now - changed));
}

function merge(plans: readonly SweepPlan[]): SweepPlan {
  const times = plans.flatMap((plan) => plan.again ?? []);
  return {
    actions: plans.flatMap((plan) => plan.actions),
    again: times.length === 0 ? undefined : Math.min(...times),
  };
}

function planMember(view: SweepView, key: RecordKey, tokens: ReadonlySet<number>, clock: Clock): SweepPlan {
  const turn = formatTurn(firstTurn(view.header.epoch));
  const record = view.records.find((one) => one.key.entry === key.entry && one.key.arm === key.arm);
  if (record === undefined || record.turn < turn) {
    return { actions: [{ type: 'run', key, turn }], again: clock.now + sweepPause.shortest };
  }
  const newest = settlementOf(record);
  const logged = newest === undefined || tokens.has(encodeToken(newest));
  if (!logged) return { actions: [{ type: 'duty', record }], again: clock.now + sweepPause.shortest };
  // Settled and logged: somebody else's settlement decides about the block.
  if (record.status !== 'running' && record.status !== 'due') return { actions: [], again: undefined };
  return planRecord(record, clock);
}

function planBlock(view: SweepView, entry: number, clock: Clock): SweepPlan {
  const { join } = view;
  const open: SweepAction = { type: 'run', key: { entry }, turn: formatTurn(firstTurn(view.header.epoch)) };
  if (join === undefined) return { actions: [open], again: clock.now + sweepPause.shortest };
  const dutyOf = (member: number | undefined): SweepAction[] => {
    const record = view.records.find((one) => one.key.entry === entry && one.key.arm === member);
    return member === undefined || record === undefined ? [] : [{ type: 'duty', record }];
  };
  const closing = dutyOf(closingMember(join, join.tokens));
  // What a closed block leads to can be lost as well, so the run stays in sight.
  if (closing.length > 0) return { actions: closing, again: clock.now + sweepPause.shortest };
  const tokens = new Set(join.tokens);
  const members = membersOf(view.graph, entry, join.taken);
  const plan = merge(members.map((arm) => planMember(view, { entry, arm }, tokens, clock)));
  if (membersInFlight(join, join.tokens, members).length > 0) return plan;
  const last = join.tokens.at(-1);
  // There never was a member: whoever opened the block closes it too.
  if (last === undefined) return { actions: [open], again: clock.now + sweepPause.shortest };
  // Nothing is in flight: the last settlement suspended the block.
  return { actions: [...plan.actions, ...dutyOf(decodeToken(last).member)], again: plan.again };
}

/** Plans what a run needs. The caller read the header first, then the records, and writes with the header's `wakes`. */
export function planSweep(view: SweepView, clock: Clock): SweepPlan {
  const { header, graph } = view;
  if (terminalStatuses.has(header.status)) return { actions: [{ type: 'announce-end' }], again: undefined };
  const entry = frontierEntry(view);
  const last = view.records.find((record) => record.key.entry === entry - 1 && record.key.arm === undefined);
  const own = view.records.find((record) => record.key.entry === entry && record.key.arm === undefined);
  const current = own !== undefined && parseTurn(own.turn).epoch === header.epoch ? own : undefined;
  if (current !== undefined) return planRecord(current, clock);
  const ended =
    last !== undefined && (entry >= graph.length || last.bailed === true || last.aborted === true);
  if (ended) return { actions: [{ type: 'duty', record: last }], again: later(last, clock) };
  const definition = graph[entry];
  if (definition !== undefined && armsOf(definition) !== undefined) return planBlock(view, entry, clock);
  const turn = formatTurn(firstTurn(header.epoch));
  return { actions: [{ type: 'run', key: { entry }, turn }], again: clock.now + sweepPause.shortest };
}
