import { describe, expect, test } from 'vitest';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { add, nest, step, workflow } from './fixtures.ts';

const approval = (id: string): StepDefinition =>
  step(id, async ({ resumeData, suspend }) => (resumeData === undefined ? suspend({}) : resumeData));

const definition = workflow('w', [
  add('first', 1),
  { parallel: [add('left', 10), approval('wait'), add('right', 100)] },
  step('sum', ({ inputData }) =>
    Object.values(inputData as Record<string, number>).reduce((a, b) => a + b, 0),
  ),
]);

function bench(made: WorkflowDefinition = definition, ...others: WorkflowDefinition[]) {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const warnings: string[] = [];
  const logger = { warn: (message: string) => warnings.push(message) };
  const runtime = createRuntime({
    workflows: [made, ...others],
    backend: place.attach(),
    work: false,
    logger,
  });
  return { clock, place, runtime, warnings };
}

/** Delivers everything that is due; loses the events that `isLost` says. Returns how many were lost. */
async function deliver(
  place: MemoryPlace,
  runtime: Runtime,
  isLost: (event: WorkflowEvent) => boolean = () => false,
): Promise<number> {
  let lost = 0;
  for (let next = place.receive(); next !== undefined; next = place.receive()) {
    if (isLost(next.event)) lost += 1;
    else await runtime.handle(next.event);
  }
  return lost;
}

describe('a lost event', () => {
  const paths = ['0', '1', '1,0', '1,1', '1,2', '2'];

  test.each(paths)('the run of [%s] is lost once: the sweeper publishes it again', async (path) => {
    const { clock, place, runtime } = bench();
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    let lost = 0;
    const loseOnce = ({ path: at }: WorkflowEvent): boolean => lost === 0 && at.join(',') === path;
    const play = async (): Promise<void> => {
      lost += await deliver(place, runtime, loseOnce);
      clock.pass(130_000);
      await runtime.sweep();
      lost += await deliver(place, runtime, loseOnce);
    };
    await play();
    await runtime.resume({ runId: 'r', step: 'wait', resumeData: 1000 });
    await play();
    expect(lost).toBe(1);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({
      status: 'success',
      result: 12 + 1000 + 102,
    });
  });
});

describe('a lost end of a nested run', () => {
  const failing = step('x', () => {
    throw new RangeError('out of it');
  });

  test.each([
    ['workflow.end', add('x', 1), 'success'],
    ['workflow.fail', failing, 'failed'],
  ] as const)('%s is found by a sweep of the run above', async (type, body, status) => {
    const inner = workflow('inner', [body]);
    const outer = workflow('w', [add('a', 1), nest(inner), add('z', 1)]);
    const { clock, place, runtime } = bench(outer, inner);
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    const isEnd = (event: WorkflowEvent): boolean => event.parent !== undefined && event.type === type;
    expect(await deliver(place, runtime, isEnd)).toBe(1);
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(1);
    await deliver(place, runtime);
    expect(await runtime.result({ runId: 'r' })).toMatchObject({ status });
  });
});

