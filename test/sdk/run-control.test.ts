import { createStep, createWorkflow, RequestContext, type Run } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { bindRuntime } from '../../src/core/host.ts';
import { RecordingHost } from './recording-host.ts';
import { adding, numbers } from './steps.ts';

const ref = { runId: 'r', workflowId: 'numbers' };
const ended = [
  ['settled', ref],
  ['result', { ...ref, includeState: false, includeResumeLabels: false }],
];

async function setUp() {
  const host = new RecordingHost();
  const workflow = createWorkflow(numbers).then(adding('a')).commit();
  workflow[bindRuntime](host);
  const run = (await workflow.createRun({ runId: 'r' })) as unknown as Run;
  host.requests.length = 0;
  return { host, workflow, run };
}

/** Suspends, and adds what it is resumed with. */
const asking = <const Id extends string>(id: Id) =>
  createStep({
    id,
    inputSchema: z.object({ n: z.number() }),
    outputSchema: z.object({ n: z.number() }),
    resumeSchema: z.object({ by: z.number() }),
    execute: async ({ inputData, resumeData, suspend }) =>
      resumeData === undefined
        ? suspend({ n: inputData.n }, { resumeLabel: `n${inputData.n}` })
        : { n: inputData.n + resumeData.by },
  });

describe('requests of a run', () => {
  test('pause after each entry, and have their time, on request', async () => {
    const { host, run } = await setUp();
    await run.startAsync({ inputData: 1, perStep: true, timeoutMs: 5_000 });
    await run.resumeAsync({ resumeData: 1, perStep: true, forEachIndex: 0 });
    expect(host.requests).toEqual([
      ['start', { ...ref, inputData: 1, perStep: true, timeoutMs: 5_000 }],
      ['resume', { ...ref, resumeData: 1, perStep: true, forEachIndex: 0 }],
    ]);
  });

  test('name an item of a foreach', async () => {
    const { host, run } = await setUp();
    expect(await run.resume({ step: 'a', resumeData: 1, forEachIndex: 2 })).toBe(host.outcome);
    expect(host.requests).toEqual([
      ['resume', { ...ref, step: 'a', resumeData: 1, forEachIndex: 2 }],
      ...ended,
    ]);
  });

  test('travel in time', async () => {
    const { host, run } = await setUp();
    const more = {
      inputData: { n: 1 },
      resumeData: { by: 1 },
      initialState: { seen: 1 },
      context: { a: { status: 'success', output: 1 } },
      nestedStepsContext: { inner: { b: { output: 2 } } },
      perStep: true,
    } as const;
    const step = ['inner', adding('b')] as const;
    expect(await run.timeTravel({ step, ...more, requestContext: { tenant: 'a' } })).toBe(host.outcome);
    expect(host.requests).toEqual([
      ['timeTravel', { ...ref, step: ['inner', 'b'], ...more, requestContext: { tenant: 'a' } }],
      ...ended,
    ]);
  });

  test.each([[undefined], [{}], [{ step: [] }]])('travel to no step at all by %j', async (options) => {
    const { host, run } = await setUp();
    await expect(run.timeTravel(options as never)).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
      message: 'Step is required and must be a valid step or array of steps',
    });
    expect(host.requests).toEqual([]);
  });

  test('travel to what is no step', async () => {
    const { run } = await setUp();
    await expect(run.timeTravel({ step: 5 as never })).rejects.toThrow(
      'timeTravel was given the number 5 as its step: give a step, its id, or an array of these',
    );
  });

  test('restart it', async () => {
    const { host, run } = await setUp();
    expect(await run.restart({ outputOptions: { includeState: true } })).toBe(host.outcome);
    expect(host.requests).toEqual([
      ['restart', ref],
      ['settled', ref],
      ['result', { ...ref, includeState: true, includeResumeLabels: false }],
    ]);
  });

  test('restart it with a request context', async () => {
    const { host, run } = await setUp();
    await run.restart({ requestContext: new RequestContext([['user', 'ada']]) });
    expect(host.requests[0]).toEqual(['restart', { ...ref, requestContext: { user: 'ada' } }]);
    await expect(run.restart({ requestContext: 7 as unknown as object })).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
    });
  });

  test('say what is kept of it', async () => {
    const { host, workflow } = await setUp();
    host.stored = { ...host.stored, runId: 'kept' };
    const run = (await workflow.createRun({ runId: 'kept', history: 'full' })) as unknown as Run;
    await run.startAsync({ inputData: 1 });
    const kept = { runId: 'kept', workflowId: 'numbers', history: 'full' };
    expect(host.requests).toEqual([
      ['create', kept],
      ['start', { ...kept, inputData: 1 }],
    ]);
  });

  test('show its workflow', async () => {
    const { run } = await setUp();
    expect(run.serializedStepGraph).toEqual([{ type: 'step', step: { id: 'a', canSuspend: false } }]);
  });
});

