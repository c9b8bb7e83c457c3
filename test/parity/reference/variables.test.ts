import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, mapVariable, storageIn } from '../reference-shim/index.ts';
import { RequestContext } from '../reference-shim/request-context/index.ts';

const order = z.object({ item: z.string(), amount: z.number() });
const text = z.object({ text: z.string() });

describe.each(places)('resolution of variables in $name', (place) => {
  it('D33 gives the input of the workflow to the first step', async () => {
    const execute = vi.fn().mockResolvedValue({ text: 'done' });
    const step1 = createStep({ id: 'step1', inputSchema: order, outputSchema: text, execute });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: text });
    workflow.then(step1).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { item: 'pen', amount: 2 } });
    expect(done.steps['step1']).toMatchObject({ status: 'success', output: { text: 'done' } });
    expect(execute).toHaveBeenCalledWith(
      expect.objectContaining({ inputData: { item: 'pen', amount: 2 }, runId: run.runId }),
    );
  });

  it('D34 D35 D36 D37 reads earlier results and the initial data in a step', async () => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: order,
      outputSchema: text,
      execute: vi.fn(async ({ getInitData }) => ({ text: `first ${getInitData().item}` })),
    });
    const step2 = createStep({
      id: 'step2',
      inputSchema: text,
      outputSchema: z.any(),
      execute: async ({ getInitData, getStepResult }) => {
        const init = getInitData<typeof workflow>();
        const amount: number = init.amount;
        return {
          init,
          twice: 2 * amount,
          byStep: getStepResult(step1),
          byId: getStepResult('step1'),
          unknown: getStepResult('nobody'),
        };
      },
    });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.any() });
    workflow.then(step1).then(step2).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { item: 'pen', amount: 2 } })).toMatchObject({
      status: 'success',
      result: {
        init: { item: 'pen', amount: 2 },
        twice: 4,
        byStep: { text: 'first pen' },
        byId: { text: 'first pen' },
        unknown: null,
      },
    });
  });

  it('D38 maps from the initial data and the request context', async () => {
    const execute = vi.fn().mockResolvedValue({});
    const step2 = createStep({
      id: 'step2',
      inputSchema: z.object({ thing: z.string(), user: z.string() }),
      outputSchema: z.any(),
      execute,
    });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.any() });
    workflow
      .map({
        thing: mapVariable({ initData: workflow, path: 'item' }),
        user: { requestContextPath: 'user', schema: z.string() },
      })
      .then(step2)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const requestContext = new RequestContext();
    requestContext.set('user', 'ada');
    const done = await run.start({ inputData: { item: 'pen', amount: 2 }, requestContext });
    expect(done.status).toBe('success');
    expect(execute).toHaveBeenCalledWith(
      expect.objectContaining({ inputData: { thing: 'pen', user: 'ada' } }),
    );
  });

  it('D39 D40 maps by a function, under an id of its own', async () => {
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.any() });
    workflow
      .map(
        {
          doubled: {
            fn: async ({ inputData }) => inputData.amount * 2,
            schema: z.number(),
          },
        },
        { id: 'doubling' },
      )
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { item: 'pen', amount: 2 } });
    expect(done).toMatchObject({ status: 'success', result: { doubled: 4 } });
    const time = expect.any(Number);
    expect(done.steps['doubling']).toEqual({
      status: 'success',
      payload: { item: 'pen', amount: 2 },
      output: { doubled: 4 },
      startedAt: time,
      endedAt: time,
    });
  });

  it('D41 maps from steps that are not adjacent', async () => {
    const giving = (id: 'a' | 'b' | 'c', value: string) =>
      createStep({
        id,
        inputSchema: z.any(),
        outputSchema: z.object({ deep: text, list: z.array(z.number()) }),
        execute: vi.fn().mockResolvedValue({ deep: { text: value }, list: [7, 8] }),
      });
    const [a, b, c] = [giving('a', 'A'), giving('b', 'B'), giving('c', 'C')] as const;
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.any() })
      .then(a)
      .then(b)
      .then(c)
      .map({
        early: { step: a, path: 'deep.text' },
        later: { step: b, path: 'deep' },
        listed: { step: b, path: 'list.1' },
        byId: { step: 'a', path: 'deep' },
      })
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { item: 'pen', amount: 2 } })).toMatchObject({
      status: 'success',
      result: { early: 'A', later: { text: 'B' }, listed: 8, byId: { text: 'A' } },
    });
  });

  it.each([
    ['D42', 'a primitive', 'text'],
    ['D42', 'a number that is falsy', 0],
    ['D42', 'a boolean that is falsy', false],
    ['D43', 'an array', [1, 'two', null]],
  ])('%s hands %s on to the next step', async (_, __, value) => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: order,
      outputSchema: z.any(),
      execute: vi.fn().mockResolvedValue(value),
    });
    const execute = vi.fn().mockResolvedValue('end');
    const step2 = createStep({ id: 'step2', inputSchema: z.any(), outputSchema: z.string(), execute });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.string() });
    workflow.then(step1).then(step2).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { item: 'pen', amount: 2 } });
    expect(done).toMatchObject({ status: 'success', result: 'end' });
    expect(done.steps).toMatchObject({ step1: { output: value }, step2: { payload: value } });
    expect(execute).toHaveBeenCalledWith(expect.objectContaining({ inputData: value }));
  });

  it('D44 D45 maps a whole output by ".", and constants', async () => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: order,
      outputSchema: z.array(z.number()),
      execute: vi.fn().mockResolvedValue([1, 2]),
    });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.any() })
      .then(step1)
      .map({
        list: { step: step1, path: '.' },
        limit: { value: 10, schema: z.number() },
        none: { value: null, schema: z.null() },
      })
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { item: 'pen', amount: 2 } })).toMatchObject({
      status: 'success',
      result: { list: [1, 2], limit: 10, none: null },
    });
  });

  it('D46 maps by one function', async () => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: order,
      outputSchema: text,
      execute: vi.fn().mockResolvedValue({ text: 'one' }),
    });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.string() })
      .then(step1)
      .map(async ({ inputData, getInitData, getStepResult }) =>
        [inputData.text, getInitData().item, getStepResult(step1)?.text].join(' '),
      )
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { item: 'pen', amount: 2 } });
    expect(done).toMatchObject({ status: 'success', result: 'one pen one' });
    // Ids of mappings are the same in each process here.
    expect(done.steps['mapping_w_0']).toMatchObject({ status: 'success', output: 'one pen one' });
    const again = await (await workflow.createRun()).start({ inputData: { item: 'pen', amount: 2 } });
    expect(Object.keys(again.steps)).toEqual(Object.keys(done.steps));
  });

  it('D63 has undefined for the missing end of a path', async () => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: order,
      outputSchema: z.any(),
      execute: vi.fn().mockResolvedValue({ there: 1 }),
    });
    const execute = vi.fn().mockResolvedValue({});
    const step2 = createStep({ id: 'step2', inputSchema: z.any(), outputSchema: z.any(), execute });
    const workflow = createWorkflow({ id: 'w', inputSchema: order, outputSchema: z.any() });
    workflow
      .then(step1)
      .map({ gone: { step: step1, path: 'missing' } })
      .then(step2)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { item: 'pen', amount: 2 } });
    expect(done.status).toBe('success');
    expect(execute).toHaveBeenCalledWith(expect.objectContaining({ inputData: { gone: undefined } }));
  });
});
