import { describe, expect, it } from 'vitest';
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
import { any, asking, flow, passing, startedIn, step } from './steps.ts';

/** What workflows are made of, beyond the lines of the checklist. */

const schemas = { inputSchema: any, outputSchema: any };

function refusal(message: string): object {
  return expect.objectContaining({
    code: 'WORKFLOW_DEFINITION_INVALID',
    message: expect.stringContaining(message),
  });
}

describe.each(places)('definitions in $name', (place) => {
  it('R64 calls the body of a step on what it was given as', async () => {
    const counter = createStep({
      ...schemas,
      id: 'counter',
      by: 5,
      async execute(this: { readonly by: number }, { inputData }: { inputData: unknown }) {
        return Number(inputData) + this.by;
      },
    } as never) as never as ReturnType<typeof step>;
    const { done } = await startedIn(place, flow('flow').then(counter).commit(), { inputData: 1 });
    expect(done).toMatchObject({ status: 'success', result: 6 });
  });

  it('R65 makes clones that have everything but the id: of a step', async () => {
    const schema = z.object({ n: z.number() });
    const ask = createStep({
      ...schemas,
      id: 'ask',
      description: 'Asks',
      resumeSchema: schema,
      suspendSchema: any,
      stateSchema: any,
      retries: 1,
      metadata: { kind: 'question' },
      execute: async ({ resumeData, suspend }) => resumeData ?? suspend({}),
    });
    const other = cloneStep(ask, { id: 'other' });
    expect(other).toEqual({ ...ask, id: 'other' });
    const { run } = await startedIn(place, flow('flow').parallel([ask, other]).commit());
    await expect(run.resume({ step: 'other', resumeData: { n: 'x' } as never })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    await run.resume({ step: 'other', resumeData: { n: 2 } });
    expect(await run.resume({ step: 'ask', resumeData: { n: 1 } })).toMatchObject({
      status: 'success',
      result: { ask: { n: 1 }, other: { n: 2 } },
    });
  });

  it('R65 makes clones that have everything but the id: of a workflow', async () => {
    const number = z.object({ n: z.number() });
    const ask = step('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({}), {
      resumeSchema: number,
    });
    let failures = 1;
    const shaky = step('shaky', async ({ state }) => {
      failures -= 1;
      if (failures >= 0) throw new Error('again');
      return state;
    });
    const original = createWorkflow({
      ...schemas,
      id: 'original',
      description: 'Asks',
      stateSchema: number,
      requestContextSchema: number,
      retryConfig: { attempts: 1, delay: 0 },
    })
      .then(ask as never)
      .then(shaky as never)
      .commit();
    const clone = cloneWorkflow(original as never, { id: 'clone' }) as never as typeof original;
    new Host({ workflows: { original, clone }, storage: storageIn(place) });
    expect(clone.serializedStepGraph).toEqual(original.serializedStepGraph);
    expect([clone.id, clone.description, clone.committed]).toEqual(['clone', 'Asks', true]);
    const run = await clone.createRun();
    const good = { inputData: {}, initialState: { n: 1 }, requestContext: { n: 1 } } as never;
    for (const wrong of ['initialState', 'requestContext']) {
      const start = run.start({ ...(good as object), [wrong]: { n: 'x' } } as never);
      await expect(start).rejects.toMatchObject({ code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED' });
    }
    await run.start(good);
    await expect(run.resume({ resumeData: { n: 'x' } as never })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    expect(await run.resume({ resumeData: { n: 2 } })).toMatchObject({ status: 'success', result: { n: 1 } });
  });

  it('R66 keeps the later result of a step that is used twice, and warns of two steps of one id, or refuses them', async () => {
    const add = step('add', async ({ inputData }) => Number(inputData) + 1);
    const twice = flow('flow').then(add).then(add).commit();
    expect(twice.warnings).toEqual([]);
    const { done } = await startedIn(place, twice, { inputData: 0 });
    expect(done).toMatchObject({ status: 'success', result: 2, steps: { add: { payload: 1, output: 2 } } });
    expect(done.stepExecutionPath).toEqual(['add', 'add']);
    const two = (options: object) =>
      createWorkflow({ ...schemas, id: 'two', options })
        .then(passing('same').step)
        .then(passing('same').step);
    expect(two({}).commit().warnings).toEqual([expect.stringContaining('"same"')]);
    expect(() => two({ strictIds: true }).commit()).toThrow(refusal('"same"'));
  });

  it('R67 names mappings and sleeps by their place, and shows names and descriptions of entries', async () => {
    const ask = asking('ask').step;
    const workflow = createWorkflow({ ...schemas, id: 'flow', description: 'All', metadata: { team: 'a' } })
      .then(ask)
      .map(async ({ inputData }) => inputData)
      .map(async ({ inputData }) => inputData, { id: 'named', description: 'A mapping', metadata: { n: 1 } })
      .sleep(0)
      .parallel([passing('a').step, flow('inner').then(passing('leaf').step).commit()], { id: 'both' })
      .branch([[async () => true, passing('b').step]])
      .map(async () => 3, { id: 'three' })
      .dountil(passing('c').step, async () => true)
      .map(async () => [], { id: 'list' })
      .foreach(passing('d').step, { concurrency: 2 })
      .commit();
    expect(workflow).toMatchObject({ description: 'All', metadata: { team: 'a' }, engineType: 'evented' });
    expect(Object.keys(workflow.steps)).toEqual(
      expect.arrayContaining(['ask', 'mapping_flow_0', 'named', 'sleep_flow_0', 'a', 'inner', 'b', 'c', 'd']),
    );
    const shown = [
      { type: 'step', step: { id: 'ask', canSuspend: true } },
      { type: 'mapping', id: 'mapping_flow_0', mapConfig: expect.stringContaining('inputData') },
      { type: 'mapping', id: 'named', description: 'A mapping', metadata: { n: 1 } },
      { type: 'sleep', id: 'sleep_flow_0', duration: 0 },
      {
        type: 'parallel',
        id: 'both',
        steps: [
          { type: 'step', step: { id: 'a', canSuspend: false } },
          {
            type: 'workflow',
            id: 'inner',
            workflowId: 'inner',
            serializedStepFlow: [{ step: { id: 'leaf' } }],
          },
        ],
      },
      {
        type: 'conditional',
        serializedConditions: [{ id: 'b-condition', fn: expect.stringContaining('true') }],
      },
      { type: 'mapping', id: 'three' },
      { type: 'loop', loopType: 'dountil', step: { id: 'c' } },
      { type: 'mapping', id: 'list' },
      { type: 'foreach', step: { id: 'd' }, opts: { concurrency: 2 } },
    ];
    expect(workflow.serializedStepGraph).toMatchObject(shown);
    const { run } = await startedIn(place, workflow);
    expect(run.serializedStepGraph).toMatchObject(shown);
    const done = await run.resume({ resumeData: 1 });
    expect(done).toMatchObject({ status: 'success', steps: { mapping_flow_0: {}, sleep_flow_0: {} } });
    const stored = await workflow.getWorkflowRunById(run.runId);
    expect(stored?.serializedStepGraph).toMatchObject(shown);
  });

  it('R68 takes no entries after it was committed', () => {
    const workflow = flow('flow').then(passing('a').step).commit();
    expect(() => workflow.then(passing('b').step)).toThrow(refusal('is committed and cannot change'));
  });

  it.each<[string, () => unknown, string]>([
    ['a step of nothing', () => createStep(undefined as never), 'createStep was given undefined'],
    ['a step without a body', () => createStep({ ...schemas, id: 'a' } as never), 'execute'],
    [
      'a tool without schemas',
      () =>
        createStep({
          id: 'tool',
          execute: async (input: unknown, context: unknown) => [input, context],
        } as never),
      'Tool must have input and output schemas defined',
    ],
    [
      'a workflow without an id',
      () => createWorkflow({ ...schemas, id: '' }),
      'has an empty string as its id',
    ],
    [
      'a schedule without a cron',
      () => createWorkflow({ ...schemas, id: 'w', schedule: { cron: 'never' } as never }),
      'cron',
    ],
    [
      'two schedules of one id',
      () =>
        createWorkflow({
          ...schemas,
          id: 'w',
          schedule: [
            { id: 'a', cron: '* * * * *' },
            { id: 'a', cron: '* * * * *' },
          ] as never,
        }),
      'declares duplicate schedule id "a"',
    ],
    [
      'several schedules of which one has no id',
      () =>
        createWorkflow({
          ...schemas,
          id: 'w',
          schedule: [{ id: 'a', cron: '* * * * *' }, { cron: '* * * * *' }] as never,
        }),
      'id',
    ],
    [
      'a template that is not closed',
      // oxlint-disable-next-line no-template-curly-in-string -- it is a template of a mapping
      () => flow('w').map({ text: { template: '${inputData' } }),
      'template',
    ],
    [
      'a template of an unknown scope',
      // oxlint-disable-next-line no-template-curly-in-string -- it is a template of a mapping
      () => flow('w').map({ text: { template: '${secrets.x}' } }),
      'secrets',
    ],
    [
      'a condition of an unknown root',
      () =>
        flow('w').branch([[{ predicate: { op: 'exists', path: 'secrets.x' } } as never, passing('a').step]]),
      'secrets',
    ],
  ])('R69 is refused when it is defined: %s', (_, define, message) => {
    expect(define).toThrow(refusal(message));
  });

  it('R70 executes agents and tools that the runtime has by their ids', async () => {
    const writer = {
      id: 'writer',
      stream: () => ReadableStream.from([{ type: 'text-delta', textDelta: 'Ada' }]),
    };
    const workflow = flow('flow').agent('writer', {}, { id: 'asked' }).commit();
    new Host({ workflows: { workflow }, agents: { writer }, storage: storageIn(place) });
    const done = await (await workflow.createRun()).start({ inputData: { prompt: 'Who?' } });
    expect(done).toMatchObject({
      status: 'success',
      result: { text: 'Ada' },
      steps: { asked: { status: 'success' } },
    });
  });
});