test('a sweep dies between the end of a run and its event: the next one announces it', async () => {
  const only = workflow('w', [add('only', 1)]);
  const { clock, place, runtime } = bench(only);
  const inner = place.attach();
  const finish: typeof inner.store.finish = () => Promise.reject(new Error('lost connection'));
  const store = new Proxy(inner.store, {
    get: (target, name) => {
      if (name === 'finish') return finish;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  const failing = createRuntime({ workflows: [only], backend: { ...inner, store }, work: false });
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  const event = place.receive()?.event;
  await expect(event && failing.handle(event)).rejects.toThrow('lost connection');
  // The transport loses the event now, and the process that sweeps dies while it publishes.
  const published: string[] = [];
  place.observe(({ type }) => published.push(type));
  const bus = { publish: () => new Promise<void>(() => {}) };
  const dying = createRuntime({ workflows: [only], backend: { ...place.attach(), bus }, work: false });
  clock.pass(130_000);
  void dying.sweep();
  await place.settled();
  expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'success' });
  expect(published).toEqual([]);
  clock.pass(130_000);
  expect(await runtime.sweep()).toBe(1);
  expect(published).toEqual(['workflow.end']);
});

describe('what needs no help', () => {
  test('a suspended run is looked at once, and not again until it is resumed', async () => {
    const { clock, place, runtime } = bench();
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await deliver(place, runtime);
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(1);
    clock.pass(10 * 3_600_000);
    expect(await runtime.sweep()).toBe(0);
    await runtime.resume({ runId: 'r', step: 'wait', resumeData: 0 });
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(1);
  });

  test('a finished run is not looked at', async () => {
    const { clock, place, runtime } = bench(workflow('w', [add('only', 1)]));
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await deliver(place, runtime);
    clock.pass(10 * 3_600_000);
    expect(await runtime.sweep()).toBe(0);
  });

  test('a run whose step works is left alone until its lease has ended', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const { clock, place, runtime } = bench(workflow('w', [step('slow', () => promise)]));
    await runtime.start({ workflowId: 'w', runId: 'r' });
    const working = deliver(place, runtime);
    await place.settled();
    for (let renewals = 0; renewals < 7; renewals += 1) {
      clock.next();
      await place.settled();
    }
    expect(await runtime.sweep()).toBe(1);
    expect(place.queued()).toEqual([]);
    resolve('done');
    await working;
  });

  test('a retry that is not due is left alone, and looked at after it should have run', async () => {
    const failing = step('failing', () => Promise.reject(new Error('no')));
    const made = workflow('w', [failing], { retryConfig: { attempts: 1, delay: 3_600_000 } });
    const { clock, place, runtime } = bench(made);
    await runtime.start({ workflowId: 'w', runId: 'r' });
    await deliver(place, runtime);
    const waiting = place.queued().length;
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(1);
    expect(place.queued()).toHaveLength(waiting);
    clock.pass(3_500_000);
    expect(await runtime.sweep()).toBe(0);
    clock.pass(200_000);
    expect(await runtime.sweep()).toBe(1);
    expect(place.receive()?.event).toMatchObject({ turn: '0001.000000.0000.001' });
  });

  test('a canceled run is announced until that is handled, and then left', async () => {
    const { clock, place, runtime } = bench();
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await runtime.cancel({ runId: 'r' });
    const types: string[] = [];
    place.observe((event) => types.push(event.type));
    // Lost, and the sweeper's once as well.
    await deliver(place, runtime, ({ type }) => type === 'workflow.cancel');
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(1);
    await deliver(place, runtime, ({ type }) => type === 'workflow.cancel');
    clock.pass(3_600_000);
    expect(await runtime.sweep()).toBe(1);
    expect(types).toEqual(['workflow.cancel', 'workflow.cancel']);
    await deliver(place, runtime);
    clock.pass(10 * 3_600_000);
    expect(await runtime.sweep()).toBe(0);
  });

  test('many runs are looked at sixteen at a time, and all of them', async () => {
    const { clock, place } = bench();
    const inner = place.attach();
    const reads = { open: 0, most: 0, gate: Promise.resolve() };
    const store = new Proxy(inner.store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const call = member.bind(target) as (...parameters: unknown[]) => unknown;
        if (name !== 'loadHeader') return call;
        return async (...parameters: unknown[]) => {
          reads.most = Math.max(reads.most, (reads.open += 1));
          await reads.gate;
          return Promise.resolve(call(...parameters)).finally(() => (reads.open -= 1));
        };
      },
    });
    const runtime = createRuntime({ workflows: [definition], backend: { ...inner, store }, work: false });
    const runIds = Array.from({ length: 40 }, (_, at) => `r${at}`);
    for (const runId of runIds) await runtime.start({ workflowId: 'w', runId, inputData: 1 });
    await deliver(place, runtime, () => true);
    clock.pass(130_000);
    const { promise, resolve } = Promise.withResolvers<void>();
    reads.gate = promise;
    const sweeping = runtime.sweep();
    await place.settled();
    expect(reads.open).toBe(16);
    resolve();
    expect(await sweeping).toBe(40);
    expect(reads).toMatchObject({ open: 0, most: 16 });
    const found = place.queued().map(({ event }) => event.runId);
    expect(new Set(found)).toEqual(new Set(runIds));
  });

  test('a run of a workflow that is not served here keeps no other from being swept', async () => {
    const { clock, place, runtime, warnings } = bench();
    const other = createRuntime({
      workflows: [workflow('other', [add('x', 1)])],
      backend: place.attach(),
      work: false,
      logger: { warn: () => {} },
    });
    await other.start({ workflowId: 'other', runId: 'a-first' });
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await deliver(place, runtime, () => true);
    clock.pass(130_000);
    expect(await runtime.sweep()).toBe(2);
    expect(warnings).toEqual(['A run is parked']);
    expect(place.receive()?.event).toMatchObject({ runId: 'r', path: [0] });
    expect(await runtime.sweep()).toBe(0);
    clock.pass(130_000);
    expect(await other.sweep()).toBe(2);
    expect(place.receive()?.event).toMatchObject({ runId: 'a-first', path: [0] });
  });
});
