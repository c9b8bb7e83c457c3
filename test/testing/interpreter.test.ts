import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { createStep, createWorkflow, NonRetryableError, TripWire } from '../../src/index.ts';
import { interpret } from '../../src/testing/index.ts';
import type { InterpretOptions } from '../../src/testing/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';

const never = (): never => expect.unreachable('nothing is suspended');

function run(workflow: unknown, options: Partial<InterpretOptions> = {}) {
  return interpret(workflow as WorkflowDefinition, { resume: never, inputData: 1, ...options });
}

const adding = (id: string, count = 1) => body(id, async ({ inputData }) => Number(inputData) + count);
const failing = (id: string) => body(id, async () => Promise.reject(new TypeError(`${id} failed`)));

describe('a run', () => {
  test('hands on outputs, and keeps every entry', async () => {
    const made = flow('w').then(adding('a')).sleep(1e9, { id: 'nap' }).then(adding('b', 10)).commit();
    expect(await run(made)).toMatchObject({
      status: 'success',
      result: 12,
      steps: {
        a: { status: 'success', payload: 1, output: 2 },
        nap: { status: 'success', payload: 2, output: 2 },
        b: { status: 'success', payload: 2, output: 12 },
      },
      open: [],
      candidates: [],
    });
  });

  test('validates what it is given, with defaults, and rejects what does not fit', async () => {
    const made = createWorkflow({
      id: 'w',
      inputSchema: z.object({ v: z.number().default(7) }),
      outputSchema: any,
      stateSchema: z.object({ n: z.number() }),
      requestContextSchema: z.object({ user: z.string() }),
    })
      .then(
        createStep({
          id: 'a',
          inputSchema: any,
          outputSchema: any,
          execute: async ({ inputData }) => inputData,
        }),
      )
      .commit();
    const good = { inputData: {}, initialState: { n: 1 }, requestContext: { user: 'ada' } };
    expect(await run(made, good)).toMatchObject({ result: { v: 7 }, state: { n: 1 } });
    const text = /^Invalid input data: \n- v: /;
    await expect(run(made, { ...good, inputData: { v: 'x' } })).rejects.toThrow(text);
    await expect(run(made, { ...good, initialState: { n: 'x' } })).rejects.toThrow(/^Invalid initial data/);
    await expect(run(made, { ...good, requestContext: {} })).rejects.toThrow(
      /^Request context validation failed/,
    );
  });

  test('fails by the first entry that does, and executes nothing behind it', async () => {
    const made = flow('w').then(failing('a')).then(echo('b')).commit();
    const interpreted = await run(made);
    expect(interpreted).toMatchObject({
      status: 'failed',
      error: { name: 'TypeError', message: 'a failed' },
    });
    expect(Object.keys(interpreted.steps)).toEqual(['a']);
  });

  test('ends with status tripwire, canceled, or early by a bail', async () => {
    const tripping = body('t', async () => Promise.reject(new TripWire('stop', { retry: true })));
    expect(await run(flow('w').then(tripping).commit())).toMatchObject({
      status: 'tripwire',
      tripwire: { reason: 'stop', retry: true },
    });
    const aborting = body('a', async ({ abort }) => {
      abort();
      return 'kept';
    });
    const canceled = await run(flow('w').then(aborting).then(echo('b')).commit());
    expect(canceled).toMatchObject({
      status: 'canceled',
      steps: { a: { status: 'success', output: 'kept' } },
    });
    expect(canceled.steps).not.toHaveProperty('b');
    const bailing = body('x', async ({ bail }) => bail('early'));
    const inner = flow('inner').then(bailing).then(echo('b')).commit();
    const bailed = await run(flow('w').then(inner).then(echo('after')).commit());
    expect(bailed).toMatchObject({
      status: 'success',
      result: 'early',
      steps: { after: { output: 'early' } },
    });
    expect(Object.keys(bailed.nestedSteps)).toEqual(['inner', 'after', 'inner.x']);
  });
});

describe('attempts', () => {
  test('go on until one succeeds, with what failed ones changed forgotten', async () => {
    const seen: unknown[] = [];
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 2 },
    })
      .then(
        body('a', async ({ retryCount, state, setState }) => {
          seen.push([retryCount, state]);
          await setState({ [`try${retryCount}`]: true });
          if (retryCount < 2) throw new Error('again');
          return 'done';
        }),
      )
      .commit();
    const interpreted = await run(made);
    expect(interpreted).toMatchObject({ status: 'success', result: 'done', state: { try2: true } });
    expect(interpreted.state).toEqual({ try2: true });
    expect(seen).toEqual([0, 1, 2].map((count) => [count, {}]));
    expect(interpreted.executions).toMatchObject([{ attempt: 0 }, { attempt: 1 }, { attempt: 2 }]);
  });

  test('end with an error that is not to be retried', async () => {
    const refusing = body('a', async () => Promise.reject(new NonRetryableError('no')), { retries: 3 });
    const interpreted = await run(flow('w').then(refusing).commit());
    expect(interpreted.executions).toHaveLength(1);
    expect(interpreted.steps['a']).toMatchObject({ status: 'failed', nonRetryable: true });
  });

  test('go on only after the errors that a condition names', async () => {
    const trying = (id: string) =>
      body(id, async ({ retryCount }) => Promise.reject(new Error(`${id} ${retryCount}`)));
    const withPolicy = (retryIf: (error: Error) => boolean) =>
      createWorkflow({
        id: 'w',
        inputSchema: any,
        outputSchema: any,
        retryConfig: { attempts: 4, retryIf },
      });
    const made = withPolicy(({ message }) => message === 'a 0');
    const interpreted = await run(made.then(trying('a')).commit());
    expect(interpreted.error?.message).toBe('a 1');
    expect(interpreted.executions).toHaveLength(2);
    const inner = flow('inner').then(trying('b')).commit();
    const nested = await run(
      withPolicy(() => false)
        .then(inner)
        .commit(),
    );
    expect(nested.error?.message).toBe('b 0');
    const broken = await run(
      withPolicy(() => {
        throw new TypeError('who knows');
      })
        .then(inner)
        .commit(),
    );
    expect(broken.error).toMatchObject({
      code: 'WORKFLOW_RETRY_CONDITION_FAILED',
      cause: { message: 'who knows' },
    });
    const own = createStep({
      id: 'own',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 1, retryIf: () => true },
      execute: async () => Promise.reject(new Error('own')),
    });
    expect((await run(flow('w').then(own).commit())).executions).toHaveLength(2);
  });

  test('of a nested workflow begin it anew, but none is made with input that does not fit', async () => {
    let count = 0;
    const inner = flow('inner')
      .then(
        body('a', async () => {
          count += 1;
          if (count === 1) throw new Error('once');
          return count;
        }),
      )
      .commit();
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 1 },
    })
      .then(inner)
      .commit();
    const interpreted = await run(made);
    expect(interpreted.result).toBe(2);
    expect(interpreted.executions.map(({ place }) => place)).toEqual([
      [{ entry: 0 }, { entry: 0 }],
      [{ entry: 0, attempt: 1 }, { entry: 0 }],
    ]);
    const strict = createWorkflow({ id: 'strict', inputSchema: z.string(), outputSchema: any })
      .then(echo('a'))
      .commit();
    const refused = await run(
      flow('w')
        .then(strict as unknown as typeof inner)
        .commit(),
    );
    expect(refused.error?.message).toMatch(/^Step input validation failed/);
    expect(refused.executions).toEqual([]);
  });
});
