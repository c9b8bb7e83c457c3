import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { add, nest, step, workflow } from './fixtures.ts';

const approval: StepDefinition = step('wait', async ({ resumeData, suspend }) =>
  resumeData === undefined ? suspend({}) : resumeData,
);

type Count = Parameters<Backend['metrics']['count']>;

interface Bench {
  readonly clock: ManualClock;
  readonly runtime: Runtime;
  /** Counts of sweeps and audits. */
  readonly counts: Count[];
  /** What was published since the last call; delivers nothing. */
  published(): WorkflowEvent[];
  /** Another process on the same store. */
  open(...workflows: readonly WorkflowDefinition[]): Runtime;
  /** Makes every publication fail from now on. */
  disconnect(): void;
}

const places: Readonly<Record<string, (clock: ManualClock) => () => Backend>> = {
  memory: (clock) => {
    const place = memoryPlace({ clock });
    return () => place.attach();
  },
  sqlite: (clock) => {
    const folder = mkdtempSync(join(tmpdir(), 'audit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return () => sqliteBackend({ file: join(folder, 'runs.db'), clock });
  },
};

function bench(place: string, ...workflows: readonly WorkflowDefinition[]): Bench {
  const clock = new ManualClock();
  const attach = places[place]?.(clock);
  if (attach === undefined) throw new RangeError(place);
  const counts: Count[] = [];
  let events: WorkflowEvent[] = [];
  let connected = true;
  const open = (...served: readonly WorkflowDefinition[]): Runtime => {
    const backend: Backend = {
      ...attach(),
      bus: {
        publish: async (more) => {
          if (!connected) throw new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', 'no bus');
          events.push(...more);
        },
      },
      metrics: {
        count: (name, attributes) => {
          if (/^run\.(audited|stuck|parked)$/.test(name))
            counts.push([name, ...(attributes === undefined ? [] : [attributes])] as Count);
        },
      },
    };
    const logger = { warn: () => {} };
    const runtime = createRuntime({ workflows: served, backend, work: false, logger });
    onTestFinished(() => runtime.close());
    return runtime;
  };
  const published = (): WorkflowEvent[] => {
    const found = events;
    events = [];
    return found;
  };
  return {
    clock,
    runtime: open(...workflows),
    counts,
    published,
    open,
    disconnect: () => {
      connected = false;
    },
  };
}

/** Delivers what was published, and what that leads to, until nothing is left. */
async function play({ runtime, published }: Bench): Promise<void> {
  for (let events = published(); events.length > 0; events = published()) {
    for (const event of events) if (event.work) await runtime.handle(event);
  }
}

const quarter = 15 * 60_000;

describe.each(Object.keys(places))('an audit in %s', (place) => {
  test('publishes what is due before the next sweep is', async () => {
    const made = bench(place, workflow('w', [add('a', 1), add('b', 1)]));
    const { runtime, published, counts } = made;
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    // The transport loses it, and gives its last copy to the dead letters.
    const [lost] = published().filter(({ work }) => work);
    expect(await runtime.sweep()).toBe(0);
    expect(await runtime.audit('r')).toBe('published');
    const events = published();
    expect(events).toMatchObject([{ type: 'workflow.step.run', path: [0], turn: lost?.turn }]);
    for (const event of events) await runtime.handle(event);
    await play(made);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 3 });
    expect(await runtime.audit('r')).toBe('over');
    expect(published()).toEqual([]);
    expect(counts).toEqual([
      ['run.audited', { found: 'published' }],
      ['run.audited', { found: 'over' }],
    ]);
  });

  test('knows no run of that name', async () => {
    const { runtime } = bench(place, workflow('w', [add('a', 1)]));
    expect(await runtime.audit('nobody')).toBe('unknown');
  });

  test('starts no run that was only created', async () => {
    const { runtime, published } = bench(place, workflow('w', [add('a', 1)]));
    await runtime.create({ workflowId: 'w', runId: 'r' });
    expect(await runtime.audit('r')).toBe('nothing-due');
    expect(published()).toEqual([]);
  });

  test('leaves a step alone that is at work', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const slow = step('slow', () => {
      started.resolve();
      return promise;
    });
    const { runtime, published } = bench(place, workflow('w', [slow]));
    await runtime.start({ workflowId: 'w', runId: 'r' });
    const [event] = published().filter(({ work }) => work);
    const working = event && runtime.handle(event);
    await started.promise;
    expect(await runtime.audit('r')).toBe('nothing-due');
    expect(published()).toEqual([]);
    resolve('done');
    await working;
  });

  test('resumes nothing that waits for a person', async () => {
    const made = bench(place, workflow('w', [approval]));
    await made.runtime.start({ workflowId: 'w', runId: 'r' });
    await play(made);
    await made.runtime.audit('r');
    expect(made.published().filter(({ type }) => type === 'workflow.step.run')).toEqual([]);
    expect(await made.runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
  });

  test('announces an end again that the run above has not learned of', async () => {
    const inner = workflow('inner', [add('x', 1)]);
    const made = bench(place, workflow('w', [nest(inner), add('z', 1)]), inner);
    const { runtime, published } = made;
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    let end: WorkflowEvent | undefined;
    for (let events = published(); events.length > 0; events = published()) {
      for (const event of events.filter(({ work }) => work)) {
        if (event.type === 'workflow.end') end = event;
        else await runtime.handle(event);
      }
    }
    expect(await runtime.audit(end?.runId ?? '')).toBe('published');
    await play(made);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 3 });
  });

  test('rejects when it cannot publish, so that the message stays', async () => {
    const { runtime, published, disconnect } = bench(place, workflow('w', [add('a', 1)]));
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    published();
    disconnect();
    await expect(runtime.audit('r')).rejects.toMatchObject({ code: 'WORKFLOW_BACKEND_UNAVAILABLE' });
  });

  test('says of a run whose workflow is not here that it is parked, and keeps it in sight', async () => {
    const { clock, runtime, published, counts, open } = bench(place, workflow('w', [add('a', 1)]));
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    published();
    const other = open(workflow('other', [add('a', 1)]));
    expect(await other.audit('r')).toBe('parked');
    expect(counts).toEqual([
      ['run.parked', { workflowId: 'w' }],
      ['run.audited', { found: 'parked' }],
    ]);
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(1);
    expect(published()).toMatchObject([{ runId: 'r', path: [0] }]);
  });
});