describe('the controller of a run', () => {
  test('cancels it, once', async () => {
    const { host, run } = await setUp();
    run.abortController.abort();
    await expect.poll(() => host.requests).toEqual([['cancel', ref]]);
    await run.cancel().catch(() => {});
    expect(run.abortController.signal.aborted).toBe(true);
  });

  test('is aborted by a cancel', async () => {
    const { host, run } = await setUp();
    await run.cancel();
    expect(run.abortController.signal.aborted).toBe(true);
    expect(host.requests).toEqual([['cancel', ref]]);
  });

  test('waits for what was begun before', async () => {
    const { host, run } = await setUp();
    const started = run.startAsync({ inputData: 1 });
    run.abortController.abort();
    await started;
    await expect.poll(() => host.requests.map(([method]) => method)).toEqual(['start', 'cancel']);
  });

  test('says nothing about a run that cannot be canceled', async () => {
    const { host, run } = await setUp();
    host.cancel = async () => Promise.reject(new RangeError('over'));
    run.abortController.abort();
    await run.startAsync({ inputData: 1 });
    expect(run.workflowRunStatus).toBe('pending');
  });
});

describe('a run', () => {
  test('D75 D76 resumes items by their numbers and labels', async () => {
    const workflow = createWorkflow({
      id: 'items',
      inputSchema: z.array(z.object({ n: z.number() })),
      outputSchema: z.array(z.object({ n: z.number() })),
    })
      .foreach(asking('ask'), { concurrency: 3 })
      .commit();
    const run = await workflow.createRun();
    const first = await run.start({
      inputData: [{ n: 1 }, { n: 2 }, { n: 3 }],
      outputOptions: { includeResumeLabels: true },
    });
    expect(first).toMatchObject({
      status: 'suspended',
      suspended: [['ask']],
      resumeLabels: { n2: { stepId: 'ask', foreachIndex: 1 } },
    });
    await run.resume({ step: 'ask', resumeData: { by: 10 }, forEachIndex: 2 });
    await run.resume({ label: 'n1', resumeData: { by: 20 } });
    expect(await run.resume({ resumeData: { by: 30 } })).toMatchObject({
      status: 'success',
      result: [{ n: 21 }, { n: 32 }, { n: 13 }],
    });
  });

  test('D131 D132 D136 resumes within workflows, by any way of naming the step', async () => {
    const inner = asking('ask');
    const middle = createWorkflow({ ...numbers, id: 'middle' })
      .then(inner)
      .commit();
    const outer = createWorkflow({ ...numbers, id: 'outer' })
      .then(middle)
      .commit();
    const workflow = createWorkflow(numbers).then(outer).then(adding('after')).commit();
    for (const step of [
      [outer, middle, inner],
      ['outer', 'middle', 'ask'],
      'outer.middle.ask',
      outer,
      'outer',
    ]) {
      const run = (await workflow.createRun()) as unknown as Run;
      const first = await run.start({ inputData: { n: 1 } });
      expect(first).toMatchObject({ status: 'suspended', suspended: [['outer', 'middle', 'ask']] });
      const result = await run.resume({ step: step as string, resumeData: { by: 5 } });
      expect(result).toMatchObject({ status: 'success', result: { n: 7 } });
    }
  });

  test('goes step by step, and back', async () => {
    const workflow = createWorkflow(numbers).then(adding('a')).then(adding('b')).then(adding('c')).commit();
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { n: 1 }, perStep: true })).toMatchObject({
      status: 'paused',
      steps: { a: { status: 'success' } },
    });
    expect(await run.timeTravel({ step: 'b', perStep: true })).toMatchObject({ status: 'paused' });
    expect(await run.timeTravel({ step: 'c' })).toMatchObject({ status: 'success', result: { n: 4 } });
    expect(await run.timeTravel({ step: 'b', inputData: { n: 10 } })).toMatchObject({ result: { n: 12 } });
  });

  test('G14 is canceled by its controller, with what is nested in it', async () => {
    const [begun, aborted] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
    const patient = createStep({
      ...numbers,
      id: 'patient',
      execute: async ({ abortSignal }) => {
        begun.resolve();
        abortSignal.addEventListener('abort', aborted.resolve);
        await aborted.promise;
      },
    });
    const nested = createWorkflow({ ...numbers, id: 'nested' })
      .then(patient)
      .commit();
    const workflow = createWorkflow(numbers).then(nested).commit();
    const run = await workflow.createRun();
    const result = run.start({ inputData: { n: 1 } });
    await begun.promise;
    run.abortController.abort();
    expect(await result).toMatchObject({ status: 'canceled' });
    // The nested run is told after that.
    await aborted.promise;
  });

  test('is deleted for good', async () => {
    const workflow = createWorkflow(numbers).then(adding('a')).commit();
    await (await workflow.createRun({ runId: 'r' })).start({ inputData: { n: 1 } });
    await workflow.deleteWorkflowRunById('r');
    await workflow.deleteWorkflowRunById('r');
    expect(await workflow.getWorkflowRunById('r')).toBeNull();
    const again = await workflow.createRun({ runId: 'r' });
    expect(await again.start({ inputData: { n: 5 } })).toMatchObject({ status: 'success', result: { n: 6 } });
  });
});
