import { type RunHeader, type StepRecord, terminalStatuses } from '../../core/records.ts';
import type {
  CallbackEndWrite,
  CallbackWrite,
  CancelWrite,
  ChildStartWrite,
  ChildWrite,
  ClaimWrite,
  CommitOutcome,
  CommitWrite,
  FinishWrite,
  NestWrite,
  NewRun,
  RenewWrite,
  RestartWrite,
  ResumeWrite,
  SleepWrite,
  SnapshotWrite,
  StatusWrite,
  SweepWrite,
  TakeOverWrite,
  TravelWrite,
  TurnKey,
  WakeWrite,
} from '../../ports/run-store.ts';

/**
 * The conditional writes of `RunStore` as functions from what is stored, and the write, to what is stored next; undefined
 * when the condition does not hold. A store that calls them has to make reading, deciding and writing one step.
 */

/** A record being put together: a field that is undefined is an absent one. */
type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** The record with exactly the fields that it has. */
function tidy<T>(record: Loose<T>): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}

function isOver(header: RunHeader): boolean {
  return terminalStatuses.has(header.status);
}

/** See `RunStore.createRun`. */
export function created(stored: RunHeader | undefined, { header }: NewRun): RunHeader | undefined {
  return stored === undefined ? header : undefined;
}

/** See `RunStore.startRun`. */
export function started(stored: RunHeader | undefined, { header }: NewRun): RunHeader | undefined {
  if (stored === undefined) return header;
  const isSame = stored.owner === header.owner && stored.workflowId === header.workflowId;
  if (stored.status !== 'pending' || !isSame) return undefined;
  return tidy<RunHeader>({
    ...header,
    createdAt: stored.createdAt,
    resourceId: header.resourceId ?? stored.resourceId,
  });
}

/** See `RunStore.setStatus`. */
export function withStatus(stored: RunHeader | undefined, write: StatusWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored) || stored.epoch !== write.epoch) return undefined;
  if (stored.position >= write.position) return undefined;
  return tidy<RunHeader>({
    ...stored,
    status: write.status,
    position: write.position,
    updatedAt: write.now,
    sweepAt: write.sweepAt === undefined ? stored.sweepAt : (write.sweepAt ?? undefined),
  });
}

/** See `RunStore.setSweep`. */
export function withSweep(stored: RunHeader | undefined, write: SweepWrite): RunHeader | undefined {
  if (stored?.wakes !== write.wakes || stored.position !== write.position) return undefined;
  return tidy<RunHeader>({ ...stored, sweepAt: write.sweepAt ?? undefined });
}

/** See `RunStore.finish`. */
export function finished(stored: RunHeader | undefined, write: FinishWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored) || stored.epoch !== write.epoch) return undefined;
  return tidy<RunHeader>({
    ...stored,
    status: write.status,
    endedBy: write.endedBy,
    endedAt: write.now,
    updatedAt: write.now,
    error: write.error,
    sweepAt: write.sweepAt,
  });
}

/** See `RunStore.cancel`. */
export function canceled(stored: RunHeader | undefined, write: CancelWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored)) return undefined;
  if (write.owner !== undefined && stored.owner !== write.owner) return undefined;
  if (write.epoch !== undefined && stored.epoch !== write.epoch) return undefined;
  return {
    ...stored,
    status: 'canceled',
    endedBy: -1,
    endedAt: write.now,
    updatedAt: write.now,
    sweepAt: write.sweepAt,
  };
}

/** See `RunStore.startChild`. */
export function childStarted(
  stored: RunHeader | undefined,
  { header, from, begun }: ChildStartWrite,
): RunHeader | undefined {
  if (stored === undefined) return from === 0 ? header : { ...header, from: [[header.epoch, from, begun]] };
  if ((stored.parent?.turn ?? '') >= (header.parent?.turn ?? '')) return undefined;
  const epoch = stored.epoch + 1;
  return {
    ...header,
    epoch,
    wakes: stored.wakes + 1,
    from: [...stored.from, [epoch, from, begun]],
    createdAt: stored.createdAt,
  };
}

