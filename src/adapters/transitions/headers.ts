import {
  activeStatuses,
  openStatuses,
  type RunHeader,
  terminalStatuses,
  travelStatuses,
} from '../../core/records.ts';
import type {
  CallbackEndWrite,
  CallbackWrite,
  CancelWrite,
  ChildStartWrite,
  FinishWrite,
  NewRun,
  ParkWrite,
  RestartWrite,
  ResumeWrite,
  SnapshotWrite,
  StatusWrite,
  SweepWrite,
  TravelWrite,
  UnparkWrite,
} from '../../ports/run-store.ts';
import { tidy } from './tidy.ts';

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
  if (write.graphHash !== undefined && write.graphHash !== stored.graphHash) return undefined;
  return tidy<RunHeader>({
    ...stored,
    status: write.status,
    endedBy: write.endedBy,
    endedAt: write.now,
    updatedAt: write.now,
    error: write.error,
    sweepAt: write.sweepAt,
    parked: undefined,
  });
}

/** See `RunStore.cancel`. */
export function canceled(stored: RunHeader | undefined, write: CancelWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored)) return undefined;
  if (write.owner !== undefined && stored.owner !== write.owner) return undefined;
  if (write.epoch !== undefined && stored.epoch !== write.epoch) return undefined;
  return tidy<RunHeader>({
    ...stored,
    status: 'canceled',
    endedBy: -1,
    endedAt: write.now,
    updatedAt: write.now,
    sweepAt: write.sweepAt,
    parked: undefined,
  });
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

/** See `RunStore.travel`. */
export function traveled(stored: RunHeader | undefined, write: TravelWrite): RunHeader | undefined {
  if (stored?.epoch !== write.epoch || stored.wakes !== write.wakes) return undefined;
  if (!travelStatuses.has(stored.status) && stored.parked === undefined) return undefined;
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
    limit: write.limit ?? stored.limit,
    startedAt: stored.startedAt ?? write.now,
    updatedAt: write.now,
    sweepAt: write.sweepAt,
    deadlineAt: write.deadlineAt,
    endedAt: undefined,
    endedBy: undefined,
    error: undefined,
    parked: undefined,
  });
}

/** See `RunStore.park`. */
export function parked(stored: RunHeader | undefined, write: ParkWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored) || stored.epoch !== write.epoch) return undefined;
  const { parked: reason, now: updatedAt, sweepAt } = write;
  return { ...stored, parked: reason, wakes: stored.wakes + 1, updatedAt, sweepAt };
}

/** See `RunStore.unpark`. */
export function unparked(stored: RunHeader | undefined, write: UnparkWrite): RunHeader | undefined {
  if (stored === undefined || isOver(stored) || stored.epoch !== write.epoch) return undefined;
  const { graphHash, now: updatedAt, sweepAt } = write;
  if (stored.parked === undefined && stored.graphHash === graphHash) return undefined;
  return tidy<RunHeader>({
    ...stored,
    parked: undefined,
    graphHash,
    wakes: stored.wakes + 1,
    updatedAt,
    sweepAt,
  });
}

/** See `RunStore.restart`. */
export function restarted(stored: RunHeader | undefined, write: RestartWrite): RunHeader | undefined {
  const statuses = write.suspended === true ? openStatuses : activeStatuses;
  if (stored === undefined || !statuses.has(stored.status)) return undefined;
  if (write.wakes !== undefined && stored.wakes !== write.wakes) return undefined;
  return tidy<RunHeader>({
    ...stored,
    wakes: stored.wakes + 1,
    updatedAt: write.now,
    sweepAt: write.sweepAt,
    restarts: write.restarts ?? stored.restarts,
  });
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
export function reopened(
  stored: RunHeader | undefined,
  write: ResumeWrite,
  epoch: number,
): RunHeader | undefined {
  if (stored === undefined || isOver(stored)) return undefined;
  if (stored.epoch !== epoch || stored.status === 'paused') return undefined;
  return tidy<RunHeader>({
    ...stored,
    wakes: stored.wakes + 1,
    sweepAt: write.sweepAt,
    updatedAt: write.now,
    perStep: write.perStep === true ? true : undefined,
  });
}
