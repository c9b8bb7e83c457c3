import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { all, lines } from '../stream-events.ts';

const value = z.object({ value: z.number() });
const any = z.any();

function counted<const Id extends string>(id: Id, by = 1) {
  const execute = vi.fn(async ({ inputData }) => ({ value: (inputData.value ?? 0) + by }));
  return { execute, step: createStep({ id, inputSchema: any, outputSchema: value, execute }) };
}

function asking<const Id extends string>(id: Id) {
  const execute = vi.fn(async ({ resumeData, suspend }) => resumeData ?? suspend({ question: id }));
  return {
    execute,
    step: createStep({ id, inputSchema: any, outputSchema: value, resumeSchema: value, execute }),
  };
}

function flow<const Id extends string>(id: Id) {
  return createWorkflow({ id, inputSchema: any, outputSchema: any });
}

describe.each(places)('one step at a time in $name', (place) => {
  it('G5 suspends, is resumed for one step, and pauses before the next', async () => {
    const [first, ask, last] = [counted('first'), asking('ask'), counted('last', 10)];
    const workflow = flow('flow').then(first.step).then(ask.step).then(last.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 0 }, perStep: true });
    expect(begun).toMatchObject({ status: 'paused', steps: { first: { status: 'success' } } });
    expect(begun).not.toHaveProperty('result');
    expect(ask.execute).not.toHaveBeenCalled();
    // A run that is paused goes on by a time travel to the next step.
    const next = await run.timeTravel({ step: 'ask', perStep: true });
    expect(next).toMatchObject({ status: 'suspended', suspended: [['ask']] });
    const resumed = await run.resume({ step: 'ask', resumeData: { value: 5 }, perStep: true });
    expect(resumed).toMatchObject({
      status: 'paused',
      steps: { ask: { status: 'success', output: { value: 5 } } },
    });
    expect(resumed.steps).not.toHaveProperty('last');
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('paused');
    expect(await run.timeTravel({ step: 'last' })).toMatchObject({
      status: 'success',
      result: { value: 15 },
    });
    expect(first.execute).toHaveBeenCalledTimes(1);
  });

  it('G9 travels to one of several parallel steps, and executes only that', async () => {
    const [before, left, right, after] = [
      counted('before'),
      counted('left', 10),
      counted('right', 20),
      counted('after'),
    ];
    const workflow = flow('flow')
      .then(before.step)
      .parallel([left.step, right.step])
      .then(after.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.timeTravel({
      step: 'right',
      context: { before: { status: 'success', payload: { value: 0 }, output: { value: 2 } } },
      perStep: true,
    });
    expect(done).toMatchObject({
      status: 'paused',
      steps: {
        before: { status: 'success', output: { value: 2 } },
        right: { status: 'success', payload: { value: 2 }, output: { value: 22 } },
      },
    });
    expect(done).not.toHaveProperty('result');
    const calls = [before, left, right, after].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([0, 0, 1, 0]);
  });

  it('G10 travels to a step of a chain of conditions, and executes only that', async () => {
    const [start, low, high, final] = [
      counted('start'),
      counted('low', 10),
      counted('high', 20),
      counted('final'),
    ];
    const workflow = flow('flow')
      .then(start.step)
      .branch([
        [async ({ inputData }) => inputData.value < 10, low.step],
        [async ({ inputData }) => inputData.value >= 10, high.step],
      ])
      .map(async ({ inputData }) => inputData.low ?? inputData.high)
      .then(final.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.timeTravel({ step: 'low', inputData: { value: 1 }, perStep: true });
    expect(done).toMatchObject({
      status: 'paused',
      steps: { low: { status: 'success', payload: { value: 1 }, output: { value: 11 } } },
    });
    const calls = [start, low, high, final].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([0, 1, 0, 0]);
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('paused');
  });

  it('G20 streams one step, and that the run pauses', async () => {
    const [first, second] = [counted('first'), counted('second')];
    const workflow = flow('flow').then(first.step).then(second.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const output = run.stream({ inputData: { value: 0 }, perStep: true });
    const events = await all(output.fullStream);
    expect(lines(events)).toEqual(['start', 'step-start first', 'step-result first', 'paused', 'finish']);
    expect(events.find(({ type }) => type === 'workflow-paused')).toMatchObject({ payload: {} });
    expect(output.status).toBe('paused');
    expect(await output.result).toMatchObject({ status: 'paused' });
    expect(second.execute).not.toHaveBeenCalled();
  });

  it('G21 executes one step of a nested workflow', async () => {
    const [one, two, after] = [counted('one'), counted('two', 10), counted('after')];
    const inner = flow('inner').then(one.step).then(two.step).commit();
    const workflow = flow('outer').then(inner).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 0 }, perStep: true });
    expect(begun).toMatchObject({ status: 'paused', steps: { inner: { status: 'paused' } } });
    expect((await workflow.getWorkflowRunById(run.runId))?.steps).toMatchObject({
      'inner.one': { status: 'success', output: { value: 1 } },
    });
    const next = await run.timeTravel({ step: [inner, two.step], perStep: true });
    expect(next).toMatchObject({ status: 'paused', steps: { inner: { status: 'paused' } } });
    expect((await workflow.getWorkflowRunById(run.runId))?.steps).toMatchObject({
      'inner.one': { output: { value: 1 } },
      'inner.two': { output: { value: 11 } },
    });
    const calls = [one, two, after].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([1, 1, 0]);
  });

  it('G22 executes one step of a branch', async () => {
    const [first, second, never, after] = [
      counted('first'),
      counted('second'),
      counted('never'),
      counted('after'),
    ];
    const workflow = flow('flow')
      .branch([
        [async () => true, first.step],
        [async () => false, never.step],
        [async () => true, second.step],
      ])
      .then(after.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 0 }, perStep: true });
    expect(begun).toMatchObject({ status: 'paused', steps: { first: { status: 'success' } } });
    const calls = [first, second, never, after].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([1, 0, 0, 0]);
    // The other arm, and what follows, by a time travel; the first one keeps what it came to.
    expect(await run.timeTravel({ step: 'second' })).toMatchObject({
      status: 'success',
      steps: { after: { payload: { first: { value: 1 }, second: { value: 1 } } } },
    });
    expect(first.execute).toHaveBeenCalledTimes(1);
  });

  it('G22 executes one of several parallel steps', async () => {
    const [left, right] = [counted('left'), counted('right')];
    const workflow = flow('flow').parallel([left.step, right.step]).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: { value: 0 }, perStep: true });
    expect(begun).toMatchObject({ status: 'paused', steps: { left: { output: { value: 1 } } } });
    expect(right.execute).not.toHaveBeenCalled();
  });
});

