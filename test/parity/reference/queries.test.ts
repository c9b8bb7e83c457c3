import { describe, expect, it } from 'vitest';
import { places } from '../places/index.ts';
import { createWorkflow, Host, storageIn, storageWithVirtualTime } from '../reference-shim/index.ts';
import { any, asking, flow, passing, startedIn, step } from './steps.ts';

/** What runs show and how they are called, beyond the lines of the checklist. */

const time = expect.any(Number);

describe.each(places)('runs and queries in $name', (place) => {
  it('R71 stores a run when it is created, as pending, and gives the same object for the same id', async () => {
    const workflow = flow('flow').then(passing('a').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'run', resourceId: 'ours' });
    expect(await workflow.createRun({ runId: 'run' })).toBe(run);
    expect(run).toMatchObject({
      runId: 'run',
      workflowId: 'flow',
      resourceId: 'ours',
      workflowRunStatus: 'pending',
    });
    expect(run.abortController).toBeInstanceOf(AbortController);
    expect(await workflow.getWorkflowRunById('run')).toMatchObject({
      runId: 'run',
      workflowName: 'flow',
      resourceId: 'ours',
      status: 'pending',
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      steps: {},
    });
  });

  it('R72 starts and resumes without waiting, and gives state and labels when they are asked for', async () => {
    const ask = step(
      'ask',
      async ({ resumeData, suspend }) => resumeData ?? suspend({}, { resumeLabel: 'known' }),
      {
        resumeSchema: any,
      },
    );
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
      .then(ask)
      .commit();
    const { runtime } = new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'run' });
    const start = { inputData: { b: 1, a: 2 }, initialState: { s: 1 } };
    expect(await run.startAsync(start)).toEqual({ runId: 'run' });
    await runtime.settled({ runId: 'run' });
    // The same start again, with its keys in another order, is the same run.
    const bare = await run.start({ inputData: { a: 2, b: 1 }, initialState: { s: 1 } });
    expect(bare.status).toBe('suspended');
    expect(bare).not.toHaveProperty('state');
    expect(bare).not.toHaveProperty('resumeLabels');
    const outputOptions = { includeState: true, includeResumeLabels: true };
    expect(await run.start({ ...start, outputOptions })).toMatchObject({
      state: { s: 1 },
      resumeLabels: { known: { stepId: 'ask' } },
    });
    expect(await run.resumeAsync({ resumeData: 1 })).toEqual({ runId: 'run' });
    await runtime.settled({ runId: 'run' });
    const done = await run.start({ ...start, outputOptions });
    expect(done).toMatchObject({ status: 'success', result: 1, state: { s: 1 } });
    expect(done).not.toHaveProperty('resumeLabels');
  });

  it('R73 lists runs by status and time, page by page, and those that are active', async () => {
    const workflow = flow('flow')
      .branch([
        [async ({ inputData }) => inputData === 'ask', asking('ask').step],
        [async ({ inputData }) => inputData === 'nap', flow('naps').sleep(3_600_000).commit()],
      ])
      .commit();
    const { runtime } = new Host({ workflows: { workflow }, storage: storageIn(place) });
    for (const [runId, inputData] of [
      ['one', 'none'],
      ['two', 'ask'],
      ['three', 'none'],
    ] as const) {
      await (await workflow.createRun({ runId })).start({ inputData });
    }
    const naps = await workflow.createRun({ runId: 'naps' });
    await naps.startAsync({ inputData: 'nap' });
    const idsOf = async (options: object) => {
      const { runs, total } = await workflow.listWorkflowRuns(options);
      return [runs.map(({ runId }) => runId).toSorted(), total];
    };
    expect(await idsOf({})).toEqual([['naps', 'one', 'three', 'two'], 4]);
    expect(await idsOf({ status: 'suspended' })).toEqual([['two'], 1]);
    expect(await idsOf({ toDate: new Date(0) })).toEqual([[], 0]);
    expect(await idsOf({ fromDate: new Date(0), status: 'success' })).toEqual([['one', 'three'], 2]);
    const pages = [0, 1, 2].map((page) => workflow.listWorkflowRuns({ page, perPage: 2 }));
    const seen = (await Promise.all(pages)).map(({ runs, total }) => [runs.length, total]);
    expect(seen).toEqual([
      [2, 4],
      [2, 4],
      [0, 4],
    ]);
    // A page without its size is no page.
    expect(await idsOf({ page: 1 })).toEqual([['naps', 'one', 'three', 'two'], 4]);
    const active = await workflow.listActiveWorkflowRuns();
    expect(active.runs.map(({ runId }) => runId)).toEqual(['naps']);
    await runtime.cancel({ runId: 'naps' });
    expect((await workflow.listActiveWorkflowRuns()).total).toBe(0);
  });

  it('R74 shows of a stored run what is asked for, and nothing of a run that there is not', async () => {
    const inner = flow('inner').then(asking('leaf').step).commit();
    const workflow = flow('flow').then(inner).commit();
    const { run } = await startedIn(place, workflow, { requestContext: { token: 'secret' } });
    const { runId } = run;
    const whole = await workflow.getWorkflowRunById(runId);
    // Only the innermost step is shown as suspended.
    expect(whole?.steps).toMatchObject({
      inner: { status: 'running' },
      'inner.leaf': { status: 'suspended' },
    });
    expect(whole?.steps).not.toHaveProperty('input');
    expect(whole).not.toHaveProperty('requestContext');
    expect(whole).toMatchObject({
      suspendedPaths: { inner: [0] },
      activeStepsPath: expect.any(Object),
      resumeLabels: {},
      waitingPaths: {},
    });
    const bare = await workflow.getWorkflowRunById(runId, { withNestedWorkflows: false } as never);
    expect(Object.keys(bare?.steps ?? {})).toEqual(['inner']);
    const some = await workflow.getWorkflowRunById(runId, { fields: ['payload', 'requestContext'] });
    expect(Object.keys(some ?? {}).toSorted()).toEqual(
      ['createdAt', 'payload', 'requestContext', 'runId', 'status', 'updatedAt', 'workflowName'].toSorted(),
    );
    expect(some).toMatchObject({ requestContext: { token: 'secret' } });
    expect(await workflow.getWorkflowRunById('no such run')).toBeNull();
  });

  it('R75 shows in a list what is stored: values, paths and labels of what waits, and the graph', async () => {
    const ask = step('ask', async ({ suspend }) => suspend({ n: 1 }, { resumeLabel: 'known' }), {
      resumeSchema: any,
    });
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
      .then(passing('first', 1).step)
      .parallel([passing('left', 2).step, ask])
      .commit();
    const given = { inputData: { in: 1 }, initialState: { s: 1 }, requestContext: { user: 'Ada' } };
    const { run } = await startedIn(place, workflow, given);
    const { runs } = await workflow.listWorkflowRuns({ status: 'suspended' });
    expect(runs[0]).toMatchObject({ workflowName: 'flow', runId: run.runId, createdAt: expect.any(Date) });
    expect(runs[0]?.snapshot).toMatchObject({
      runId: run.runId,
      status: 'suspended',
      value: { s: 1 },
      context: {
        input: { in: 1 },
        first: { status: 'success', output: 1 },
        left: { status: 'success', output: 2 },
        ask: { status: 'suspended', suspendPayload: { n: 1 } },
      },
      suspendedPaths: { ask: [1, 1] },
      resumeLabels: { known: { stepId: 'ask' } },
      waitingPaths: {},
      serializedStepGraph: [{ type: 'step' }, { type: 'parallel' }],
      timestamp: time,
    });
    expect(runs[0]?.snapshot).not.toHaveProperty('result');
  });

  it('R76 shows a sleep as waiting while it lasts, and the run too', async () => {
    const { storage, clock } = storageWithVirtualTime(place);
    const workflow = flow('flow').sleep(5_000, { id: 'nap' }).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const over = run.start({ inputData: 'in' });
    await clock.advance(1_000);
    const waits = await workflow.getWorkflowRunById(run.runId);
    expect(waits).toMatchObject({ status: 'waiting', waitingPaths: { nap: [0] } });
    expect(waits?.steps['nap']).toEqual({ status: 'waiting', payload: 'in', startedAt: time });
    const done = await clock.runUntil(over);
    expect(done.steps['nap']).toEqual({
      status: 'success',
      payload: 'in',
      output: 'in',
      startedAt: time,
      endedAt: time,
    });
  });

  it('R77 takes a resumption that comes before its suspension is stored', async () => {
    const begun = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const ask = step(
      'ask',
      async ({ resumeData, suspend }) => {
        if (resumeData !== undefined) return resumeData;
        begun.resolve(undefined);
        await gate.promise;
        return suspend({});
      },
      { resumeSchema: any },
    );
    const workflow = flow('flow').then(ask).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.startAsync({ inputData: {} });
    await begun.promise;
    const resumed = run.resume({ step: 'ask', resumeData: 'early' });
    gate.resolve(undefined);
    expect(await resumed).toMatchObject({ status: 'success', result: 'early' });
  });

  it('R78 is resumed by a path of objects, of ids, or by one dotted text', async () => {
    const ask = asking('ask').step;
    const inner = flow('inner').then(ask).commit();
    const workflow = flow('flow').then(inner).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    for (const path of [[inner, ask], ['inner', 'ask'], [inner, 'ask'], 'inner.ask', inner] as const) {
      const run = await workflow.createRun();
      await run.start({ inputData: {} });
      expect(await run.resume({ step: path as never, resumeData: 'yes' as never })).toMatchObject({
        status: 'success',
        result: 'yes',
      });
    }
  });

  it('R79 gives a canceled run no result, and the entries as they were', async () => {
    const workflow = flow('flow').then(passing('a', 1).step).then(asking('ask').step).commit();
    const { run } = await startedIn(place, workflow);
    await run.cancel();
    const { runs } = await workflow.listWorkflowRuns({ status: 'canceled' });
    expect(runs[0]?.snapshot).toMatchObject({ status: 'canceled', context: { a: { status: 'success' } } });
    const done = await run.restart();
    expect(done).toMatchObject({ status: 'canceled', steps: { a: { status: 'success', output: 1 } } });
    expect(done).not.toHaveProperty('result');
    expect(done).not.toHaveProperty('error');
  });

  it('R80 answers a restart of a run that is over with what became of it', async () => {
    const first = passing('first', 'done');
    const workflow = flow('flow').then(first.step).commit();
    const { run, done } = await startedIn(place, workflow);
    expect(await run.restart()).toEqual(done);
    expect(first.execute).toHaveBeenCalledTimes(1);
  });

  it('R81 restarts all runs of a workflow that are active', async () => {
    const stuck = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<undefined>();
    let calls = 0;
    const slow = step('slow', async () => {
      calls += 1;
      if (calls > 1) return 'again';
      begun.resolve(undefined);
      await stuck.promise;
      return 'late';
    });
    const workflow = flow('flow').then(slow).commit();
    const { runtime } = new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'run' });
    await run.startAsync({ inputData: {} });
    await begun.promise;
    await workflow.restartAllActiveWorkflowRuns();
    await runtime.settled({ runId: 'run' });
    expect(await workflow.getWorkflowRunById('run')).toMatchObject({ status: 'success', result: 'again' });
    stuck.resolve(undefined);
  });
});
