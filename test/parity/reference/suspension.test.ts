import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { RequestContext } from '../reference-shim/request-context/index.ts';

const time = expect.any(Number);
const nothing = z.object({});
const answer = z.object({ answer: z.string() });

function passing(id: string) {
  const execute = vi.fn().mockResolvedValue({ by: id });
  const step = createStep({ id, inputSchema: z.any(), outputSchema: z.object({ by: z.string() }), execute });
  return { execute, step };
}

/** Asks, and gives what it is answered. */
function asking<const Id extends string>(id: Id) {
  const execute = vi.fn(async ({ resumeData, suspend }) => resumeData ?? suspend({ question: id }));
  const step = createStep({
    id,
    inputSchema: z.any(),
    outputSchema: answer,
    resumeSchema: answer,
    suspendSchema: z.object({ question: z.string() }),
    execute,
  });
  return { execute, step };
}

/** The entry of a step that was resumed. The reference drops what is known of its suspension then; here it stays. */
function resumed(id: string, payload: unknown, given: string) {
  return {
    status: 'success',
    payload,
    output: { answer: given },
    suspendPayload: { question: id },
    suspendedAt: time,
    resumePayload: { answer: given },
    resumedAt: time,
    startedAt: time,
    endedAt: time,
  };
}

describe.each(places)('suspend and resume in $name', (place) => {
  const flow = () => createWorkflow({ id: 'flow', inputSchema: nothing, outputSchema: z.any() });

  it('D103 suspends twice in a chain, and executes nothing again that has finished', async () => {
    const [before, first, second, after] = [
      passing('before'),
      asking('first'),
      asking('second'),
      passing('after'),
    ];
    const workflow = flow().then(before.step).then(first.step).then(second.step).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'r' });
    const begun = await run.start({ inputData: {} });
    const entry = { status: 'success', startedAt: time, endedAt: time };
    const passed = { ...entry, payload: {}, output: { by: 'before' } };
    expect(begun).toEqual({
      status: 'suspended',
      runId: 'r',
      input: {},
      suspended: [['first']],
      suspendPayload: { first: { question: 'first' } },
      stepExecutionPath: ['before', 'first'],
      steps: {
        input: {},
        before: passed,
        first: {
          status: 'suspended',
          payload: { by: 'before' },
          suspendPayload: { question: 'first' },
          startedAt: time,
          suspendedAt: time,
        },
      },
    });
    const next = await run.resume({ step: first.step, resumeData: { answer: 'one' } });
    expect(next).toMatchObject({
      status: 'suspended',
      suspended: [['second']],
      suspendPayload: { second: { question: 'second' } },
    });
    expect(await run.resume({ step: 'second', resumeData: { answer: 'two' } })).toEqual({
      status: 'success',
      runId: 'r',
      input: {},
      result: { by: 'after' },
      stepExecutionPath: ['before', 'first', 'second', 'after'],
      steps: {
        input: {},
        before: passed,
        first: resumed('first', { by: 'before' }, 'one'),
        second: resumed('second', { answer: 'one' }, 'two'),
        after: { ...entry, payload: { answer: 'two' }, output: { by: 'after' } },
      },
    });
    const calls = [before, first, second, after].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([1, 2, 2, 1]);
  });

  it('D104 has the state after a resumption as it was changed before it', async () => {
    const stateSchema = z.object({ value: z.string() });
    const changing = createStep({
      id: 'changing',
      inputSchema: nothing,
      outputSchema: z.any(),
      stateSchema,
      execute: async ({ state, setState }) => {
        await setState({ value: `${state.value} and changed` });
      },
    });
    const reading = createStep({
      id: 'reading',
      inputSchema: z.any(),
      outputSchema: z.string(),
      stateSchema,
      execute: async ({ state }) => state.value,
    });
    const workflow = createWorkflow({
      id: 'stateful',
      inputSchema: nothing,
      outputSchema: z.string(),
      stateSchema,
    })
      .then(changing)
      .then(asking('ask').step)
      .then(reading)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: {}, initialState: { value: 'given' } });
    expect(begun.status).toBe('suspended');
    const outputOptions = { includeState: true };
    const done = await run.resume({ step: 'ask', resumeData: { answer: 'a' }, outputOptions });
    expect(done).toMatchObject({
      status: 'success',
      result: 'given and changed',
      state: { value: 'given and changed' },
    });
  });

  it.each([
    ['D105', 'none', undefined],
    ['D105', 'an empty one', new RequestContext()],
    ['D106', 'one with values', new RequestContext([['given', 'at start']])],
  ])('%s keeps the values of a request context over a suspension: %s', async (_, __, requestContext) => {
    const setting = createStep({
      id: 'setting',
      inputSchema: nothing,
      outputSchema: z.any(),
      execute: async ({ requestContext: context }) => {
        context.set('set', 'by a step');
      },
    });
    const reading = createStep({
      id: 'reading',
      inputSchema: z.any(),
      outputSchema: z.any(),
      execute: async ({ requestContext: context }) => context.toJSON(),
    });
    const workflow = flow().then(setting).then(asking('ask').step).then(reading).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {}, ...(requestContext === undefined ? {} : { requestContext }) });
    expect(await run.resume({ step: 'ask', resumeData: { answer: 'a' } })).toMatchObject({
      status: 'success',
      result: { ...requestContext?.toJSON(), set: 'by a step' },
    });
  });

  it('D109 does not resume a run that has finished', async () => {
    const workflow = flow().then(asking('ask').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    await run.resume({ step: 'ask', resumeData: { answer: 'a' } });
    await expect(run.resume({ step: 'ask', resumeData: { answer: 'b' } })).rejects.toMatchObject({
      code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      message: 'This workflow run was not suspended',
    });
  });

  it('D110 does not resume a step that is not suspended', async () => {
    const before = passing('before');
    const workflow = flow().then(before.step).then(asking('ask').step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    await expect(run.resume({ step: before.step, resumeData: {} })).rejects.toThrow(
      'This workflow step "before" was not suspended. Available suspended steps: [ask]',
    );
  });

  it('D111 D113 resumes the step that is named, or the only one', async () => {
    const ask = asking('ask');
    const workflow = flow().then(ask.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    for (const step of [undefined, ask.step, 'ask', [ask.step], ['ask']] as const) {
      const run = await workflow.createRun();
      const begun = await run.start({ inputData: {} });
      if (begun.status !== 'suspended') expect.fail(begun.status);
      expect(begun.suspended).toEqual([['ask']]);
      const target = step === undefined ? {} : { step };
      const done = await run.resume({ ...target, resumeData: { answer: 'a' } });
      expect(done).toMatchObject({ status: 'success', result: { answer: 'a' } });
    }
  });

  it('D112 gives a loop the output of the iteration before, after each resumption', async () => {
    const number = z.object({ value: z.number() });
    const inputs: number[] = [];
    const body = createStep({
      id: 'body',
      inputSchema: number,
      outputSchema: number,
      resumeSchema: z.object({ add: z.number() }),
      execute: async ({ inputData, resumeData, suspend }) => {
        if (resumeData === undefined) {
          await suspend({ so: inputData.value });
          return inputData;
        }
        inputs.push(inputData.value);
        return { value: inputData.value + resumeData.add };
      },
    });
    const workflow = createWorkflow({ id: 'loop', inputSchema: number, outputSchema: number })
      .dountil(body, async ({ inputData }) => inputData.value >= 10)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { value: 1 } })).toMatchObject({ status: 'suspended' });
    const next = await run.resume({ step: 'body', resumeData: { add: 4 } });
    expect(next).toMatchObject({
      status: 'suspended',
      suspendPayload: { body: { so: 5 } },
      steps: { body: { suspendPayload: { so: 5 } } },
    });
    expect(await run.resume({ resumeData: { add: 6 } })).toMatchObject({
      status: 'success',
      result: { value: 11 },
    });
    expect(inputs).toEqual([1, 5]);
  });

  it('D114 demands the name of one of several suspended steps', async () => {
    const workflow = flow()
      .parallel([asking('left').step, asking('right').step])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    await expect(run.resume({ resumeData: { answer: 'a' } })).rejects.toThrow(
      'Multiple suspended steps found: [left], [right]. Please specify which step to resume using the "step" parameter.',
    );
    const named = await run.resume({ step: 'left', resumeData: { answer: 'a' } });
    expect(named).toMatchObject({ status: 'suspended', suspended: [['right']] });
  });

  it('D138 resumes the arm of a branch that is chosen, and leaves the other suspended', async () => {
    const [left, right, never, after] = [asking('left'), asking('right'), asking('never'), passing('after')];
    const asked = vi.fn(async () => true);
    const workflow = flow()
      .branch([
        [asked, left.step],
        [async () => true, right.step],
        [async () => false, never.step],
      ])
      .then(after.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const begun = await run.start({ inputData: {} });
    expect(begun).toMatchObject({
      status: 'suspended',
      suspended: [['left'], ['right']],
      suspendPayload: { left: { question: 'left' }, right: { question: 'right' } },
    });
    const half = await run.resume({ step: 'right', resumeData: { answer: 'R' } });
    if (half.status !== 'suspended') expect.fail(half.status);
    expect(half.suspended).toEqual([['left']]);
    expect(half.steps).toMatchObject({
      left: { status: 'suspended' },
      right: { status: 'success', output: { answer: 'R' } },
    });
    expect(half.steps).not.toHaveProperty('never');
    const done = await run.resume({ step: 'left', resumeData: { answer: 'L' } });
    expect(done).toMatchObject({
      status: 'success',
      steps: {
        left: resumed('left', {}, 'L'),
        right: resumed('right', {}, 'R'),
        after: { payload: { left: { answer: 'L' }, right: { answer: 'R' } } },
      },
    });
    const calls = [left, right, never, after].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([2, 2, 0, 1]);
    // Whoever is given the event once more asks again, and nothing comes of it.
    if (place.hostile !== true) expect(asked).toHaveBeenCalledTimes(1);
  });

  it('D146 D148 resumes parallel arms in turn, and merges their results', async () => {
    const [left, right, quick, after] = [asking('left'), asking('right'), passing('quick'), passing('after')];
    const workflow = flow().parallel([left.step, right.step, quick.step]).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: {} })).toMatchObject({
      status: 'suspended',
      suspended: [['left'], ['right']],
      suspendPayload: { left: { question: 'left' }, right: { question: 'right' } },
      steps: { quick: { status: 'success' } },
    });
    const half = await run.resume({ step: left.step, resumeData: { answer: 'L' } });
    expect(half).toMatchObject({
      status: 'suspended',
      suspended: [['right']],
      steps: { left: { status: 'success' }, right: { status: 'suspended' } },
    });
    const merged = { left: { answer: 'L' }, right: { answer: 'R' }, quick: { by: 'quick' } };
    expect(await run.resume({ step: right.step, resumeData: { answer: 'R' } })).toMatchObject({
      status: 'success',
      steps: {
        left: resumed('left', {}, 'L'),
        right: resumed('right', {}, 'R'),
        after: { payload: merged },
      },
    });
    const calls = [left, right, quick, after].map(({ execute }) => execute.mock.calls.length);
    expect(calls).toEqual([2, 2, 1, 1]);
  });

  it('D147 completes parallel steps that could suspend and do not', async () => {
    const ready = (id: string) =>
      createStep({
        id,
        inputSchema: z.any(),
        outputSchema: answer,
        resumeSchema: answer,
        execute: vi.fn().mockResolvedValue({ answer: id }),
      });
    const workflow = flow()
      .parallel([ready('left'), ready('right')])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: {} })).toMatchObject({
      status: 'success',
      result: { left: { answer: 'left' }, right: { answer: 'right' } },
    });
  });

  it('H3 lets one of two resumptions win, and executes what follows once', async () => {
    const after = passing('after');
    const workflow = flow().then(asking('ask').step).then(after.step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    const resume = () => run.resume({ step: 'ask', resumeData: { answer: 'a' } });
    const both = await Promise.allSettled([resume(), resume()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    for (const lost of both) {
      if (lost.status === 'fulfilled') continue;
      expect(['WORKFLOW_RESUME_ALREADY_CLAIMED', 'WORKFLOW_RUN_NOT_SUSPENDED']).toContain(lost.reason.code);
    }
    expect(after.execute).toHaveBeenCalledTimes(1);
  });

  it('H18 rejects a label that nothing carries', async () => {
    const labelled = createStep({
      id: 'labelled',
      inputSchema: nothing,
      outputSchema: z.any(),
      resumeSchema: answer,
      execute: vi.fn(async ({ resumeData, suspend }) => resumeData ?? suspend({}, { resumeLabel: 'known' })),
    });
    const workflow = flow().then(labelled).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    // The in-process runtime of the reference resumes whatever is suspended.
    await expect(run.resume({ label: 'unknown', resumeData: { answer: 'a' } })).rejects.toMatchObject({
      code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
      message: expect.stringContaining('Resume label "unknown" not found. Available labels: [known]'),
    });
    expect(await run.resume({ label: 'known', resumeData: { answer: 'a' } })).toMatchObject({
      result: { answer: 'a' },
    });
  });
});
