import { type RunView, stepResultOf, visibleRecords } from './assemble.ts';
import { isQueued } from './concurrency.ts';
import { cursorKinds, cursorParts, formatCursor, invalidCursor, isCount, markOfRun } from './cursor.ts';
import { isDone } from './decide.ts';
import { armsOf, type GraphEntry } from './graph.ts';
import { limits } from './limits.ts';
import { formatKey, type RunStatus, type StepRecord, terminalStatuses } from './records.ts';
import type { RunEvent, StepResult } from './snapshot.ts';
import { parseTurn } from './turn.ts';
import { noUsage } from './usage.ts';

/**
 * Lifecycle events derived from the records, for readers that come back with a cursor. Nothing is written for them. The
 * cursor says how many events of each record were handed out, so nothing is given twice and nothing is missed, but a
 * state that was overwritten between two reads is told without its values.
 */

/** What a reader has seen of a run. Entries below `done` are told completely. */
interface Cursor {
  /** {@link markOfRun}: a cursor of another run would skip events. */
  readonly run: string;
  readonly epoch: number;
  readonly started: boolean;
  /** {@link stopOf} the run, when that was told. */
  readonly stopped: string;
  readonly done: number;
  /** Events told of each record that is not below `done`, with its iteration: see {@link ordinalOf}. */
  readonly told: Readonly<Record<string, number>>;
}

function textOf({ run, epoch, started, stopped, done, told }: Cursor): string {
  return formatCursor([cursorKinds.records, run, epoch, Number(started), stopped, done, told]);
}

function readCursor(text: string): Cursor | undefined {
  const [kind, run, epoch, started, stopped, done, told] = cursorParts(text) ?? [];
  const isWhole = typeof run === 'string' && typeof stopped === 'string' && isCount(epoch) && isCount(done);
  if (kind !== cursorKinds.records || !isWhole || typeof told !== 'object' || told === null) return undefined;
  const counts = Object.entries(told);
  const all = counts.filter((pair): pair is [string, number] => isCount(pair[1]));
  if (all.length < counts.length) return undefined;
  return { run, epoch, started: started === 1, stopped, done, told: Object.fromEntries(all) };
}

/** What a reader of this run and epoch has seen. Throws WORKFLOW_CURSOR_INVALID for a text that was not given out for the run. */
function seenBy(text: string | undefined, header: RunView['header']): Cursor {
  const run = markOfRun(header.runId);
  const nothing = { run, epoch: header.epoch, started: false, stopped: '', done: 0, told: {} };
  if (text === undefined || text === '') return nothing;
  const cursor = readCursor(text);
  if (cursor === undefined || cursor.run !== run || cursor.epoch > header.epoch) {
    throw invalidCursor(header.runId);
  }
  // A time travel made other records count: all that counts now is told again, under the ids that it had.
  return cursor.epoch === header.epoch ? cursor : nothing;
}

/** Events that a record implies so far: a start and an end (result or suspension) for each generation. */
function eventCount(record: StepRecord): number {
  const { generation, attempt } = parseTurn(record.turn);
  const before = 2 * generation;
  if (record.status === 'running' || record.status === 'child' || record.status === 'waiting')
    return before + 1;
  if (record.status === 'due') return before + (attempt > 0 ? 1 : 0);
  return before + 2;
}

/** Events of an arm that a time travel kept: they were told in the epoch in which it was executed, and only then. */
function keptEvents({ kept }: StepRecord): number {
  return kept === true ? 2 : 0;
}

/** More than the events of one iteration can be: two for each generation. */
const iterationStride = 4 * limits.generations;

const ends: ReadonlySet<StepRecord['status']> = new Set(['success', 'failed', 'skipped', 'canceled']);

/** How far a record has come, as one number: iterations that are over, and the events of the one that is not. */
function ordinalOf(record: StepRecord): number {
  const { iteration } = parseTurn(record.turn);
  return ends.has(record.status)
    ? (iteration + 1) * iterationStride
    : iteration * iterationStride + eventCount(record);
}

/**
 * Times of the first `count` events of a record. Of a state that was overwritten no time is left, so it shows that of the
 * event before; clocks of several machines may disagree, but no event of a record is shown before an earlier one.
 */
function timesOf(record: StepRecord, count: number): number[] {
  const { generation } = parseTurn(record.turn);
  const ended = record.status === 'suspended' ? record.suspendedAt : record.endedAt;
  const known = new Map([
    [2 * generation - 1, record.status === 'suspended' ? undefined : record.suspendedAt],
    [2 * generation, record.resumedAt],
    [2 * generation + 1, ended],
    [0, record.startedAt],
  ]);
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const before = times.at(-1) ?? 0;
    times.push(Math.max(before, known.get(index) ?? before));
  }
  return times;
}

