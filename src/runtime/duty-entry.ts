import { entryDuty, resumptionOrder, suspensionOrder } from '../core/decide.ts';
import { sweepByDeadline } from '../core/deadline.ts';
import type { WorkflowError } from '../core/errors.ts';
import type { RunEventType, WorkflowEvent } from '../core/event.ts';
import { entryId, isBlock } from '../core/graph.ts';
import {
  formatPosition,
  pathOf,
  type RunHeader,
  type RunStatus,
  type StepRecord,
  type StoredValue,
} from '../core/records.ts';
import { isSameGraph } from '../core/parked.ts';
import { parseTurn } from '../core/turn.ts';
import type { Engine } from './engine.ts';
import { entryTurn, type Handling } from './handling.ts';
import { pausesAfter } from './per-step.ts';
import { previous } from './publish.ts';

/**
 * What the record of a top-level entry implies for the run. `won`: this worker did the write, so nobody else has acted on
 * it and it publishes without looking. Otherwise a successor is published only if it has no record: the winner may have
 * died before publishing, but a duplicate must not set off the rest of the run again. `facts` go out with the successor.
 */
export async function fulfilEntry(
  handling: Handling,
  record: StepRecord,
  won: boolean,
  facts: readonly WorkflowEvent[] = [],
): Promise<void> {
  const { publisher, workflow } = handling;
  const duty = entryDuty(workflow.graph, record);
  const told = [...facts, ...publisher.stepEnd(record)];
  switch (duty.type) {
    case 'advance':
      if (await pausesAfter(handling, record)) {
        return pause(handling, record.key.entry, parseTurn(record.turn).iteration, told);
      }
      if (!won && (await hasBegun(handling, duty.to))) return;
      return publisher.exhausted ? exhaust(handling, record) : advance(handling, record, duty.to, told);
    case 'finish':
      if (duty.status === 'success' && record.bailed !== true && (await pausesAfter(handling, record))) {
        return pause(handling, record.key.entry, parseTurn(record.turn).iteration, told);
      }
      return finish(handling, { status: duty.status, by: record.key.entry }, told);
    case 'suspend': {
      const position = formatPosition(record.key.entry, parseTurn(record.turn).iteration, duty.k);
      return announceStatus(handling, 'suspended', position, told, { at: record });
    }
    case 'iterate':
      return iterate(handling, record, duty.turn, won, told);
    case 'wait': {
      const run = publisher.stepRun({ ...record, dueAt: duty.dueAt });
      return publisher.publishAt(run, duty.dueAt);
    }
    case 'run':
      return publisher.publishAt(
        publisher.stepRun({ ...record, turn: duty.turn, dueAt: duty.dueAt }),
        duty.dueAt,
      );
    case 'resumed':
      return ensureEntryResumed(handling, record);
    case 'pause':
      return pause(handling, record.key.entry, parseTurn(record.turn).iteration, told);
    default:
      return;
  }
}

/** Orders the pause of a run after everything else that its entry went through. */
const lastOfEntry = 9_999_999;

/** Pauses a run that was to execute one entry only. */
export async function pause(
  handling: Handling,
  entry: number,
  iteration: number,
  told: readonly WorkflowEvent[] = [],
): Promise<void> {
  const position = formatPosition(entry, iteration, lastOfEntry);
  const definition = handling.workflow.graph[entry];
  const at = definition === undefined ? undefined : { key: { entry }, stepId: entryId(definition, entry) };
  const sweepAt = sweepByDeadline(handling.header, null, handling.engine.times.sweepMs);
  await announceStatus(handling, 'paused', position, told, { sweepAt, at });
}

async function advance(
  handling: Handling,
  record: StepRecord,
  to: number,
  told: WorkflowEvent[],
): Promise<void> {
  const { publisher, workflow } = handling;
  const next = workflow.graph[to];
  if (next === undefined) return;
  const run = publisher.stepRun({
    key: { entry: to },
    turn: entryTurn(handling),
    stepId: entryId(next, to),
    prev: previous(record.key, record.status),
  });
  await publisher.publish([...told, run]);
}

