import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, RequestContext, storageIn } from '../reference-shim/index.ts';

interface Values {
  readonly [key: string]: string;
}

describe.each(places)('dependency injection in $name', (place) => {
  const flow = () => createWorkflow({ id: 'flow', inputSchema: z.object({}), outputSchema: z.any() });
  const reading = (id = 'reading') =>
    createStep({
      id,
      inputSchema: z.any(),
      outputSchema: z.any(),
      execute: vi.fn(async ({ requestContext }) => requestContext.toJSON()),
    });
  const asking = createStep({
    id: 'asking',
    inputSchema: z.any(),
    outputSchema: z.any(),
    resumeSchema: z.any(),
    execute: async ({ resumeData, suspend, requestContext }) => {
      if (resumeData !== undefined) return requestContext.toJSON();
      requestContext.set('first', 'by a step');
      requestContext.set('second', 'by a step');
      return suspend({});
    },
  });

  it('D139 injects values at the start', async () => {
    const workflow = flow().then(reading()).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const requestContext = new RequestContext<Values>();
    requestContext.set('locale', 'de');
    const done = await run.start({ inputData: {}, requestContext });
    expect(done).toMatchObject({ status: 'success', result: { locale: 'de' } });
  });

  it('D140 D141 injects values at a resumption, beside those from before it', async () => {
    const workflow = flow().then(asking).then(reading()).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    const requestContext = new RequestContext<Values>([
      ['second', 'by the caller'],
      ['third', 'by the caller'],
    ]);
    const all = { first: 'by a step', second: 'by the caller', third: 'by the caller' };
    expect(await run.resume({ step: 'asking', resumeData: {}, requestContext })).toMatchObject({
      status: 'success',
      result: all,
      steps: { asking: { output: all } },
    });
  });

  it('D142 keeps deleted what a step deletes', async () => {
    const deleting = createStep({
      id: 'deleting',
      inputSchema: z.any(),
      outputSchema: z.any(),
      execute: vi.fn(async ({ requestContext }) => requestContext.delete('gone')),
    });
    const workflow = flow().then(deleting).then(asking).then(reading()).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const requestContext = new RequestContext<Values>([
      ['gone', 'g'],
      ['kept', 'k'],
    ]);
    const begun = await run.start({ inputData: {}, requestContext });
    expect(begun.steps['deleting']).toMatchObject({ output: true });
    const done = await run.resume({ step: 'asking', resumeData: {} });
    expect(done).toMatchObject({
      status: 'success',
      result: { kept: 'k', first: 'by a step', second: 'by a step' },
    });
    if (done.status === 'success') expect(done.result).not.toHaveProperty('gone');
  });
});
