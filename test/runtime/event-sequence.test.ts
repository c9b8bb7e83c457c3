import { expect, test } from 'vitest';
import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { StepDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { add, step, workflow } from './fixtures.ts';

function spell(event: WorkflowEvent): string {
  const path = event.path.length === 0 ? '' : ` [${event.path.join(',')}]`;
  const status = event.status === undefined ? '' : ` ${event.status}`;
  return `${event.type}${path}${status}${event.work ? ' (work)' : ''}`;
}

function observed(place: MemoryPlace): { events: WorkflowEvent[]; spelled: () => string[] } {
  const events: WorkflowEvent[] = [];
  place.observe((event) => events.push(event));
  return { events, spelled: () => events.map(spell) };
}

const sequential = workflow('sequential', [add('one', 1), add('two', 2), add('three', 3)]);
const joined = step('joined', ({ inputData }) => inputData);
const parallel = workflow('parallel', [{ parallel: [add('left', 1), add('right', 2)] }, joined]);

test('a sequential workflow puts its start, the run and the end of each step, and its end on the bus', async () => {
  const place = memoryPlace();
  const { events, spelled } = observed(place);
  const runtime = createRuntime({ workflows: [sequential], backend: place.attach() });
  await runtime.start({ workflowId: 'sequential', runId: 'r', inputData: 0 });
  expect(await runtime.settled({ runId: 'r' })).toBe('success');
  expect(spelled()).toEqual([
    'workflow.start running',
    'workflow.step.run [0] (work)',
    'workflow.step.end [0] success',
    'workflow.step.run [1] (work)',
    'workflow.step.end [1] success',
    'workflow.step.run [2] (work)',
    'workflow.step.end [2] success',
    'workflow.end success',
  ]);
  expect(events[3]).toEqual({
    format: 1,
    id: 'r/workflow.step.run/00001/0001.000000.0000.000',
    type: 'workflow.step.run',
    work: true,
    workflowId: 'sequential',
    runId: 'r',
    epoch: 1,
    path: [1],
    turn: '0001.000000.0000.000',
    stepId: 'two',
    prev: { path: [0], status: 'success' },
    hop: 2,
    time: expect.any(Number),
  });
  await runtime.close();
});

test('a parallel workflow puts the run of the block, of each arm, their ends and the end of the block on the bus', async () => {
  const place = memoryPlace();
  const { spelled } = observed(place);
  const runtime = createRuntime({ workflows: [parallel], backend: place.attach() });
  await runtime.start({ workflowId: 'parallel', runId: 'r', inputData: 1 });
  expect(await runtime.settled({ runId: 'r' })).toBe('success');
  expect(spelled()).toEqual([
    'workflow.start running',
    'workflow.step.run [0] (work)',
    'workflow.step.run [0,0] (work)',
    'workflow.step.run [0,1] (work)',
    'workflow.step.end [0,0] success',
    'workflow.step.end [0,1] success',
    'workflow.step.end [0] success',
    'workflow.step.run [1] (work)',
    'workflow.step.end [1] success',
    'workflow.end success',
  ]);
  expect(await runtime.result({ runId: 'r' })).toMatchObject({ result: { left: 2, right: 3 } });
  await runtime.close();
});

test('without per-step ends an observer still learns from prev what ended', async () => {
  const place = memoryPlace();
  const { events, spelled } = observed(place);
  const runtime = createRuntime({ workflows: [sequential], backend: place.attach(), stepEndEvents: false });
  await runtime.start({ workflowId: 'sequential', runId: 'r', inputData: 0 });
  await runtime.settled({ runId: 'r' });
  expect(spelled()).toEqual([
    'workflow.start running',
    'workflow.step.run [0] (work)',
    'workflow.step.run [1] (work)',
    'workflow.step.run [2] (work)',
    'workflow.end success',
  ]);
  expect(events.map((event) => event.prev?.path)).toEqual([undefined, undefined, [0], [1], undefined]);
  await runtime.close();
});

test('no event carries a value, so its size does not depend on what a run computes', async () => {
  const place = memoryPlace();
  const { events } = observed(place);
  const large = step('large', () => 'x'.repeat(100_000));
  const runtime = createRuntime({ workflows: [workflow('w', [large, joined])], backend: place.attach() });
  await runtime.start({ workflowId: 'w', inputData: 'y'.repeat(50_000), runId: 'r' });
  await runtime.settled({ runId: 'r' });
  expect(events.length).toBe(6);
  for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(2048);
  await runtime.close();
});

test('each step.run of a step is one execution of a body', async () => {
  const place = memoryPlace();
  const { events } = observed(place);
  const bodies: string[] = [];
  const counted = (id: string): StepDefinition =>
    step(id, ({ inputData }) => {
      bodies.push(id);
      return inputData;
    });
  const branch = [
    [() => true, counted('taken')],
    [() => false, counted('not taken')],
  ] as const;
  const entries = [counted('a'), { parallel: [counted('b'), counted('c')] }, { branch }, counted('d')];
  const runtime = createRuntime({ workflows: [workflow('w', entries)], backend: place.attach() });
  await runtime.start({ workflowId: 'w', runId: 'r' });
  expect(await runtime.settled({ runId: 'r' })).toBe('success');
  const blocks = new Set(['parallel_1', 'conditional_2']);
  const runs = events.filter(
    (event) => event.type === 'workflow.step.run' && !blocks.has(event.stepId ?? ''),
  );
  expect(bodies).toEqual(['a', 'b', 'c', 'taken', 'd']);
  expect(runs.map((event) => event.stepId)).toEqual(bodies);
  await runtime.close();
});

test('all objects of the process can be dropped between two handler calls', async () => {
  const place = memoryPlace();
  const starter = createRuntime({ workflows: [parallel], backend: place.attach(), work: false });
  await starter.start({ workflowId: 'parallel', runId: 'r', inputData: 1 });
  await starter.close();
  let handled = 0;
  for (let next = place.receive(); next !== undefined; next = place.receive()) {
    const runtime = createRuntime({ workflows: [parallel], backend: place.attach(), work: false });
    await runtime.handle(next.event);
    await runtime.close();
    handled += 1;
  }
  expect(handled).toBe(4);
  const reader = createRuntime({ workflows: [parallel], backend: place.attach(), work: false });
  expect(await reader.result({ runId: 'r' })).toMatchObject({
    status: 'success',
    result: { left: 2, right: 3 },
  });
  await reader.close();
});

test('the steps of a run alternate over two processes', async () => {
  const place = memoryPlace();
  const who = (name: string): StepDefinition[] =>
    ['one', 'two', 'three', 'four'].map((id) =>
      step(id, ({ inputData }) => [...(inputData as string[]), `${id} in ${name}`]),
    );
  const processes = ['A', 'B'].map((name) =>
    createRuntime({ workflows: [workflow('w', who(name))], backend: place.attach(), work: false }),
  );
  await processes[0]?.start({ workflowId: 'w', runId: 'r', inputData: [] });
  let turn = 0;
  for (let next = place.receive(); next !== undefined; next = place.receive()) {
    await processes[turn % 2]?.handle(next.event);
    turn += 1;
  }
  expect(await processes[1]?.result({ runId: 'r' })).toMatchObject({
    status: 'success',
    result: ['one in A', 'two in B', 'three in A', 'four in B'],
  });
  await Promise.all(processes.map((runtime) => runtime.close()));
});

test('a slow step holds up no other run', async () => {
  const gate = Promise.withResolvers<string>();
  const slow = workflow('slow', [step('wait', () => gate.promise)]);
  const runtime = createRuntime({ workflows: [slow, sequential], backend: memoryPlace().attach() });
  await runtime.start({ workflowId: 'slow', runId: 'slow' });
  await runtime.start({ workflowId: 'sequential', runId: 'quick', inputData: 0 });
  expect(await runtime.settled({ runId: 'quick' })).toBe('success');
  expect(await runtime.settled({ runId: 'slow', timeoutMs: 0 })).toBe('running');
  gate.resolve('done');
  expect(await runtime.settled({ runId: 'slow' })).toBe('success');
  await runtime.close();
});
