import { assembleResult, type RunView } from '../core/assemble.ts';
import { isQuiet, type RunStatus } from '../core/records.ts';
import type { RunResult, WorkflowRunState, WorkflowState } from '../core/snapshot.ts';
import type { OutputOptions, RunRef } from './api.ts';
import { checkAccess, notFound } from './access.ts';
import { isTold } from './callbacks.ts';
import type { Engine } from './engine.ts';
import { workflowOf } from './registry.ts';
import { existingView, loadView } from './run-view.ts';
import { type ShownRun, shownRun } from './shown-snapshot.ts';

/** First and longest pause between two looks at a run that another process works on, ms. */
const pollMs = { first: 50, longest: 1_000 } as const;

/** The stored run, or null. */
export async function getRun(
  engine: Engine,
  ref: RunRef & { readonly nested?: boolean },
): Promise<WorkflowState | null> {
  const isNested = ref.nested !== false;
  const shown = await shownOf(engine, await loadView(engine, ref, isNested ? 'all' : 'suspended'));
  if (shown === null || isNested) return shown?.state ?? null;
  // Those of nested runs that wait were loaded for the labels by which they are resumed.
  const { input: _, ...steps } = shown.snapshot.context;
  return { ...shown.state, steps: steps as WorkflowState['steps'] };
}

async function shownOf(engine: Engine, view: RunView | undefined): Promise<ShownRun | null> {
  if (view === undefined) return null;
  return shownRun(engine, workflowOf(engine, view.header).definition, view);
}

/** The same in the form in which lists show it. */
export async function snapshotOf(engine: Engine, ref: RunRef): Promise<WorkflowRunState | null> {
  return (await shownOf(engine, await loadView(engine, ref)))?.snapshot ?? null;
}

/** The run as a result. */
export async function resultOf(engine: Engine, ref: RunRef & OutputOptions): Promise<RunResult> {
  return assembleResult(await existingView(engine, ref), ref);
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
export async function poll<T>(
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
    const { definition } = workflowOf(engine, header);
    if (isQuiet(header.status) && isTold(definition, header)) return header.status;
    if (last && !engine.closing.aborted) return header.status;
    return undefined;
  });
  await store.durable();
  return status;
}
