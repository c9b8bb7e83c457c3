import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';

const time = expect.any(Number);
const nothing = z.object({});

function passing(id: string) {
  const execute = vi.fn().mockResolvedValue({});
  return { execute, step: createStep({ id, inputSchema: z.any(), outputSchema: nothing, execute }) };
}

function failing(id: string, error: unknown = new Error('Step execution failed')) {
  const execute = vi.fn().mockRejectedValue(error);
  return { execute, step: createStep({ id, inputSchema: z.any(), outputSchema: nothing, execute }) };
}

describe.each(places)('failures in $name', (place) => {
  it('D49 D62 D99 fails with the error of a step, which is called once, and stops there', async () => {
    const [step1, step2] = [failing('step1'), passing('step2')];
    const workflow = createWorkflow({ id: 'failing', inputSchema: nothing, outputSchema: nothing });
    workflow.then(step1.step).then(step2.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    if (done.status !== 'failed') expect.fail(done.status);
    // The reference gives texts or plain objects; here it is an error.
    expect(done.error).toBeInstanceOf(Error);
    expect(done.error.message).toBe('Step execution failed');
    expect(done.steps).toEqual({
      input: {},
      step1: {
        status: 'failed',
        payload: {},
        error: expect.objectContaining({ message: 'Step execution failed' }),
        startedAt: time,
        endedAt: time,
      },
    });
    expect(step1.execute).toHaveBeenCalledTimes(1);
    expect(step2.execute).not.toHaveBeenCalled();
  });

  it('D64 stores the message of an error without its stack', async () => {
    const workflow = createWorkflow({ id: 'failing', inputSchema: nothing, outputSchema: nothing });
    workflow.then(failing('step1').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    const stored = JSON.stringify(await workflow.getWorkflowRunById(run.runId));
    expect(JSON.parse(stored)).toMatchObject({
      status: 'failed',
      error: { message: 'Step execution failed' },
      steps: { step1: { status: 'failed', error: { message: 'Step execution failed' } } },
    });
    expect(stored).not.toContain('"stack"');
    expect(stored).not.toContain('failures.test');
  });

  it('D66 H10 records the error of an arm, and its sibling', async () => {
    const [bad, good, after] = [failing('bad'), passing('good'), passing('after')];
    const workflow = createWorkflow({ id: 'parallel', inputSchema: nothing, outputSchema: z.any() });
    workflow.parallel([bad.step, good.step]).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: {} })).toMatchObject({
      status: 'failed',
      error: { message: 'Step execution failed' },
      steps: {
        bad: { status: 'failed', error: { message: 'Step execution failed' } },
        good: { status: 'success', output: {} },
      },
    });
    expect(after.execute).not.toHaveBeenCalled();
  });

  it('D67 shows the error of a nested workflow on its entry', async () => {
    const [before, bad, after] = [passing('before'), failing('bad'), passing('after')];
    const inner = createWorkflow({ id: 'inner', inputSchema: z.any(), outputSchema: nothing })
      .then(before.step)
      .then(bad.step)
      .commit();
    const workflow = createWorkflow({ id: 'outer', inputSchema: nothing, outputSchema: nothing });
    workflow.then(inner).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    expect(done).toMatchObject({
      status: 'failed',
      error: { message: 'Step execution failed' },
      steps: { inner: { status: 'failed', error: { message: 'Step execution failed' } } },
    });
    expect(after.execute).not.toHaveBeenCalled();
    expect((await workflow.getWorkflowRunById(run.runId))?.steps).toMatchObject({
      'inner.before': { status: 'success' },
      'inner.bad': { status: 'failed' },
    });
  });

  it('D100 retries as often as it is told, and not the step before', async () => {
    const [step1, step2] = [passing('step1'), failing('step2')];
    const workflow = createWorkflow({
      id: 'retrying',
      inputSchema: nothing,
      outputSchema: nothing,
      retryConfig: { attempts: 5, delay: 0 },
    });
    workflow.then(step1.step).then(step2.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    expect(done).toMatchObject({ status: 'failed', error: { message: 'Step execution failed' } });
    expect(step1.execute).toHaveBeenCalledTimes(1);
    expect(step2.execute).toHaveBeenCalledTimes(6);
  });

  it('D144 D145 counts retries of one execution, not iterations of a loop', async () => {
    const counts: number[] = [];
    const step1 = createStep({
      id: 'step1',
      inputSchema: nothing,
      outputSchema: z.object({ n: z.number() }),
      execute: async ({ retryCount }) => ({ n: retryCount }),
    });
    const body = createStep({
      id: 'body',
      inputSchema: z.object({ n: z.number() }),
      outputSchema: z.object({ n: z.number() }),
      retries: 1,
      execute: async ({ inputData, retryCount }) => {
        counts.push(retryCount);
        // The second iteration needs a second attempt.
        if (inputData.n === 1 && retryCount === 0) throw new Error('again');
        return { n: inputData.n + 1 };
      },
    });
    const workflow = createWorkflow({
      id: 'counting',
      inputSchema: nothing,
      outputSchema: z.object({ n: z.number() }),
    });
    workflow
      .then(step1)
      .dountil(body, async ({ inputData }) => inputData.n === 3)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    expect(done.steps['step1']).toMatchObject({ output: { n: 0 } });
    expect(done).toMatchObject({ status: 'success', result: { n: 3 } });
    // Versions of the reference before it counted attempts gave 0, 1, 2, 3 here.
    expect(counts).toEqual([0, 0, 1, 0]);
  });

  it.each(['dountil', 'dowhile'] as const)('D69 D70 loops with %s', async (kind) => {
    const counting = vi.fn(async ({ inputData }) => ({ value: inputData.value + 1 }));
    const value = z.object({ value: z.number() });
    const increment = createStep({
      id: 'increment',
      inputSchema: value,
      outputSchema: value,
      execute: counting,
    });
    const final = createStep({
      id: 'final',
      inputSchema: value,
      outputSchema: value,
      execute: vi.fn(async ({ inputData }) => inputData),
    });
    const workflow = createWorkflow({ id: 'loop', inputSchema: value, outputSchema: value });
    const looped =
      kind === 'dountil'
        ? workflow.dountil(increment, async ({ inputData }) => inputData.value >= 12)
        : workflow.dowhile(increment, async ({ inputData }) => inputData.value < 12);
    looped.then(final).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { value: 0 } });
    expect(done).toMatchObject({ status: 'success', result: { value: 12 } });
    // Of the iterations, the last one is in the results.
    expect(done.steps['increment']).toMatchObject({ payload: { value: 11 }, output: { value: 12 } });
    expect(counting).toHaveBeenCalledTimes(12);
  });

  it.each([
    ['a loop condition', true],
    ['a sleep function', false],
  ])('H9 fails the run when %s throws', async (_, isLoop) => {
    const [body, after] = [passing('body'), passing('after')];
    const workflow = createWorkflow({ id: 'throwing', inputSchema: nothing, outputSchema: nothing });
    const throwing = async () => Promise.reject(new Error('no answer'));
    const first = isLoop ? workflow.dountil(body.step, throwing) : workflow.then(body.step).sleep(throwing);
    first.then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    // The reference rejects, and leaves the stored run as running or waiting for ever.
    expect(await run.start({ inputData: {} })).toMatchObject({
      status: 'failed',
      error: { message: 'no answer' },
    });
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('failed');
    expect(after.execute).not.toHaveBeenCalled();
  });

  it.each([
    [
      'G17',
      'its causes',
      () => new Error('outer', { cause: new Error('middle', { cause: new Error('root') }) }),
    ],
    ['G18', 'its properties', () => Object.assign(new Error('outer'), { statusCode: 429, retryable: true })],
    [
      'G19',
      'causes with properties',
      () => new Error('outer', { cause: Object.assign(new Error('api'), { headers: { a: '1' } }) }),
    ],
  ])('%s keeps an error with %s, also in what is stored', async (_, __, make) => {
    const error = make();
    const workflow = createWorkflow({ id: 'failing', inputSchema: nothing, outputSchema: nothing });
    workflow.then(failing('step1', error).step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    const stored = await workflow.getWorkflowRunById(run.runId);
    if (done.status !== 'failed') expect.fail(done.status);
    for (const kept of [done.error, stored?.error, stored?.steps['step1']?.error]) {
      expect(kept).toBeInstanceOf(Error);
      expect(chain(kept)).toEqual(chain(error));
    }
  });
});

/** An error and its causes, with what they carry. */
function chain(error: unknown): unknown[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [error];
  return [
    { ...Object.fromEntries(Object.entries(error)), message: error.message, name: error.name },
    ...chain(error.cause),
  ];
}
