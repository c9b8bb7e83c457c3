import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { patience } from './steps.ts';

const time = expect.any(Number);
const nothing = z.object({});
const result = z.object({ result: z.string() });

describe.each(places)('basic workflow execution in $name', (place) => {
  it('D21 bails out of a workflow, and runs through when nothing bails', async () => {
    const first = vi.fn(async ({ inputData, bail }) =>
      inputData.value === 'bail' ? bail({ result: 'bailed' }) : { result: `first ${inputData.value}` },
    );
    const second = vi.fn(async ({ inputData }) => ({ result: `second ${inputData.result}` }));
    const step1 = createStep({
      id: 'step1',
      inputSchema: z.object({ value: z.string() }),
      outputSchema: result,
      execute: first,
    });
    const step2 = createStep({ id: 'step2', inputSchema: result, outputSchema: result, execute: second });
    const workflow = createWorkflow({
      id: 'bailing',
      inputSchema: z.object({ value: z.string() }),
      outputSchema: result,
      steps: [step1, step2],
    });
    workflow.then(step1).then(step2).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });

    const run = await workflow.createRun();
    const bailed = await run.start({ inputData: { value: 'bail' } });
    expect(bailed).toMatchObject({ status: 'success', result: { result: 'bailed' } });
    expect(bailed.steps).toEqual({
      input: { value: 'bail' },
      step1: {
        status: 'success',
        payload: { value: 'bail' },
        output: { result: 'bailed' },
        startedAt: time,
        endedAt: time,
      },
    });
    expect(second).not.toHaveBeenCalled();

    const another = await workflow.createRun();
    const through = await another.start({ inputData: { value: 'go' } });
    const end = { result: 'second first go' };
    expect(through).toMatchObject({ status: 'success', result: end, steps: { step2: { output: end } } });
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('D22 refuses a run of a workflow without entries', async () => {
    const workflow = createWorkflow({ id: 'empty', inputSchema: nothing, outputSchema: nothing });
    await expect(workflow.createRun()).rejects.toMatchObject({
      code: 'WORKFLOW_EMPTY_GRAPH',
      message: expect.stringContaining(
        'Execution flow of workflow is not defined. Add steps to the workflow via .then(), .branch(), etc.',
      ),
    });
  });

  it('D23 refuses a run of a workflow that was not committed', async () => {
    const step1 = createStep({ id: 'step1', inputSchema: nothing, outputSchema: nothing, execute: vi.fn() });
    const workflow = createWorkflow({ id: 'open', inputSchema: nothing, outputSchema: nothing });
    workflow.then(step1);
    await expect(workflow.createRun()).rejects.toMatchObject({
      code: 'WORKFLOW_NOT_COMMITTED',
      message: expect.stringContaining(
        'Uncommitted step flow changes detected. Call .commit() to register the steps.',
      ),
    });
  });

  it('D56 says what to use instead of waiting for an event', async () => {
    const workflow = createWorkflow({ id: 'waiting', inputSchema: nothing, outputSchema: nothing });
    const waiting = workflow as unknown as { waitForEvent(event: string, step: unknown): unknown };
    expect(() => waiting.waitForEvent('event', {})).toThrow(
      'waitForEvent has been removed. Please use suspend & resume flow instead.',
    );
  });

  it('D24 executes a single step', async () => {
    const execute = vi.fn().mockResolvedValue({ result: 'success' });
    const step1 = createStep({ id: 'step1', inputSchema: nothing, outputSchema: result, execute });
    const workflow = createWorkflow({
      id: 'single',
      inputSchema: nothing,
      outputSchema: result,
      steps: [step1],
    });
    workflow.then(step1).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'r' });
    const done = await run.start({ inputData: {} });
    expect(execute).toHaveBeenCalledTimes(1);
    // The reference's last versions leave out a payload that repeats what came before; here it stays.
    expect(done).toEqual({
      status: 'success',
      runId: 'r',
      input: {},
      result: { result: 'success' },
      stepExecutionPath: ['step1'],
      steps: {
        input: {},
        step1: {
          status: 'success',
          payload: {},
          output: { result: 'success' },
          startedAt: time,
          endedAt: time,
        },
      },
    });
    const { startedAt = 0, endedAt = -1 } = (await workflow.getWorkflowRunById('r'))?.steps['step1'] ?? {};
    expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  it('D25 D31 has the state in a step and in parallel arms', async () => {
    const calls: string[] = [];
    const stateSchema = z.object({ value: z.string() });
    const reading = (id: string) =>
      createStep({
        id,
        inputSchema: z.any(),
        outputSchema: result,
        stateSchema,
        execute: async ({ state }) => {
          calls.push(id);
          return { result: `${id} saw ${state.value}` };
        },
      });
    const workflow = createWorkflow({
      id: 'stateful',
      inputSchema: nothing,
      outputSchema: z.any(),
      stateSchema,
    });
    workflow
      .then(reading('alone'))
      .parallel([reading('left'), reading('right')])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {}, initialState: { value: 'state' } });
    expect(done.steps['alone']).toMatchObject({ status: 'success', output: { result: 'alone saw state' } });
    expect(done).toMatchObject({
      status: 'success',
      result: { left: { result: 'left saw state' }, right: { result: 'right saw state' } },
    });
    expect(calls.toSorted()).toEqual(['alone', 'left', 'right']);
  });

  it('D26 D27 hands the state to a nested workflow, and takes its changes back', async () => {
    const stateSchema = z.object({ value: z.string() });
    const seen: string[] = [];
    const changing = (id: string, next: string) =>
      createStep({
        id,
        inputSchema: z.any(),
        outputSchema: result,
        stateSchema,
        execute: async ({ state, setState }) => {
          seen.push(`${id} saw ${state.value}`);
          await setState({ value: next });
          return { result: state.value };
        },
      });
    const inner = createWorkflow({ id: 'inner', inputSchema: z.any(), outputSchema: result, stateSchema })
      .then(changing('step1', 'from step1'))
      .then(changing('step2', 'from step2'))
      .commit();
    const workflow = createWorkflow({ id: 'outer', inputSchema: nothing, outputSchema: result, stateSchema })
      .then(inner)
      .then(changing('after', 'from after'))
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({
      inputData: {},
      initialState: { value: 'initial' },
      outputOptions: { includeState: true },
    });
    expect(seen).toEqual(['step1 saw initial', 'step2 saw from step1', 'after saw from step2']);
    expect(done).toMatchObject({
      status: 'success',
      result: { result: 'from step2' },
      state: { value: 'from after' },
      steps: { inner: { status: 'success', output: { result: 'from step1' } } },
    });
  });

  it('D28 types results by the steps that were listed', async () => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: nothing,
      outputSchema: z.object({ count: z.number() }),
      execute: vi.fn().mockResolvedValue({ count: 2 }),
    });
    const workflow = createWorkflow({
      id: 'typed',
      inputSchema: nothing,
      outputSchema: z.object({ count: z.number() }),
      steps: [step1],
    });
    workflow.then(step1).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    if (done.status !== 'success') expect.fail(done.status);
    const whole: number = done.result.count;
    if (done.steps.step1?.status !== 'success') expect.fail('step1 has no output');
    const one: number = done.steps.step1.output.count;
    expect([whole, one]).toEqual([2, 2]);
  });

  it('D28 has the results of a chain by the ids of its steps', async () => {
    const one = vi.fn().mockResolvedValue({ n: 1 });
    const two = vi.fn(async ({ inputData }) => ({ from: inputData }));
    const any = z.any();
    const step = (id: string, execute: typeof one) =>
      createStep({ id, inputSchema: any, outputSchema: any, execute });
    const workflow = createWorkflow({ id: 'chain', inputSchema: any, outputSchema: any })
      .then(step('one', one))
      .then(step('two', two))
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const done = await (await workflow.createRun()).start({ inputData: 0 });
    expect(Object.keys(done.steps).toSorted()).toEqual(['input', 'one', 'two']);
    expect(done).toMatchObject({
      result: { from: { n: 1 } },
      steps: { one: { output: { n: 1 } }, two: { output: { from: { n: 1 } } } },
    });
  });

  it('D29 executes parallel steps once each', async () => {
    const left = vi.fn().mockResolvedValue({ result: 'left' });
    const right = vi.fn().mockResolvedValue({ result: 'right' });
    const step1 = createStep({ id: 'step1', inputSchema: nothing, outputSchema: result, execute: left });
    const step2 = createStep({ id: 'step2', inputSchema: nothing, outputSchema: result, execute: right });
    const workflow = createWorkflow({
      id: 'parallel',
      inputSchema: nothing,
      outputSchema: z.any(),
      steps: [step1, step2],
    });
    workflow.parallel([step1, step2]).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    expect(left).toHaveBeenCalledTimes(1);
    expect(right).toHaveBeenCalledTimes(1);
    const entry = (value: string) => ({
      status: 'success',
      payload: {},
      output: { result: value },
      startedAt: time,
      endedAt: time,
    });
    expect(done.steps).toEqual({ input: {}, step1: entry('left'), step2: entry('right') });
    expect(done).toMatchObject({ result: { step1: { result: 'left' }, step2: { result: 'right' } } });
  });

  it('D30 shows all parallel arms as running, and loses none while they finish', async () => {
    const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const begun = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const ids = ['step0', 'step1', 'step2'] as const;
    const arms = ids.map((id, n) =>
      createStep({
        id,
        inputSchema: nothing,
        outputSchema: result,
        execute: async () => {
          begun[n]?.resolve();
          await gates[n]?.promise;
          return { result: id };
        },
      }),
    );
    const workflow = createWorkflow({ id: 'watched', inputSchema: nothing, outputSchema: z.any() });
    workflow.parallel(arms).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: {} });
    await Promise.all(begun.map(({ promise }) => promise));
    const statuses = async () => {
      const stored = await workflow.getWorkflowRunById(run.runId);
      return [stored?.status, ...ids.map((id) => stored?.steps[id]?.status)];
    };
    expect(await statuses()).toEqual(['running', 'running', 'running', 'running']);
    gates[1]?.resolve();
    await vi.waitFor(async () => {
      expect(await statuses()).toEqual(['running', 'running', 'success', 'running']);
    }, patience);
    gates[0]?.resolve();
    gates[2]?.resolve();
    expect(await over).toMatchObject({ status: 'success' });
    expect(await statuses()).toEqual(['success', 'success', 'success', 'success']);
  });

  it('D32 has the id of the run in the context', async () => {
    const execute = vi.fn(async ({ runId }) => ({ result: runId }));
    const step1 = createStep({ id: 'step1', inputSchema: nothing, outputSchema: result, execute });
    const workflow = createWorkflow({ id: 'named', inputSchema: nothing, outputSchema: result });
    workflow.then(step1).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: {} })).toMatchObject({ result: { result: run.runId } });
  });

  it('D98 joins two nested chains that run in parallel', async () => {
    const counting = (id: string) =>
      createStep({
        id,
        inputSchema: z.object({ count: z.number() }),
        outputSchema: z.object({ count: z.number() }),
        execute: async ({ inputData }) => ({ count: inputData.count + 1 }),
      });
    const chain = (id: 'one' | 'two') =>
      createWorkflow({
        id,
        inputSchema: z.object({ count: z.number() }),
        outputSchema: z.object({ count: z.number() }),
      })
        .then(counting(`${id}-a`))
        .then(counting(`${id}-b`))
        .commit();
    const join = vi.fn(async ({ inputData }) => ({ sum: inputData.one.count + inputData.two.count }));
    const final = createStep({
      id: 'final',
      inputSchema: z.any(),
      outputSchema: z.object({ sum: z.number() }),
      execute: join,
    });
    const workflow = createWorkflow({
      id: 'chains',
      inputSchema: z.object({ count: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    });
    workflow
      .parallel([chain('one'), chain('two')])
      .then(final)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { count: 1 } })).toMatchObject({
      status: 'success',
      result: { sum: 6 },
      steps: { one: { output: { count: 3 } }, two: { output: { count: 3 } } },
    });
    expect(join).toHaveBeenCalledTimes(1);
  });

  it('D143 gives the outputs of a parallel block to the next one', async () => {
    const doing = (id: string) => {
      const execute = vi.fn(async ({ inputData }) => ({ result: `${id}(${Object.keys(inputData).join()})` }));
      return { execute, step: createStep({ id, inputSchema: z.any(), outputSchema: result, execute }) };
    };
    const [a, b, c, d] = [doing('a'), doing('b'), doing('c'), doing('d')] as const;
    const workflow = createWorkflow({ id: 'blocks', inputSchema: nothing, outputSchema: z.any() });
    workflow.parallel([a.step, b.step]).parallel([c.step, d.step]).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    expect(done).toMatchObject({
      status: 'success',
      result: { c: { result: 'c(a,b)' }, d: { result: 'd(a,b)' } },
    });
    const payload = { a: { result: 'a()' }, b: { result: 'b()' } };
    expect(done.steps).toMatchObject({ c: { payload }, d: { payload } });
    for (const { execute } of [a, b, c, d]) expect(execute).toHaveBeenCalledTimes(1);
  });
});
