import { createStep, createWorkflow, WorkflowError } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { graphText } from '../../src/core/graph.ts';
import { limits } from '../../src/core/limits.ts';
import { adding, numbers } from './steps.ts';

const a = adding('a');
const b = adding('b');

/** Any method of a workflow, with the types that keep an author from calling it wrongly taken away. */
interface Untyped {
  then(...given: unknown[]): Untyped;
  parallel(...given: unknown[]): Untyped;
  branch(...given: unknown[]): Untyped;
  map(...given: unknown[]): Untyped;
  commit(): Untyped;
}
const untyped = (): Untyped => createWorkflow(numbers) as unknown as Untyped;

function refusal(call: () => unknown): WorkflowError {
  try {
    call();
  } catch (error) {
    if (error instanceof WorkflowError) return error;
  }
  return expect.unreachable('a WorkflowError should have been thrown');
}

describe('a graph', () => {
  test('shows each entry', () => {
    const asking = createStep({
      id: 'asking',
      description: 'Asks',
      inputSchema: z.any(),
      outputSchema: z.any(),
      resumeSchema: z.any(),
      execute: async () => 1,
    });
    const telling = createStep({
      id: 'telling',
      inputSchema: z.any(),
      outputSchema: z.any(),
      suspendSchema: z.any(),
      execute: async () => 1,
    });
    const workflow = createWorkflow(numbers)
      .then(a)
      .parallel([a, b], { id: 'both', description: 'Both' })
      .then(asking)
      .branch([[async ({ inputData }) => Boolean(inputData), telling]])
      .map({ n: { value: 1 } }, { id: 'one', description: 'One' })
      .map(async () => 2)
      .commit();
    expect(workflow.graph).toEqual([
      { type: 'step', id: 'a', canSuspend: false },
      {
        type: 'parallel',
        id: 'both',
        description: 'Both',
        arms: [
          { id: 'a', canSuspend: false },
          { id: 'b', canSuspend: false },
        ],
      },
      { type: 'step', id: 'asking', description: 'Asks', canSuspend: true },
      {
        type: 'conditional',
        arms: [{ id: 'telling', canSuspend: true }],
        conditions: [expect.stringMatching(/^async \(\{ inputData \}\) => Boolean\(inputData\)$/)],
      },
      { type: 'mapping', id: 'one', description: 'One', mapConfig: '{"n":{"value":1}}' },
      { type: 'mapping', id: 'mapping_numbers_0', mapConfig: 'async () => 2' },
    ]);
    expect(workflow.flow.map(({ type }) => type)).toEqual(workflow.graph.map(({ type }) => type));
    expect(workflow.flow[0]).toEqual({ type: 'step', step: a });
    expect(workflow.warnings).toEqual([]);
  });

  test('is the same whenever it is built', () => {
    const build = () =>
      createWorkflow(numbers)
        .map(async () => ({ n: 1 }))
        .then(a)
        .map(async () => ({ n: 2 }))
        .commit();
    expect(graphText(build().graph)).toBe(graphText(build().graph));
    expect(build().graph.map((entry) => entry.id)).toEqual(['mapping_numbers_0', 'a', 'mapping_numbers_1']);
  });

  test('gives a mapping no id that is taken', () => {
    const workflow = createWorkflow(numbers)
      .then(adding('mapping_numbers_0'))
      .map(async () => 1)
      .commit();
    expect(workflow.graph.map((entry) => entry.id)).toEqual(['mapping_numbers_0', 'mapping_numbers_1']);
  });

  test('shows of a long mapping what fits', () => {
    const { graph } = createWorkflow(numbers).map({ text: { value: 'x'.repeat(2000) } });
    expect(graph[0]).toHaveProperty('mapConfig.length', 1000);
  });
});

