import type { Graph } from './graph.ts';
import { limits } from './limits.ts';
import { type JoinOpening, type Settlement, settlementKinds } from './join.ts';
import {
  isVisible,
  memberOf,
  type RecordKey,
  type RunHeader,
  type StepRecord,
  terminalStatuses,
} from './records.ts';
import { baseTurn, formatTurn, parseTurn, type Turn } from './turn.ts';

/**
 * The decisions of the protocol: what stored state and an event imply. Pure, so that a redelivery, a loser of a race and
 * the sweeper all derive the same as the worker that did the write.
 */

/** Why an event is acknowledged without doing anything; also the attribute of the metric that counts it. */
export type DropReason =
  | 'unknown-run'
  | 'stale-epoch'
  | 'future-epoch'
  | 'run-over'
  | 'run-pending'
  | 'no-such-entry'
  | 'predecessor-missing'
  | 'stale-turn';

/** Whether an entry is over and the run may go on behind it: a loop is not while its condition asks for another iteration. */
export function isDone(record: StepRecord): boolean {
  return record.status === 'success' && record.again !== true;
}

/** Whether a later iteration of a loop may run: the one before it asked for it, or this one has begun already. */
export function iterationStands(own: StepRecord | undefined, turn: Turn): boolean {
  if (own === undefined) return false;
  const { epoch, iteration } = parseTurn(own.turn);
  if (epoch !== turn.epoch) return false;
  return iteration >= turn.iteration || (iteration === turn.iteration - 1 && own.again === true);
}

/** Whether the predecessor of an entry stands, so that the entry may run. The first entry has the run's input instead. */
export function predecessorStands(
  header: Pick<RunHeader, 'epoch' | 'from'>,
  entry: number,
  predecessor: StepRecord | undefined,
): boolean {
  if (entry === 0) return true;
  if (predecessor === undefined || !isDone(predecessor)) return false;
  return isVisible(parseTurn(predecessor.turn).epoch, predecessor.key.entry, header);
}

/** What a handler of `step.run` may do, from the header alone. */
export type Admission =
  | { readonly type: 'go' }
  | { readonly type: 'drop'; readonly reason: DropReason }
  /** The run was ended by this very entry: what its end implies is published again. */
  | { readonly type: 'announce-end' };

/**
 * Admits an event of a record. `header` has to be read consistently when its epoch is below the event's: an event follows
 * the write of its epoch, so one that is still ahead then is forged, and its turn would beat every real one.
 */
export function admit(header: RunHeader | undefined, event: { epoch: number; key: RecordKey }): Admission {
  if (header === undefined) return { type: 'drop', reason: 'unknown-run' };
  if (event.epoch < header.epoch) return { type: 'drop', reason: 'stale-epoch' };
  if (event.epoch > header.epoch) return { type: 'drop', reason: 'future-epoch' };
  if (header.status === 'pending') return { type: 'drop', reason: 'run-pending' };
  if (!terminalStatuses.has(header.status)) return { type: 'go' };
  return header.endedBy === event.key.entry ? { type: 'announce-end' } : { type: 'drop', reason: 'run-over' };
}

/** What a worker whose claim was lost does, by the record that made it lose. */
export type AfterLostClaim =
  | { readonly type: 'drop'; readonly reason: DropReason }
  /** The record waits for another turn, or for this one at a later time: publish that. */
  | { readonly type: 'publish-turn'; readonly turn: string; readonly dueAt: number | undefined }
  /** A live lease: look again when it has ended. */
  | { readonly type: 'probe'; readonly at: number }
  | { readonly type: 'take-over'; readonly seenOwner: string }
  /** The outcome is stored: do what it implies, as a loser. */
  | { readonly type: 'duty' };

/** `skewMs`: how far clocks may differ before a lease counts as ended. */
export function afterLostClaim(
  image: StepRecord | undefined,
  turn: string,
  clock: { now: number; skewMs: number },
): AfterLostClaim {
  // No record, but a claim of a turn that only a record can have: the event is forged or older than a deletion.
  if (image === undefined || image.turn < turn) return { type: 'drop', reason: 'stale-turn' };
  if (image.status === 'due') return { type: 'publish-turn', turn: image.turn, dueAt: image.dueAt };
  if (image.turn > turn) return { type: 'drop', reason: 'stale-turn' };
  if (image.status !== 'running') return { type: 'duty' };
  const { leaseUntil = 0, owner: seenOwner = '' } = image;
  const leaseEnd = leaseUntil + clock.skewMs;
  // A lease of 0 was made void on purpose: no clock is to be doubted then.
  if (leaseUntil > 0 && clock.now <= leaseEnd) return { type: 'probe', at: leaseEnd + 1 };
  return { type: 'take-over', seenOwner };
}

