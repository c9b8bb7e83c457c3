import {
  cloneWorkflow,
  createStep,
  createWorkflow,
  type Step,
  type WorkflowDefinition,
} from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '../../src/core/limits.ts';
import { adding, numbers } from './steps.ts';

const ask = createStep({
  id: 'ask',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.object({ n: z.number() }),
  resumeSchema: z.object({ by: z.number() }),
  execute: async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined ? suspend({}) : { n: inputData.n + resumeData.by },
});

type Numbers = { n: number };

/** A workflow of one step. */
function one(id: string, step: Step<string, Numbers, Numbers> = adding('a')) {
  return createWorkflow({ ...numbers, id }).then(step);
}

/** The step that a workflow has become, as the first entry of `outer`. */
function firstStep(outer: WorkflowDefinition) {
  const [entry] = outer.flow;
  if (entry === undefined || !('step' in entry)) throw new TypeError('The first entry is no step');
  return entry.step;
}

describe('a workflow as a step', () => {
  test('has what is known of the workflow, and no body', () => {
    const inner = createWorkflow({
      ...numbers,
      id: 'inner',
      description: 'Adds',
      stateSchema: z.object({ seen: z.number() }),
      requestContextSchema: z.object({ tenant: z.string() }),
    })
      .then(adding('a'))
      .commit();
    const outer = createWorkflow({ ...numbers, stateSchema: inner.stateSchema })
      .then(inner)
      .commit();
    const step = firstStep(outer);
    const { id, description, inputSchema, outputSchema, stateSchema, requestContextSchema } = inner;
    expect(step).toMatchObject({ id, description, component: 'WORKFLOW', reads: { steps: [], init: false } });
    expect(step.workflow).toBe(inner);
    expect([step.inputSchema, step.outputSchema]).toEqual([inputSchema, outputSchema]);
    expect([step.stateSchema, step.requestContextSchema]).toEqual([stateSchema, requestContextSchema]);
    expect(() => step.execute({ runId: 'r' } as Parameters<typeof step.execute>[0])).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining('Workflow "inner" has no body to call'),
      }),
    );
  });

  test('is the same step wherever it is used', () => {
    const inner = one('inner');
    const outer = createWorkflow({ ...numbers, options: { strictIds: true } })
      .then(inner)
      .then(inner);
    const other = createWorkflow(numbers).then(inner);
    expect(outer.flow[1]).toEqual(outer.flow[0]);
    expect(firstStep(other)).toBe(firstStep(outer));
    expect(outer.warnings).toEqual([]);
  });

  test('shows its graph in every kind of entry', () => {
    const inner = one('inner', ask).commit();
    const shown = { id: 'inner', canSuspend: true, nested: { workflowId: 'inner', graph: inner.graph } };
    const outer = createWorkflow({ ...numbers, outputSchema: z.unknown() })
      .then(inner)
      .dowhile(inner, async () => false)
      .branch([[async () => true, inner]])
      .map(async () => ({ n: 1 }))
      .parallel([inner])
      .map(async () => [{ n: 1 }])
      .foreach(inner)
      .commit();
    expect(outer.graph).toMatchObject([
      { type: 'step', ...shown },
      { type: 'loop', step: shown },
      { type: 'conditional', arms: [shown] },
      {},
      { type: 'parallel', arms: [shown] },
      {},
      { type: 'foreach', concurrency: '1', step: shown },
    ]);
  });

  test('may be completed later, until the outer workflow is committed', () => {
    const inner = one('inner');
    const arm = one('arm');
    const body = one('body');
    const outer = createWorkflow({ ...numbers, outputSchema: z.unknown() })
      .then(inner)
      .dowhile(body, async () => false)
      .parallel([arm]);
    for (const each of [inner, arm, body]) each.then(ask);
    outer.commit();
    const nested = { canSuspend: true, nested: { graph: [{ id: 'a' }, { id: 'ask' }] } };
    expect(outer.graph).toMatchObject([nested, { step: nested }, { arms: [nested] }]);
    expect(inner.committed).toBe(true);
    expect(() => inner.then(ask)).toThrow('Workflow "inner" is committed and cannot change');
  });

  test('is refused by .commit() without entries', () => {
    const outer = createWorkflow(numbers).then(createWorkflow({ ...numbers, id: 'inner' }));
    expect(() => outer.commit()).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_EMPTY_GRAPH',
        message:
          'Workflow "inner" is a step of "numbers" and has no entries: add them before .commit() of "numbers"',
      }),
    );
    expect(outer.committed).toBe(false);
  });

  test('stays in a clone', async () => {
    const outer = cloneWorkflow(createWorkflow(numbers).then(one('inner')), { id: 'clone' });
    const result = await (await outer.createRun()).start({ inputData: { n: 1 } });
    expect(result).toMatchObject({
      status: 'success',
      result: { n: 2 },
      steps: { inner: { output: { n: 2 } } },
    });
  });

  test('must not be the workflow itself, nor contain it', () => {
    const outer = one('outer');
    expect(() => outer.then(outer)).toThrow(
      'Workflow "outer" was given itself as a step: it would never end',
    );
    const middle = one('middle').parallel([one('inner').then(outer)]);
    expect(() => outer.dowhile(middle as never, async () => true)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining('was given "middle", which contains it as a step'),
      }),
    );
  });

  test('can be nested as deep as the limit', () => {
    let outer = one('w0');
    for (let depth = 1; depth <= limits.nesting; depth += 1) outer = one(`w${depth}`).then(outer);
    expect(() => one('more').then(outer)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_LIMIT_EXCEEDED',
        details: { workflowId: 'more', limit: 'nesting', allowed: limits.nesting },
      }),
    );
  });
});