describe('a definition', () => {
  test('keeps its options', () => {
    const options = {
      ...numbers,
      description: 'Numbers',
      stateSchema: z.object({ n: z.number() }),
      requestContextSchema: z.object({ tenant: z.string() }),
      retryConfig: { attempts: 2, delay: 10 },
    };
    const workflow = createWorkflow(options);
    expect(workflow).toMatchObject(options);
    expect(workflow.validateInputs).toBe(true);
    expect(createWorkflow({ ...numbers, options: { validateInputs: false } }).validateInputs).toBe(false);
  });

  test('is committed once and for all', () => {
    const workflow = createWorkflow(numbers).then(a);
    expect(workflow.committed).toBe(false);
    expect(workflow.commit().commit()).toBe(workflow);
    expect(workflow.committed).toBe(true);
    for (const change of [
      () => workflow.then(b),
      () => workflow.parallel([b]),
      () => workflow.branch([[async () => true, b]]),
      () => workflow.map(async () => 1),
    ]) {
      expect(refusal(change)).toMatchObject({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining('Workflow "numbers" is committed and cannot change'),
        details: { workflowId: 'numbers' },
      });
    }
    expect(() => Object.assign(workflow.graph, { 0: undefined })).toThrow(TypeError);
    expect(workflow.graph).toHaveLength(1);
  });

  test('is the same object throughout its chain', () => {
    const workflow = createWorkflow(numbers);
    const chained = workflow
      .then(a)
      .branch([[async () => true, a]])
      .map(async () => ({ n: 1 }))
      .parallel([a]);
    expect(chained.commit()).toBe(workflow);
  });
});

describe('ids', () => {
  test('one step may be used several times', () => {
    expect(
      createWorkflow({ ...numbers, options: { strictIds: true } })
        .then(a)
        .then(a)
        .commit().warnings,
    ).toEqual([]);
  });

  test('two different steps of one id are told, once', () => {
    const workflow = createWorkflow(numbers).then(a).then(adding('a')).then(adding('a')).commit();
    expect(workflow.warnings).toEqual([
      'Two different steps have the id "a", so the later result overwrites the earlier one: give each its own id',
    ]);
  });

  test('or refused', () => {
    const workflow = createWorkflow({ ...numbers, options: { strictIds: true } }).then(a);
    expect(refusal(() => workflow.then(adding('a'))).message).toContain(
      'Two different steps have the id "a"',
    );
    expect(refusal(() => workflow.map(async () => 1, { id: 'a' })).message).toContain('the id "a"');
    expect(workflow.graph).toHaveLength(1);
  });

  test('the name under which results show the input is told', () => {
    expect(createWorkflow(numbers).then(adding('input')).commit().warnings).toEqual([
      expect.stringContaining('A step has the id "input"'),
    ]);
  });
});

describe('createWorkflow refuses', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'createWorkflow was given undefined: give it { id, inputSchema, outputSchema }'],
    ['an empty id', { ...numbers, id: '' }, 'A workflow has an empty string as its id'],
    [
      'no input schema',
      { ...numbers, inputSchema: undefined },
      'Workflow "numbers" has undefined as its inputSchema',
    ],
    ['no output schema', { ...numbers, outputSchema: undefined }, 'has undefined as its outputSchema'],
    [
      'a foreign state schema',
      { ...numbers, stateSchema: {} },
      'has an object without keys as its stateSchema',
    ],
    [
      'a number of retries',
      { ...numbers, retryConfig: 3 },
      'has the number 3 as its retryConfig: give { attempts, delay }',
    ],
    [
      'no time at all',
      { ...numbers, timeoutMs: 0 },
      'Workflow "numbers" has the number 0 as its timeoutMs: give a whole number from 1 to 31536000000',
    ],
    ['more than a year', { ...numbers, timeoutMs: 31_536_000_001 }, 'as its timeoutMs'],
    ['endless attempts', { ...numbers, retryConfig: { attempts: Infinity } }, 'as its retryConfig.attempts'],
    [
      'a negative delay',
      { ...numbers, retryConfig: { delay: -1 } },
      'has the number -1 as its retryConfig.delay',
    ],
    ['an unknown backoff', { ...numbers, retryConfig: { backoff: 1 } }, 'as its retryConfig.backoff'],
    ['a delay without end', { ...numbers, retryConfig: { delay: Infinity } }, 'as its retryConfig.delay'],
    [
      'a delay in words',
      { ...numbers, retryConfig: { delay: '1s' } },
      'has the string "1s" as its retryConfig.delay',
    ],
  ])('%s', (_, options, message) => {
    const error = refusal(() => createWorkflow(options as typeof numbers));
    expect(error).toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: expect.stringContaining(message),
    });
  });
});

