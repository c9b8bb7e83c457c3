import { assembleResult, assembleState, type RunView } from '../core/assemble.ts';
import { WorkflowError } from '../core/errors.ts';
import { lifecycleEvents } from '../core/lifecycle.ts';
import { logOf, type RunHeader, type RunStatus, terminalStatuses } from '../core/records.ts';
import type { RunResult, WorkflowState } from '../core/snapshot.ts';
import type { RunLoad } from '../ports/index.ts';
import type { EventPage, EventsRequest, OutputOptions, RunRef } from './api.ts';
import type { Engine } from './engine.ts';
import { logEvents } from './log-reader.ts';
import { logSignal } from './run-signals.ts';
import { forbidden } from './start.ts';

/** Longest wait of one call for events, ms: an HTTP API ends a request after 30 s (API Gateway quota, not adjustable). */
const longestWaitMs = 25_000;
/** First and longest pause between two looks at a run that another process works on, ms. */
const pollMs = { first: 50, longest: 1_000 } as const;

/** The refusal of a call about a run that does not exist. */
export function notFound(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_NOT_FOUND', `No snapshot found for this workflow run: ${runId}`, {
    details: { runId },
  });
}

/** Throws unless the caller may see the run under the workflow it names. */
export function checkAccess(header: RunHeader, ref: RunRef): void {
  if (ref.owner !== undefined && header.owner !== ref.owner) throw forbidden(ref.runId);
  if (ref.workflowId !== undefined && header.workflowId !== ref.workflowId) throw notFound(ref.runId);
}

/** Makes the values of a whole run readable. */
async function viewOf(engine: Engine, run: RunLoad): Promise<RunView> {
  const { header, records, input } = run;
  const stored = [
    input?.input,
    input?.shared,
    header.error,
    ...records.flatMap((record) => [
      record.input,
      record.output,
      record.error,
      record.suspendPayload,
      record.suspendOutput,
      record.resumeData,
      record.shared,
    ]),
  ];
  const read = await engine.values.prefetch(header.runId, stored);
  const { graph } = engine.registry.get(header.workflowId);
  return { header, records, graph, read, ...(input === undefined ? {} : { input }) };
}

async function loadView(engine: Engine, ref: RunRef): Promise<RunView | undefined> {
  const run = await engine.backend.store.loadRun(ref.runId);
  if (run === undefined) return undefined;
  if (ref.owner !== undefined && run.header.owner !== ref.owner) throw forbidden(ref.runId);
  if (ref.workflowId !== undefined && run.header.workflowId !== ref.workflowId) return undefined;
  // A store may show its own process what is not on disk yet; nobody outside may be told what a crash could take back.
  await engine.backend.store.durable();
  return viewOf(engine, run);
}

async function existingView(engine: Engine, ref: RunRef): Promise<RunView> {
  const view = await loadView(engine, ref);
  if (view === undefined) throw notFound(ref.runId);
  return view;
}

/** The stored run, or null. */
export async function getRun(engine: Engine, ref: RunRef): Promise<WorkflowState | null> {
  const view = await loadView(engine, ref);
  return view === undefined ? null : assembleState(view);
}

/** The run as a result. */
export async function resultOf(engine: Engine, ref: RunRef & OutputOptions): Promise<RunResult> {
  return assembleResult(await existingView(engine, ref), ref);
}

function isQuiet(status: RunStatus): boolean {
  return terminalStatuses.has(status) || status === 'suspended' || status === 'paused';
}

/** How somebody waits for a run. */
interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** @default growing: the run's status changes seldom */
  readonly pauseMs?: number;
  /** Whether a process stays for it. @default true */
  readonly keepAlive?: boolean;
}

/** Waits until `ready` gives a value, looking at each signal of `name` and, with pauses, without one. */
async function poll<T>(
  engine: Engine,
  name: string,
  wait: Wait,
  ready: (last: boolean) => Promise<T | undefined>,
): Promise<T> {
  const { clock } = engine.backend;
  const until = clock.now() + wait.timeoutMs;
  const { pauseMs, signal, keepAlive = true } = wait;
  let pause: number = pauseMs ?? pollMs.first;
  for (;;) {
    const left = until - clock.now();
    const last = left <= 0 || wait.signal?.aborted === true || engine.closing.aborted;
    const value = await ready(last);
    if (value !== undefined) return value;
    if (last) throw engine.closed();
    await engine.signals.next(name, Math.min(pause, left), { signal, keepAlive });
    pause = pauseMs ?? Math.min(pause * 2, pollMs.longest);
  }
}

/** Resolves when the run is over, suspended or paused, or when the time is up. */
export async function settledStatus(
  engine: Engine,
  ref: RunRef & { readonly timeoutMs?: number; readonly signal?: AbortSignal },
): Promise<RunStatus> {
  const wait = { timeoutMs: ref.timeoutMs ?? Number.POSITIVE_INFINITY, signal: ref.signal };
  const { store } = engine.backend;
  const status = await poll(engine, ref.runId, wait, async (last) => {
    const header = await store.loadHeader(ref.runId);
    if (header === undefined) throw notFound(ref.runId);
    checkAccess(header, ref);
    if (isQuiet(header.status)) return header.status;
    if (last && !engine.closing.aborted) return header.status;
    return undefined;
  });
  await store.durable();
  return status;
}

/**
 * Lifecycle events after a cursor; waits for one when there is none yet. They are read from the log of a run that has a
 * history, else derived from its records.
 */
export async function eventsOf(engine: Engine, ref: EventsRequest): Promise<EventPage> {
  const timeoutMs = Math.min(Math.max(0, ref.waitMs ?? 0), longestWaitMs);
  const wait = { timeoutMs, signal: ref.signal };
  const header = await existingHeader(engine, ref);
  const log = logOf(header);
  const isNews = (page: EventPage, last: boolean): boolean => page.events.length > 0 || page.done || last;
  if (log === undefined) {
    return poll(engine, ref.runId, wait, async (last) => {
      const page = lifecycleEvents(await existingView(engine, ref), ref.cursor);
      return isNews(page, last) ? page : undefined;
    });
  }
  // Nothing of this process may ever resume a run that waits for somebody, or feed one that is pending.
  const keepAlive = header.status === 'running' || header.status === 'waiting';
  const pauseMs = engine.backend.logPollMs;
  return poll(engine, logSignal(log), { ...wait, pauseMs, keepAlive }, async (last) => {
    const page = await logEvents(engine, await existingHeader(engine, ref), log, ref.cursor);
    return isNews(page, last) ? page : undefined;
  });
}

async function existingHeader(engine: Engine, ref: RunRef): Promise<RunHeader> {
  const header = await engine.backend.store.loadHeader(ref.runId);
  if (header === undefined) throw notFound(ref.runId);
  checkAccess(header, ref);
  return header;
}
