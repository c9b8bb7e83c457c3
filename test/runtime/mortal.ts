import { expect } from 'vitest';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { RunResult, StepResult } from '../../src/core/snapshot.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { CrashingBackend, ManualClock } from './faults.ts';

/** Runs `r` through a life in which a process dies, and another one goes on. */

/** Delivers whatever is in the queue, moving time to what is delayed, until nothing is left. */
export async function drain(
  place: MemoryPlace,
  clock: ManualClock,
  handle: Runtime['handle'],
): Promise<void> {
  for (let deliveries = 0; deliveries < 1_000; deliveries += 1) {
    const next = place.receive();
    if (next === undefined) {
      if (place.queued().length === 0) return;
      clock.next();
      continue;
    }
    await handle(next.event).catch(() => next.reject());
  }
  expect.unreachable('the queue never ran empty');
}

/** Lets a call that waits for time go on. */
async function withTime<T>(place: MemoryPlace, clock: ManualClock, call: Promise<T>): Promise<T> {
  const settled = { yet: false };
  void call
    .catch(() => undefined)
    .finally(() => {
      settled.yet = true;
    });
  while (!settled.yet) {
    await place.settled();
    if (!settled.yet) clock.next();
  }
  return call;
}

/** The moment at which the first process dies: before or right after its call `crashAt`. 0: it lives. */
export interface Death {
  readonly crashAt: number;
  readonly after: boolean;
}

/** What became of a run, and of all that is nested in it. */
export interface Life {
  readonly result: RunResult;
  /** Status of each run by the path of ids that leads to it. */
  readonly runs: Readonly<Record<string, string>>;
  /** Every port call of the first process. */
  readonly calls: readonly string[];
  readonly crashed: boolean;
  /** Statuses before any sweep, when the process died while it handled an event: that comes again, and is all it takes. */
  readonly unswept: Readonly<Record<string, string>> | undefined;
}

/**
 * Plays a run: each of `calls`, and the work that follows from it. Whoever called a process that died calls another one; what
 * nobody knows of then is left to the sweeper.
 */
export async function play(
  definition: WorkflowDefinition,
  calls: readonly ((runtime: Runtime) => Promise<unknown>)[],
  { crashAt, after }: Death,
): Promise<Life> {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const first = new CrashingBackend(place.attach(), crashAt, after);
  const backend = place.attach();
  const healthy = createRuntime({ workflows: [definition], backend, work: false });
  const mortal = createRuntime({ workflows: [definition], backend: first.backend, work: false });
  const alive = (): Runtime => (first.crashed ? healthy : mortal);
  let diedInCall = false;
  for (const call of calls) {
    const wasAlive = !first.crashed;
    // What was wanted may be done by then, and refused for that.
    await call(alive()).catch(async () => withTime(place, clock, call(healthy)).catch(() => undefined));
    diedInCall ||= wasAlive && first.crashed;
    await drain(place, clock, (event) => alive().handle(event));
  }
  const unswept = diedInCall ? undefined : await statuses(backend.store, 'r', 'r');
  // A call that died between its write and its event leaves the run to the sweeper; nested runs to one sweep after another.
  for (let sweeps = 0; sweeps < 3; sweeps += 1) {
    clock.pass(3_700_000);
    await healthy.sweep();
    await drain(place, clock, (event) => healthy.handle(event));
  }
  const result = await healthy.result({ runId: 'r', includeState: true });
  const runs = await statuses(backend.store, 'r', 'r');
  return { result, runs, calls: first.calls, crashed: first.crashed, unswept };
}

async function statuses(store: RunStore, runId: string, name: string): Promise<Record<string, string>> {
  const run = await store.loadRun(runId);
  if (run === undefined) return { [name]: 'missing' };
  const foreachs = run.records.map(({ key }) => key.entry);
  const lists = await Promise.all(
    Array.from({ length: Math.max(0, ...foreachs) + 2 }, (_, entry) => store.loadItems({ runId, entry })),
  );
  const nested = await Promise.all(
    [...run.records, ...lists.flat()].map(async ({ childRunId, key }) =>
      childRunId === undefined
        ? {}
        : statuses(store, childRunId, `${name}/${key.entry}.${key.arm ?? key.item ?? ''}`),
    ),
  );
  return Object.assign({ [name]: run.header.status }, ...nested) as Record<string, string>;
}

const times: ReadonlySet<string> = new Set(['startedAt', 'endedAt', 'suspendedAt', 'resumedAt']);

/** A result as that of another life can be compared with. */
export function withoutTimes(result: RunResult): unknown {
  const timeless = (entry: StepResult): unknown =>
    Object.fromEntries(Object.entries(Object(entry) as StepResult).filter(([name]) => !times.has(name)));
  const steps = Object.entries(result.steps).map(([id, entry]) => [id, timeless(entry)]);
  return { ...result, steps: Object.fromEntries(steps) as unknown };
}

/** Every moment at which a process that made these calls can die. */
export function momentsOf(calls: readonly string[]): (Death & { readonly name: string })[] {
  return calls.flatMap((name, index) => [
    { name, crashAt: index + 1, after: false },
    { name, crashAt: index + 1, after: true },
  ]);
}