describe('the builder refuses', () => {
  const yes = async () => true;
  test.each<[string, () => unknown, string]>([
    [
      'what is no step',
      () => untyped().then({ id: 'x' }),
      '.then() was given an object with id: it expects a step made by createStep',
    ],
    [
      'a step that is not there yet',
      () => untyped().then(undefined),
      '.then() was given undefined: it expects a step',
    ],
    [
      'a promise that takes it for one of its kind',
      () =>
        untyped().then(
          () => {},
          () => {},
        ),
      'a workflow was awaited or returned from an async function',
    ],
    ['a step without an id', () => untyped().then({ id: '', execute: yes }), 'has an empty string as its id'],
    [
      'no arms',
      () => untyped().parallel([]),
      '.parallel() was given an empty array: it expects an array with at least one arm',
    ],
    ['arms that are no array', () => untyped().parallel(a), '.parallel() was given an object with id, '],
    [
      'an arm that is no step',
      () => untyped().parallel([a, 'b']),
      '.parallel() was given the string "b": it expects a step',
    ],
    ['one arm twice', () => untyped().parallel([a, b, a]), '.parallel() has two arms with the step id "a"'],
    [
      'too many arms',
      () => untyped().parallel(Array.from({ length: 101 }, (_, n) => adding(`s${n}`))),
      '.parallel() was given 101 arms: at most 100 are possible',
    ],
    [
      'a block without a name',
      () => untyped().parallel([a], { id: '' }),
      '.parallel() has an empty string as its id',
    ],
    [
      'options that are none',
      () => untyped().parallel([a], 'both'),
      '.parallel() was given the string "both" as its options',
    ],
    ['no conditions', () => untyped().branch([]), '.branch() was given an empty array'],
    [
      'a condition that is no function',
      () => untyped().branch([[true, a]]),
      '.branch() was given the boolean true as the condition of [condition, step]: give a function of the context, or { predicate }',
    ],
    ['a step without a condition', () => untyped().branch([a]), '.branch() was given an object with id, '],
    [
      'a condition without a step',
      () => untyped().branch([[yes]]),
      '.branch() was given undefined: it expects a step',
    ],
    [
      'one step in two arms',
      () =>
        untyped().branch([
          [yes, a],
          [yes, a],
        ]),
      '.branch() has two arms with the step id "a"',
    ],
    [
      'a mapping of nothing',
      () => untyped().map(undefined),
      '.map() was given undefined: give it a function, or an object',
    ],
    [
      'a mapping with an empty id',
      () => untyped().map(yes, { id: '' }),
      '.map() has an empty string as its id',
    ],
    [
      'a rule that is none',
      () => untyped().map({ x: 1 }),
      '.map(): "x" is the number 1. A rule is { value }, { fn }, ',
    ],
    ['a rule without a kind', () => untyped().map({ x: { schema: 1 } }), '"x" is an object with schema'],
    ['a function that is none', () => untyped().map({ x: { fn: 1 } }), '"x" has the number 1 as its fn'],
    [
      'a key that is none',
      () => untyped().map({ x: { requestContextPath: 1 } }),
      '"x" has the number 1 as its requestContextPath',
    ],
    [
      'a rule with a foreign step',
      () => untyped().map({ x: { step: {}, path: '.' } }),
      '"x" has an object without keys as its step',
    ],
    ['a rule with no step', () => untyped().map({ x: { step: [], path: '.' } }), '"x" names no step'],
    ['a rule without a path', () => untyped().map({ x: { step: a } }), '"x" has undefined as its path'],
    [
      'an input without a path',
      () => untyped().map({ x: { initData: true } }),
      '"x" has undefined as its path',
    ],
  ])('%s', (_, call, message) => {
    expect(refusal(call)).toMatchObject({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('the hundredth arm is fine', () => {
    const arms = Array.from({ length: 100 }, (_, n) => adding(`s${n}`));
    expect(createWorkflow(numbers).parallel(arms).graph).toHaveLength(1);
  });
});

test('a workflow has a largest length', () => {
  const workflow = untyped();
  for (let entry = 0; entry < limits.entries; entry += 1) workflow.then(a);
  expect(refusal(() => workflow.then(a)).message).toContain('it has 100000 entries already');
});

test('a workflow that is awaited says what is wrong', async () => {
  const awaited = Promise.resolve().then(() => createWorkflow(numbers) as unknown);
  await expect(awaited).rejects.toThrow('wrap it in an object');
});
