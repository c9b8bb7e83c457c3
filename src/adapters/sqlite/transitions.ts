import { type RunHeader, type StepRecord, terminalStatuses } from '../../core/records.ts';
import type {
  CancelWrite,
  ClaimWrite,
  CommitOutcome,
  CommitWrite,
  FinishWrite,
  NewRun,
  RenewWrite,
  ResumeWrite,
  StatusWrite,
  SweepWrite,
  TakeOverWrite,
} from '../../ports/index.ts';

/**
 * The transitions of the port as functions from the stored record to the next one. Undefined means that the condition
 * does not hold. The open transaction makes reading, deciding and writing one step.
 */

/** Drops fields that are undefined, so that a record has exactly the fields that were written. */
function compact<T extends object>(fields: T): { [Field in keyof T]?: Exclude<T[Field], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Field in keyof T]?: Exclude<T[Field], undefined> };
}

function isOver(header: RunHeader): boolean {
  return terminalStatuses.has(header.status);
}

/** See `RunStore.startRun`. */
export function started(stored: RunHeader | undefined, { header }: NewRun): RunHeader | undefined {
  if (stored === undefined) return header;
  const isSame = stored.owner === header.owner && stored.workflowId === header.workflowId;
  if (stored.status !== 'pending' || !isSame) return undefined;
  const resourceId = header.resourceId ?? stored.resourceId;
  return { ...header, createdAt: stored.createdAt, ...(resourceId === undefined ? {} : { resourceId }) };
}

/** See `RunStore.setStatus`. */
export function withStatus(stored: RunHeader, write: StatusWrite): RunHeader | undefined {
  if (stored.epoch !== write.epoch || isOver(stored) || stored.position >= write.position) return undefined;
  const { sweepAt: swept, ...rest } = stored;
  const sweepAt = write.sweepAt === undefined ? swept : (write.sweepAt ?? undefined);
  return {
    ...rest,
    status: write.status,
    position: write.position,
    updatedAt: write.now,
    ...(sweepAt === undefined ? {} : { sweepAt }),
  };
}

/** See `RunStore.setSweep`. */
export function withSweep(stored: RunHeader, write: SweepWrite): RunHeader | undefined {
  if (stored.wakes !== write.wakes || stored.position !== write.position) return undefined;
  const { sweepAt: _, ...rest } = stored;
  return { ...rest, ...(write.sweepAt === null ? {} : { sweepAt: write.sweepAt }) };
}

/** See `RunStore.finish`. */
export function finished(stored: RunHeader, write: FinishWrite): RunHeader | undefined {
  if (stored.epoch !== write.epoch || isOver(stored)) return undefined;
  const { sweepAt: _, ...rest } = stored;
  return {
    ...rest,
    status: write.status,
    endedBy: write.endedBy,
    endedAt: write.now,
    updatedAt: write.now,
    ...(write.error === undefined ? {} : { error: write.error }),
    ...(write.sweepAt === undefined ? {} : { sweepAt: write.sweepAt }),
  };
}

/** See `RunStore.cancel`. */
export function canceled(stored: RunHeader, write: CancelWrite): RunHeader | undefined {
  if (isOver(stored) || (write.owner !== undefined && write.owner !== stored.owner)) return undefined;
  const { now, sweepAt } = write;
  return { ...stored, status: 'canceled', endedBy: -1, endedAt: now, updatedAt: now, sweepAt };
}

/** A run of `RunStore.resume`: marked as open again. */
export function woken(stored: RunHeader, write: ResumeWrite): RunHeader | undefined {
  if (isOver(stored)) return undefined;
  return { ...stored, wakes: stored.wakes + 1, sweepAt: write.sweepAt, updatedAt: write.now };
}

