import { expect, test } from 'vitest';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { asking, step } from './fixtures.ts';
import { twoGraphs } from './two-graphs.ts';

const named = (id: string) => step(id, ({ inputData }) => [inputData, id].flat());

test('nobody goes on from a step that only another graph has, whenever that was begun', async () => {
  const { worker, drain, sweep, place, clock } = twoGraphs();
  const before = [named('one'), named('two'), named('last')];
  const gate = Promise.withResolvers<void>();
  const old = worker(before);
  const slow = worker(before, { claim: gate.promise });
  const now = worker([named('one'), named('new'), named('last')]);
  await old.start({ workflowId: 'w', runId: 'r', inputData: 'in' });
  const second = await drain(old, ({ path }) => path[0] === 1);
  const handled = slow.handle(second as WorkflowEvent);
  await place.settled();
  // Nothing is stored of the second step: the run goes on by the new graph.
  clock.pass(130_000);
  await now.sweep();
  expect(await now.get({ runId: 'r' })).not.toHaveProperty('parked');
  gate.resolve();
  await handled;
  await drain(now);
  expect(await now.get({ runId: 'r' })).toMatchObject({ parked: { code: 'WORKFLOW_GRAPH_CHANGED' } });
  await sweep(now);
  await sweep(old);
  expect(await old.result({ runId: 'r' })).toMatchObject({
    status: 'success',
    result: ['in', 'one', 'two', 'last'],
  });
});

test('what another graph has suspended meanwhile is not resumed by the one that the run is marked with', async () => {
  const { worker, drain, sweep, place, clock } = twoGraphs();
  const before = [named('one'), asking];
  const gate = Promise.withResolvers<void>();
  const old = worker(before);
  const slow = worker(before, { claim: gate.promise });
  const now = worker([named('one'), { foreach: named('new') }]);
  await old.start({ workflowId: 'w', runId: 'r', inputData: 1 });
  const second = await drain(old, ({ path }) => path[0] === 1);
  const handled = slow.handle(second as WorkflowEvent);
  await place.settled();
  clock.pass(130_000);
  await now.sweep();
  gate.resolve();
  await handled;
  await expect(now.resume({ runId: 'r', resumeData: 1 })).rejects.toMatchObject({
    code: 'WORKFLOW_RUN_PARKED',
  });
  await sweep(old);
  expect(await old.resume({ runId: 'r', resumeData: 1 })).toMatchObject({ changed: true });
});

test('a run does not end by a graph when another one has gone on behind its last step', async () => {
  const { worker, drain, place, clock } = twoGraphs();
  const before = [named('one')];
  const gate = Promise.withResolvers<void>();
  const old = worker(before);
  const slow = worker(before, { finish: gate.promise });
  const now = worker([named('one'), named('added')]);
  await old.start({ workflowId: 'w', runId: 'r', inputData: 'in' });
  const first = await drain(old, ({ path }) => path[0] === 0);
  const handled = slow.handle(first as WorkflowEvent);
  await place.settled();
  clock.pass(130_000);
  await now.sweep();
  const added = await drain(now, ({ path }) => path[0] === 1);
  gate.resolve();
  await handled;
  expect(await old.settled({ runId: 'r', timeoutMs: 0 })).toBe('running');
  await now.handle(added as WorkflowEvent);
  await drain(now);
  expect(await now.result({ runId: 'r' })).toMatchObject({
    status: 'success',
    result: ['in', 'one', 'added'],
  });
});

test('an epoch begins only where the graph has its step at the same place', async () => {
  const { worker, drain, sweep } = twoGraphs();
  const now = worker([named('one'), named('two')]);
  const old = worker([named('one'), named('between'), named('two')]);
  await now.start({ workflowId: 'w', runId: 'r', inputData: 'in' });
  await drain(now);
  await now.timeTravel({ runId: 'r', step: 'two', inputData: 'again' });
  await drain(old);
  expect(await old.get({ runId: 'r' })).toMatchObject({
    parked: { remedy: expect.stringContaining('"two" at [1], and "between"') as unknown },
  });
  await sweep(now);
  expect(await now.result({ runId: 'r' })).toMatchObject({ status: 'success', result: ['again', 'two'] });
});

test('a block is no other one of its kind, whichever graph has opened it', async () => {
  const { worker, drain, sweep } = twoGraphs();
  const last = { branch: [[() => true, named('last')]] } as const;
  const now = worker([last]);
  const old = worker([{ branch: [[() => false, named('never')]] }, last]);
  await now.start({ workflowId: 'w', runId: 'r', inputData: 'in' });
  await drain(now, ({ path }) => path.length === 2);
  await sweep(old);
  expect(await old.get({ runId: 'r' })).toMatchObject({
    parked: {
      remedy: expect.stringContaining('"block of 1" at [0], and "conditional_0 of never"') as unknown,
    },
  });
  await sweep(now);
  expect(await now.result({ runId: 'r' })).toMatchObject({
    status: 'success',
    result: { last: ['in', 'last'] },
  });
});
