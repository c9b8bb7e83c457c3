import type { StepRecord } from '../../core/records.ts';
import type {
  ChildWrite,
  ClaimWrite,
  CommitOutcome,
  CommitWrite,
  NestWrite,
  RenewWrite,
  ResumeWrite,
  SleepWrite,
  TakeOverWrite,
  TurnKey,
  WakeWrite,
} from '../../ports/run-store.ts';
import { type Loose, tidy } from './tidy.ts';

/** The record, if it is our claim of this turn. */
function ours(
  stored: StepRecord | undefined,
  write: { readonly turn: string; readonly owner: string },
): StepRecord | undefined {
  const isOurs = stored?.turn === write.turn && stored.status === 'running' && stored.owner === write.owner;
  return isOurs ? stored : undefined;
}

/** See `RunStore.claim`. */
export function claimed(stored: StepRecord | undefined, write: ClaimWrite): StepRecord | undefined {
  const mine = ours(stored, write);
  const lease = { status: 'running', owner: write.owner, leaseUntil: write.leaseUntil, claims: 1 } as const;
  if (write.fresh) {
    if (stored !== undefined && mine === undefined && stored.turn >= write.turn) return undefined;
    return tidy<StepRecord>({ ...begun(stored, write), ...lease });
  }
  const due = stored?.turn === write.turn && stored.status === 'due' ? stored : mine;
  if (due === undefined) return undefined;
  return tidy<StepRecord>({ ...due, ...lease, dueAt: undefined, seesCell: write.seesCell ?? due.seesCell });
}

/** What a fresh turn begins with; a later iteration of a loop keeps the output of the one before, which is its input. */
function begun(
  stored: StepRecord | undefined,
  write: ClaimWrite | NestWrite,
): Loose<Omit<StepRecord, 'status'>> {
  const { key, stepId, turn, inputFrom, sharedFrom, now, seesCell, log, graph } = write;
  const kept = write.iterates === true ? stored : undefined;
  return {
    key,
    stepId,
    turn,
    startedAt: now,
    inputFrom,
    sharedFrom,
    output: kept?.output,
    shared: sharedFrom === key.entry ? kept?.shared : undefined,
    seesCell,
    log,
    graph,
  };
}

/** See `RunStore.nest`. */
export function nested(stored: StepRecord | undefined, write: NestWrite): StepRecord | undefined {
  const { childRunId, input, fromSegment } = write;
  if (write.fresh) {
    if (stored !== undefined && stored.turn >= write.turn) return undefined;
    return tidy<StepRecord>({ ...begun(stored, write), status: 'child', childRunId, input, fromSegment });
  }
  if (stored?.turn !== write.turn || stored.status !== 'due') return undefined;
  return tidy<StepRecord>({
    ...stored,
    status: 'child',
    childRunId,
    childTurn: undefined,
    dueAt: undefined,
    error: undefined,
  });
}

/** See `RunStore.followChild`. */
export function childFollowed(stored: StepRecord | undefined, write: ChildWrite): StepRecord | undefined {
  if (stored?.turn !== write.turn || stored.status !== write.seen) return undefined;
  const { outcome } = write;
  switch (outcome.status) {
    case 'child':
      return tidy<StepRecord>({
        ...stored,
        status: 'child',
        turn: outcome.nextTurn,
        resumeData: outcome.resumeData,
        resumedAt: outcome.now,
      });
    case 'canceled':
    case 'paused':
      return { ...stored, status: outcome.status, endedAt: outcome.now };
    default:
      return withOutcome(stored, outcome);
  }
}

/** See `RunStore.voidLease`. */
export function leaseVoided(
  stored: StepRecord | undefined,
  write: TurnKey & { readonly seenOwner: string },
): StepRecord | undefined {
  const seen = ours(stored, { turn: write.turn, owner: write.seenOwner });
  return seen === undefined ? undefined : { ...seen, leaseUntil: 0 };
}

/** See `RunStore.takeOver`. */
export function takenOver(stored: StepRecord | undefined, write: TakeOverWrite): StepRecord | undefined {
  const seen = ours(stored, { turn: write.turn, owner: write.seenOwner });
  if (seen === undefined) return undefined;
  return { ...seen, owner: write.owner, leaseUntil: write.leaseUntil, claims: (seen.claims ?? 0) + 1 };
}