/** What follows an attempt that failed. */
export type AfterFailure =
  | { readonly type: 'fail' }
  | { readonly type: 'retry'; readonly nextTurn: string; readonly dueAt: number };

/** Attempts are `retries` + 1 in all, at most as many as a turn can count; a non-retryable error ends them at once. */
export function afterFailure(
  turn: Turn,
  policy: { retries: number; delayMs: number },
  failure: { nonRetryable: boolean; now: number },
): AfterFailure {
  const last = Math.min(policy.retries, limits.attempts);
  if (failure.nonRetryable || turn.attempt >= last) return { type: 'fail' };
  return {
    type: 'retry',
    nextTurn: formatTurn({ ...turn, attempt: turn.attempt + 1 }),
    dueAt: failure.now + policy.delayMs,
  };
}

/** The turn of a loop's next iteration. */
export function nextIteration(turn: string): string {
  const { epoch, iteration } = parseTurn(turn);
  return formatTurn({ epoch, iteration: iteration + 1, generation: 0, attempt: 0 });
}

/** The turn of a resumed record: the next generation, whose attempts start anew. */
export function resumedTurn(turn: string): string {
  const parsed = parseTurn(turn);
  return formatTurn({ ...parsed, generation: parsed.generation + 1, attempt: 0 });
}

/** The turn of a record whose nested run goes on after a suspension: the next generation of the same attempt. */
function nextGeneration(turn: string): string {
  const parsed = parseTurn(turn);
  return formatTurn({ ...parsed, generation: parsed.generation + 1 });
}

/** What the record that waits for a nested run does about it. */
export type ChildFollow =
  | { readonly type: 'none' }
  /** It goes on after a suspension that the record shows. */
  | { readonly type: 'run'; readonly nextTurn: string }
  | { readonly type: 'suspend' | 'pause' }
  | { readonly type: 'end'; readonly status: 'success' | 'failed' | 'tripwire' | 'canceled' };

/** Turn that the nested run of a record was begun for, or is to be. */
export function turnOfNested({ turn, childTurn }: Pick<StepRecord, 'turn' | 'childTurn'>): string {
  return childTurn ?? baseTurn(turn);
}

/** Derives {@link ChildFollow}. A nested run of another turn is none of the record's business. */
export function followOf(record: StepRecord, child: RunHeader): ChildFollow {
  if (child.parent?.turn !== turnOfNested(record)) return { type: 'none' };
  const { status } = child;
  if (record.status === 'suspended') {
    return status === 'suspended' ? { type: 'none' } : { type: 'run', nextTurn: nextGeneration(record.turn) };
  }
  if (record.status !== 'child') return { type: 'none' };
  switch (status) {
    case 'success':
    case 'failed':
    case 'tripwire':
    case 'canceled':
      return { type: 'end', status };
    case 'suspended':
      return { type: 'suspend' };
    case 'paused':
      return { type: 'pause' };
    default:
      return { type: 'none' };
  }
}

/** What the record of a top-level entry implies. */
export type EntryDuty =
  | { readonly type: 'advance'; readonly to: number }
  | { readonly type: 'finish'; readonly status: 'success' | 'failed' | 'tripwire' | 'canceled' }
  /** Another iteration of the loop follows. */
  | { readonly type: 'iterate'; readonly turn: string }
  /** The run sleeps. */
  | { readonly type: 'wait'; readonly dueAt: number }
  /** The run waits for a person at this entry. */
  | { readonly type: 'suspend'; readonly k: number }
  /** The entry was resumed and its turn is published. */
  | { readonly type: 'run'; readonly turn: string; readonly dueAt: number | undefined }
  /** The nested run goes on after a suspension. */
  | { readonly type: 'resumed' }
  /** The nested run has paused. */
  | { readonly type: 'pause' }
  | { readonly type: 'none' };

