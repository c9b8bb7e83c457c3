import { expect, onTestFinished, test } from 'vitest';
import { memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { add, asking, nest, step, workflow } from './fixtures.ts';
import { Deployments } from './parking-bench.ts';

function deployments(): Deployments {
  const bench = new Deployments({
    name: 'memory',
    open: (clock) => {
      const place = memoryPlace({ clock });
      return { attach: () => place.attach(), remove: () => {} };
    },
  });
  onTestFinished(() => bench.close());
  return bench;
}

const before = workflow('w', [add('one', 1), asking]);
const after = workflow('w', [add('new', 1), asking]);
const other = workflow('other', [add('one', 1)]);

/** A run of `before` that is suspended, and is found not to fit `now`. */
async function parked(bench: Deployments, ...now: readonly WorkflowDefinition[]): Promise<Runtime> {
  const runtime = await bench.deploy(before);
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await bench.drain();
  const changed = await bench.deploy(...now);
  const refused = changed.resume({ runId: 'r', resumeData: 1 });
  await expect(refused).rejects.toMatchObject({
    code: 'WORKFLOW_RUN_PARKED',
    details: { runId: 'r', workflowId: 'w', status: 'suspended' },
  });
  return changed;
}

test('a run whose workflow is not registered is shown without its values, listed and canceled', async () => {
  const bench = deployments();
  const runtime = await parked(bench, other);
  const run = await runtime.get({ runId: 'r' });
  expect(run).toMatchObject({
    workflowName: 'w',
    status: 'suspended',
    parked: { code: 'WORKFLOW_NOT_FOUND' },
    steps: { one: { status: 'success' }, ask: { status: 'suspended' } },
  });
  expect([run?.payload, run?.steps['one']?.output]).toEqual([undefined, undefined]);
  expect(await runtime.snapshot({ runId: 'r' })).toMatchObject({ parked: { code: 'WORKFLOW_NOT_FOUND' } });
  expect((await runtime.list({ parked: true, limit: 1 })).headers).toHaveLength(1);
  expect(await runtime.cancel({ runId: 'r' })).toMatchObject({ status: 'canceled', changed: true });
  await bench.drain();
  await bench.sweep();
  expect((await runtime.list({ parked: true, limit: 1 })).headers).toEqual([]);
});

test('a parked run goes on at a step of the new graph by a time travel, and not by a restart', async () => {
  const bench = deployments();
  const runtime = await parked(bench, after);
  await expect(runtime.restart({ runId: 'r' })).rejects.toMatchObject({ code: 'WORKFLOW_RUN_PARKED' });
  await runtime.timeTravel({ runId: 'r', step: 'new', inputData: 5 });
  await bench.drain();
  await runtime.resume({ runId: 'r', resumeData: 10 });
  await bench.drain();
  expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 16 });
});

test('a run that is running travels once it is found that it cannot go on', async () => {
  const bench = deployments();
  const old = await bench.deploy(workflow('w', [add('one', 1), add('two', 1)]));
  await old.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await bench.drain(({ path }) => path[0] === 1);
  const runtime = await bench.deploy(workflow('w', [add('new', 1), add('two', 1)]));
  await runtime.timeTravel({ runId: 'r', step: 'new', inputData: 5 });
  await bench.drain();
  expect(await runtime.result({ runId: 'r' })).toMatchObject({ status: 'success', result: 7 });
});

test('of two processes, the one that has the workflow goes on with what the other one parked', async () => {
  const bench = deployments();
  const runtime = await bench.deploy(before);
  const stranger = bench.beside(other);
  onTestFinished(() => stranger.close());
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await bench.drain(() => false, stranger);
  expect(await stranger.get({ runId: 'r' })).toMatchObject({ status: 'running', steps: {} });
  await bench.sweep(runtime);
  expect(await runtime.get({ runId: 'r' })).toMatchObject({ status: 'suspended' });
});

test('an arm that was renamed parks the run, and what was done meanwhile stays', async () => {
  const bench = deployments();
  const old = workflow('w', [{ parallel: [add('a', 1), add('b', 2)] }]);
  const runtime = await bench.deploy(old);
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await bench.drain(({ path }) => path[1] === 1);
  await bench.deploy(workflow('w', [{ parallel: [add('a', 1), add('c', 2)] }]));
  await bench.drain();
  const back = await bench.deploy(old);
  expect(await back.get({ runId: 'r' })).toMatchObject({
    parked: { remedy: expect.stringContaining('"b" at [0, 1], and "c"') as unknown },
  });
  await bench.sweep();
  expect(await back.result({ runId: 'r' })).toMatchObject({ status: 'success', result: { a: 2, b: 3 } });
});

test('a nested workflow that is replaced parks the run around it', async () => {
  const bench = deployments();
  const inner = workflow('inner', [asking]);
  const runtime = await bench.deploy(workflow('w', [nest(inner)]));
  await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  await bench.drain();
  const swapped = await bench.deploy(
    workflow('w', [step('inner', () => 0, { workflow: workflow('inner-2', [asking]) })]),
  );
  await expect(swapped.resume({ runId: 'r', resumeData: 1 })).rejects.toMatchObject({
    code: 'WORKFLOW_RUN_PARKED',
  });
  expect((await swapped.list({ parked: true, limit: 5 })).headers).toMatchObject([{ runId: 'r' }]);
});

test.each(['full', 'none'] as const)(
  'the events of a run whose workflow is not registered can be read, with history %s',
  async (history) => {
    const bench = deployments();
    const inner = workflow('inner', [add('deep', 1)], { history });
    const old = workflow('w', [add('one', 1), { parallel: [nest(inner), add('q', 2)] }, asking], { history });
    const runtime = await bench.deploy(old);
    await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
    await bench.drain();
    const told = (await runtime.events({ runId: 'r' })).events;
    const changed = await bench.deploy(other);
    const { events, done } = await changed.events({ runId: 'r' });
    expect(done).toBe(false);
    const shown = ({ id, type, payload }: (typeof events)[number]) => [id, type, payload['id']];
    expect(events.map(shown)).toEqual(told.map(shown));
    if (history === 'full') {
      expect(events).toEqual(told);
      const { entries } = await changed.history({ runId: 'r' });
      expect(entries.filter(({ type }) => type === 'member')).toMatchObject([
        { stepId: 'q', settled: 'success' },
        { stepId: 'inner', settled: 'success' },
      ]);
    } else {
      const absent = changed.history({ runId: 'r' });
      await expect(absent).rejects.toMatchObject({ code: 'WORKFLOW_HISTORY_ABSENT' });
    }
  },
);

test('the events of a parked run are those that it had, whatever stands at its places now', async () => {
  const bench = deployments();
  const changed = await parked(bench, workflow('w', [{ foreach: add('new', 1) }, asking]));
  const { events } = await changed.events({ runId: 'r' });
  expect(events.flatMap(({ payload }) => payload['id'] ?? [])).toEqual(['one', 'one', 'ask', 'ask']);
});
