import { expect, test } from 'vitest';
import { z } from 'zod';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { type ComparableRun, compareWithInterpreter, interpret } from '../../src/testing/index.ts';
import { body, echo, flow } from '../runtime/steps.ts';

const made = flow('w')
  .then(echo('a'))
  .then(body('b', async () => ({ deep: [undefined] })))
  .commit();

/** What a run of {@link made} comes to, with some of it otherwise. */
async function differences(change: Partial<ComparableRun>): Promise<string[]> {
  const interpreted = await interpret(made as unknown as WorkflowDefinition, {
    inputData: 1,
    resume: () => undefined,
  });
  const times = { startedAt: 1, endedAt: 2 };
  const right = {
    status: 'success',
    result: { deep: [undefined] },
    steps: {
      input: 1,
      a: { status: 'success', payload: 1, output: 1, ...times },
      b: { status: 'success', payload: 1, output: { deep: [undefined] }, ...times },
    },
    state: {},
  };
  return compareWithInterpreter({ ...right, ...change }, interpreted);
}

test('finds nothing where nothing is', async () => {
  expect(await differences({})).toEqual([]);
});

test.each<[Partial<ComparableRun>, string]>([
  [{ status: 'failed' }, "status is 'failed', not 'success'"],
  [{ result: { deep: [null] } }, 'result is { deep: [ null ] }, not { deep: [ undefined ] }'],
  [{ error: new Error('e') }, "error is 'Error: e', not undefined"],
  [{ state: { a: 1 } }, 'state is { a: 1 }, not {}'],
  [{ steps: { a: { status: 'success', payload: 1, output: 1 } } }, 'step b has no entry, and must have one'],
])('finds %o', async (change, text) => {
  expect(await differences(change)).toContain(text);
});

test('finds an entry too many, and what an entry has otherwise', async () => {
  const entry = { status: 'success', payload: 1, output: { deep: [undefined] } };
  const steps = { a: { status: 'failed', payload: 1, output: 1 }, b: entry, c: entry };
  expect(await differences({ steps })).toEqual([
    "status of step a is 'failed', not 'success'",
    'step c has an entry, and must have none',
  ]);
});

test('compares errors of authors by name and text, those of the semantics by their code', async () => {
  const failed = (execute: () => never) =>
    interpret(flow('w').then(body('a', execute)).commit() as unknown as WorkflowDefinition, {
      resume: () => 0,
    });
  const typed = await failed(() => {
    throw new TypeError('no');
  });
  const actual = (error: unknown): ComparableRun => ({
    status: 'failed',
    error,
    steps: { a: { status: 'failed', payload: undefined, error } },
  });
  expect(compareWithInterpreter(actual(new TypeError('no')), typed)).toEqual([]);
  expect(compareWithInterpreter(actual(new Error('no')), typed)).toHaveLength(2);
  expect(compareWithInterpreter(actual(undefined), typed)).toHaveLength(2);
  const coded = await failed(() => {
    throw 'a text' as unknown;
  });
  const error = Object.assign(new Error('other words'), { code: 'WORKFLOW_STEP_FAILED' });
  expect(compareWithInterpreter(actual(error), coded)).toEqual([]);
});

test('takes a typed result as it is, and what start comes to is what is compared when nobody resumes', async () => {
  const ask = createStep({
    id: 'ask',
    inputSchema: z.number(),
    outputSchema: z.number(),
    resumeSchema: z.number(),
    execute: async ({ inputData, resumeData, suspend }) => resumeData ?? suspend({ about: inputData }),
  });
  const asking = createWorkflow({ id: 'asking', inputSchema: z.number(), outputSchema: z.number() })
    .then(ask)
    .commit();
  const run = await asking.createRun();
  const meant = await interpret(asking, { inputData: 1 });
  expect(meant).toMatchObject({ status: 'suspended', suspended: [['ask']] });
  expect(compareWithInterpreter(await run.start({ inputData: 1 }), meant)).toEqual([]);
  const resumed = await interpret(asking, { inputData: 1, resume: () => 5 });
  expect(compareWithInterpreter(await run.resume({ resumeData: 5 }), resumed)).toEqual([]);
});