/** Publishes the next iteration of a loop; a loser only if that has not begun. */
async function iterate(
  handling: Handling,
  record: StepRecord,
  turn: string,
  won: boolean,
  told: readonly WorkflowEvent[],
): Promise<void> {
  const { engine, publisher, runId } = handling;
  const { key, stepId } = record;
  if (!won) {
    const load = await engine.backend.store.loadStep({ runId, keys: [key], input: false, consistent: true });
    if ((load.records[0]?.turn ?? '') >= turn) return;
  }
  if (publisher.exhausted) return exhaust(handling, record);
  const run = publisher.stepRun({ key, turn, stepId, prev: previous(key, record.status) });
  await publisher.publish([...told, run]);
}

/** Whether an entry has any record in this epoch: its own, or for a block its join. */
async function hasBegun(handling: Handling, entry: number): Promise<boolean> {
  const { engine, runId, epoch, workflow } = handling;
  const { store } = engine.backend;
  const load = await store.loadStep({ runId, keys: [{ entry }], input: false, consistent: true });
  const record = load.records[0];
  if (record !== undefined && parseTurn(record.turn).epoch >= epoch) return true;
  const definition = workflow.graph[entry];
  if (!isBlock(definition)) return false;
  return (await store.loadJoin({ runId, entry, epoch })) !== undefined;
}

/** Ends the run. Whoever finds it ended by the same entry announces it again: the winner may have died before. */
export async function finish(
  handling: Handling,
  end: {
    status: 'success' | 'failed' | 'tripwire' | 'canceled';
    by: number;
    error?: StoredValue;
    /** Whatever of the run is being executed in this process is told to stop. */
    stop?: WorkflowError;
  },
  told: readonly WorkflowEvent[],
): Promise<void> {
  const { engine, publisher, runId, epoch, header } = handling;
  const { store, clock, metrics } = engine.backend;
  const now = clock.now();
  // A call has no event that would come again: if it dies before it announces the end, a sweep has to. That of a nested run
  // is found by a sweep of the run above, which is not over.
  const isToBeSwept = publisher.isCall || hasAftermath(handling);
  // Another graph may go on where the one that is here ends.
  const { graphHash } = header;
  const isMarked = end.status === 'success' && isSameGraph(graphHash, handling.workflow.graphHash);
  const write = await store.finish({
    runId,
    epoch,
    status: end.status,
    endedBy: end.by,
    now,
    ...(isToBeSwept ? { sweepAt: now + engine.times.sweepMs } : {}),
    ...(isMarked ? { graphHash } : {}),
    ...(end.error === undefined ? {} : { error: end.error }),
  });
  const ours = write.won || (write.image?.epoch === epoch && write.image.endedBy === end.by);
  await publisher.publish(ours ? [...told, endEvent(handling, end.status)] : told);
  if (write.won) metrics.count('run.ended', { status: end.status });
  if (write.won && end.stop !== undefined) metrics.count('run.timed-out', { workflowId: header.workflowId });
  // Whatever else of the run works in this process, such as a sibling of the arm that aborted it.
  if (end.status === 'canceled') engine.aborts.cancel(runId);
  if (ours && end.stop !== undefined) engine.aborts.stop(runId, end.stop);
  signalChange(engine, header);
}

/** Wakes whoever waits for the run, or reads the stream that it is in. */
export function signalChange(engine: Engine, header: Pick<RunHeader, 'runId' | 'root'>): void {
  engine.signals.changed(header.runId);
  if (header.root !== undefined) engine.signals.changed(header.root);
}

/** Whether somebody has to do something about the end of a run: its parent, its callbacks, or what is nested in it. */
function isWork(handling: Handling): boolean {
  return handling.header.parent !== undefined || hasAftermath(handling);
}

/** Whether the end of a run is not yet all of it: callbacks are to be told, what is nested in it to be canceled, or its place to be given up. */
function hasAftermath({ workflow, header }: Handling): boolean {
  const { callbacks, shouldPersistSnapshot } = workflow.definition;
  const waits = workflow.nests || header.limit !== undefined;
  return waits || (callbacks?.onFinish ?? callbacks?.onError ?? shouldPersistSnapshot) !== undefined;
}