const travelStarts: ReadonlySet<RunHeader['status']> = new Set(['pending', 'suspended', 'paused']);

/** See `RunStore.travel`. */
export function traveled(stored: RunHeader | undefined, write: TravelWrite): RunHeader | undefined {
  if (stored?.epoch !== write.epoch || stored.wakes !== write.wakes) return undefined;
  if (!isOver(stored) && !travelStarts.has(stored.status)) return undefined;
  return tidy<RunHeader>({
    ...stored,
    status: 'running',
    epoch: write.epoch + 1,
    position: '',
    wakes: stored.wakes + 1,
    from: [...stored.from, write.start],
    inputHash: write.inputHash ?? stored.inputHash,
    graphHash: write.graphHash,
    perStep: write.perStep ? true : undefined,
    startedAt: stored.startedAt ?? write.now,
    updatedAt: write.now,
    sweepAt: write.sweepAt,
    endedAt: undefined,
    endedBy: undefined,
    error: undefined,
  });
}

/** See `RunStore.restart`. */
export function restarted(stored: RunHeader | undefined, write: RestartWrite): RunHeader | undefined {
  if (stored?.status !== 'running' && stored?.status !== 'waiting') return undefined;
  return { ...stored, wakes: stored.wakes + 1, updatedAt: write.now, sweepAt: write.sweepAt };
}

/** See `RunStore.claimCallback`. */
export function callbackClaimed(stored: RunHeader | undefined, write: CallbackWrite): RunHeader | undefined {
  if (stored === undefined) return undefined;
  const { callback } = stored;
  const { mark, owner, leaseUntil } = write;
  const isFree =
    callback === undefined ||
    callback.mark < mark ||
    (callback.mark === mark && callback.done !== true && callback.leaseUntil < write.now);
  return isFree ? { ...stored, callback: { mark, owner, leaseUntil } } : undefined;
}

/** See `RunStore.finishCallback`. */
export function callbackFinished(
  stored: RunHeader | undefined,
  { mark, owner, sweepAt }: CallbackEndWrite,
): RunHeader | undefined {
  if (stored?.callback?.mark !== mark || stored.callback.owner !== owner) return undefined;
  return tidy<RunHeader>({
    ...stored,
    callback: { ...stored.callback, done: true },
    sweepAt: sweepAt === undefined ? stored.sweepAt : (sweepAt ?? undefined),
  });
}

/** See `RunStore.showSnapshot`. */
export function snapshotShown(
  stored: RunHeader | undefined,
  { mark, snapshot }: SnapshotWrite,
): RunHeader | undefined {
  if (stored === undefined || (stored.shown !== undefined && stored.shown.mark >= mark)) return undefined;
  return { ...stored, shown: { mark, value: snapshot } };
}

/** The run's part of `RunStore.resume`, for each run of `runs`. */
export function reopened(stored: RunHeader | undefined, write: ResumeWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored)) return undefined;
  return tidy<RunHeader>({
    ...stored,
    wakes: stored.wakes + 1,
    sweepAt: write.sweepAt,
    updatedAt: write.now,
    perStep: write.perStep === true ? true : undefined,
  });
}

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
  const { key, stepId, turn, inputFrom, sharedFrom, now, seesCell, log } = write;
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
      return { ...stored, status: 'child', turn: outcome.nextTurn, resumedAt: outcome.now };
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
      // A second suspension shows its own payload and labels, or none; any other outcome keeps those of the last one.
      return {
        suspendPayload: outcome.suspendPayload,
        suspendOutput: outcome.suspendOutput,
        labels: outcome.labels,
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
  const { key, stepId, turn, now, dueAt, inputFrom, sharedFrom, log } = write;
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