/** See `RunStore.renew`. */
export function renewed(stored: StepRecord | undefined, write: RenewWrite): StepRecord | undefined {
  const mine = ours(stored, write);
  return mine === undefined ? undefined : { ...mine, leaseUntil: write.leaseUntil };
}

/** What only this outcome has. */
function outcomeFields(outcome: CommitOutcome): Partial<Loose<StepRecord>> {
  switch (outcome.status) {
    case 'success':
      return {
        output: outcome.output,
        bailed: outcome.bailed,
        aborted: outcome.aborted,
        again: outcome.again,
        endedAt: outcome.now,
      };
    case 'failed':
      return {
        error: outcome.error,
        nonRetryable: outcome.nonRetryable,
        tripwire: outcome.tripwire,
        endedAt: outcome.now,
      };
    case 'suspended':
      // A second suspension shows its own payload, labels and keys, or none; any other outcome keeps those of the last one.
      return {
        suspendPayload: outcome.suspendPayload,
        suspendOutput: outcome.suspendOutput,
        labels: outcome.labels,
        resumeKeys: outcome.resumeKeys,
        suspendedAt: outcome.now,
      };
    case 'due':
      return { turn: outcome.nextTurn, dueAt: outcome.dueAt, error: outcome.error };
  }
}

/**
 * See `RunStore.commit`. What every outcome can carry stays from an earlier one of this iteration when it is not given; an
 * error does not.
 */
export function committed(stored: StepRecord | undefined, write: CommitWrite): StepRecord | undefined {
  const mine = ours(stored, write);
  return mine === undefined ? undefined : withOutcome(mine, write.outcome);
}

function withOutcome(mine: StepRecord, outcome: CommitOutcome): StepRecord {
  return tidy<StepRecord>({
    ...mine,
    leaseUntil: undefined,
    input: outcome.input ?? mine.input,
    delta: outcome.delta ?? mine.delta,
    shared: outcome.shared ?? mine.shared,
    sharedFrom: outcome.sharedFrom ?? mine.sharedFrom,
    fromSegment: outcome.fromSegment ?? mine.fromSegment,
    error: undefined,
    nonRetryable: undefined,
    tripwire: undefined,
    status: outcome.status,
    ...outcomeFields(outcome),
  });
}

/** See `RunStore.sleep`. */
export function slept(stored: StepRecord | undefined, write: SleepWrite): StepRecord | undefined {
  if (stored !== undefined && stored.turn >= write.turn) return undefined;
  const { key, stepId, turn, now, dueAt, inputFrom, sharedFrom, log, graph } = write;
  return tidy<StepRecord>({
    key,
    stepId,
    turn,
    status: 'waiting',
    startedAt: now,
    dueAt,
    inputFrom,
    sharedFrom,
    log,
    graph,
  });
}

/** See `RunStore.wake`. */
export function woken(stored: StepRecord | undefined, write: WakeWrite): StepRecord | undefined {
  const { output, now } = write;
  if (stored?.turn !== write.turn || stored.status !== 'waiting' || (stored.dueAt ?? 0) > now)
    return undefined;
  return tidy<StepRecord>({ ...stored, status: 'success', output, endedAt: now, dueAt: undefined });
}

/** The record's part of `RunStore.resume`. */
export function resumed(stored: StepRecord | undefined, write: ResumeWrite): StepRecord | undefined {
  if (stored?.turn !== write.turn || stored.status !== 'suspended') return undefined;
  return tidy<StepRecord>({
    ...stored,
    turn: write.nextTurn,
    status: 'due',
    dueAt: undefined,
    resumeData: write.resumeData,
    resumeContext: write.resumeContext,
    resumeRequest: write.request,
    resumedAt: write.now,
  });
}

/** Whether this very request resumed the record before: its answer was lost, or it is repeated. */
export function isResumedBy(stored: StepRecord | undefined, write: ResumeWrite): stored is StepRecord {
  return stored !== undefined && stored.resumeRequest === write.request && stored.turn >= write.nextTurn;
}

/** See `RunStore.closeBlock`. */
export function closed(stored: StepRecord | undefined, record: StepRecord): StepRecord | undefined {
  return stored === undefined || stored.turn < record.turn ? record : undefined;
}
