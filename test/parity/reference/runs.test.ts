import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { patience } from './steps.ts';

const time = expect.any(Number);
const any = z.any();
const nothing = z.object({});

function passing(id: string) {
  const execute = vi.fn().mockResolvedValue({ by: id });
  const step = createStep({ id, inputSchema: any, outputSchema: z.object({ by: z.string() }), execute });
  return { execute, step };
}

function asking(id: string) {
  return createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    resumeSchema: any,
    execute: vi.fn(async ({ resumeData, suspend }) => resumeData ?? suspend({})),
  });
}

/** A step that runs until it is told to finish, or until its signal is aborted. */
function holding(id: string) {
  const begun = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const aborted = vi.fn();
  const step = createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    execute: async ({ abortSignal }) => {
      abortSignal.addEventListener('abort', () => {
        aborted();
        held.resolve();
      });
      begun.resolve();
      await held.promise;
      return { by: id };
    },
  });
  return { step, aborted, begun: begun.promise, release: () => held.resolve() };
}

describe.each(places)('workflow runs in $name', (place) => {
  const flow = (id = 'flow') => createWorkflow({ id, inputSchema: any, outputSchema: any });

  it('D57 stores a run as running until its last step has finished', async () => {
    const last = holding('last');
    const workflow = flow().then(passing('first').step).then(last.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await last.begun;
    expect(await workflow.getWorkflowRunById(run.runId)).toMatchObject({
      status: 'running',
      steps: { first: { status: 'success' }, last: { status: 'running', payload: { by: 'first' } } },
    });
    last.release();
    expect(await over).toMatchObject({ status: 'success' });
    expect(await workflow.getWorkflowRunById(run.runId)).toMatchObject({
      status: 'success',
      steps: { last: { status: 'success', output: { by: 'last' } } },
    });
  });

  it('D58 shows the steps of nested workflows beside their entries', async () => {
    const inner = flow('inner').then(passing('one').step).then(passing('two').step).commit();
    const workflow = flow().then(passing('before').step).then(inner).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: { given: 1 } });
    // What was a method of its own in older versions of the reference.
    const found = await workflow.getWorkflowRunById(run.runId, {
      fields: ['result', 'error', 'payload', 'steps'],
    });
    const entry = { status: 'success', startedAt: time, endedAt: time };
    expect(found).toMatchObject({ status: 'success', result: { by: 'two' }, payload: { given: 1 } });
    expect(found?.steps).toEqual({
      before: { ...entry, payload: { given: 1 }, output: { by: 'before' } },
      inner: { ...entry, payload: { by: 'before' }, output: { by: 'two' } },
      'inner.one': { ...entry, payload: { by: 'before' }, output: { by: 'one' } },
      'inner.two': { ...entry, payload: { by: 'one' }, output: { by: 'two' } },
    });
  });

  it('D60 D61 cancels during a step, which sees it, and keeps what was done', async () => {
    const [held, after] = [holding('held'), passing('after')];
    const workflow = flow().then(passing('first').step).then(held.step).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await held.begun;
    await run.cancel();
    const done = await over;
    expect(done).toMatchObject({ status: 'canceled', steps: { first: { status: 'success' } } });
    expect(done).not.toHaveProperty('result');
    expect(done.steps).not.toHaveProperty('after');
    await vi.waitFor(() => expect(held.aborted).toHaveBeenCalledTimes(1), patience);
    expect(after.execute).not.toHaveBeenCalled();
  });

  it('D115 lists no runs of a workflow that belongs to no host', async () => {
    const workflow = flow().then(passing('first').step).commit();
    expect(await workflow.listWorkflowRuns()).toEqual({ runs: [], total: 0 });
  });

  it('D116 D118 lists runs with what is stored of them, and finds them by id', async () => {
    const workflow = flow().then(passing('first').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const [one, two] = [await workflow.createRun(), await workflow.createRun()];
    await one.start({ inputData: {} });
    await two.start({ inputData: {} });
    const { runs, total } = await workflow.listWorkflowRuns();
    expect(total).toBe(2);
    expect(runs.map(({ runId }) => runId).toSorted()).toEqual([one.runId, two.runId].toSorted());
    for (const listed of runs) {
      expect(listed).toMatchObject({
        workflowName: 'flow',
        createdAt: expect.any(Date),
        updatedAt: expect.any(Date),
        snapshot: { status: 'success', runId: listed.runId },
      });
    }
    expect(await workflow.getWorkflowRunById(two.runId)).toMatchObject({
      runId: two.runId,
      workflowName: 'flow',
      status: 'success',
      result: { by: 'first' },
    });
    expect(await workflow.getWorkflowRunById('unknown')).toBeNull();
  });

  it('D117 shows a run as its predicate let it through last', async () => {
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: any,
      outputSchema: any,
      options: { shouldPersistSnapshot: ({ workflowStatus }) => workflowStatus === 'suspended' },
    })
      .then(asking('ask'))
      .then(passing('after').step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect((await workflow.listWorkflowRuns()).total).toBe(0);
    await run.start({ inputData: {} });
    const { runs, total } = await workflow.listWorkflowRuns();
    expect(total).toBe(1);
    expect(runs[0]?.snapshot.status).toBe('suspended');
    const done = await run.resume({ step: 'ask', resumeData: { ok: true } });
    expect(done).toMatchObject({ status: 'success', result: { by: 'after' } });
    expect((await workflow.listWorkflowRuns()).runs[0]?.snapshot.status).toBe('suspended');
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('suspended');
  });

  it('D102 creates runs with the id that it was given, or a new one', async () => {
    const workflow = flow().then(passing('step1').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    expect((await workflow.createRun({ runId: 'my-run' })).runId).toBe('my-run');
    const [one, other] = [await workflow.createRun(), await workflow.createRun()];
    expect(one.runId).not.toBe(other.runId);
  });

  it('D119 D120 G24 stores the resource id of a run, lists by it, and keeps it over a resumption', async () => {
    const reading = createStep({
      id: 'reading',
      inputSchema: any,
      outputSchema: any,
      execute: async ({ resourceId }) => resourceId,
    });
    const workflow = flow().then(asking('ask')).then(reading).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ resourceId: 'resource' });
    await (await workflow.createRun({ resourceId: 'another' })).start({ inputData: {} });
    await run.start({ inputData: {} });
    const listed = await workflow.listWorkflowRuns({ resourceId: 'resource' });
    expect(listed).toMatchObject({ total: 1, runs: [{ runId: run.runId, resourceId: 'resource' }] });
    expect(await run.resume({ resumeData: { ok: true } })).toMatchObject({
      status: 'success',
      result: 'resource',
    });
    expect((await workflow.getWorkflowRunById(run.runId))?.resourceId).toBe('resource');
  });

  it('G1 commits a workflow that is registered without', async () => {
    const workflow = flow();
    workflow.then(passing('first').step);
    expect(workflow.committed).toBe(false);
    const host = new Host({ workflows: { flow: workflow }, storage: storageIn(place) });
    expect(workflow.committed).toBe(true);
    const run = await host.getWorkflow('flow').createRun();
    expect(await run.start({ inputData: {} })).toMatchObject({ status: 'success' });
  });

  it('G2 merges the state that parallel steps set', async () => {
    const setting = (key: string) =>
      createStep({
        id: `set-${key}`,
        inputSchema: any,
        outputSchema: any,
        execute: async ({ setState }) => setState({ [key]: `set ${key}` }),
      });
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: nothing,
      outputSchema: any,
      stateSchema: z.object({ a: z.string(), b: z.string(), kept: z.string() }),
    })
      .parallel([setting('a'), setting('b')])
      .map(async ({ state }) => state)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const initialState = { a: '', b: '', kept: 'kept' };
    const done = await run.start({
      inputData: {},
      initialState,
      outputOptions: { includeState: true },
    });
    const all = { a: 'set a', b: 'set b', kept: 'kept' };
    expect(done).toMatchObject({ status: 'success', state: all, result: all });
  });

  it('G3 G4 has the stored status in a run that is created again, by whatever workflow object', async () => {
    const make = () => flow().then(asking('ask')).commit();
    const [workflow, twin] = [make(), make()];
    const opened = storageIn(place);
    new Host({ workflows: { workflow }, storage: opened });
    const run = await workflow.createRun({ runId: 'same' });
    expect(run.workflowRunStatus).toBe('pending');
    await run.start({ inputData: {} });
    // One process has one object for a run, another process another one.
    expect(await workflow.createRun({ runId: 'same' })).toBe(run);
    expect((await workflow.createRun({ runId: 'same' })).workflowRunStatus).toBe('suspended');
    new Host({ workflows: { twin }, storage: opened.another() });
    expect((await twin.createRun({ runId: 'same' })).workflowRunStatus).toBe('suspended');
    await run.resume({ resumeData: { ok: true } });
    expect((await twin.createRun({ runId: 'same' })).workflowRunStatus).toBe('success');
    expect((await workflow.createRun({ runId: 'same' })).workflowRunStatus).toBe('success');
  });

  it('G11 cancels a suspended run, which cannot be resumed any more', async () => {
    const workflow = flow().then(asking('ask')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    await run.cancel();
    expect(run.workflowRunStatus).toBe('canceled');
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('canceled');
    await expect(run.resume({ resumeData: {} })).rejects.toThrow('This workflow run was not suspended');
  });

  it('G12 has stored the cancel when it resolves', async () => {
    const held = holding('held');
    const workflow = flow().then(held.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await held.begun;
    await run.cancel();
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('canceled');
    await over;
  });

  it.each([
    ['G13', 'run.cancel()'],
    ['G14', 'the abort controller'],
  ])('%s aborts a nested workflow by %s', async (id) => {
    const [held, after] = [holding('held'), passing('after')];
    const inner = flow('inner').then(held.step).then(after.step).commit();
    const workflow = flow().then(inner).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await held.begun;
    if (id === 'G13') await run.cancel();
    else run.abortController.abort();
    expect(await over).toMatchObject({ status: 'canceled' });
    await vi.waitFor(() => expect(held.aborted).toHaveBeenCalledTimes(1), patience);
    expect(after.execute).not.toHaveBeenCalled();
  });

  it('H4 executes a run once that is started twice', async () => {
    const first = passing('first');
    const workflow = flow().then(first.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    // The reference executes it twice.
    const both = await Promise.all([run.start({ inputData: {} }), run.start({ inputData: {} })]);
    expect(both[0]).toEqual(both[1]);
    expect(first.execute).toHaveBeenCalledTimes(1);
  });

  it('H20 stores the step that bails, and the one that aborts', async () => {
    const ending = createStep({
      id: 'ending',
      inputSchema: any,
      outputSchema: any,
      execute: vi.fn(async ({ inputData, bail, abort }) => {
        if (inputData.bails) return bail({ by: 'bail' });
        abort();
        return { by: 'abort' };
      }),
    });
    const workflow = flow().then(ending).then(passing('after').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    for (const [bails, status, by] of [
      [true, 'success', 'bail'],
      [false, 'canceled', 'abort'],
    ] as const) {
      const run = await workflow.createRun();
      expect((await run.start({ inputData: { bails } })).status).toBe(status);
      const stored = await workflow.getWorkflowRunById(run.runId);
      expect(stored?.steps).toMatchObject({ ending: { status: 'success', output: { by } } });
      expect(stored?.steps).not.toHaveProperty('after');
    }
  });
});