/** See `RunStore.claim`. */
export function claimed(stored: StepRecord | undefined, write: ClaimWrite): StepRecord | undefined {
  const { turn, owner, leaseUntil } = write;
  const isOurs = stored?.turn === turn && stored.status === 'running' && stored.owner === owner;
  if (!write.fresh) {
    if (stored === undefined || !(isOurs || (stored.turn === turn && stored.status === 'due')))
      return undefined;
    const { dueAt: _dueAt, ...rest } = stored;
    return { ...rest, status: 'running', owner, leaseUntil, claims: 1 };
  }
  if (stored !== undefined && !isOurs && stored.turn >= turn) return undefined;
  return {
    key: write.key,
    stepId: write.stepId,
    turn,
    status: 'running',
    owner,
    leaseUntil,
    claims: 1,
    startedAt: write.now,
    inputFrom: write.inputFrom,
    ...(write.sharedFrom === undefined ? {} : { sharedFrom: write.sharedFrom }),
  };
}

/** See `RunStore.takeOver`. */
export function takenOver(stored: StepRecord, write: TakeOverWrite): StepRecord | undefined {
  const { turn, owner, leaseUntil } = write;
  if (!isHeld(stored, { turn, owner: write.seenOwner })) return undefined;
  return { ...stored, owner, leaseUntil, claims: (stored.claims ?? 0) + 1 };
}

/** Whether a turn is running and claimed by whoever writes. */
function isHeld(stored: StepRecord, write: { turn: string; owner: string }): boolean {
  return stored.turn === write.turn && stored.status === 'running' && stored.owner === write.owner;
}

/** See `RunStore.renew`. */
export function renewed(stored: StepRecord, write: RenewWrite): StepRecord | undefined {
  return isHeld(stored, write) ? { ...stored, leaseUntil: write.leaseUntil } : undefined;
}

/** See `RunStore.commit`. */
export function committed(stored: StepRecord, write: CommitWrite): StepRecord | undefined {
  if (!isHeld(stored, write)) return undefined;
  const { input, delta, shared, sharedFrom, fromSegment } = write.outcome;
  const common = compact({ input, delta, shared, sharedFrom, fromSegment });
  const { error: _error, nonRetryable: _nonRetryable, leaseUntil: _lease, ...rest } = stored;
  if (write.outcome.status !== 'suspended') return { ...rest, ...common, ...outcomeFields(write.outcome) };
  // A second suspension shows its own payload and labels, or none. Any other end keeps those of the last one.
  const { suspendPayload: _payload, suspendOutput: _output, labels: _labels, ...first } = rest;
  return { ...first, ...common, ...outcomeFields(write.outcome) };
}

function outcomeFields(outcome: CommitOutcome): Partial<StepRecord> & Pick<StepRecord, 'status'> {
  switch (outcome.status) {
    case 'success':
      return {
        status: 'success',
        output: outcome.output,
        endedAt: outcome.now,
        ...compact({ bailed: outcome.bailed }),
      };
    case 'failed': {
      const { error, nonRetryable } = outcome;
      return { status: 'failed', error, endedAt: outcome.now, ...compact({ nonRetryable }) };
    }
    case 'suspended': {
      const { suspendPayload, suspendOutput, labels } = outcome;
      const given = compact({ suspendPayload, suspendOutput, labels });
      return { status: 'suspended', suspendedAt: outcome.now, ...given };
    }
    case 'due':
      return { status: 'due', turn: outcome.nextTurn, dueAt: outcome.dueAt, error: outcome.error };
  }
}

/** The record of `RunStore.resume`. `again`: this very request has won before. */
export function resumed(
  stored: StepRecord,
  write: ResumeWrite,
): { record: StepRecord; again: boolean } | undefined {
  if (stored.resumeRequest === write.request && stored.turn >= write.nextTurn) {
    return { record: stored, again: true };
  }
  if (stored.turn !== write.turn || stored.status !== 'suspended') return undefined;
  const { resumeData: _data, resumeContext: _context, dueAt: _dueAt, ...rest } = stored;
  const { resumeData, resumeContext } = write;
  const record: StepRecord = {
    ...rest,
    turn: write.nextTurn,
    status: 'due',
    resumedAt: write.now,
    resumeRequest: write.request,
    ...compact({ resumeData, resumeContext }),
  };
  return { record, again: false };
}
