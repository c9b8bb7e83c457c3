import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { NonRetryableError } from '../../../src/index.ts';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { all, lines } from '../stream-events.ts';
import { any, asking, flow, passing, patience, startedIn, step } from './steps.ts';

/** Options of workflows and steps, beyond the lines of the checklist. */

const schemas = { inputSchema: any, outputSchema: any };
const number = z.object({ n: z.number() });

describe.each(places)('options in $name', (place) => {
  it('R41 asks onStart before anything is executed: what it throws refuses the start, and the run stays pending', async () => {
    const first = passing('first');
    const workflow = createWorkflow({
      ...schemas,
      id: 'flow',
      stateSchema: any,
      options: {
        // It may be called in another process, and tells by what it throws.
        onStart: async ({ runId, workflowId, resourceId, getInitData, requestContext, state, logger }) => {
          await Promise.resolve();
          const given = [getInitData(), requestContext.toJSON(), state, typeof logger.warn];
          throw new TypeError(JSON.stringify([runId, workflowId, resourceId, ...given]));
        },
      },
    })
      .then(first.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'run', resourceId: 'ours' });
    const given = { inputData: { in: 1 }, requestContext: { user: 'Ada' }, initialState: { s: 1 } };
    await expect(run.start(given)).rejects.toThrow(
      '["run","flow","ours",{"in":1},{"user":"Ada"},{"s":1},"function"]',
    );
    expect(first.execute).not.toHaveBeenCalled();
    expect((await workflow.getWorkflowRunById('run'))?.status).toBe('pending');
  });

  it.each([
    ['succeeds', 'success', ['finish']],
    ['fails', 'failed', ['finish', 'error']],
    ['suspends', 'suspended', ['finish']],
    ['aborts', 'canceled', ['finish']],
    ['trips', 'tripwire', ['finish', 'error']],
  ] as const)(
    'R42 tells onFinish, and onError of what went wrong, once: a run that %s',
    async (id, status, calls) => {
      const told: unknown[][] = [];
      const agent = { id: 'trips', stream: () => ReadableStream.from([{ type: 'tripwire' }]) };
      const bodies = {
        succeeds: step('succeeds', async () => ({ out: 1 })),
        fails: step('fails', async () => Promise.reject(new Error('no'))),
        suspends: step('suspends', async ({ suspend }) => suspend({ ask: 1 })),
        aborts: step('aborts', async ({ abort }) => abort()),
        trips: createStep(agent as never) as never as ReturnType<typeof step>,
      };
      const workflow = createWorkflow({
        ...schemas,
        id: 'flow',
        options: {
          onFinish: async (info) => {
            const { status: ended, result, error, runId, workflowId, getInitData, stepExecutionPath } = info;
            told.push([
              'finish',
              ended,
              result,
              error?.message,
              runId,
              workflowId,
              getInitData(),
              stepExecutionPath,
            ]);
            await Promise.reject(new Error('of a callback'));
          },
          onError: (info) => {
            told.push(['error', info.status, 'result' in info, info.error?.message, Object.keys(info.steps)]);
            throw new Error('of a callback');
          },
        },
      })
        .then(bodies[id])
        .commit();
      const inputData = { prompt: 'x' };
      const { run, done } = await startedIn(place, workflow, { inputData });
      expect(done.status).toBe(status);
      await vi.waitFor(() => expect(told.map(([call]) => call)).toEqual(calls), patience);
      const error = id === 'fails' ? 'no' : undefined;
      const result = id === 'succeeds' ? { out: 1 } : undefined;
      expect(told[0]).toEqual(['finish', status, result, error, run.runId, 'flow', inputData, [id]]);
      if (told.length > 1) expect(told[1]).toEqual(['error', status, false, error, ['input', id]]);
    },
  );

  it('R42 tells nobody of a run that pauses', async () => {
    const told = vi.fn();
    const workflow = createWorkflow({ ...schemas, id: 'flow', options: { onFinish: told } })
      .then(passing('a').step)
      .then(passing('b').step)
      .commit();
    const { run, done } = await startedIn(place, workflow, { perStep: true });
    expect(done.status).toBe('paused');
    expect(done).not.toHaveProperty('result');
    const rest = await run.timeTravel({ step: 'b' });
    expect(rest.status).toBe('success');
    await vi.waitFor(
      () => expect(told.mock.calls.map(([{ status }]) => status)).toEqual(['success']),
      patience,
    );
  });

  it('R43 shows what pruneSnapshot leaves, and goes on by what is stored', async () => {
    const workflow = createWorkflow({
      ...schemas,
      id: 'flow',
      options: { pruneSnapshot: ({ snapshot }) => ({ ...snapshot, value: { pruned: true } }) },
    })
      .then(asking('ask').step)
      .then(passing('after', 'done').step)
      .commit();
    const { run } = await startedIn(place, workflow);
    expect((await workflow.getWorkflowRunById(run.runId))?.initialState).toEqual({ pruned: true });
    expect(await run.resume({ resumeData: 1 })).toMatchObject({ status: 'success', result: 'done' });
  });

  it('R44 validates nothing when validateInputs is false', async () => {
    const strict = { inputSchema: number, suspendSchema: number, resumeSchema: number, stateSchema: number };
    const ask = step(
      'ask',
      async ({ inputData, resumeData, suspend, setState }) => {
        await setState({ n: 'state' } as never);
        return resumeData === undefined ? suspend({ n: 'payload' } as never) : [inputData, resumeData];
      },
      { ...strict, requestContextSchema: number },
    );
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: number,
      outputSchema: any,
      stateSchema: number,
      requestContextSchema: number,
      options: { validateInputs: false },
    })
      .then(ask as never)
      .commit();
    const { run, done } = await startedIn(place, workflow as never, {
      inputData: { n: 'in' },
      initialState: { n: 'initial' },
      requestContext: { n: 'context' },
    });
    expect(done).toMatchObject({ status: 'suspended', suspendPayload: { ask: { n: 'payload' } } });
    const resumed = (run as never as { resume: (given: object) => Promise<object> }).resume({
      resumeData: { n: 'resumed' },
    });
    expect(await resumed).toMatchObject({ status: 'success', result: [{ n: 'in' }, { n: 'resumed' }] });
  });

  it.each([
    ['valibot', v.pipe(v.object({ n: v.number(), unit: v.optional(v.string(), 'kg') }))],
    ['arktype', type({ n: 'number', unit: "string = 'kg'" })],
    [
      'an asynchronous zod',
      z.object({ n: z.number().refine(async () => true), unit: z.string().default('kg') }),
    ],
  ])('R45 takes schemas of any library by the standard: %s', async (_, schema) => {
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: schema as never as typeof any,
      outputSchema: any,
    })
      .then(
        createStep({
          id: 'echo',
          inputSchema: schema as never as typeof any,
          outputSchema: any,
          execute: async ({ inputData }) => inputData,
        }),
      )
      .commit();
    const { done } = await startedIn(place, workflow, { inputData: { n: 1 } });
    expect(done).toMatchObject({ status: 'success', result: { n: 1, unit: 'kg' } });
    const bad = await workflow.createRun();
    await expect(bad.start({ inputData: { n: 'one' } })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      details: { issues: [{ path: 'n' }] },
    });
  });

  it('R46 fills in defaults and transforms of state, input and payloads; an input parsed to nothing is passed as it is', async () => {
    const unit = z.object({ unit: z.string().default('kg') });
    const seen: unknown[] = [];
    const ask = step(
      'ask',
      async ({ inputData, state, resumeData, suspend }) => {
        seen.push(inputData, state);
        return resumeData === undefined ? suspend({}) : resumeData;
      },
      { inputSchema: z.object({}), suspendSchema: unit, resumeSchema: unit, stateSchema: unit },
    );
    const workflow = createWorkflow({
      id: 'flow',
      inputSchema: any.transform((n) => [n, n]),
      outputSchema: any,
      stateSchema: unit,
    })
      .map(async ({ inputData }) => ({ more: inputData }), { id: 'mapped' })
      .then(ask as never)
      .commit();
    const { run, done } = await startedIn(place, workflow as never, { inputData: 1, initialState: {} });
    expect(seen).toEqual([{ more: [1, 1] }, { unit: 'kg' }]);
    expect(done).toMatchObject({
      status: 'suspended',
      input: [1, 1],
      suspendPayload: { ask: { unit: 'kg' } },
    });
    const resumed = (run as never as { resume: (given: object) => Promise<object> }).resume({
      resumeData: {},
    });
    expect(await resumed).toMatchObject({ status: 'success', result: { unit: 'kg' } });
  });

  it('R47 takes the retries of a step before those of its workflow, and retries bodies only', async () => {
    const fails = (id: string, more: object) => {
      const execute = vi.fn(async () => Promise.reject(new Error(id)));
      return { execute, step: step(id, execute, more) };
    };
    const [usual, never, twice] = [
      fails('usual', {}),
      fails('never', { retries: 0 }),
      fails('twice', { retries: 2 }),
    ];
    const condition = vi.fn(async () => Promise.reject(new Error('condition')));
    const time = vi.fn(async () => Promise.reject(new Error('time')));
    const retryConfig = { attempts: 1, delay: 0 };
    const parallel = createWorkflow({ ...schemas, id: 'parallel', retryConfig })
      .parallel([usual.step, never.step, twice.step])
      .commit();
    const loop = createWorkflow({ ...schemas, id: 'loop', retryConfig })
      .dountil(passing('body').step, condition as never)
      .commit();
    const sleep = createWorkflow({ ...schemas, id: 'sleep', retryConfig })
      .sleep(time as never)
      .commit();
    new Host({ workflows: { parallel, loop, sleep }, storage: storageIn(place) });
    for (const workflow of [parallel, loop, sleep]) {
      expect(await (await workflow.createRun()).start({ inputData: {} })).toMatchObject({ status: 'failed' });
    }
    const bodies = [usual, never, twice].map(({ execute }) => execute.mock.calls.length);
    expect(bodies).toEqual([2, 1, 3]);
    // Where an event comes twice, both ask, and one of them counts.
    const most = place.hostile === true ? 2 : 1;
    for (const { mock } of [condition, time]) expect(mock.calls.length).toBeLessThanOrEqual(most);
  });

  it('R48 runs a nested workflow anew with each retry of its entry, unless its error forbids that', async () => {
    const bodies = {
      first: vi.fn(async () => ({})),
      bad: vi.fn(async () => Promise.reject(new Error('no'))),
    };
    const inner = flow('inner').then(step('first', bodies.first)).then(step('bad', bodies.bad)).commit();
    const hopeless = vi.fn(async () => Promise.reject(new NonRetryableError('for good')));
    const final = flow('final').then(step('hopeless', hopeless)).commit();
    const retryConfig = { attempts: 2, delay: 0 };
    const workflow = createWorkflow({ ...schemas, id: 'flow', retryConfig })
      .parallel([inner, final])
      .commit();
    const { done } = await startedIn(place, workflow);
    expect(done).toMatchObject({
      status: 'failed',
      steps: { final: { status: 'failed', nonRetryable: true } },
    });
    expect([bodies.first, bodies.bad, hopeless].map(({ mock }) => mock.calls.length)).toEqual([3, 3, 1]);
  });

  it('R49 tells no events of steps when emitStepEvents is false', async () => {
    const writes = step('writes', async ({ writer }) => {
      await writer.write('chunk');
      return {};
    });
    const workflow = createWorkflow({ ...schemas, id: 'flow', options: { emitStepEvents: false } })
      .then(writes)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const events = await all(run.stream({ inputData: {} }).fullStream);
    expect(lines(events)).toEqual(['start', 'step-output writes', 'finish']);
  });

  it('R50 drops what is written to a run that nobody streams', async () => {
    const writes = step('writes', async ({ writer }) => {
      await writer.write('chunk');
      await writer.custom({ type: 'data-own', data: 1 });
      return 'done';
    });
    const { done } = await startedIn(place, flow('flow').then(writes).commit());
    expect(done).toMatchObject({ status: 'success', result: 'done' });
  });

  it('R51 starts the run of a time of its schedule once, under an id made of both', async () => {
    const first = passing('first');
    const workflow = createWorkflow({
      ...schemas,
      id: 'flow',
      schedule: {
        id: 'daily',
        cron: '0 0 6 * * *',
        timezone: 'Europe/Berlin',
        inputData: { by: 'schedule' },
      },
    })
      .then(first.step)
      .commit();
    const { runtime } = new Host({ workflows: { workflow }, storage: storageIn(place) });
    const tick = { workflowId: 'flow', scheduleId: 'daily', at: Date.UTC(2030, 0, 1, 5) };
    const runId = `sched_flow:daily_${tick.at}`;
    expect(await runtime.startScheduled(tick)).toMatchObject({ runId, changed: true });
    expect(await runtime.startScheduled(tick)).toMatchObject({ runId, changed: false });
    await runtime.settled({ runId });
    expect(await workflow.getWorkflowRunById(runId)).toMatchObject({
      status: 'success',
      payload: { by: 'schedule' },
    });
    expect(first.execute).toHaveBeenCalledTimes(1);
  });
});