/** An event of the whole run, with what its handler has to know. */
export function runEventOf(
  handling: Handling,
  type: RunEventType,
  status: RunStatus,
  mark?: string,
): WorkflowEvent {
  const { parent } = handling.header;
  return handling.publisher.run(type, status, {
    work: isWork(handling),
    ...(mark === undefined ? {} : { mark }),
    ...(parent === undefined ? {} : { parent: { runId: parent.runId, path: pathOf(parent.key) } }),
  });
}

/** The event that announces how a run ended. */
export function endEvent(handling: Handling, status: RunStatus): WorkflowEvent {
  const type =
    status === 'failed' || status === 'tripwire'
      ? 'workflow.fail'
      : status === 'canceled'
        ? 'workflow.cancel'
        : 'workflow.end';
  return runEventOf(handling, type, status);
}

async function exhaust(handling: Handling, record: StepRecord): Promise<void> {
  const error = await handling.engine.values.storeError(handling.runId, handling.publisher.exhaustion);
  await finish(handling, { status: 'failed', by: record.key.entry, error }, []);
}

/** See {@link announceStatus}. */
interface StatusOptions {
  /** Keep quiet when it was there already: for callers who only make sure of it. @default false */
  readonly onlyIfWon?: boolean;
  /** When the sweeper is to look at the run, if that changes; `null`: not before somebody wakes it. */
  readonly sweepAt?: number | null;
  /** Where the run stands, for whoever is told that it is suspended or paused. */
  readonly at?: Pick<StepRecord, 'key' | 'stepId'> | undefined;
}

/** Writes a status in its order and announces it. */
export async function announceStatus(
  handling: Handling,
  status: 'suspended' | 'waiting' | 'running' | 'paused',
  position: string,
  told: readonly WorkflowEvent[],
  { onlyIfWon = false, sweepAt, at }: StatusOptions = {},
): Promise<void> {
  const { engine, publisher, runId, epoch, header } = handling;
  const { store, clock } = engine.backend;
  // A position never goes back: such a write would be lost, and be billed. Only a history wants to know what it meets.
  const isPast = header.epoch === epoch && header.position >= position && header.history === undefined;
  if (onlyIfWon && isPast) return;
  const change = { runId, epoch, status, position, now: clock.now() };
  const write = await store.setStatus(sweepAt === undefined ? change : { ...change, sweepAt });
  const again =
    !write.won && !onlyIfWon && write.image?.status === status && write.image.position === position;
  const isQuiet = status === 'suspended' || status === 'paused';
  const announced = isQuiet && (write.won || again);
  const quiet = onlyIfWon && !write.won;
  if (!quiet) {
    const place = at === undefined ? {} : { path: pathOf(at.key), stepId: at.stepId };
    const event = announced
      ? [{ ...runEventOf(handling, 'workflow.suspend', status, position), ...place }]
      : [];
    await publisher.publish([...told, ...event]);
  }
  if (write.won) signalChange(engine, handling.header);
}

/** Makes sure that the suspension of a plain entry is effective before the record leaves that state. */
export async function ensureEntrySuspended(handling: Handling, record: StepRecord): Promise<void> {
  const position = formatPosition(
    record.key.entry,
    parseTurn(record.turn).iteration,
    suspensionOrder(record.turn),
  );
  await announceStatus(handling, 'suspended', position, handling.publisher.stepEnd(record), {
    onlyIfWon: true,
    at: record,
  });
}

/** Makes sure that the run shows as running again after a plain entry was resumed. */
export async function ensureEntryResumed(handling: Handling, record: StepRecord): Promise<void> {
  const position = formatPosition(
    record.key.entry,
    parseTurn(record.turn).iteration,
    resumptionOrder(record.turn),
  );
  await announceStatus(handling, 'running', position, [], { onlyIfWon: true });
}