type Field = keyof StepResult;

const startFields: readonly Field[] = ['payload', 'startedAt'];
const resumeFields: readonly Field[] = ['payload', 'startedAt', 'resumePayload', 'resumedAt'];
/** Of a foreach and a sleep. */
const endFields: readonly Field[] = ['status', 'output', 'error', 'nonRetryable', 'endedAt'];
const suspendFields: readonly Field[] = [
  'payload',
  'startedAt',
  'suspendPayload',
  'suspendOutput',
  'suspendedAt',
];

function pick(result: StepResult, fields: readonly Field[]): Record<string, unknown> {
  return Object.fromEntries(fields.filter((field) => field in result).map((field) => [field, result[field]]));
}

/** What event `index` of a record tells: even ones start a generation, odd ones end it. */
function contentOf(
  record: StepRecord,
  result: StepResult,
  index: number,
  kind: GraphEntry['type'] | undefined,
): [RunEvent['type'], Record<string, unknown>] {
  const { generation: current } = parseTurn(record.turn);
  const generation = Math.floor(index / 2);
  if (index % 2 === 0) {
    // Each resumption overwrites what the one before it brought.
    const fields = generation === 0 ? startFields : generation === current ? resumeFields : [];
    const isSleep = isSleepOf(kind);
    const start = { status: isSleep ? 'waiting' : 'running', ...pick(result, fields) };
    return [isSleep ? 'workflow-step-waiting' : 'workflow-step-start', start];
  }
  if (generation === current) {
    const isSuspended = record.status === 'suspended';
    if (!isStep(kind)) return ['workflow-step-result', pick(result, endFields)];
    return [isSuspended ? 'workflow-step-suspended' : 'workflow-step-result', { ...result }];
  }
  // The last suspension is on the record until the next one.
  const isKept = generation === current - 1 && record.status !== 'suspended';
  return ['workflow-step-suspended', { status: 'suspended', ...pick(result, isKept ? suspendFields : []) }];
}

/** Names of the events of one iteration of a record. A foreach and a sleep are no calls of a step. */
function namesOf(view: RunView, record: StepRecord, iteration: number) {
  const call = `${formatKey(record.key)}/${parseTurn(record.turn).epoch}.${iteration}`;
  const kind = view.graph[record.key.entry]?.type;
  const names = { id: record.stepId, stepName: record.stepId, ...(isStep(kind) ? { stepCallId: call } : {}) };
  const metadata = kind === 'loop' ? { metadata: { iterationCount: iteration + 1 } } : {};
  return { call, fields: { ...metadata, ...names } };
}

/**
 * What a reader has missed of the iterations before the latest one: their values were overwritten, so it is told that they
 * began and ended, at the time at which the latest one began.
 */
function pastIterations(view: RunView, record: StepRecord, from: number): RunEvent[] {
  const { runId } = view.header;
  const { iteration: latest } = parseTurn(record.turn);
  const first = Math.floor(from / iterationStride);
  const told = from % iterationStride;
  return Array.from({ length: Math.max(0, latest - first) }, (_, offset) => first + offset).flatMap(
    (iteration) => {
      const { call, fields } = namesOf(view, record, iteration);
      const event = (type: RunEvent['type'], generation: number, status: string): RunEvent => ({
        id: `${runId}/${type}/${call}.${generation}`,
        type,
        runId,
        from: 'WORKFLOW',
        time: record.startedAt ?? 0,
        payload: { status, ...fields },
      });
      const seen = iteration === first ? told : 0;
      const generation = Math.floor(seen / 2);
      const result = event('workflow-step-result', generation, 'success');
      return seen % 2 === 0 ? [event('workflow-step-start', generation, 'running'), result] : [result];
    },
  );
}

/** Events of a record that a reader who stands at `from` has not seen. */
function recordEvents(view: RunView, record: StepRecord, from: number): RunEvent[] {
  const { runId } = view.header;
  const { iteration } = parseTurn(record.turn);
  const kind = view.graph[record.key.entry]?.type;
  const times = timesOf(record, eventCount(record));
  const seen = Math.max(0, from - iteration * iterationStride);
  const past = pastIterations(view, record, from);
  if (seen >= times.length) return past;
  const { call, fields } = namesOf(view, record, iteration);
  const result = stepResultOf(view, record);
  const latest = times.slice(seen).map((time, offset): RunEvent => {
    const index = seen + offset;
    const [type, payload] = contentOf(record, result, index, kind);
    const id = `${runId}/${type}/${call}.${Math.floor(index / 2)}`;
    return { id, type, runId, from: 'WORKFLOW', time, payload: { ...payload, ...fields } };
  });
  return [...past, ...latest];
}

