import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import {
  cloneStep,
  cloneWorkflow,
  createStep,
  createWorkflow,
  Host,
  storageIn,
} from '../reference-shim/index.ts';
import { RequestContext } from '../reference-shim/request-context/index.ts';

const value = z.object({ value: z.number() });
const any = z.any();

function counted<const Id extends string>(id: Id, by: (given: number) => number = (given) => given + 1) {
  const execute = vi.fn(async ({ inputData }) => ({ value: by(inputData.value) }));
  return { execute, step: createStep({ id, inputSchema: value, outputSchema: value, execute }) };
}

/** Suspends until it is told a value. */
function asking<const Id extends string>(id: Id) {
  const execute = vi.fn(async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined
      ? suspend({ asked: inputData.value })
      : { value: inputData.value + resumeData.value },
  );
  const step = createStep({
    id,
    inputSchema: value,
    outputSchema: value,
    resumeSchema: value,
    execute,
  });
  return { execute, step };
}

function flow<const Id extends string>(id: Id) {
  return createWorkflow({ id, inputSchema: value, outputSchema: value });
}

/** Adds what the arms of a parallel block, or those that a branch took, came to. */
function summing() {
  const execute = vi.fn(async ({ inputData }) => {
    const all: { value: number }[] = Object.values(inputData);
    return { value: all.reduce((sum, one) => sum + one.value, 0) };
  });
  return { execute, step: createStep({ id: 'sum', inputSchema: any, outputSchema: value, execute }) };
}

