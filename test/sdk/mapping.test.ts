import {
  createStep,
  createWorkflow,
  mapVariable,
  RequestContext,
  type Run,
  type StepDefinition,
} from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const data = {
  n: 1,
  zero: 0,
  nothing: null,
  list: [{ name: 'first' }, { name: 'second' }],
  deep: { er: { value: 'deep' } },
};
const source = createStep({
  id: 'source',
  inputSchema: z.any(),
  outputSchema: z.any(),
  execute: async () => data,
});
const zero = createStep({
  id: 'zero',
  inputSchema: z.any(),
  outputSchema: z.number(),
  execute: async () => 0,
});
const never = createStep({
  id: 'never',
  inputSchema: z.any(),
  outputSchema: z.any(),
  execute: async () => 1,
});
const options = { id: 'w', inputSchema: z.any(), outputSchema: z.any() };

/** What `.map(config)` gives after `source`, a taken arm `zero`, and an arm `never` that was not taken. */
async function mapped(config: Record<string, unknown>): Promise<unknown> {
  const workflow = createWorkflow(options)
    .then(source)
    .branch([
      [async () => true, zero],
      [async () => false, never],
    ])
    .map(config as { x: { value: 1 } })
    .commit();
  return outcome(await workflow.createRun());
}

/** The result of a run, or its error. */
async function outcome(run: Run): Promise<unknown> {
  const result = await run.start({
    inputData: { who: { name: 'Ada' } },
    requestContext: new RequestContext({ tenant: 'acme' }),
  });
  if (result.status === 'success') return result.result;
  return result.status === 'failed' ? result.error : result;
}

describe('a rule gives', () => {
  test.each<[string, unknown, unknown]>([
    ['a constant', { value: { any: ['thing'] } }, { any: ['thing'] }],
    ['null', { value: null }, null],
    [
      'what a function computes',
      { fn: async ({ inputData }: { inputData: unknown }) => inputData },
      { zero: 0 },
    ],
    ['a value of the request context', { requestContextPath: 'tenant' }, 'acme'],
    ['undefined for a key that is not there', { requestContextPath: 'other' }, undefined],
    ['a whole output', { step: source, path: '.' }, data],
    ['a whole output, by an empty path', { step: source, path: '' }, data],
    ['a part of an output', { step: source, path: 'deep.er.value' }, 'deep'],
    ['an item of an array', { step: source, path: 'list.1.name' }, 'second'],
    ['a length', { step: source, path: 'list.length' }, 2],
    ['undefined for a leaf that is missing', { step: source, path: 'deep.er.missing' }, undefined],
    ['undefined for what every object inherits', { step: source, path: 'deep.constructor' }, undefined],
    ['an output by the id of its step', { step: 'source', path: 'n' }, 1],
    ['the first output that there is', { step: [never, zero], path: '.' }, 0],
    ['the first of several', { step: ['source', 'zero'], path: 'n' }, 1],
    ['null when no step was a success', { step: never, path: '.' }, null],
    ['null when none of several was', { step: [never, 'missing'], path: '.' }, null],
    ['the input of the run', { initData: true, path: '.' }, { who: { name: 'Ada' } }],
    ['a part of it', { initData: createWorkflow(options), path: 'who.name' }, 'Ada'],
    ['the constant, of several kinds', { value: 1, step: source, path: '.' }, 1],
  ])('%s', async (_, rule, expected) => {
    expect(await mapped({ x: rule })).toEqual({ x: expected });
  });

  test('all keys of an object, computed one after the other', async () => {
    const seen: string[] = [];
    const fn = (name: string) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      return name;
    };
    expect(await mapped({ b: { fn: fn('b') }, a: { fn: fn('a') } })).toEqual({ b: 'b', a: 'a' });
    expect(seen).toEqual(['b begins', 'b ends', 'a begins', 'a ends']);
  });

  test('an own key even of a dangerous name', async () => {
    const result = await mapped(JSON.parse('{"__proto__": { "value": 1 }}') as Record<string, unknown>);
    expect(Object.entries(result as object)).toEqual([['__proto__', 1]]);
  });
});

