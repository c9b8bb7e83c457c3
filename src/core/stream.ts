import { admittedPosition } from './concurrency.ts';
import { cursorKinds, cursorParts, formatCursor, invalidCursor, isCount, markOfRun } from './cursor.ts';
import { armsOf } from './graph.ts';
import type { LogEntry } from './history.ts';
import { foreachOpened, foreachSettled } from './foreach-events.ts';
import { type Asking, LogScope, type RunScope } from './log-scope.ts';
import { type RunHeader, type RunStatus, type StepRecord, terminalStatuses } from './records.ts';
import type { RunEvent, Tripwire } from './snapshot.ts';
import {
  callOf,
  eventId,
  eventOf,
  type EventType,
  isKept,
  type LogReading,
  nameOf,
  present,
} from './stream-event.ts';
import { tripwireOf } from './tripwire.ts';
import { parseTurn } from './turn.ts';
import { noUsage, type Usage, withUsage } from './usage.ts';

/**
 * Events of a run, projected from the log of its root run entry by entry. Their ids are deterministic, so a reader that
 * meets an entry twice knows the repeat by them.
 */

/** What a reader carries from page to page: it is in its cursor. */
export interface LogPosition {
  /** `LogPage.next` of the last page; -1 at the beginning. */
  readonly next: number;
  /** The last status of the run that was told, in an order: a header says the same status several times. */
  readonly mark: string;
  readonly usage: Usage;
}

const beginning: LogPosition = { next: -1, mark: '', usage: noUsage };

/** Cursor of a position in the log of a run. */
export function logCursor(runId: string, { next, mark, usage }: LogPosition): string {
  const used = Object.values(usage).some((count) => count > 0) ? [usage] : [];
  return formatCursor([cursorKinds.log, markOfRun(runId), next, mark, ...used]);
}

function usageFrom(part: unknown): Usage | undefined {
  if (part === undefined) return noUsage;
  const counts = Object.entries(part ?? {}).filter(
    ([name, count]) => name in noUsage && isFinite(count as number),
  );
  return counts.length === Object.keys(noUsage).length
    ? (Object.fromEntries(counts) as unknown as Usage)
    : undefined;
}

/**
 * The position of a cursor; without one, the beginning. Also of a cursor that was given out before the run was started with
 * a history: what it has seen is told again. Throws WORKFLOW_CURSOR_INVALID for a text that was not given out for the run.
 */
export function logPosition(runId: string, cursor: string | undefined): LogPosition {
  if (cursor === undefined || cursor === '') return beginning;
  const parts = cursorParts(cursor) ?? [];
  const [kind, run, next, mark, used] = parts;
  if (run !== markOfRun(runId)) throw invalidCursor(runId);
  if (kind === cursorKinds.records) return beginning;
  const usage = usageFrom(used);
  const isOurs = kind === cursorKinds.log && (next === -1 || isCount(next)) && typeof mark === 'string';
  if (!isOurs || usage === undefined) throw invalidCursor(runId);
  return { next, mark, usage };
}

const stepEvents: ReadonlySet<RunEvent['type']> = new Set([
  'workflow-step-start',
  'workflow-step-waiting',
  'workflow-step-progress',
  'workflow-step-result',
]);

/**
 * Whether an event is told of a workflow with `emitStepEvents: false`, too: what happens to the run, what its steps write, and
 * a suspension, which says whom the run waits for.
 */
export function isToldAnyway({ type }: Pick<RunEvent, 'type'>): boolean {
  return !stepEvents.has(type);
}

type StepEntry = Extract<LogEntry, { kind: 'step' }>;

/** Statuses that end an execution, or at least this one. */
const stops: ReadonlySet<RunStatus> = new Set([...terminalStatuses, 'suspended', 'paused']);

/** Projects the entries of one log, in their order, into the events of one of its runs. */
export class LogProjection {
  readonly #runId: string;
  readonly #scope: LogScope;
  readonly #reading: LogReading;
  readonly #told = new Set<string>();
  #mark: string;
  #usage: Usage;

  constructor(runId: string, { next, mark, usage }: LogPosition) {
    this.#runId = runId;
    this.#scope = new LogScope(runId, next < 0);
    this.#reading = { runId, log: this.#scope };
    this.#mark = mark;
    this.#usage = usage;
  }

  /** Whether the run is over by what was read. */
  get isOver(): boolean {
    return this.#mark.endsWith('~');
  }

