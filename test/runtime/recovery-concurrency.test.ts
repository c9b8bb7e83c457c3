import { describe, expect, test } from 'vitest';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import { isQueued } from '../../src/core/concurrency.ts';
import type { RunConcurrency } from '../../src/core/definition.ts';
import { isWorkflowError } from '../../src/core/errors.ts';
import { terminalStatuses } from '../../src/core/records.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { CrashingBackend, ManualClock } from './faults.ts';
import { step, workflow } from './fixtures.ts';
import { type Death, drain, momentsOf } from './mortal.ts';

/** Lives of several runs under one key, in which a process dies. */

const runs = ['a', 'b', 'c', 'd'];

interface Call {
  readonly runId: string;
  readonly make: (runtime: Runtime) => Promise<unknown>;
}

interface Life {
  readonly calls: readonly string[];
  readonly crashed: boolean;
  /** Runs that were executed, in the order in which they began. */
  readonly order: readonly string[];
  readonly statuses: Readonly<Record<string, string>>;
  /** Most runs that were found to go on at the same time. */
  readonly most: number;
  /** What is stored of the key at the end. */
  readonly left: readonly unknown[];
}

const start = (runId: string): Call => ({
  runId,
  make: (runtime) => runtime.start({ workflowId: 'w', runId, inputData: runId }),
});
const resume = (runId: string): Call => ({
  runId,
  make: (runtime) => runtime.resume({ runId, step: 'ask', resumeData: 1 }),
});
const cancel = (runId: string): Call => ({ runId, make: (runtime) => runtime.cancel({ runId }) });
const remove = (runId: string): Call => ({ runId, make: (runtime) => runtime.remove({ runId }) });
const travel = (runId: string): Call => ({
  runId,
  make: (runtime) => runtime.timeTravel({ runId, step: 'first' }),
});

async function goingOn(store: RunStore): Promise<number> {
  const headers = await Promise.all(runs.map((runId) => store.loadHeader(runId)));
  return headers.filter((header) => {
    if (header === undefined || header.status === 'pending' || isQueued(header)) return false;
    // Whoever was late may be stored without a place, and then nothing of it runs.
    return !terminalStatuses.has(header.status);
  }).length;
}

async function live(
  concurrency: RunConcurrency,
  calls: readonly Call[],
  { crashAt, after }: Death,
): Promise<Life> {
  const clock = new ManualClock();
  const place: MemoryPlace = memoryPlace({ clock });
  const first = new CrashingBackend(place.attach(), crashAt, after);
  const backend = place.attach();
  const names = new Set<string>();
  const order: string[] = [];
  let most = 0;
  const body = async (runId: string): Promise<void> => {
    if (!order.includes(runId)) order.push(runId);
    most = Math.max(most, await goingOn(backend.store));
  };
  const definition = workflow(
    'w',
    [
      step('first', async ({ runId }) => body(runId)),
      step('ask', async ({ runId, resumeData, suspend }) => {
        await body(runId);
        return runId === 'b' && resumeData === undefined ? suspend() : undefined;
      }),
      step('last', async ({ runId }) => body(runId)),
    ],
    { concurrency },
  );
  const noting: RunStore = new Proxy(first.backend.store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'writeNamed')
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      return (write: Parameters<RunStore['writeNamed']>[0]) => {
        names.add(write.name);
        return target.writeNamed(write);
      };
    },
  });
  // Nothing moves this clock while a call waits.
  const still = { resumeWaitMs: 0 };
  const healthy = createRuntime({ workflows: [definition], backend, work: false, times: still });
  const mortal = createRuntime({
    workflows: [definition],
    backend: { ...first.backend, store: noting },
    work: false,
    times: still,
  });
  const alive = (): Runtime => (first.crashed ? healthy : mortal);
  const handle = async (event: Parameters<Runtime['handle']>[0]): Promise<void> => alive().handle(event);
  const recover = async (times: number): Promise<void> => {
    for (let sweeps = 0; sweeps < times; sweeps += 1) {
      clock.pass(3_700_000);
      await healthy.sweep();
      await drain(place, clock, (event) => healthy.handle(event));
    }
  };
  for (const [at, { make }] of calls.entries()) {
    const wasAlive = !first.crashed;
    await make(alive()).catch(async (error: unknown) => {
      if (isWorkflowError(error)) return;
      // Whoever called a process that died calls another one; what was wanted may be done by then, and refused for that.
      await make(healthy).catch(() => undefined);
    });
    if (wasAlive && first.crashed) await recover(3);
    // The first two are started before anything is delivered, so that the second has to wait.
    if (at > 0) await drain(place, clock, handle);
  }
  await recover(4);
  const headers = await Promise.all(
    runs.map(async (runId) => [runId, await backend.store.loadHeader(runId)] as const),
  );
  const texts = await Promise.all([...names].map((name) => backend.store.loadNamed(name)));
  return {
    calls: first.calls,
    crashed: first.crashed,
    order,
    statuses: Object.fromEntries(headers.map(([runId, header]) => [runId, header?.status ?? 'absent'])),
    most,
    left: texts.filter((text) => text !== undefined),
  };
}

const queue = { limit: 1 } as const;
const cases: readonly {
  readonly name: string;
  readonly concurrency: RunConcurrency;
  readonly calls: readonly Call[];
  readonly statuses: Readonly<Record<string, string>>;
}[] = [
  {
    name: 'runs that wait for each other, one of them suspended',
    concurrency: queue,
    calls: [start('a'), start('b'), start('c'), resume('b')],
    statuses: { a: 'success', b: 'success', c: 'success', d: 'absent' },
  },
  {
    name: 'a queued run is canceled, and the suspended one before it',
    concurrency: queue,
    calls: [start('b'), start('a'), start('c'), start('d'), cancel('c'), cancel('b')],
    statuses: { a: 'success', b: 'canceled', c: 'canceled', d: 'success' },
  },
  {
    name: 'a suspended run is removed',
    concurrency: queue,
    calls: [start('b'), start('a'), remove('b')],
    statuses: { a: 'success', b: 'absent', c: 'absent', d: 'absent' },
  },
  {
    name: 'a run that is over travels in time, and another one waits for it',
    concurrency: queue,
    calls: [start('a'), start('c'), travel('a'), start('d')],
    statuses: { a: 'success', b: 'absent', c: 'success', d: 'success' },
  },
  {
    name: 'a workflow that takes one run at a time',
    concurrency: { limit: 1, whenFull: 'reject' },
    calls: [start('a'), start('c'), start('d')],
    statuses: { a: 'success', d: 'success' },
  },
];

describe.for(cases)('a process dies at a port call: $name', async ({ concurrency, calls, statuses }) => {
  const undisturbed = await live(concurrency, calls, { crashAt: 0, after: false });

  test('nobody dies', () => {
    expect(undisturbed).toMatchObject({ statuses, most: 1, left: [] });
  });

  test.for(momentsOf(undisturbed.calls))(
    '$crashAt: $name (after it: $after), and no run is forgotten, nor more than one goes on',
    async (moment) => {
      const life = await live(concurrency, calls, moment);
      expect(life.crashed).toBe(true);
      expect(life).toMatchObject({ statuses, most: 1, left: [] });
    },
  );
});
