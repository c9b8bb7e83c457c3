import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';
import { asking, flow, passing } from './steps.ts';

const status = z.object({ status: z.string(), count: z.number() });

/** A step that tells its id, and how often it was called. */
function telling(id: string) {
  const execute = vi.fn().mockResolvedValue({ by: id });
  const step = createStep({ id, inputSchema: z.any(), outputSchema: z.object({ by: z.string() }), execute });
  return { execute, step };
}

describe.each(places)('conditions in $name', (place) => {
  it('D47 D50 D51 follows a chain of conditions, and skips what does not hold', async () => {
    const step1 = createStep({
      id: 'step1',
      inputSchema: status,
      outputSchema: status,
      execute: vi.fn(async ({ inputData }) => inputData),
    });
    const [ok, many, never, then, otherwise] = ['ok', 'many', 'never', 'then', 'otherwise'].map(telling);
    if (ok === undefined || many === undefined || never === undefined) expect.fail();
    if (then === undefined || otherwise === undefined) expect.fail();
    const workflow = createWorkflow({ id: 'chain', inputSchema: status, outputSchema: z.any() });
    workflow
      .then(step1)
      .branch([
        [async ({ inputData }) => inputData.status === 'ok', ok.step],
        [async ({ getStepResult }) => (getStepResult(step1)?.count ?? 0) > 5, many.step],
        [async () => false, never.step],
      ])
      .branch([
        [async ({ inputData }) => 'ok' in inputData, then.step],
        [async ({ inputData }) => !('ok' in inputData), otherwise.step],
      ])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { status: 'ok', count: 9 } });
    expect(done).toMatchObject({ status: 'success', result: { then: { by: 'then' } } });
    expect(Object.keys(done.steps).toSorted()).toEqual(['input', 'many', 'ok', 'step1', 'then']);
    expect(done.steps['then']).toMatchObject({ payload: { ok: { by: 'ok' }, many: { by: 'many' } } });
    for (const { execute } of [ok, many, then]) expect(execute).toHaveBeenCalledTimes(1);
    for (const { execute } of [never, otherwise]) expect(execute).not.toHaveBeenCalled();
    const few = await (await workflow.createRun()).start({ inputData: { status: 'ok', count: 1 } });
    expect(Object.keys(few.steps).toSorted()).toEqual(['input', 'ok', 'step1', 'then']);
  });

  it('D48 has the state in conditions', async () => {
    const [left, right] = [telling('left'), telling('right')];
    const workflow = createWorkflow({
      id: 'stateful',
      inputSchema: z.object({}),
      outputSchema: z.any(),
      stateSchema: z.object({ way: z.string() }),
    });
    workflow
      .branch([
        [async ({ state }) => state.way === 'left', left.step],
        [async ({ state }) => state.way === 'right', right.step],
      ])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {}, initialState: { way: 'right' } });
    expect(done).toMatchObject({ status: 'success', result: { right: { by: 'right' } } });
    expect(done.steps).not.toHaveProperty('left');
    expect(left.execute).not.toHaveBeenCalled();
  });

  it('D68 evaluates conditions of several parts', async () => {
    const [both, either] = [telling('both'), telling('either')];
    const workflow = createWorkflow({ id: 'complex', inputSchema: status, outputSchema: z.any() });
    workflow
      .branch([
        [
          async ({ inputData }) =>
            (inputData.status === 'partial' && inputData.count > 7) || inputData.count < 0,
          both.step,
        ],
        [
          async ({ inputData }) =>
            (inputData.status === 'partial' || inputData.status === 'ok') && inputData.count < 7,
          either.step,
        ],
      ])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { status: 'partial', count: 8 } });
    expect(done).toMatchObject({ status: 'success', result: { both: { by: 'both' } } });
    expect(either.execute).not.toHaveBeenCalled();
    const other = await (await workflow.createRun()).start({ inputData: { status: 'no', count: -1 } });
    expect(other).toMatchObject({ status: 'success', result: { both: { by: 'both' } } });
    expect(Object.keys(other.steps).toSorted()).toEqual(['both', 'input']);
  });

  it.each([
    ['D80', 'if', 1, 2],
    ['D81', 'else', 5, 15],
  ])('%s takes the arm of %s', async (_, __, start, end) => {
    const counting = (id: string, by: (count: number) => number) =>
      createStep({
        id,
        inputSchema: z.object({ count: z.number() }),
        outputSchema: z.object({ count: z.number() }),
        execute: async ({ inputData }) => ({ count: by(inputData.count) }),
      });
    const small = counting('small', (count) => count + 1);
    const large = counting('large', (count) => count * 3);
    const workflow = createWorkflow({
      id: 'counter',
      inputSchema: z.object({ count: z.number() }),
      outputSchema: z.any(),
    })
      .branch([
        [async ({ inputData }) => inputData.count < 3, small],
        [async ({ inputData }) => inputData.count >= 3, large],
      ])
      .map({
        count: { step: [small, large], path: 'count' },
        whole: { step: [small, large], path: '.' },
      })
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { count: start } })).toMatchObject({
      status: 'success',
      result: { count: end, whole: { count: end } },
    });
  });

  it('D137 executes only the arm that a resumption leads to', async () => {
    const [left, right] = [passing('left'), passing('right')];
    const workflow = flow('flow')
      .then(asking('ask').step)
      .map({ side: { step: 'ask', path: 'answer' } } as never)
      .branch([
        [async ({ inputData }) => (inputData as { side: string }).side === 'left', left.step],
        [async ({ inputData }) => (inputData as { side: string }).side === 'right', right.step],
      ])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    const done = await run.resume({ step: 'ask', resumeData: { answer: 'right' } });
    expect(done).toMatchObject({ status: 'success', result: { right: { by: 'right' } } });
    expect(done.steps).not.toHaveProperty('left');
    expect([left, right].map(({ execute }) => execute.mock.calls.length)).toEqual([0, 1]);
  });

  it('H9 counts a branch condition that throws as false', async () => {
    const [bad, good] = [telling('bad'), telling('good')];
    const workflow = createWorkflow({ id: 'throwing', inputSchema: z.object({}), outputSchema: z.any() });
    workflow
      .branch([
        [async () => Promise.reject(new Error('no answer')), bad.step],
        [async () => true, good.step],
      ])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: {} })).toMatchObject({
      status: 'success',
      result: { good: { by: 'good' } },
    });
    expect(bad.execute).not.toHaveBeenCalled();
  });
});