  /** The position after the entries so far, which end at `next`. */
  position(next: number): LogPosition {
    return { next, mark: this.#mark, usage: this.#usage };
  }

  /** Events of the next entry, without those that were told by this projection before. */
  *project(entry: LogEntry): Asking<RunEvent[]> {
    const events = (yield* this.#eventsOf(entry)).filter(({ id }) => !this.#told.has(id));
    for (const { id } of events) this.#told.add(id);
    return events;
  }

  *#eventsOf(entry: LogEntry): Asking<RunEvent[]> {
    this.#scope.note(entry);
    const runId = entry.kind === 'run' ? entry.header.runId : entry.runId;
    if (entry.kind === 'run') return runId === this.#runId ? yield* this.#runEvents(entry.header) : [];
    const scope = yield* this.#scope.scopeOf(runId);
    if (scope === undefined) return [];
    if (entry.kind !== 'chunk' && !(yield* this.#scope.emitsSteps(scope))) {
      // Nothing else of it is told, so nothing else is read.
      if (entry.kind === 'opened' || (entry.kind === 'step' && entry.record.status !== 'suspended'))
        return [];
      return (yield* this.#placeEvents(scope, entry)).filter(isToldAnyway);
    }
    return yield* this.#placeEvents(scope, entry);
  }

  *#placeEvents(scope: RunScope, entry: Exclude<LogEntry, { kind: 'run' }>): Asking<RunEvent[]> {
    switch (entry.kind) {
      case 'step':
        return yield* this.#stepEvents(scope, entry);
      case 'opened':
        return yield* foreachOpened(this.#reading, scope, entry);
      case 'settled':
        return yield* foreachSettled(this.#reading, scope, entry);
      case 'chunk':
        return yield* this.#chunkEvents(scope, entry);
    }
  }

  #event(type: EventType, id: string, time: number | undefined, payload: RunEvent['payload']): RunEvent {
    return eventOf(this.#runId, type, id, time, payload);
  }

  *#runEvents(header: RunHeader): Asking<RunEvent[]> {
    const mark = statusMark(header);
    // Resumptions and restarts write the header without a new status.
    if (header.startedAt === undefined && !terminalStatuses.has(header.status)) return [];
    if (mark <= this.#mark) return [];
    this.#mark = mark;
    const { runId, epoch, status, position } = header;
    const time = header.endedAt ?? header.updatedAt;
    const id = (type: EventType): string => `${runId}/${type}/${epoch}`;
    if (status === 'running' && (position === '' || position === admittedPosition)) {
      return [this.#event('workflow-start', id('workflow-start'), time, { workflowId: header.workflowId })];
    }
    if (!stops.has(status)) return [];
    const payload = yield* this.#finishPayload(header);
    const suffix = terminalStatuses.has(status) ? '' : `/${position}`;
    const finish = this.#event('workflow-finish', `${id('workflow-finish')}${suffix}`, time, payload);
    if (status === 'canceled')
      return [this.#event('workflow-canceled', id('workflow-canceled'), time, {}), finish];
    if (status === 'paused') {
      return [this.#event('workflow-paused', `${id('workflow-paused')}${suffix}`, time, {}), finish];
    }
    return [finish];
  }

  *#finishPayload({ runId, epoch, status, endedBy, error: stored }: RunHeader): Asking<RunEvent['payload']> {
    const error = yield* this.#scope.read(runId, stored);
    const isTripped = status === 'tripwire' && endedBy !== undefined;
    const tripwire = isTripped
      ? tripOf(error ?? (yield* this.#scope.errorOf(runId, endedBy, epoch)))
      : undefined;
    const isOwn = tripwire === undefined && error instanceof Error;
    const metadata = isOwn ? { error, errorMessage: error.message } : {};
    const payload = { workflowStatus: status, metadata, output: { usage: this.#usage } };
    return tripwire === undefined ? payload : { ...payload, tripwire };
  }

  *#stepEvents(scope: RunScope, { runId, record }: StepEntry): Asking<RunEvent[]> {
    const { key } = record;
    const entry = scope.graph[key.entry];
    if (entry === undefined || key.item !== undefined) return [];
    if (key.arm === undefined && armsOf(entry) !== undefined) return [];
    if (isKept(record)) return [];
    if (entry.type === 'foreach') return yield* this.#foreachResult(scope, record);
    if (entry.type === 'sleep' || entry.type === 'sleepUntil') return yield* this.#sleepEvents(scope, record);
    const type = typeOf(record);
    if (type === undefined) return [];
    const content = yield* this.#contentOf(runId, record, type);
    const metadata =
      entry.type === 'loop' ? { metadata: { iterationCount: parseTurn(record.turn).iteration + 1 } } : {};
    const call = `${this.#callPrefix(runId)}${callOf(record)}`;
    const id = nameOf(scope, record.stepId);
    const payload = { id, stepName: id, stepCallId: call, ...content, ...metadata };
    return [this.#event(type, eventId(runId, type, record), timeOf(record, type), payload)];
  }

  #callPrefix(runId: string): string {
    return runId === this.#runId ? '' : `${runId}/`;
  }

  *#contentOf(runId: string, record: StepRecord, type: EventType): Asking<Record<string, unknown>> {
    const payload = yield* this.#scope.inputOf(runId, record);
    const begun = { payload, ...present({ startedAt: record.startedAt }) };
    const resumePayload = yield* this.#scope.read(runId, record.resumeData);
    const resumed = present({ resumePayload, resumedAt: record.resumedAt });
    if (type === 'workflow-step-start') return { status: 'running', ...begun, ...resumed };
    const suspension = present({
      suspendPayload: yield* this.#scope.read(runId, record.suspendPayload),
      suspendOutput: yield* this.#scope.read(runId, record.suspendOutput),
      suspendedAt: record.suspendedAt,
    });
    if (type === 'workflow-step-suspended')
      return { status: 'suspended', ...begun, ...suspension, ...resumed };
    return { ...begun, ...suspension, ...resumed, ...(yield* this.#outcomeOf(runId, record)) };
  }

  *#outcomeOf(runId: string, record: StepRecord): Asking<Record<string, unknown>> {
    const { status } = record;
    return {
      status: record.bailed === true ? 'bailed' : status,
      ...(status === 'success' ? { output: yield* this.#scope.read(runId, record.output) } : {}),
      ...(status === 'failed' ? yield* this.#failureOf(runId, record) : {}),
      // One that is paused goes on.
      ...(status === 'paused' ? {} : present({ endedAt: record.endedAt })),
    };
  }

  *#failureOf(runId: string, record: StepRecord): Asking<Record<string, unknown>> {
    const error = yield* this.#scope.read(runId, record.error);
    const { nonRetryable, tripwire } = record;
    return { error, ...present({ nonRetryable, tripwire: tripwire === true ? tripOf(error) : undefined }) };
  }

  *#sleepEvents(scope: RunScope, record: StepRecord): Asking<RunEvent[]> {
    const { runId } = scope;
    const id = nameOf(scope, record.stepId);
    const names = { id, stepName: id };
    if (record.status === 'waiting') {
      const payload = { ...names, payload: yield* this.#scope.inputOf(runId, record), ...waiting(record) };
      const type = 'workflow-step-waiting';
      return [this.#event(type, eventId(runId, type, record), record.startedAt, payload)];
    }
    const type = 'workflow-step-result';
    const payload = { ...names, ...(yield* this.#outcomeOf(runId, record)) };
    return [this.#event(type, eventId(runId, type, record), record.endedAt, payload)];
  }

  *#foreachResult(scope: RunScope, record: StepRecord): Asking<RunEvent[]> {
    const { runId } = scope;
    const id = nameOf(scope, record.stepId);
    const type = 'workflow-step-result';
    const payload = { id, stepName: id, ...(yield* this.#outcomeOf(runId, record)) };
    return [this.#event(type, eventId(runId, type, record), record.endedAt, payload)];
  }

  *#chunkEvents(scope: RunScope, entry: Extract<LogEntry, { kind: 'chunk' }>): Asking<RunEvent[]> {
    const { id, runId, stepId, time, custom } = entry;
    const chunk = yield* this.#scope.read(runId, entry.chunk);
    if (custom) return [this.#event('custom', id, time, chunk as RunEvent['payload'])];
    this.#usage = withUsage(this.#usage, chunk);
    const payload = { output: chunk, runId: this.#runId, stepName: nameOf(scope, stepId) };
    return [{ ...this.#event('workflow-step-output', id, time, payload), from: 'USER' }];
  }
}

function tripOf(error: unknown): Tripwire | undefined {
  return error instanceof Error ? tripwireOf(error) : undefined;
}

/** Orders what a header shows: a later epoch, a later position, and the end after all. */
function statusMark({ epoch, position, status }: RunHeader): string {
  return `${String(epoch).padStart(4, '0')}/${terminalStatuses.has(status) ? '~' : position}`;
}

/** What a state of a record tells; undefined for one that tells nothing: what is to be executed, and further attempts. */
function typeOf(record: StepRecord): EventType | undefined {
  switch (record.status) {
    case 'running':
    case 'child':
      return parseTurn(record.turn).attempt === 0 ? 'workflow-step-start' : undefined;
    case 'due':
    case 'waiting':
      return undefined;
    case 'suspended':
      return 'workflow-step-suspended';
    default:
      return 'workflow-step-result';
  }
}

function timeOf(record: StepRecord, type: EventType): number | undefined {
  if (type === 'workflow-step-start') return record.resumedAt ?? record.startedAt;
  return type === 'workflow-step-suspended' ? record.suspendedAt : record.endedAt;
}

function waiting(record: StepRecord): object {
  return { ...present({ startedAt: record.startedAt }), status: 'waiting' };
}
