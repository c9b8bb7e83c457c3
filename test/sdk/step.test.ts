import { createStep, isWorkflowError, RequestContext, type StepDefinition } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StepContext } from '../../src/core/definition.ts';

const schemas = { inputSchema: z.string(), outputSchema: z.string() };

/** Calls the body as the runtime does; only what a test reads is there. */
function call(step: StepDefinition, inputData: unknown): unknown {
  const body = step.execute;
  return body({ inputData, requestContext: new RequestContext() } as unknown as StepContext);
}

describe('createStep', () => {
  test('keeps what it was given', () => {
    const params = {
      ...schemas,
      id: 'a',
      description: 'Does it',
      resumeSchema: z.number(),
      suspendSchema: z.boolean(),
      stateSchema: z.object({ n: z.number() }),
      requestContextSchema: z.object({ tenant: z.string() }),
      retries: 2,
      timeoutMs: 2_147_483_647,
      execute: async () => '',
    };
    expect(createStep(params)).toEqual({
      ...params,
      execute: expect.any(Function),
      reads: { steps: [], init: false },
    });
  });

  test('calls the body with the parameters as this', () => {
    const params = {
      ...schemas,
      id: 'greet',
      greeting: 'Hello',
      execute({ inputData }: { inputData: string }) {
        return `${this.greeting} ${inputData}`;
      },
    };
    expect(call(createStep(params), 'you')).toBe('Hello you');
  });

  test('cannot be changed afterwards', () => {
    const step = createStep({ ...schemas, id: 'a', execute: async () => '' });
    expect(() => Object.assign(step, { id: 'b' })).toThrow(TypeError);
  });

  test('says what the body can read, by the source of the author', () => {
    const lean = createStep({ ...schemas, id: 'a', execute: async ({ inputData }) => inputData });
    const all = createStep({ ...schemas, id: 'a', execute: async (context) => context.inputData });
    expect([lean.reads, all.reads]).toEqual([{ steps: [], init: false }, 'all']);
  });

  test('takes a schema of any library by its standard property alone', () => {
    const schema = Object.assign(() => {}, { '~standard': z.string()['~standard'] });
    const step = createStep({ id: 'a', inputSchema: schema, outputSchema: schema, execute: () => '' });
    expect(step.inputSchema).toBe(schema);
  });
});

describe('createStep refuses', () => {
  const execute = async () => '';
  test.each<[string, unknown, string]>([
    [
      'nothing',
      undefined,
      'createStep was given undefined: give it { id, inputSchema, outputSchema, execute }',
    ],
    ['no id', { ...schemas, execute }, 'A step has undefined as its id: give it a string that is not empty'],
    ['an empty id', { ...schemas, id: '', execute }, 'A step has an empty string as its id'],
    ['a blank id', { ...schemas, id: ' ', execute }, 'A step has the string " " as its id'],
    ['a number as its id', { ...schemas, id: 1, execute }, 'A step has the number 1 as its id'],
    [
      'no input schema',
      { id: 'a', outputSchema: z.string(), execute },
      'Step "a" has undefined as its inputSchema: give a Standard Schema, as zod, valibot and arktype make them',
    ],
    [
      'no output schema',
      { id: 'a', inputSchema: z.string(), execute },
      'Step "a" has undefined as its outputSchema',
    ],
    [
      'a description instead of a schema',
      { ...schemas, id: 'a', resumeSchema: { ok: 'boolean' }, execute },
      'Step "a" has an object with ok as its resumeSchema',
    ],
    ['null as a schema', { ...schemas, id: 'a', stateSchema: null, execute }, 'has null as its stateSchema'],
    ['no body', { ...schemas, id: 'a' }, 'Step "a" has undefined as its execute: give a function'],
    [
      'the result of a body',
      { ...schemas, id: 'a', execute: {} },
      'Step "a" has an object without keys as its execute',
    ],
    [
      'negative retries',
      { ...schemas, id: 'a', execute, retries: -1 },
      'Step "a" has the number -1 as its retries: give a whole number from 0 to 999',
    ],
    ['half retries', { ...schemas, id: 'a', execute, retries: 1.5 }, 'the number 1.5'],
    ['too many retries', { ...schemas, id: 'a', execute, retries: 1000 }, 'the number 1000'],
    [
      'no time at all',
      { ...schemas, id: 'a', execute, timeoutMs: 0 },
      'Step "a" has the number 0 as its timeoutMs: give a whole number from 1 to 2147483647',
    ],
    ['a time that no timer can wait', { ...schemas, id: 'a', execute, timeoutMs: 2 ** 31 }, '2147483648'],
    ['a time that is none', { ...schemas, id: 'a', execute, timeoutMs: Infinity }, 'the number Infinity'],
    [
      'a text as its time',
      { ...schemas, id: 'a', execute, timeoutMs: '5s' },
      'the string "5s" as its timeoutMs',
    ],
    [
      'two numbers of attempts',
      { ...schemas, id: 'a', execute, retries: 1, retryConfig: { attempts: 2 } },
      'Step "a" has both retries and retryConfig.attempts, which are the same: give one of them',
    ],
    [
      'null as a policy',
      { ...schemas, id: 'a', execute, retryConfig: null },
      'Step "a" has null as its retryConfig: give { attempts, delay }',
    ],
    [
      'a bound that is none',
      { ...schemas, id: 'a', execute, retryConfig: { maxDelay: Number.NaN } },
      'has the number NaN as its retryConfig.maxDelay: give milliseconds from 0',
    ],
    [
      'a way to back off that is none',
      { ...schemas, id: 'a', execute, retryConfig: { backoff: 'linear' } },
      'has the string "linear" as its retryConfig.backoff: give "constant" or "exponential"',
    ],
    [
      'a jitter that is none',
      { ...schemas, id: 'a', execute, retryConfig: { jitter: true } },
      'has the boolean true as its retryConfig.jitter: give "none" or "full"',
    ],
    [
      'a condition that is none',
      { ...schemas, id: 'a', execute, retryConfig: { retryIf: ['E1'] } },
      'has an array as its retryConfig.retryIf: give a function of the error that returns true or false',
    ],
    ['a symbol', { ...schemas, id: Symbol('a'), execute }, 'a symbol as its id'],
    ['an array', [], 'createStep was given an array'],
    ['a function', function step() {}, 'createStep was given the function step'],
    ['an arrow', (() => () => {})(), 'createStep was given a function'],
  ])('%s', (_, params, message) => {
    let thrown: unknown;
    try {
      createStep(params as Parameters<typeof createStep>[0]);
    } catch (error) {
      thrown = error;
    }
    expect(isWorkflowError(thrown, 'WORKFLOW_DEFINITION_INVALID')).toBe(true);
    expect(thrown).toHaveProperty('message', expect.stringContaining(message));
  });
});
