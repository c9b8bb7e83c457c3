import { describe, expect, it, vi } from 'vitest';
import { z as four } from 'zod';
import { z as three } from 'zod/v3';
import type { AnySchema } from '../../../src/core/definition.ts';
import { places } from '../places/index.ts';
import { createStep, createWorkflow, Host, storageIn } from '../reference-shim/index.ts';

/** The same schemas by both majors of zod. */
const zod3 = {
  any: three.any() as AnySchema,
  start: three.object({ start: three.string() }) as AnySchema,
  list: three.array(three.object({ start: three.string() })) as AnySchema,
  number: three.object({ value: three.number() }) as AnySchema,
  defaulted: three.object({ start: three.string(), more: three.string().default('default') }) as AnySchema,
};
const zod4 = {
  any: four.any() as AnySchema,
  start: four.object({ start: four.string() }) as AnySchema,
  list: four.array(four.object({ start: four.string() })) as AnySchema,
  number: four.object({ value: four.number() }) as AnySchema,
  defaulted: four.object({ start: four.string(), more: four.string().default('default') }) as AnySchema,
};

const cases = places.flatMap((place) => [
  { name: `${place.name} by zod 3`, place, schemas: zod3 },
  { name: `${place.name} by zod 4`, place, schemas: zod4 },
]);

describe.each(cases)('schema validation in $name', ({ place, schemas }) => {
  const { any } = schemas;
  const passing = (id: string, inputSchema: AnySchema = any) => {
    const execute = vi.fn(async ({ inputData }) => inputData);
    return { execute, step: createStep({ id, inputSchema, outputSchema: any, execute }) };
  };
  const flow = (inputSchema: AnySchema) => createWorkflow({ id: 'w', inputSchema, outputSchema: any });

  it.each(['step', 'foreach', 'loop', 'branch', 'parallel'] as const)(
    'D82 D90 rejects an input that does not fit, before a %s',
    async (first) => {
      const { step, execute } = passing('step1');
      const begun = {
        step: () => flow(schemas.start).then(step),
        foreach: () => flow(schemas.list).foreach(step as never),
        loop: () => flow(schemas.start).dountil(step, async () => true),
        branch: () => flow(schemas.start).branch([[async () => true, step]]),
        parallel: () => flow(schemas.start).parallel([step]),
      }[first]();
      const workflow = (begun as ReturnType<typeof flow>).commit();
      new Host({ workflows: { workflow }, storage: storageIn(place) });
      const run = await workflow.createRun();
      const wrong = { start: 123 };
      const path = first === 'foreach' ? '0.start' : 'start';
      await expect(run.start({ inputData: first === 'foreach' ? [wrong] : wrong })).rejects.toMatchObject({
        code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
        message: expect.stringMatching(new RegExp(`^Invalid input data: \n- ${path}: \\S`)),
      });
      expect(execute).not.toHaveBeenCalled();
    },
  );

  it('D83 D91 applies the defaults of its input schema', async () => {
    const { step, execute } = passing('step1');
    const workflow = flow(schemas.defaulted).then(step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const full = { start: 'given', more: 'default' };
    const done = await run.start({ inputData: { start: 'given' } });
    const steps = { input: full, step1: { payload: full } };
    expect(done).toMatchObject({ status: 'success', input: full, result: full, steps });
    expect(execute).toHaveBeenCalledWith(expect.objectContaining({ inputData: full }));
  });

  it('D84 D92 fails with the input of a step that does not fit', async () => {
    const making = createStep({
      id: 'step1',
      inputSchema: any,
      outputSchema: any,
      execute: vi.fn().mockResolvedValue({ start: 1 }),
    });
    const { step, execute } = passing('step2', schemas.start);
    const workflow = flow(any).then(making).then(step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: {} });
    const error = {
      code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
      message: expect.stringMatching(/^Step input validation failed: \n- start: \S/),
    };
    expect(done).toMatchObject({
      status: 'failed',
      error,
      steps: { step1: { status: 'success' }, step2: { status: 'failed', payload: { start: 1 }, error } },
    });
    expect(execute).not.toHaveBeenCalled();
  });

  it('D85 D93 applies the defaults of a step', async () => {
    const { step, execute } = passing('step1', schemas.defaulted);
    const workflow = flow(any).then(step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const full = { start: 'given', more: 'default' };
    expect(await run.start({ inputData: { start: 'given' } })).toMatchObject({
      status: 'success',
      result: full,
      steps: { step1: { payload: full, output: full } },
    });
    expect(execute).toHaveBeenCalledWith(expect.objectContaining({ inputData: full }));
  });

  it('D86 D94 fails the step after a mapping that gives what does not fit', async () => {
    const { step, execute } = passing('step2', schemas.number);
    const workflow = flow(any)
      .map({ value: { value: 'no number', schema: any } }, { id: 'mapped' })
      .then(step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const error = { message: expect.stringContaining('Step input validation failed: \n- value: ') };
    expect(await run.start({ inputData: {} })).toMatchObject({
      status: 'failed',
      error,
      steps: {
        mapped: { status: 'success', output: { value: 'no number' } },
        step2: { status: 'failed', error },
      },
    });
    expect(execute).not.toHaveBeenCalled();
  });

  const asking = (resumeSchema: AnySchema) =>
    createStep({
      id: 'ask',
      inputSchema: any,
      outputSchema: any,
      resumeSchema,
      execute: vi.fn(async ({ resumeData, suspend }) => resumeData ?? suspend({})),
    });

  it('D87 D95 rejects resume data that do not fit, and takes others afterwards', async () => {
    const workflow = flow(any).then(asking(schemas.number)).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    await expect(run.resume({ step: 'ask', resumeData: { value: 'no number' } })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      message: expect.stringMatching(/^Invalid resume data: \n- value: \S/),
    });
    expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('suspended');
    expect(await run.resume({ step: 'ask', resumeData: { value: 21 } })).toMatchObject({
      status: 'success',
      result: { value: 21 },
    });
  });

  it('D88 D96 applies the defaults of resume data', async () => {
    const workflow = flow(any).then(asking(schemas.defaulted)).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.start({ inputData: {} });
    const full = { start: 'given', more: 'default' };
    expect(await run.resume({ step: 'ask', resumeData: { start: 'given' } })).toMatchObject({
      status: 'success',
      result: full,
      steps: { ask: { resumePayload: full } },
    });
  });

  it('D89 D97 fails one of two nested workflows whose input does not fit, and completes the other', async () => {
    const [good, bad, after] = [passing('good'), passing('bad', schemas.number), passing('after')];
    const nested = (id: 'one' | 'two', { step }: ReturnType<typeof passing>) =>
      createWorkflow({ id, inputSchema: any, outputSchema: any }).then(step).commit();
    const workflow = flow(any)
      .parallel([nested('one', good), nested('two', bad)])
      .then(after.step)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const error = { message: expect.stringContaining('Step input validation failed: \n- value: ') };
    expect(await run.start({ inputData: { value: 'no number' } })).toMatchObject({
      status: 'failed',
      error,
      steps: { one: { status: 'success' }, two: { status: 'failed', error } },
    });
    expect(bad.execute).not.toHaveBeenCalled();
    expect(after.execute).not.toHaveBeenCalled();
  });
});