function isSleepOf(kind: GraphEntry['type'] | undefined): boolean {
  return kind === 'sleep' || kind === 'sleepUntil';
}

/** Whether one body is executed under the entry's id, or one at a time. */
function isStep(kind: GraphEntry['type'] | undefined): boolean {
  return kind !== 'foreach' && !isSleepOf(kind);
}

function runLevelEvent(
  view: RunView,
  type: RunEvent['type'],
  time: number,
  payload: Record<string, unknown>,
): RunEvent {
  const { runId, epoch } = view.header;
  return { id: `${runId}/${type}/${epoch}`, type, runId, from: 'WORKFLOW', time, payload };
}

function startEvents(view: RunView): RunEvent[] {
  const { startedAt, workflowId } = view.header;
  return startedAt === undefined ? [] : [runLevelEvent(view, 'workflow-start', startedAt, { workflowId })];
}

/** Statuses in which nothing goes on by itself. */
const stops: ReadonlySet<RunStatus> = new Set([...terminalStatuses, 'suspended', 'paused']);

/** Tells apart the stops of one epoch; empty while the run goes on. */
function stopOf({ status, position }: RunView['header']): string {
  if (terminalStatuses.has(status)) return '~';
  return stops.has(status) ? position : '';
}

function stopEvents(view: RunView): RunEvent[] {
  const { header } = view;
  const { status, position } = header;
  const time = header.endedAt ?? header.updatedAt;
  const suffix = terminalStatuses.has(status) ? '' : `/${position}`;
  const event = (type: RunEvent['type'], payload: Record<string, unknown>): RunEvent => {
    const told = runLevelEvent(view, type, time, payload);
    return { ...told, id: `${told.id}${suffix}` };
  };
  const error = header.error === undefined ? undefined : view.read(header.error);
  const metadata = error instanceof Error ? { error, errorMessage: error.message } : {};
  const finish = event('workflow-finish', { workflowStatus: status, metadata, output: { usage: noUsage } });
  if (status === 'canceled') return [event('workflow-canceled', {}), finish];
  return status === 'paused' ? [event('workflow-paused', {}), finish] : [finish];
}

/** The first entry that may still have something to tell. */
function firstOpen(records: readonly StepRecord[], from: number): number {
  const done = new Set(
    records
      .filter((record) => record.key.arm === undefined && isDone(record))
      .map((record) => record.key.entry),
  );
  let entry = from;
  while (done.has(entry)) entry += 1;
  return entry;
}

/**
 * Events after `cursor`: entry by entry, since none begins before the one before it is over, and within an entry by time;
 * a start comes before its end. `done`: the run is over; the only thing that can still follow is the result of a step that
 * did not heed a cancel.
 */
export function lifecycleEvents(
  view: RunView,
  cursorText?: string,
): { events: RunEvent[]; cursor: string; done: boolean } {
  const { header } = view;
  const seen = seenBy(cursorText, header);
  const over = terminalStatuses.has(header.status);
  if ((header.startedAt === undefined && !over) || isQueued(header)) {
    return { events: [], cursor: textOf(seen), done: false };
  }
  const visible = visibleRecords(view).filter((record) => record.key.entry >= seen.done);
  const done = firstOpen(visible, seen.done);
  const records = visible.filter((record) => {
    // The records of a run may be read one after the other: one that began after this reader saw the entry before it open
    // is told when the end of that entry is.
    if (record.key.entry > done) return false;
    const entry = view.graph[record.key.entry];
    return entry !== undefined && (record.key.arm !== undefined || armsOf(entry) === undefined);
  });
  const events = records
    .flatMap((record) =>
      recordEvents(view, record, Math.max(keptEvents(record), seen.told[formatKey(record.key)] ?? 0)).map(
        (event) => ({
          entry: record.key.entry,
          event,
        }),
      ),
    )
    .toSorted((a, b) => a.entry - b.entry || a.event.time - b.event.time)
    .map(({ event }) => event);
  const open = records.filter((record) => record.key.entry >= done);
  const stopped = stopOf(header);
  const cursor = textOf({
    ...seen,
    started: true,
    stopped: stopped === '' ? seen.stopped : stopped,
    done,
    told: Object.fromEntries(open.map((record) => [formatKey(record.key), ordinalOf(record)])),
  });
  const start = seen.started ? [] : startEvents(view);
  const end = stopped === '' || stopped === seen.stopped ? [] : stopEvents(view);
  return { events: [...start, ...events, ...end], cursor, done: over };
}