describe.each(places)('restarts in $name', (place) => {
  it('G7 does not restart a run that is not active', async () => {
    const workflow = flow('flow').then(asking('ask').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await expect(run.restart()).rejects.toThrow('This workflow run was not active');
    await run.start({ inputData: {} });
    await expect(run.restart()).rejects.toThrow('This workflow run was not active');
    // One that is over is told again, and nothing is executed.
    await run.resume({ step: 'ask', resumeData: { value: 1 } });
    expect(await run.restart()).toMatchObject({ status: 'success', result: { value: 1 } });
  });

  it('G8 restarts a loop with the iteration that was active', async () => {
    const [stuck, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const inputs: number[] = [];
    const body = createStep({
      id: 'body',
      inputSchema: value,
      outputSchema: value,
      execute: async ({ inputData }) => {
        inputs.push(inputData.value);
        if (inputData.value === 2 && inputs.length === 3) {
          stuck.resolve();
          await release.promise;
        }
        return { value: inputData.value + 1 };
      },
    });
    const before = counted('before');
    const counts: number[] = [];
    const workflow = flow('flow')
      .then(before.step)
      .dowhile(body, async ({ inputData, iterationCount }) => {
        counts.push(iterationCount);
        return inputData.value < 4;
      })
      .then(counted('after').step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: { value: -1 } });
    await stuck.promise;
    // The process that executes the third iteration is taken for gone.
    const done = await run.restart();
    expect(done).toMatchObject({
      status: 'success',
      result: { value: 5 },
      steps: { body: { output: { value: 4 }, metadata: { iterationCount: 4 } } },
    });
    release.resolve();
    expect(await over).toEqual(done);
    expect(inputs).toEqual([0, 1, 2, 2, 3]);
    // In a process of its own, whoever was taken for gone asks the condition about its iteration, too.
    expect([...new Set(counts)]).toEqual([1, 2, 3, 4]);
    expect(before.execute).toHaveBeenCalledTimes(1);
  });
});