describe('a path fails the run', () => {
  test.each<[string, unknown, string]>([
    ['through a number', { step: source, path: 'n.cents' }, 'Invalid path n.cents in step source'],
    ['through null', { step: source, path: 'nothing.at.all' }, 'Invalid path nothing.at.all in step source'],
    ['through what is missing', { step: source, path: 'a.b.c' }, 'Invalid path a.b.c in step source'],
    ['through the output that was found', { step: [never, zero], path: 'x' }, 'Invalid path x in step zero'],
    ['into a step that was no success', { step: never, path: 'x' }, 'Invalid path x in step never'],
    ['into several', { step: [never, 'missing'], path: 'x' }, 'Invalid path x in step never, missing'],
    [
      'through the input',
      { initData: true, path: 'who.name.first' },
      'Invalid path who.name.first in initData',
    ],
  ])('%s', async (_, rule, message) => {
    expect(await mapped({ x: rule })).toMatchObject({ code: 'WORKFLOW_MAPPING_PATH_INVALID', message });
  });
});

describe('a function', () => {
  test('gives the whole output, whatever it is', async () => {
    const workflow = createWorkflow(options)
      .then(source)
      .map(async ({ getStepResult, getInitData, requestContext }) => [
        getStepResult(source)?.n,
        getInitData(),
        requestContext.get('tenant'),
      ])
      .commit();
    expect(await outcome(await workflow.createRun())).toEqual([1, { who: { name: 'Ada' } }, 'acme']);
  });

  test('that throws fails the run', async () => {
    const workflow = createWorkflow(options)
      .map(async () => {
        throw new RangeError('too far');
      })
      .commit();
    expect(await outcome(await workflow.createRun())).toMatchObject({
      name: 'RangeError',
      message: 'too far',
    });
  });
});

describe('a mapping tells the runtime what it reads', () => {
  function reads(config: unknown): StepDefinition['reads'] {
    const workflow = createWorkflow(options).map(config as () => 1);
    const [entry] = workflow.flow;
    return entry !== undefined && 'step' in entry ? entry.step.reads : undefined;
  }

  test.each<[string, unknown, StepDefinition['reads']]>([
    ['nothing', { a: { value: 1 }, b: { requestContextPath: 'x' } }, { steps: [], init: false }],
    [
      'the steps it names, each once',
      { a: { step: source, path: 'n' }, b: { step: ['zero', 'source'], path: '.' } },
      { steps: ['source', 'zero'], init: false },
    ],
    ['the input', { a: { initData: true, path: '.' } }, { steps: [], init: true }],
    [
      'what a lean function adds: nothing',
      { a: { step: source, path: '.' }, b: { fn: ({ inputData }: { inputData: unknown }) => inputData } },
      { steps: ['source'], init: false },
    ],
    [
      'what its templates name',
      { a: { template: '${initData} ${stepResults.zero} ${stepResults.source.n} ${stepResults.zero}' } },
      { steps: ['zero', 'source'], init: true },
    ],
    [
      'nothing for other references of a template',
      { a: { template: 'initData ${inputData} ${state.initData} ${requestContext.stepResults.a}' } },
      { steps: [], init: false },
    ],
    ['anything a function may ask for', { a: { fn: (context: unknown) => context } }, 'all'],
    ['nothing, as a lean function', async () => 1, { steps: [], init: false }],
    ['anything, as a function', (context: unknown) => context, 'all'],
  ])('%s', (_, config, expected) => {
    expect(reads(config)).toEqual(expected);
  });
});

test('the graph shows what a mapping does', () => {
  const rule = mapVariable({ step: [source, zero], path: 'n' });
  const { graph } = createWorkflow(options).map({
    rule,
    one: { step: source, path: 'n' },
    big: { value: 1n },
    fn: { fn: () => 1 },
    text: { template: 'n ${inputData}' },
    key: { requestContextPath: 'tenant' },
    init: { initData: true, path: 'who' },
  });
  const [entry] = graph;
  expect(JSON.parse(entry?.type === 'mapping' ? entry.mapConfig : '')).toEqual({
    rule: { step: ['source', 'zero'], path: 'n' },
    one: { step: 'source', path: 'n' },
    big: { value: '1n' },
    fn: { fn: '() => 1' },
    text: { template: 'n ${inputData}' },
    key: { requestContextPath: 'tenant' },
    init: { initData: true, path: 'who' },
  });
});
