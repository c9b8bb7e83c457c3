import type { LogEntry } from './history.ts';
import { decodeToken, type JoinKey } from './join.ts';
import type { Asking, LogScope, RunScope } from './log-scope.ts';
import { formatKey } from './records.ts';
import type { RunEvent } from './snapshot.ts';
import {
  eventId,
  eventOf,
  type EventType,
  isKept,
  type LogReading,
  nameOf,
  present,
} from './stream-event.ts';

/** What a stream tells of a foreach while it is open: that it begins and goes on, its items one by one, and whom it waits for. */

type Opened = Extract<LogEntry, { kind: 'opened' }>;
type Settled = Extract<LogEntry, { kind: 'settled' }>;

/** Events of a block that was opened: none of one that is no foreach. */
export function* foreachOpened(
  { runId: reader, log }: LogReading,
  scope: RunScope,
  { runId, entry, epoch, opening }: Opened,
): Asking<RunEvent[]> {
  const names = namesAt(scope, entry);
  if (names === undefined) return [];
  const begun = yield* begunOf(log, { runId, entry, epoch });
  const type = 'workflow-step-start';
  const id = eventId(runId, type, { key: { entry }, turn: opening.turn });
  return [eventOf(reader, type, id, opening.openedAt, { ...names, status: 'running', ...begun })];
}

/** Events of an item that has settled, or goes on: none where the block is no foreach. */
export function* foreachSettled(reading: LogReading, scope: RunScope, settled: Settled): Asking<RunEvent[]> {
  const names = namesAt(scope, settled.entry);
  if (names === undefined) return [];
  const { kind, member } = decodeToken(settled.token);
  if (kind === 'resumed') return yield* resumption(reading, names, settled, member);
  const item = yield* reading.log.itemOf(settled, member);
  const { after, total, output } = settled;
  const isSuspended = after.inFlight === 0 && after.suspended > 0 && after.closed === undefined;
  const end = isSuspended ? [yield* suspension(reading, names, settled)] : [];
  // It was told in an earlier epoch, but may be the one that the foreach has still waited for in this one.
  if (item !== undefined && isKept(item)) return end;
  const status = iterationStatus(kind, output !== undefined);
  const isIncomplete = after.failed !== undefined || status === 'failed';
  const progress = {
    ...names,
    completedCount: after.next - after.inFlight - after.suspended - (isIncomplete ? 1 : 0),
    totalCount: total,
    currentIndex: member,
    iterationStatus: status,
    ...(output === undefined ? {} : { iterationOutput: yield* reading.log.read(settled.runId, output) }),
  };
  const type = 'workflow-step-progress';
  const time = kind === 'suspended' ? item?.suspendedAt : item?.endedAt;
  return [eventOf(reading.runId, type, settledId(type, settled), time, progress), ...end];
}

/** Nothing is in flight any more: the first of those that wait says why. */
function* suspension({ runId: reader, log }: LogReading, names: object, settled: Settled): Asking<RunEvent> {
  const { runId, position } = settled;
  const first = yield* log.suspendedItem(settled, position + 1);
  const said = present({
    suspendPayload: yield* log.read(runId, first?.suspendPayload),
    suspendOutput: yield* log.read(runId, first?.suspendOutput),
    suspendedAt: first?.suspendedAt,
  });
  const payload = { ...names, status: 'suspended', ...(yield* begunOf(log, settled)), ...said };
  const type = 'workflow-step-suspended';
  return eventOf(reader, type, settledId(type, settled), first?.suspendedAt, payload);
}

/** Of items that are resumed, the first one has the foreach go on. */
function* resumption(
  { runId: reader, log }: LogReading,
  names: object,
  settled: Settled,
  member: number,
): Asking<RunEvent[]> {
  const { runId, after } = settled;
  if (after.inFlight > 1) return [];
  const item = yield* log.itemOf(settled, member);
  const resumed = present({
    resumePayload: yield* log.read(runId, item?.resumeData),
    resumedAt: item?.resumedAt,
  });
  const payload = { ...names, status: 'running', ...(yield* begunOf(log, settled)), ...resumed };
  const type = 'workflow-step-start';
  return [eventOf(reader, type, settledId(type, settled), item?.resumedAt, payload)];
}

/** What a foreach goes through, and since when. */
function* begunOf(log: LogScope, { runId, entry, epoch }: JoinKey): Asking<object> {
  const opening = yield* log.openingOf({ runId, entry, epoch });
  const payload = yield* log.outputOf(runId, entry - 1, epoch);
  return { payload, ...present({ startedAt: opening?.openedAt }) };
}

/** Names of the foreach at an entry; undefined when there is none. */
function namesAt(
  scope: RunScope,
  entry: number,
): { readonly id: string; readonly stepName: string } | undefined {
  const definition = scope.graph[entry];
  if (definition?.type !== 'foreach') return undefined;
  const id = nameOf(scope, definition.step.id);
  return { id, stepName: id };
}

function settledId(type: EventType, { runId, entry, epoch, position }: Settled): string {
  return `${runId}/${type}/${formatKey({ entry })}/${epoch}/${position}`;
}

/** An item that canceled the run itself has come to its end, and a nested run that was canceled has not. */
function iterationStatus(
  kind: ReturnType<typeof decodeToken>['kind'],
  hasOutput: boolean,
): 'success' | 'failed' | 'suspended' {
  if (kind === 'suspended') return 'suspended';
  const hasEnded = kind === 'success' || kind === 'bailed' || (kind === 'canceled' && hasOutput);
  return hasEnded ? 'success' : 'failed';
}
