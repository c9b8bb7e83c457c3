import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { any, asking, flow, passing, startedIn, step } from './steps.ts';

/** What bodies and other functions of an author are given, beyond the lines of the checklist. */

describe.each(places)('contexts in $name', (place) => {
  it('R31 names the run, its workflow and its resource, also those of a nested run', async () => {
    const who = (id: string) =>
      step(id, async ({ runId, workflowId, resourceId, stepId, runtime }) => {
        return [runId, workflowId, resourceId, stepId, runtime.getWorkflow(workflowId).id];
      });
    const inner = flow('inner').then(who('leaf')).commit();
    const workflow = flow('flow').then(who('own')).then(inner).commit();
    new Host({ workflows: { workflow, inner }, storage: storageIn(place) });
    const nestedIds: unknown[] = [];
    for (const runId of ['run', 'run', 'other']) {
      const run = await workflow.createRun({ runId, resourceId: 'ours' });
      const done = await run.start({ inputData: {} });
      expect(done.steps['own']).toMatchObject({ output: [runId, 'flow', 'ours', 'own', 'flow'] });
      if (done.status !== 'success') expect.fail(done.status);
      const [nestedId, ...rest] = done.result as unknown as string[];
      expect(rest).toEqual(['inner', 'ours', 'leaf', 'inner']);
      nestedIds.push(nestedId);
      await workflow.deleteWorkflowRunById(runId);
    }
    // A run of its own, whose id follows from that of the run around it.
    expect(new Set(['run', 'other', ...nestedIds]).size).toBe(4);
    expect(nestedIds[0]).toBe(nestedIds[1]);
  });

  it('R32 tells functions what bodies are told, and counts retries for bodies only', async () => {
    const seen: Record<string, unknown> = {};
    const note = (name: string, context: { [key: string]: unknown }) => {
      const { inputData, state, retryCount, runId, iterationCount, runCount, engine } = context;
      const { getInitData, getStepResult, requestContext } = context as never as {
        getInitData: () => unknown;
        getStepResult: (id: string) => unknown;
        requestContext: { get: (key: string) => unknown };
      };
      const about = { inputData, state, retryCount, iterationCount, runCount, engine, runId };
      seen[name] = {
        ...about,
        init: getInitData(),
        first: getStepResult('first'),
        user: requestContext.get('user'),
      };
    };
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
      .then(step('first', async () => 1))
      .map(
        async (context) => {
          note('mapping', context as never);
          return 2;
        },
        { id: 'mapped' },
      )
      .branch([
        [
          async (context) => {
            note('branch', context as never);
            return true;
          },
          step('arm', async () => 3),
        ],
      ])
      .dountil(
        step('body', async () => 4),
        async (context) => {
          note('loop', context as never);
          return true;
        },
      )
      .sleep(
        async (context) => {
          note('sleep', context as never);
          return 0;
        },
        { id: 'nap' },
      )
      .then(
        step('last', async (context) => {
          note('body', context as never);
          return 5;
        }),
      )
      .commit();
    const given = { inputData: { in: 0 }, initialState: { s: 1 }, requestContext: { user: 'Ada' } };
    const { run, done } = await startedIn(place, workflow, given);
    expect(done.status).toBe('success');
    const { runId } = run;
    const all = { init: { in: 0 }, first: 1, user: 'Ada', state: { s: 1 }, engine: {}, runId };
    expect(seen).toEqual({
      mapping: { ...all, inputData: 1, retryCount: 0 },
      branch: { ...all, inputData: 2, retryCount: -1 },
      loop: { ...all, inputData: 4, retryCount: -1, iterationCount: 1 },
      sleep: { ...all, inputData: 4, retryCount: -1 },
      body: { ...all, inputData: 4, retryCount: 0 },
    });
  });

  it('R33 has one request context for all steps of a run, conditions and nested workflows', async () => {
    const sets = step('sets', async ({ requestContext }) => {
      requestContext.set('a', 1);
      requestContext.set('gone', 1);
      requestContext.delete('gone');
      return {};
    });
    const inner = flow('inner')
      .then(
        step('leaf', async ({ requestContext }) => {
          requestContext.set('b', Number(requestContext.get('a')) + 1);
          return {};
        }),
      )
      .commit();
    const workflow = flow('flow')
      .then(sets)
      .then(inner)
      .branch([[async ({ requestContext }) => requestContext.get('b') === 2, passing('arm', {}).step]])
      .then(
        step('looks', async ({ requestContext: context, getStepResult }) => [
          getStepResult('arm'),
          context.has('given'),
          context.has('gone'),
          [...context.entries()].map(([key]) => key).toSorted(),
          context.toJSON(),
        ]),
      )
      .commit();
    const { done } = await startedIn(place, workflow, { requestContext: { given: 0 } });
    expect(done).toMatchObject({
      status: 'success',
      result: [{}, true, false, ['a', 'b', 'given'], { given: 0, a: 1, b: 2 }],
    });
  });

  it('R34 gives resume data to the step that is resumed only, and each item what it suspended with', async () => {
    const seen: unknown[] = [];
    const item = step(
      'item',
      async ({ inputData, resumeData, suspendData, suspend }) => {
        if (resumeData === undefined) return suspend({ of: inputData });
        seen.push([inputData, resumeData, suspendData]);
        return inputData;
      },
      { resumeSchema: any },
    );
    const workflow = flow('flow')
      .foreach(item, { concurrency: 2 })
      .then(step('after', async ({ resumeData, suspendData }) => [resumeData ?? null, suspendData ?? null]))
      .commit();
    const { run } = await startedIn(place, workflow, { inputData: ['a', 'b'] });
    expect((await run.resume({ step: 'item', resumeData: 1, forEachIndex: 1 })).status).toBe('suspended');
    expect(await run.resume({ resumeData: 2 })).toMatchObject({ status: 'success', result: [null, null] });
    expect(seen).toEqual([
      ['b', 1, { of: 'b' }],
      ['a', 2, { of: 'a' }],
    ]);
  });

  it('R35 keeps what a suspended step returns, and the payload of its last call of suspend', async () => {
    const ask = step('ask', async ({ suspend }) => {
      await suspend({ n: 1 });
      await suspend({ n: 2 });
      return 'meanwhile';
    });
    const bare = step('bare', async ({ suspend }) => suspend());
    const workflow = flow('flow').parallel([ask, bare]).commit();
    const { done } = await startedIn(place, workflow);
    const time = expect.any(Number);
    const suspension = { status: 'suspended', payload: {}, startedAt: time, suspendedAt: time };
    expect(done).toMatchObject({
      status: 'suspended',
      suspended: [['ask'], ['bare']],
      suspendPayload: { ask: { n: 2 } },
    });
    expect(done.steps['ask']).toEqual({
      ...suspension,
      suspendPayload: { n: 2 },
      suspendOutput: 'meanwhile',
    });
    expect(done.steps['bare']).toEqual(suspension);
  });

  it('R36 ends the workflow of a step that bails, and not the one around it', async () => {
    const after = passing('after');
    const bailing = step('bails', async ({ bail }) => bail({ enough: true }));
    const inner = flow('inner').then(bailing).then(after.step).commit();
    const workflow = flow('flow')
      .then(inner)
      .then(step('outer', async ({ inputData }) => [inputData]))
      .commit();
    const { done } = await startedIn(place, workflow);
    expect(done).toMatchObject({
      status: 'success',
      result: [{ enough: true }],
      steps: { inner: { status: 'success', output: { enough: true } } },
    });
    expect(after.execute).not.toHaveBeenCalled();
  });

  it('R36 ends the workflow of a foreach with what an item bails with', async () => {
    const after = passing('after');
    const item = step('item', async ({ inputData, bail }) =>
      inputData === 2 ? bail({ enough: true }) : inputData,
    );
    const workflow = flow('flow').foreach(item).then(after.step).commit();
    const { done } = await startedIn(place, workflow, { inputData: [1, 2, 3] });
    expect(done).toMatchObject({ status: 'success', result: { enough: true } });
    expect(after.execute).not.toHaveBeenCalled();
  });

  it('R37 has the result of a step by its object or id, and null of one that is suspended or of another workflow', async () => {
    const fails = step('fails', async () => Promise.reject(new Error('no')));
    const first = step('first', async () => 0);
    const looks = step('looks', async ({ getStepResult }) => [
      getStepResult(first),
      getStepResult('first'),
      getStepResult('ask'),
      getStepResult({} as never),
    ]);
    const ask = asking('ask');
    const workflow = flow('flow')
      .then(first)
      .parallel([ask.step, flow('beside').then(looks).commit(), looks])
      .then(fails)
      .commit();
    const { run, done } = await startedIn(place, workflow);
    expect(done.steps['looks']).toMatchObject({ output: [0, 0, null, null] });
    // A nested workflow has results of its own only.
    expect(done.steps['beside']).toMatchObject({ output: [null, null, null, null] });
    expect((await run.resume({ resumeData: 1 })).status).toBe('failed');
  });

  it('R38 ends a run by a tripwire, also one of a nested workflow', async () => {
    const agent = {
      id: 'writer',
      stream: () => ({
        fullStream: ReadableStream.from([
          { type: 'tripwire', payload: { reason: 'rude', retry: true, metadata: { score: 1 } } },
        ]),
        text: Promise.resolve('not this'),
      }),
    };
    const inner = flow('inner')
      .agent(agent as never)
      .commit();
    const after = passing('after');
    const workflow = flow('flow').then(inner).then(after.step).commit();
    const { run, done } = await startedIn(place, workflow, { inputData: { prompt: 'Say!' } });
    const tripwire = { reason: 'rude', retry: true, metadata: { score: 1 } };
    expect(done).toMatchObject({ status: 'tripwire', tripwire, steps: { inner: { tripwire } } });
    expect(done).not.toHaveProperty('error');
    expect(after.execute).not.toHaveBeenCalled();
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('tripwire');
  });

  it('R39 gives a tool its input and a context, in which it can suspend', async () => {
    const seen: unknown[] = [];
    const tool = {
      id: 'shout',
      description: 'Shouts',
      inputSchema: z.object({ text: z.string() }),
      outputSchema: any,
      resumeSchema: z.object({ mark: z.string() }),
      suspendSchema: z.object({ asks: z.string() }),
      execute: async (input: { text: string }, context: never) => {
        const { workflow } = context as {
          workflow: {
            runId: string;
            workflowId: string;
            state: unknown;
            resumeData?: { mark: string };
            suspendPayload?: unknown;
            suspend: (payload: object) => Promise<unknown>;
          };
        };
        if (workflow.resumeData === undefined) return workflow.suspend({ asks: input.text });
        seen.push(workflow.workflowId, workflow.state);
        return { text: input.text + workflow.resumeData.mark };
      },
    };
    const workflow = flow('flow')
      .tool(tool as never)
      .commit();
    const { run, done } = await startedIn(place, workflow, { inputData: { text: 'Hi' } });
    expect(done).toMatchObject({ status: 'suspended', suspendPayload: { shout: { asks: 'Hi' } } });
    await expect(run.resume({ resumeData: { mark: 1 } as never })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    expect(await run.resume({ resumeData: { mark: '!' } as never })).toMatchObject({
      status: 'success',
      result: { text: 'Hi!' },
    });
    expect(seen).toEqual(['flow', {}]);
  });

  it('R40 has the object of an agent that is asked for one, and tells the callbacks of its caller', async () => {
    const told = vi.fn();
    const agent = {
      id: 'writer',
      stream: async (_: string, options: { onFinish?: (end: object) => unknown }) => {
        await options.onFinish?.({ text: '{}', object: { name: 'Ada' } });
        return { text: Promise.resolve('{}') };
      },
    };
    const schema = z.object({ name: z.string() });
    const workflow = flow('flow')
      .agent(agent as never, { structuredOutput: { schema }, onFinish: told } as never)
      .commit();
    const { done } = await startedIn(place, workflow, { inputData: { prompt: 'Who?' } });
    expect(done).toMatchObject({ status: 'success', result: { name: 'Ada' } });
    expect(told).toHaveBeenCalledTimes(1);
  });
});
