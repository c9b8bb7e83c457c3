import { cloneStep, cloneWorkflow, createStep, createWorkflow } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adding, numbers } from './steps.ts';

const full = {
  id: 'full',
  description: 'Greets',
  inputSchema: z.string(),
  outputSchema: z.string(),
  resumeSchema: z.number(),
  suspendSchema: z.boolean(),
  stateSchema: z.object({ n: z.number() }),
  requestContextSchema: z.object({ tenant: z.string() }),
  retries: 2,
  execute: async () => 'Hello',
};

describe('a clone of a step', () => {
  test('has everything of the original but its id', () => {
    const step = createStep(full);
    expect(cloneStep(step, { id: 'other' })).toEqual({ ...step, id: 'other' });
    expect(step.id).toBe('full');
  });

  test('cannot be changed', () => {
    expect(() => Object.assign(cloneStep(createStep(full), { id: 'other' }), { id: 'b' })).toThrow(TypeError);
  });

  test('has a result of its own beside that of the original', async () => {
    const a = adding('a');
    const workflow = createWorkflow({ ...numbers, options: { strictIds: true } })
      .then(a)
      .then(cloneStep(a, { id: 'again' }))
      .commit();
    const result = await (await workflow.createRun()).start({ inputData: { n: 1 } });
    expect(result.steps).toMatchObject({ a: { output: { n: 2 } }, again: { output: { n: 3 } } });
  });

  test.each<[string, unknown, unknown, string]>([
    ['no step', 'a', { id: 'b' }, 'cloneStep was given the string "a"'],
    [
      'an empty id',
      adding('a'),
      { id: '' },
      'The clone of step "a" has an empty string as its id: give it a string that is not empty',
    ],
    ['no options', adding('a'), undefined, 'The clone of step "a" has undefined as its id'],
  ])('is refused for %s', (_, step, options, message) => {
    expect(() => cloneStep(step as ReturnType<typeof adding<'a'>>, options as { id: 'b' })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('a clone of a workflow', () => {
  const a = adding('a');
  const original = () =>
    createWorkflow({
      ...numbers,
      description: 'Counts',
      stateSchema: z.object({ seen: z.number().default(0) }),
      requestContextSchema: z.object({ tenant: z.string().optional() }),
      retryConfig: { attempts: 2, delay: 5 },
      timeoutMs: 9_000,
      options: { validateInputs: false },
    })
      .then(a)
      .sleep(0)
      .map({ n: { step: a, path: 'n' } })
      .branch([[async () => true, adding('a')]]);

  test('has everything of the original but its id, and is committed', () => {
    const workflow = original();
    const clone = cloneWorkflow(workflow, { id: 'other' });
    const shown = (of: typeof workflow | typeof clone) => [
      of.description,
      of.inputSchema,
      of.outputSchema,
      of.stateSchema,
      of.requestContextSchema,
      of.retryConfig,
      of.timeoutMs,
      of.validateInputs,
    ];
    expect([clone.id, clone.committed]).toEqual(['other', true]);
    expect([workflow.id, workflow.committed]).toEqual(['numbers', false]);
    expect(shown(clone)).toEqual(shown(workflow));
    expect(clone.graph).toEqual(workflow.graph);
    expect(clone.flow).toEqual(workflow.flow);
    expect(clone.warnings).toEqual(workflow.warnings);
    expect(clone.warnings).toHaveLength(1);
  });

  test('keeps the ids of its mappings and sleeps', () => {
    expect(cloneWorkflow(original(), { id: 'other' }).graph).toMatchObject([
      { type: 'step', id: 'a' },
      { type: 'sleep', id: 'sleep_numbers_0' },
      { type: 'mapping', id: 'mapping_numbers_0' },
      { type: 'conditional' },
    ]);
  });

  test('does not see what is added to the original later, and takes nothing more itself', () => {
    const workflow = createWorkflow(numbers).then(a);
    const clone = cloneWorkflow(workflow, { id: 'other' });
    workflow.then(adding('b')).commit();
    expect(clone.graph).toHaveLength(1);
    expect(() => clone.then(adding('c'))).toThrow('Workflow "other" is committed and cannot change');
  });

  test('runs as its own workflow', async () => {
    const workflow = createWorkflow(numbers).then(a).commit();
    const clone = cloneWorkflow(workflow, { id: 'other' });
    const result = await (await clone.createRun({ runId: 'run' })).start({ inputData: { n: 1 } });
    expect(result).toMatchObject({ status: 'success', result: { n: 2 } });
    expect(await clone.getWorkflowRunById('run')).toMatchObject({ workflowName: 'other' });
    expect(await workflow.getWorkflowRunById('run')).toBeNull();
  });

  test.each<[string, unknown, unknown, string]>([
    ['no workflow', adding('a'), { id: 'b' }, 'cloneWorkflow was given an object with id'],
    ['an empty id', original(), { id: ' ' }, 'A workflow has the string " " as its id'],
    ['no options', original(), undefined, 'A workflow has undefined as its id'],
  ])('is refused for %s', (_, workflow, options, message) => {
    expect(() => cloneWorkflow(workflow as ReturnType<typeof original>, options as { id: 'b' })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});
