import { type RunView, stepResultOf, visibleRecords } from './assemble.ts';
import { bytesFromBase64, bytesToBase64 } from './codec-bytes.ts';
import { WorkflowError } from './errors.ts';
import { armsOf } from './graph.ts';
import { formatKey, type StepRecord, terminalStatuses } from './records.ts';
import type { RunEvent, StepResult } from './snapshot.ts';
import { parseTurn } from './turn.ts';

/**
 * Lifecycle events derived from the records, for readers that come back with a cursor. Nothing is written for them. The
 * cursor says how many events of each record were handed out, so nothing is given twice and nothing is missed, but a
 * state that was overwritten between two reads is told without its values.
 */

/** What a reader has seen. Entries below `done` are told completely. */
interface Cursor {
  readonly epoch: number;
  readonly started: boolean;
  readonly finished: boolean;
  readonly done: number;
  /** Events told of each record that is not below `done`. */
  readonly told: Readonly<Record<string, number>>;
}

const beginning: Cursor = { epoch: 1, started: false, finished: false, done: 0, told: {} };

/** The text is opaque and safe in a URL. */
export function formatCursor(cursor: Cursor): string {
  const text = JSON.stringify([cursor.epoch, +cursor.started, +cursor.finished, cursor.done, cursor.told]);
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return bytesToBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Throws WORKFLOW_CURSOR_INVALID for a text that is none of ours. */
export function parseCursor(text: string | undefined): Cursor {
  if (text === undefined || text === '') return beginning;
  try {
    const bytes = new Uint8Array(bytesFromBase64(text.replaceAll('-', '+').replaceAll('_', '/')));
    const [epoch, started, finished, done, told] = JSON.parse(String.fromCharCode(...bytes)) as unknown[];
    if (!Number.isInteger(epoch) || !Number.isInteger(done) || typeof told !== 'object' || told === null) {
      throw new WorkflowError('WORKFLOW_CURSOR_INVALID', 'its fields have other types');
    }
    return {
      epoch: Number(epoch),
      started: started === 1,
      finished: finished === 1,
      done: Number(done),
      told: Object.fromEntries(Object.entries(told).map(([key, value]) => [key, Number(value)])),
    };
  } catch (cause) {
    throw new WorkflowError(
      'WORKFLOW_CURSOR_INVALID',
      'cursor is not one that this API gave out: repeat the call without it to read from the beginning',
      { cause },
    );
  }
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

function timeOf(record: StepRecord, kind: 'start' | 'suspended' | 'result', generation: number): number {
  const start = generation === 0 ? record.startedAt : record.resumedAt;
  const end = kind === 'suspended' ? record.suspendedAt : record.endedAt;
  return (kind === 'start' ? start : end) ?? record.startedAt ?? 0;
}

const startFields = ['status', 'payload', 'startedAt', 'resumePayload', 'resumedAt'] as const;

function startPayload(result: StepResult, resumed: boolean): Record<string, unknown> {
  const all: Record<string, unknown> = { ...result, status: 'running' };
  return Object.fromEntries(
    startFields
      .filter((field) => field in all && (resumed ? field !== 'startedAt' : !field.startsWith('resume')))
      .map((field) => [field, all[field]]),
  );
}

/** Event `index` of a record: even ones start a generation, odd ones end it. */
function recordEvent(view: RunView, record: StepRecord, index: number): RunEvent {
  const generation = Math.floor(index / 2);
  const { epoch, iteration, generation: current } = parseTurn(record.turn);
  const call = `${formatKey(record.key)}/${epoch}.${iteration}`;
  const result = stepResultOf(view, record);
  const names = { id: record.stepId, stepName: record.stepId, stepCallId: call };
  const past = generation < current;
  const suspended = index % 2 === 1 && (past || record.status === 'suspended');
  const kind = index % 2 === 0 ? 'start' : suspended ? 'suspended' : 'result';
  const type = `workflow-step-${kind}` as const;
  const payload = kind === 'start' ? startPayload(result, generation > 0) : result;
  return {
    id: `${view.header.runId}/${type}/${call}.${generation}`,
    type,
    runId: view.header.runId,
    from: 'WORKFLOW',
    time: timeOf(record, kind, generation),
    payload: { ...(past && suspended ? { status: 'suspended' } : payload), ...names },
  };
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

function endEvents(view: RunView): RunEvent[] {
  const { header } = view;
  const time = header.endedAt ?? header.updatedAt;
  const finish = runLevelEvent(view, 'workflow-finish', time, { workflowStatus: header.status });
  return header.status === 'canceled'
    ? [runLevelEvent(view, 'workflow-canceled', time, {}), finish]
    : [finish];
}

function advance(view: RunView, records: readonly StepRecord[], cursor: Cursor): Cursor {
  const counts = new Map(records.map((record) => [formatKey(record.key), eventCount(record)]));
  let done = cursor.done;
  const settled = (entry: number): boolean =>
    view.records.some(
      (record) => record.key.entry === entry && record.key.arm === undefined && record.status === 'success',
    );
  while (done < view.graph.length && settled(done)) done += 1;
  const told = [...counts].filter(([key]) => Number(key.slice(0, 5)) >= done);
  return { ...cursor, done, told: Object.fromEntries(told), started: true };
}

/** Events after `cursor`, in the order of their time; a start comes before its end. `done`: no more will come. */
export function lifecycleEvents(
  view: RunView,
  cursorText: string | undefined,
): { events: RunEvent[]; cursor: string; done: boolean } {
  const stored = parseCursor(cursorText);
  const cursor = stored.epoch === view.header.epoch ? stored : { ...beginning, epoch: view.header.epoch };
  if (view.header.startedAt === undefined) return { events: [], cursor: formatCursor(cursor), done: false };
  const records = visibleRecords(view).filter((record) => {
    const entry = view.graph[record.key.entry];
    return entry !== undefined && (record.key.arm !== undefined || armsOf(entry) === undefined);
  });
  const events = records
    .filter((record) => record.key.entry >= cursor.done)
    .flatMap((record) => {
      const from = cursor.told[formatKey(record.key)] ?? 0;
      const count = Math.max(0, eventCount(record) - from);
      return Array.from({ length: count }, (_, offset) => recordEvent(view, record, from + offset));
    })
    .sort((a, b) => a.time - b.time);
  const start = cursor.started
    ? []
    : [runLevelEvent(view, 'workflow-start', view.header.startedAt, { workflowId: view.header.workflowId })];
  const over = terminalStatuses.has(view.header.status);
  const end = over && !cursor.finished ? endEvents(view) : [];
  const next = { ...advance(view, records, cursor), finished: over };
  return { events: [...start, ...events, ...end], cursor: formatCursor(next), done: over };
}