describe('what a sweep counts', () => {
  test('a run is stuck that has something to do and did not change for a quarter of an hour', async () => {
    const { clock, runtime, counts } = bench('memory', workflow('w', [add('a', 1)]));
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    for (let passed = 0; passed < quarter - 130_000; passed += 130_000) {
      clock.pass(130_000);
      expect(await runtime.sweep()).toBe(1);
    }
    expect(counts).toEqual([]);
    clock.pass(130_000);
    await runtime.sweep();
    expect(counts).toEqual([['run.stuck', { workflowId: 'w' }]]);
  });

  test('a run that waits for a person, or for a nested one that does, is not', async () => {
    const inner = workflow('inner', [approval]);
    const made = bench('memory', workflow('w', [nest(inner)]), inner);
    await made.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await play(made);
    for (let look = 0; look < 4; look += 1) {
      made.clock.pass(quarter);
      await made.runtime.sweep();
    }
    expect(made.counts).toEqual([]);
  });

  test('a run above a nested one that works is not', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const slow = step('slow', () => {
      started.resolve();
      return promise;
    });
    const inner = workflow('inner', [slow]);
    const made = bench('memory', workflow('w', [nest(inner)]), inner);
    const { runtime, clock, counts } = made;
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const working = play(made);
    await started.promise;
    const began = clock.now();
    for (let renewals = 0; renewals < 60; renewals += 1) {
      // Each renewal sets the timer of the next one, when it is stored.
      await vi.waitFor(() => expect(clock.next()).toBe(true), { interval: 1 });
    }
    expect(clock.now() - began).toBeGreaterThan(quarter);
    expect(await runtime.sweep()).toBe(2);
    expect(counts).toEqual([]);
    resolve(1);
    await working;
  });

  test('a run is stuck that cannot be swept for as long, for another reason than its code', async () => {
    const made = bench('memory', workflow('w', [add('a', 1)]));
    await made.runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    made.disconnect();
    for (let passed = 0; passed < quarter - 130_000; passed += 130_000) {
      made.clock.pass(130_000);
      expect(await made.runtime.sweep()).toBe(1);
    }
    expect(made.counts).toEqual([]);
    made.clock.pass(130_000);
    await made.runtime.sweep();
    expect(made.counts).toEqual([['run.stuck', { workflowId: 'w' }]]);
  });

  test('a run is parked whose workflow, or whose step, is not there', async () => {
    const { clock, runtime, published, counts, open } = bench('memory', workflow('w', [add('a', 1)]));
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const [event] = published().filter(({ work }) => work);
    const renamed = open(workflow('w', [add('b', 1)]));
    if (event !== undefined) await renamed.handle(event);
    expect((await renamed.list({ parked: true, limit: 1 })).headers).toMatchObject([
      { runId: 'r', parked: { code: 'WORKFLOW_GRAPH_CHANGED', place: { path: [0], stepId: 'a' } } },
    ]);
    const other = open(workflow('other', [add('a', 1)]));
    clock.pass(130_000);
    expect(await other.sweep()).toBe(1);
    expect(counts).toEqual([
      ['run.parked', { workflowId: 'w' }],
      ['run.parked', { workflowId: 'w' }],
    ]);
  });
});