describe('.foreach', () => {
  const list = {
    id: 'w',
    inputSchema: z.array(z.object({ n: z.number() })),
    outputSchema: z.unknown(),
  } as const;
  const entries = (concurrency?: unknown) =>
    createWorkflow(list).foreach(
      adding('a'),
      concurrency === undefined ? undefined : { concurrency: concurrency as number },
    );

  test.each([
    [undefined, 1],
    [4, 4],
    [2.9, 2],
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ])('has with concurrency %s %i at once', (given, expected) => {
    const { graph, flow } = entries(given);
    expect(graph).toMatchObject([{ type: 'foreach', step: { id: 'a' }, concurrency: String(expected) }]);
    expect(flow).toMatchObject([{ type: 'foreach', concurrency: expected }]);
  });

  test('takes a function, a name and a description', async () => {
    const concurrency = ({ inputData }: { inputData: readonly unknown[] }) => inputData.length;
    const workflow = createWorkflow(list)
      .foreach(adding('a'), { concurrency, id: 'all', description: 'Adds' })
      .commit();
    expect(workflow.graph).toMatchObject([
      { type: 'foreach', id: 'all', description: 'Adds', concurrency: concurrency.toString() },
    ]);
    const result = await (await workflow.createRun()).start({ inputData: [{ n: 1 }, { n: 2 }] });
    expect(result).toMatchObject({ status: 'success', result: [{ n: 2 }, { n: 3 }] });
  });

  test.each<[string, unknown]>([
    ['the string "2"', '2'],
    ['null', null],
    ['an array', [2]],
  ])('refuses %s as its concurrency', (shown, concurrency) => {
    expect(() => entries(concurrency)).toThrow(
      `Workflow "w": .foreach() was given ${shown} as its concurrency: give a number, or a function of the context`,
    );
  });

  test('refuses what is no step, and options that are none', () => {
    expect(() => createWorkflow(numbers).foreach('a' as never)).toThrow(
      '.foreach() was given the string "a": it expects a step made by createStep, or a workflow',
    );
    expect(() => createWorkflow(numbers).foreach(adding('a') as never, 2 as never)).toThrow(
      'Workflow "numbers": .foreach() was given the number 2 as its options',
    );
  });
});
