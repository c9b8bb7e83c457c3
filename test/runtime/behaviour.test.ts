import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createStep, createWorkflow, RequestContext, WorkflowError } from '../../src/index.ts';
import { inPlace, places } from './places.ts';
import { any, body, echo, flow } from './steps.ts';

const number = z.number();

describe.each(places)('in $name', (place) => {
  test('values of every kind pass from step to step as they are', async () => {
    const value = {
      date: new Date(5),
      map: new Map([['a', 1n]]),
      set: new Set([undefined, Number.NaN]),
      bytes: new Uint8Array([1, 2, 3]),
      nothing: undefined,
      error: new RangeError('far'),
      __proto__x: null,
    };
    const made = flow('w')
      .then(body('make', async () => value))
      .then(echo('echo'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const result = await run.start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: value });
      const { result: output } = result as unknown as { result: typeof value };
      expect(output.map.get('a')).toBe(1n);
      expect(output.error).toBeInstanceOf(RangeError);
      expect('nothing' in output).toBe(true);
    });
  });

  test.each([null, undefined, 0, '', false, [], {}])('an output of %j is an output', async (value) => {
    const made = flow('w')
      .then(body('make', async () => value))
      .then(echo('echo'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result.status).toBe('success');
      expect(result.steps['echo']).toMatchObject({ status: 'success', payload: value, output: value });
    });
  });

  test('a value of a megabyte travels by its hash and comes back whole', async () => {
    const large = 'ü'.repeat(600_000);
    const made = flow('w')
      .then(body('make', async ({ inputData }) => ({ large: String(inputData) })))
      .then(body('length', async ({ inputData }) => (inputData as { large: string }).large.length))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: large });
      expect(result).toMatchObject({ status: 'success', result: 600_000 });
      expect(result.input).toBe(large);
    });
  });

  test('a branch runs every arm that holds, a condition that throws does not, and none gives {}', async () => {
    const made = flow('w')
      .branch([
        [async ({ inputData }) => Number(inputData) > 0, body('positive', async () => 'p')],
        [async ({ inputData }) => Number(inputData) > 10, body('large', async () => 'l')],
        [async () => Promise.reject(new Error('broken')), body('never', async () => 'n')],
      ])
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const outcome = async (inputData: number) => (await made.createRun()).start({ inputData });
      expect(await outcome(20)).toMatchObject({ status: 'success', result: { positive: 'p', large: 'l' } });
      const one = await outcome(5);
      expect(one).toMatchObject({ status: 'success', result: { positive: 'p' } });
      expect(one.steps).not.toHaveProperty('large');
      expect(await outcome(0)).toMatchObject({ status: 'success', result: {} });
    });
  });

  test('state of arms is merged by key, and a running step does not see its own change', async () => {
    const seen: unknown[] = [];
    const setting = (id: string, keys: Record<string, unknown>) =>
      body(id, async ({ state, setState }) => {
        await setState(keys);
        seen.push({ ...state });
        return 0;
      });
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      stateSchema: z.object({}).loose(),
    })
      .then(setting('first', { a: 1, shared: 'first' }))
      .parallel([setting('left', { b: 2 }), setting('right', { c: 3 })])
      .then(body('last', async ({ state }) => state))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const result = await run.start({
        inputData: 0,
        initialState: { z: 0 },
        outputOptions: { includeState: true },
      });
      const all = { z: 0, a: 1, shared: 'first', b: 2, c: 3 };
      expect(result).toMatchObject({ status: 'success', result: all, state: all });
      expect(seen).toEqual([{ z: 0 }, { z: 0, a: 1, shared: 'first' }, { z: 0, a: 1, shared: 'first' }]);
    });
  });

  test('the request context is changed, removed and read across a suspension', async () => {
    const made = flow('w')
      .then(
        body('change', async ({ requestContext }) => {
          requestContext.set('user', 'ada');
          requestContext.delete('token');
          return 0;
        }),
      )
      .then(
        body(
          'wait',
          async ({ resumeData, suspend, requestContext }) => {
            requestContext.set('waited', true);
            return resumeData ?? suspend({});
          },
          { resumeSchema: any },
        ),
      )
      .then(body('read', async ({ requestContext }) => requestContext.toJSON()))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const requestContext = new RequestContext<Record<string, unknown>>([
        ['token', 't'],
        ['locale', 'de'],
      ]);
      expect(await run.start({ inputData: 0, requestContext })).toMatchObject({ status: 'suspended' });
      const brought = new RequestContext<Record<string, unknown>>([['locale', 'en']]);
      const result = await run.resume({ resumeData: 1, requestContext: brought });
      expect(result).toMatchObject({
        status: 'success',
        result: { user: 'ada', locale: 'en', waited: true },
      });
      expect((result as unknown as { result: object }).result).not.toHaveProperty('token');
    });
  });

  test('input is validated and defaulted at the start and before each step', async () => {
    const inputSchema = z.object({ n: number, unit: z.string().default('kg') });
    const strict = createStep({
      id: 'strict',
      inputSchema,
      outputSchema: any,
      execute: async ({ inputData }) => inputData,
    });
    const made = createWorkflow({
      id: 'w',
      inputSchema: z.object({ n: number, extra: z.string().default('x') }),
      outputSchema: any,
    })
      .then(strict)
      .then(body('text', async () => ({ n: 'not a number' })))
      .then(createStep({ id: 'again', inputSchema, outputSchema: any, execute: async () => 0 }))
      .commit();
    await inPlace(place, [made], async () => {
      const bad = await made.createRun();
      await expect(bad.start({ inputData: { n: 'one' } as never })).rejects.toMatchObject({
        code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
        message: expect.stringMatching(/^Invalid input data: \n- n: /),
        details: { issues: [{ path: 'n' }] },
      });
      expect((await made.getWorkflowRunById(bad.runId))?.status).toBe('pending');
      const result = await (await made.createRun()).start({ inputData: { n: 1 } });
      expect(result.input).toEqual({ n: 1, extra: 'x' });
      expect(result.steps['strict']).toMatchObject({
        payload: { n: 1, unit: 'kg' },
        output: { n: 1, unit: 'kg' },
      });
      expect(result).toMatchObject({
        status: 'failed',
        error: {
          code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
          message: expect.stringMatching(/^Step input validation failed: \n- n: /),
        },
      });
    });
  });

  test('a start is idempotent by run id: equal input answers, other input and other owners are refused', async () => {
    let bodies = 0;
    const made = flow('w')
      .then(
        body('count', async () => {
          bodies += 1;
          return bodies;
        }),
      )
      .commit();
    await inPlace(place, [made], async (runtime) => {
      const request = { workflowId: 'w', runId: 'once', inputData: { a: 1, b: 2 }, owner: 'ada' };
      const starts = await Promise.all(Array.from({ length: 20 }, () => runtime.start(request)));
      expect(starts.filter((start) => start.changed)).toHaveLength(1);
      expect(await runtime.settled({ runId: 'once' })).toBe('success');
      expect(await runtime.start({ ...request, inputData: { b: 2, a: 1 } })).toMatchObject({
        changed: false,
        status: 'success',
      });
      expect(bodies).toBe(1);
      await expect(runtime.start({ ...request, inputData: { a: 2 } })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_CONFLICT',
      });
      await expect(runtime.start({ ...request, owner: 'eve' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_FORBIDDEN',
      });
      await expect(runtime.get({ runId: 'once', owner: 'eve' })).rejects.toBeInstanceOf(WorkflowError);
    });
  });

  test.each([
    ['', '0 characters'],
    ['x'.repeat(201), '201 characters'],
    [7 as never, 'a number'],
  ])('the run id %j is refused', async (runId, kind) => {
    const made = flow('w').then(echo('e')).commit();
    await inPlace(place, [made], async (runtime) => {
      await expect(runtime.start({ workflowId: 'w', runId })).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        message: expect.stringContaining(kind),
      });
    });
  });

  test('runs are listed newest first, by what they are, page by page', async () => {
    const made = flow('w').then(echo('e')).commit();
    const other = flow('other').then(echo('e')).commit();
    await inPlace(place, [made, other], async (runtime) => {
      for (const runId of ['one', 'two', 'three']) {
        await runtime.start({ workflowId: 'w', runId, resourceId: runId === 'two' ? 'res' : 'none' });
      }
      await runtime.start({ workflowId: 'other', runId: 'four' });
      for (const runId of ['one', 'two', 'three', 'four']) await runtime.settled({ runId });
      const first = await runtime.list({ workflowId: 'w', limit: 2 });
      const rest = await runtime.list({ workflowId: 'w', limit: 2, cursor: first.cursor ?? '' });
      const ids = [...first.headers, ...rest.headers].map((header) => header.runId);
      expect(ids.toSorted()).toEqual(['one', 'three', 'two']);
      expect(rest.cursor).toBeUndefined();
      const found = await made.listWorkflowRuns({ resourceId: 'res', status: 'success' });
      expect(found).toMatchObject({
        total: 1,
        runs: [{ runId: 'two', workflowName: 'w', resourceId: 'res' }],
      });
      await expect(runtime.list({ limit: 0 })).rejects.toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
      await expect(runtime.list({ limit: 5, cursor: 'zzz' })).rejects.toMatchObject({
        code: 'WORKFLOW_CURSOR_INVALID',
      });
    });
  });
});