describe.each(places)('nested workflows in $name', (place) => {
  it('D107 D108 suspends in a nested workflow that is looped, until its condition holds', async () => {
    const number = z.object({ value: z.number() });
    const asked = createStep({
      id: 'asked',
      inputSchema: number,
      outputSchema: number,
      resumeSchema: z.object({ add: z.number() }),
      execute: vi.fn(async ({ inputData, resumeData, suspend }) =>
        resumeData === undefined ? suspend({}) : { value: inputData.value + resumeData.add },
      ),
    });
    const doubled = vi.fn(async ({ inputData }) => ({ value: inputData.value * 2 }));
    const doubling = createStep({
      id: 'doubling',
      inputSchema: number,
      outputSchema: number,
      execute: doubled,
    });
    const inner = createWorkflow({ id: 'inner', inputSchema: number, outputSchema: number })
      .then(asked)
      .then(doubling)
      .commit();
    const workflow = createWorkflow({ id: 'outer', inputSchema: number, outputSchema: number })
      .dountil(inner, async ({ inputData }) => inputData.value >= 20)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 1 } })).toMatchObject({
      status: 'suspended',
      suspended: [['inner', 'asked']],
    });
    // (1 + 1) * 2, (4 + 2) * 2, (12 + 3) * 2
    const first = await run.resume({ step: [inner, asked], resumeData: { add: 1 } });
    expect(first).toMatchObject({ status: 'suspended', suspended: [['inner', 'asked']] });
    const second = await run.resume({ step: ['inner', 'asked'], resumeData: { add: 2 } });
    expect(second.status).toBe('suspended');
    expect(await run.resume({ step: [inner, asked], resumeData: { add: 3 } })).toMatchObject({
      status: 'success',
      result: { value: 30 },
      steps: { inner: { metadata: { iterationCount: 3 } } },
    });
    expect(doubled).toHaveBeenCalledTimes(3);
  });

  it('D125 executes two nested workflows in parallel, then a final step', async () => {
    const [a1, a2, b1, final] = [counted('a1'), counted('a2'), counted('b1'), summing()];
    const [a, b] = [flow('a').then(a1.step).then(a2.step).commit(), flow('b').then(b1.step).commit()];
    const workflow = flow('outer').parallel([a, b]).then(final.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 1 } })).toMatchObject({
      status: 'success',
      result: { value: 5 },
      steps: {
        a: { status: 'success', output: { value: 3 } },
        b: { status: 'success', output: { value: 2 } },
      },
    });
    for (const { execute } of [a1, a2, b1, final]) expect(execute).toHaveBeenCalledTimes(1);
  });

  it('D126 executes two clones of one workflow', async () => {
    const [one, final] = [counted('one'), summing()];
    const other = cloneStep(one.step, { id: 'other' });
    const original = flow('original').then(one.step).then(other).commit();
    const left = cloneWorkflow(original, { id: 'left' });
    const right = cloneWorkflow(original, { id: 'right' });
    const workflow = flow('outer').parallel([left, right]).then(final.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 1 } })).toMatchObject({
      status: 'success',
      result: { value: 6 },
      steps: { left: { output: { value: 3 } }, right: { output: { value: 3 } } },
    });
    expect(one.execute).toHaveBeenCalledTimes(4);
    const stored = await workflow.getWorkflowRunById(run.runId);
    expect(stored?.steps).toMatchObject({
      'left.one': { output: { value: 2 } },
      'left.other': { output: { value: 3 } },
      'right.other': { output: { value: 3 } },
    });
  });

  it('D127 executes nested workflows as arms of a branch, each that is true', async () => {
    const [a1, b1, c1, final] = [counted('a1'), counted('b1'), counted('c1'), summing()];
    const workflow = flow('outer')
      .branch([
        [async () => true, flow('a').then(a1.step).commit()],
        [async ({ inputData }) => inputData.value > 0, flow('b').then(b1.step).commit()],
        [async () => false, flow('c').then(c1.step).commit()],
      ])
      .then(final.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { value: 1 } });
    expect(done).toMatchObject({ status: 'success', result: { value: 4 } });
    expect(Object.keys(done.steps).toSorted()).toEqual(['a', 'b', 'input', 'sum']);
    expect(c1.execute).not.toHaveBeenCalled();
  });

  it.each([
    ['D128', 'if', 1, 'small', 2],
    ['D129', 'else', 50, 'large', 49],
  ] as const)('%s takes the nested workflow of %s', async (_, __, given, taken, result) => {
    const [up, down, final] = [counted('up'), counted('down', (n) => n - 1), summing()];
    const workflow = flow('outer')
      .branch([
        [async ({ inputData }) => inputData.value < 10, flow('small').then(up.step).commit()],
        [async ({ inputData }) => inputData.value >= 10, flow('large').then(down.step).commit()],
      ])
      .then(final.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { value: given } });
    expect(done).toMatchObject({ status: 'success', result: { value: result } });
    expect(Object.keys(done.steps).toSorted()).toEqual(['input', taken, 'sum'].toSorted());
    expect(up.execute.mock.calls.length + down.execute.mock.calls.length).toBe(1);
  });

  it('D130 branches in a nested workflow in a branch', async () => {
    const [even, odd] = [counted('even', (n) => n * 2), counted('odd', (n) => n * 3)];
    const inner = createWorkflow({ id: 'inner', inputSchema: value, outputSchema: any })
      .branch([
        [async ({ inputData }) => inputData.value % 2 === 0, flow('evens').then(even.step).commit()],
        [async ({ inputData }) => inputData.value % 2 === 1, flow('odds').then(odd.step).commit()],
      ])
      .map({ value: { step: ['evens', 'odds'], path: 'value' } } as never)
      .commit();
    const other = flow('other').then(counted('never').step).commit();
    const workflow = createWorkflow({ id: 'outer', inputSchema: value, outputSchema: any })
      .branch([
        [async ({ inputData }) => inputData.value < 10, inner],
        [async ({ inputData }) => inputData.value >= 10, other],
      ])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 5 } })).toMatchObject({
      status: 'success',
      result: { inner: { value: 15 } },
    });
    expect(even.execute).not.toHaveBeenCalled();
  });

  it('D131 suspends with a step of a nested workflow, and is resumed by the path to it', async () => {
    const [before, asked, after, last] = [
      counted('before'),
      asking('ask'),
      counted('after'),
      counted('last'),
    ];
    const inner = flow('inner').then(before.step).then(asked.step).then(after.step).commit();
    const workflow = flow('outer').then(inner).then(last.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 1 } });
    if (begun.status !== 'suspended') expect.fail(begun.status);
    expect(begun.suspended).toEqual([['inner', 'ask']]);
    expect(begun.steps.inner).toMatchObject({ status: 'suspended', suspendPayload: { asked: 2 } });
    expect(last.execute).not.toHaveBeenCalled();
    const done = await run.resume({ step: [inner, asked.step], resumeData: { value: 10 } });
    expect(done).toMatchObject({
      status: 'success',
      result: { value: 14 },
      steps: { inner: { status: 'success', output: { value: 13 } }, last: { output: { value: 14 } } },
    });
    const calls = [before, asked, after, last].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([1, 2, 1, 1]);
    expect(JSON.stringify([begun, done])).not.toMatch(/__workflow_meta|__state/);
  });

  it('D132 is resumed by the id of the nested workflow only', async () => {
    const asked = asking('ask');
    const workflow = flow('outer').then(flow('inner').then(asked.step).commit()).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: { value: 1 } });
    const resumed = await run.resume({ step: 'inner', resumeData: { value: 10 } } as never);
    expect(resumed).toMatchObject({ status: 'success', result: { value: 11 } });
  });

  it('D133 suspends in two nested workflows, one after the other', async () => {
    const [one, two] = [asking('ask'), asking('ask')];
    const first = flow('first').then(one.step).commit();
    const second = flow('second').then(two.step).commit();
    const workflow = flow('outer').then(first).then(second).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 1 } })).toMatchObject({ suspended: [['first', 'ask']] });
    const next = await run.resume({ step: ['first', 'ask'], resumeData: { value: 10 } });
    expect(next).toMatchObject({
      status: 'suspended',
      suspended: [['second', 'ask']],
      steps: { first: { status: 'success', output: { value: 11 } } },
    });
    expect(await run.resume({ step: [second, two.step], resumeData: { value: 100 } })).toMatchObject({
      status: 'success',
      result: { value: 111 },
    });
    for (const { execute } of [one, two]) expect(execute).toHaveBeenCalledTimes(2);
  });

  it('D134 has the request context in a nested workflow, also after a resumption', async () => {
    const reading = createStep({
      id: 'reading',
      inputSchema: any,
      outputSchema: any,
      execute: vi.fn(async ({ requestContext }) => requestContext.toJSON()),
    });
    const setting = createStep({
      id: 'setting',
      inputSchema: value,
      outputSchema: value,
      execute: async ({ inputData, requestContext }) => {
        requestContext.set('inner', 'set');
        return inputData;
      },
    });
    const inner = createWorkflow({ id: 'inner', inputSchema: value, outputSchema: any })
      .then(setting)
      .then(asking('ask').step)
      .then(reading)
      .commit();
    const workflow = createWorkflow({ id: 'outer', inputSchema: value, outputSchema: any });
    workflow
      .then(inner)
      .then(cloneStep(reading, { id: 'last' }))
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const requestContext = new RequestContext([['outer', 'given']]);
    await run.start({ inputData: { value: 1 }, requestContext });
    const done = await run.resume({ step: ['inner', 'ask'], resumeData: { value: 1 } });
    const all = { outer: 'given', inner: 'set' };
    expect(done).toMatchObject({
      status: 'success',
      result: all,
      steps: { inner: { output: all } },
    });
  });

  it('D135 gives the result of its last nested workflow', async () => {
    const inner = flow('inner').then(counted('one').step).then(counted('two').step).commit();
    const workflow = flow('outer').then(counted('zero').step).then(inner).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { value: 0 } });
    if (done.status !== 'success') expect.fail(done.status);
    const result: number = done.result.value;
    expect(result).toBe(3);
    expect(done.steps.inner).toMatchObject({ status: 'success', output: { value: 3 } });
  });

  it('D136 shows the whole path to a step that is three levels down, and takes it', async () => {
    const asked = asking('ask');
    const leaf = flow('leaf').then(counted('begin').step).then(asked.step).commit();
    const middle = flow('middle').then(leaf).then(counted('end').step).commit();
    const workflow = flow('outer').then(middle).then(counted('last').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 0 } });
    if (begun.status !== 'suspended') expect.fail(begun.status);
    expect(begun.suspended).toEqual([['middle', 'leaf', 'ask']]);
    const [path] = begun.suspended;
    const done = await run.resume({ ...(path && { step: path }), resumeData: { value: 10 } });
    expect(done).toMatchObject({ status: 'success', result: { value: 13 } });
  });

  it('H13 shows the same paths everywhere, and nothing of the engine in results', async () => {
    const asked = asking('ask');
    const inner = flow('inner').then(asked.step).commit();
    const sums = summing();
    const workflow = flow('outer')
      .parallel([inner, asking('top').step])
      .then(sums.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 0 } });
    expect(begun).toMatchObject({ suspended: [['inner', 'ask'], ['top']] });
    const half = await run.resume({ step: 'top', resumeData: { value: 1 } });
    expect(half).toMatchObject({ suspended: [['inner', 'ask']] });
    const done = await run.resume({ step: ['inner', 'ask'], resumeData: { value: 2 } });
    expect(done).toMatchObject({ status: 'success', result: { value: 3 } });
    const stored = await workflow.getWorkflowRunById(run.runId);
    expect(JSON.stringify([begun, half, done, stored])).not.toMatch(/__workflow_meta|__state|nestedRunId/);
  });

  it('H17 counts the iterations of a loop over a nested workflow exactly', async () => {
    const counts: number[] = [];
    const inner = flow('inner').then(counted('one').step).commit();
    const workflow = flow('outer')
      .dountil(inner, async ({ inputData, iterationCount }) => {
        counts.push(iterationCount);
        return inputData.value >= 3;
      })
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 0 } })).toMatchObject({
      status: 'success',
      result: { value: 3 },
      steps: { inner: { metadata: { iterationCount: 3 } } },
    });
    // Whoever handles an event for the second time may ask the condition again, about the same iteration.
    expect([...new Set(counts)]).toEqual([1, 2, 3]);
  });
});
