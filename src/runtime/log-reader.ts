import type { Asking, LogAnswers, LogNeed } from '../core/log-scope.ts';
import { WorkflowError } from '../core/errors.ts';
import { recordedGraph } from '../core/parked.ts';
import { logOf, type RunHeader, terminalStatuses } from '../core/records.ts';
import { historyCursor, type HistoryEntry, historyPosition, HistoryProjection } from '../core/run-history.ts';
import type { RunEvent } from '../core/snapshot.ts';
import { logCursor, logPosition, LogProjection } from '../core/stream.ts';
import type { EventPage, HistoryPage, HistoryRequest } from './api.ts';
import type { Engine } from './engine.ts';
import { existingHeader } from './access.ts';

/** Entries of a log that are read at once. */
const entriesAtOnce = 500;

/** Whether streams tell of the steps of a workflow; of one that is not registered, they do. */
export function emitsSteps({ registry }: Engine, workflowId: string): boolean {
  return registry.find(workflowId)?.definition.emitStepEvents !== false;
}

/** A log that is read for a run, and the position after which its reader began. */
interface LogBegin {
  readonly header: RunHeader;
  readonly log: string;
  readonly begin: number;
}

/** Drives a computation over a log: what it asks for comes from the stores. */
async function answerAll<T>(engine: Engine, from: LogBegin, asking: Asking<T>): Promise<T> {
  for (let step = asking.next(); ; ) {
    if (step.done === true) return step.value;
    step = asking.next(await answer(engine, from, step.value));
  }
}

function answer(
  engine: Engine,
  { header, log, begin }: LogBegin,
  need: LogNeed,
): Promise<LogAnswers[keyof LogAnswers]> | LogAnswers['graph'] | LogAnswers['past'] | boolean {
  const { store } = engine.backend;
  switch (need.type) {
    case 'graph':
      return graphFor(engine, header, need);
    case 'emitsSteps':
      return emitsSteps(engine, need.workflowId);
    case 'run':
      return store.loadHeader(need.runId);
    case 'input':
      return store
        .loadStep({ runId: need.runId, keys: [], input: true, consistent: true })
        .then(({ input }) => input);
    case 'record':
      return store
        .loadStep({ runId: need.runId, keys: [need.key], input: false, consistent: true })
        .then(({ records }) => records[0]);
    case 'opening':
      return store.loadJoin(need);
    case 'past':
      if (need.after >= begin) return undefined;
      return store
        .readLog({ log, after: need.after, limit: entriesAtOnce })
        .then((page) => (page.entries.length === 0 ? undefined : page));
    case 'value':
      return engine.values.load(need.runId, need.stored);
  }
}

/** The graph by which the log of a run was written: that of the code, unless that is another one by now, or gone. */
function graphFor(
  { registry, backend }: Engine,
  header: RunHeader,
  { runId, workflowId }: Extract<LogNeed, { type: 'graph' }>,
): LogAnswers['graph'] | Promise<LogAnswers['graph']> {
  const workflow = registry.find(workflowId);
  const isMoved = header.runId === runId && header.parked !== undefined;
  if (workflow !== undefined && !isMoved) return workflow.graph;
  return backend.store
    .loadRun(runId)
    .then((run) => (run === undefined ? [] : recordedGraph(run.header, run.records)));
}

/**
 * The events of a run that its log holds after `cursor`: one page of them, and at least one when there is any. `header` was
 * read before: when it is over, so is the run by the end of the log.
 */
export async function logEvents(
  engine: Engine,
  header: RunHeader,
  log: string,
  cursor: string | undefined,
): Promise<EventPage> {
  const { store } = engine.backend;
  const { runId } = header;
  let position = logPosition(runId, cursor);
  const from = { header, log, begin: position.next };
  const projection = new LogProjection(runId, position);
  for (;;) {
    const page = await store.readLog({ log, after: position.next, limit: entriesAtOnce });
    const events: RunEvent[] = [];
    for (const entry of page.entries)
      events.push(...(await answerAll(engine, from, projection.project(entry))));
    position = projection.position(page.next);
    const isLast = page.entries.length < entriesAtOnce;
    if (events.length > 0 || isLast) {
      await store.durable();
      const isOver = terminalStatuses.has(header.status) || projection.isOver;
      return { events, cursor: logCursor(runId, position), done: isLast && isOver };
    }
  }
}

/**
 * The history of a run after `cursor`: one page. Rejects with WORKFLOW_HISTORY_ABSENT for a run that keeps none.
 */
export async function historyOf(engine: Engine, ref: HistoryRequest): Promise<HistoryPage> {
  const { store } = engine.backend;
  const { runId } = ref;
  const header = await existingHeader(engine, ref);
  const log = logOf(header);
  if (log === undefined) throw absentHistory(header);
  const after = historyPosition(runId, ref.cursor);
  const from = { header, log, begin: after };
  const projection = new HistoryProjection(runId, after);
  const page = await store.readLog({ log, after, limit: entriesAtOnce });
  const entries: HistoryEntry[] = [];
  for (const entry of page.entries)
    entries.push(...(await answerAll(engine, from, projection.project(entry))));
  await store.durable();
  const isLast = page.entries.length < entriesAtOnce;
  const done = isLast && terminalStatuses.has(header.status);
  return { entries, cursor: historyCursor(runId, page.next), isLast, done };
}

function absentHistory({ runId, workflowId }: RunHeader): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_HISTORY_ABSENT',
    `Run "${runId}" keeps no history: start it with history "full", or say so in the options of its workflow or runtime`,
    { details: { runId, workflowId } },
  );
}