/** Derives {@link EntryDuty}. Odd `k` is a suspension, the even one after it the resumption. */
export function entryDuty(graph: Graph, record: StepRecord): EntryDuty {
  switch (record.status) {
    case 'success':
      return afterSuccess(graph, record);
    case 'waiting':
      return { type: 'wait', dueAt: record.dueAt ?? 0 };
    case 'failed':
      return { type: 'finish', status: record.tripwire === true ? 'tripwire' : 'failed' };
    case 'canceled':
      return { type: 'finish', status: 'canceled' };
    case 'suspended':
      return { type: 'suspend', k: suspensionOrder(record.turn) };
    case 'due':
      return { type: 'run', turn: record.turn, dueAt: record.dueAt };
    case 'child':
      return { type: parseTurn(record.turn).generation > 0 ? 'resumed' : 'none' };
    case 'paused':
      return { type: 'pause' };
    default:
      return { type: 'none' };
  }
}

function afterSuccess(graph: Graph, record: StepRecord): EntryDuty {
  if (record.aborted === true) return { type: 'finish', status: 'canceled' };
  if (record.again === true) return { type: 'iterate', turn: nextIteration(record.turn) };
  const to = record.key.entry + 1;
  return record.bailed === true || to >= graph.length
    ? { type: 'finish', status: 'success' }
    : { type: 'advance', to };
}

/** Order of the status `suspended` of a plain entry's turn. */
export function suspensionOrder(turn: string): number {
  return 2 * parseTurn(turn).generation + 1;
}

/** Order of the status `running` of a plain entry that was resumed into this turn. */
export function resumptionOrder(turn: string): number {
  return 2 * parseTurn(turn).generation;
}

/**
 * The newest token that a member's record implies; undefined while it is in its first execution. A record leaves a state
 * only after that state's token is in the log, so only the newest one can be missing.
 */
export function settlementOf(record: StepRecord): Settlement | undefined {
  const { generation } = parseTurn(record.turn);
  const member = memberOf(record.key) ?? 0;
  const hasDelta = record.delta !== undefined;
  if (unsettled.has(record.status)) {
    const wasSuspended = generation > 0 && !isGivenData(record);
    return wasSuspended ? { generation, kind: 'resumed', hasDelta: false, member } : undefined;
  }
  const ended = record.aborted === true ? 'canceled' : record.bailed === true ? 'bailed' : record.status;
  const kind = settlementKinds.find((name) => name === ended);
  return kind === undefined ? undefined : { generation, kind, hasDelta, member };
}

/**
 * Whether a time travel gave a member what it was to be resumed with: in this epoch it has not been suspended yet, and no
 * request has resumed it.
 */
function isGivenData({ turn, resumeRequest, childRunId }: StepRecord): boolean {
  return parseTurn(turn).generation === 1 && resumeRequest === undefined && childRunId === undefined;
}

const unsettled: ReadonlySet<StepRecord['status']> = new Set(['running', 'due', 'child']);

/**
 * Numbers of the arms or items that take part in a block, in the order in which they are launched: all of them, or `count`
 * from the one that is launched as number `from`.
 */
export function membersOf(
  { total, taken }: Pick<JoinOpening, 'total' | 'taken'>,
  { from, count }: { readonly from: number; readonly count: number } = { from: 0, count: total },
): readonly number[] {
  if (taken !== undefined) return taken.slice(from, from + count);
  const length = Math.max(0, Math.min(count, total - from));
  return Array.from({ length }, (_, index) => from + index);
}

/** Where the record of a member is kept: an item of a foreach, an arm of any other block. */
export function memberKey(graph: Graph, entry: number, member: number): RecordKey {
  return graph[entry]?.type === 'foreach' ? { entry, item: member } : { entry, arm: member };
}

/** What becomes of a request to start, by the run that is there already. */
export type StartVerdict = 'same' | 'conflict' | 'forbidden';

/**
 * The same run is one of the same workflow and input; another principal learns nothing about it. A time travel may have begun with
 * another input than the start, which nothing tells any more: so that a repeated start is no conflict then, none is.
 */
export function startVerdict(
  stored: Pick<RunHeader, 'owner' | 'inputHash' | 'workflowId' | 'epoch'>,
  wanted: Pick<RunHeader, 'owner' | 'inputHash' | 'workflowId'>,
): StartVerdict {
  if (stored.owner !== wanted.owner) return 'forbidden';
  if (stored.workflowId !== wanted.workflowId) return 'conflict';
  return stored.epoch > 1 || stored.inputHash === wanted.inputHash ? 'same' : 'conflict';
}
