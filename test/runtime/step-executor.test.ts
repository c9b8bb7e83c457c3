import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StepContext, StepDefinition } from '../../src/core/definition.ts';
import { RequestContext } from '../../src/core/request-context.ts';
import { executeStep, type StepExecution } from '../../src/runtime/index.ts';
import { virtualClock } from '../../src/testing/index.ts';
import { step } from './fixtures.ts';

const emitted: unknown[] = [];

function execution(definition: StepDefinition, more: Partial<StepExecution> = {}): StepExecution {
  emitted.length = 0;
  return {
    step: definition,
    runId: 'r',
    workflowId: 'w',
    stepResults: {
      init: () => 'the input of the run',
      output: (id) => (id === 'before' ? 'its output' : null),
    },
    state: { count: 1 },
    emitter: { emit: (event) => emitted.push(event) },
    runtime: {
      getWorkflow: () => {
        throw new Error('none');
      },
      getAgent: () => undefined,
      getTool: () => undefined,
      logger: { warn: () => {} },
    },
    writeChunk: async () => {},
    requestContext: new RequestContext({ user: 'ada' }),
    input: { n: 1 },
    retryCount: 0,
    idempotencyKey: 'r/00000/1.0.0',
    validateInputs: true,
    abortController: new AbortController(),
    clock: virtualClock(),
    perStep: false,
    ...more,
  };
}

function seeing(look: (context: StepContext) => unknown): StepDefinition {
  return step('s', look);
}

describe('the writer of a body', () => {
  const writing = async (body: (context: StepContext) => unknown) => {
    const written: [chunk: unknown, custom: boolean][] = [];
    const outcome = await executeStep({
      ...execution(seeing(body)),
      writeChunk: async (chunk, custom) => {
        if (chunk === 'wrong') throw new RangeError('no such chunk');
        written.push([chunk, custom]);
      },
    });
    return { outcome, written };
  };

  test('keeps chunks, and events of its own', async () => {
    const { outcome, written } = await writing(async ({ writer: { write, custom } }) => {
      await write(1);
      await custom({ type: 'data-progress', data: 2 });
    });
    expect(outcome).toMatchObject({ type: 'success' });
    expect(written).toEqual([
      [1, false],
      [{ type: 'data-progress', data: 2 }, true],
    ]);
  });

  test('is a stream to pipe to', async () => {
    const { outcome, written } = await writing(async ({ writer }) => {
      await ReadableStream.from(['a', 'b']).pipeTo(writer);
      // Closing the stream closes nothing else.
      await writer.write('c');
    });
    expect(outcome).toMatchObject({ type: 'success' });
    expect(written.map(([chunk]) => chunk)).toEqual(['a', 'b', 'c']);
  });

  test('fails a body that does not wait for what cannot be kept', async () => {
    const { outcome } = await writing(({ writer }) => void writer.write('wrong'));
    expect(outcome).toMatchObject({ type: 'failed', error: { message: 'no such chunk' } });
  });
});

describe('what a body is given', () => {
  test.each<[string, (context: StepContext) => unknown, unknown]>([
    ['the run', ({ runId, workflowId, stepId }) => [runId, workflowId, stepId], ['r', 'w', 's']],
    ['its input', ({ inputData }) => inputData, { n: 1 }],
    ['the state', ({ state }) => state, { count: 1 }],
    ['the request context', ({ requestContext }) => requestContext.get('user'), 'ada'],
    ['the input of the run', ({ getInitData }) => getInitData(), 'the input of the run'],
    ['an earlier result by id', ({ getStepResult }) => getStepResult('before'), 'its output'],
    ['an earlier result by step', ({ getStepResult }) => getStepResult({ id: 'before' }), 'its output'],
    ['null for a step without a result', ({ getStepResult }) => getStepResult('never'), null],
    ['a key for its side effects', ({ idempotencyKey }) => idempotencyKey, 'r/00000/1.0.0'],
    ['no resume data on a first execution', (context) => 'resumeData' in context, false],
  ])('%s', async (_, look, expected) => {
    expect(await executeStep(execution(seeing(look)))).toMatchObject({ type: 'success', output: expected });
  });

  test('resume data, what it suspended with, its attempt, and the signal', async () => {
    const abortController = new AbortController();
    abortController.abort(new RangeError('enough'));
    const look = seeing(({ resumeData, suspendData, retryCount, abortSignal, resourceId }) => [
      resumeData,
      suspendData,
      retryCount,
      abortSignal.aborted,
      resourceId,
    ]);
    const more = { resumeData: 1, suspendData: 2, retryCount: 3, abortController, resourceId: 'res' };
    expect(await executeStep(execution(look, more))).toMatchObject({ output: [1, 2, 3, true, 'res'] });
  });
});

describe('what comes of it', () => {
  test('an observer hears of the start and of the end', async () => {
    await executeStep(execution(seeing(() => 0)));
    expect(emitted).toEqual([
      { type: 'step-started', stepId: 's', runId: 'r' },
      { type: 'step-ended', stepId: 's', runId: 'r', outcome: 'success' },
    ]);
  });

  test('the last setState counts, and does not change the state the body sees', async () => {
    const body = seeing(async ({ setState, state }) => {
      await setState({ count: 2 });
      await setState({ count: 3 });
      return { ...state };
    });
    expect(await executeStep(execution(body))).toMatchObject({ output: { count: 1 }, state: { count: 3 } });
  });

  test.each([null, 'text', 7, [1]])('setState(%j) fails the step and says what to pass', async (value) => {
    const body = seeing(async ({ setState }) => setState(value));
    expect(await executeStep(execution(body))).toMatchObject({
      type: 'failed',
      error: {
        code: 'WORKFLOW_STEP_DATA_VALIDATION_FAILED',
        message: expect.stringContaining('pass an object'),
      },
    });
  });

  test('a setState that fails and that nobody waits for fails the step, and nothing else', async () => {
    const body = seeing(async ({ setState }) => {
      void setState('nonsense');
      await new Promise((resolve) => setImmediate(resolve));
      return 'went on';
    });
    expect(await executeStep(execution(body))).toMatchObject({
      type: 'failed',
      error: { code: 'WORKFLOW_STEP_DATA_VALIDATION_FAILED' },
    });
  });

  test('a setState that fails and that the body deals with is its own matter', async () => {
    const body = seeing(async ({ setState }) => {
      const caught: string[] = [];
      try {
        await setState('nonsense');
      } catch {
        caught.push('once');
      }
      await setState('nonsense again').catch(() => caught.push('again'));
      await setState({ fine: true }).finally(() => caught.push('finally'));
      return caught;
    });
    const output = ['once', 'again', 'finally'];
    expect(await executeStep(execution(body))).toMatchObject({ type: 'success', output });
  });

  test('a suspend that nobody waits for suspends', async () => {
    const body = seeing(({ suspend }) => {
      void suspend({ ask: 1 });
      return 'and returned';
    });
    const outcome = await executeStep(execution(body));
    expect(outcome).toMatchObject({ type: 'suspended', payload: { ask: 1 }, output: 'and returned' });
  });

  test.each([
    ['bail', { output: 'early', bailed: true, aborted: false }],
    ['abort', { output: 'returned', bailed: false, aborted: true }],
    ['bail and abort', { output: 'early', bailed: false, aborted: true }],
  ])('%s ends the run, also of a body that suspends', async (how, expected) => {
    const body = seeing(async ({ bail, abort, suspend }) => {
      await suspend({});
      if (how.includes('abort')) abort();
      if (how.includes('bail')) bail('early');
      return 'returned';
    });
    const abortController = new AbortController();
    const outcome = await executeStep(execution(body, { abortController }));
    expect(outcome).toMatchObject({ type: 'success', ...expected });
    expect(abortController.signal.aborted).toBe(expected.aborted);
  });

  test('a suspension carries payload, labels, state, and what the body returned', async () => {
    const body = seeing(async ({ suspend, setState }) => {
      await setState({ asked: true });
      await suspend({ ask: 1 }, { resumeLabel: ['a', 'b'] });
      return 'afterwards';
    });
    expect(await executeStep(execution(body))).toEqual({
      type: 'suspended',
      input: { n: 1 },
      payload: { ask: 1 },
      labels: ['a', 'b'],
      output: 'afterwards',
      state: { asked: true },
    });
  });

  test('with perStep the outcome says that the run pauses', async () => {
    expect(
      await executeStep(
        execution(
          seeing(() => 0),
          { perStep: true },
        ),
      ),
    ).toMatchObject({ pause: true });
    expect(await executeStep(execution(seeing(() => 0)))).toMatchObject({ pause: false });
  });

  test('a body that throws at once fails like one that rejects', async () => {
    const sync = seeing(() => {
      throw new TypeError('at once');
    });
    expect(await executeStep(execution(sync))).toMatchObject({
      type: 'failed',
      error: new TypeError('at once'),
      nonRetryable: false,
    });
  });
});

describe('validation', () => {
  const inputSchema = z.object({ n: z.number(), unit: z.string().default('kg') });

  test('the body gets the parsed input, and so does the record', async () => {
    const definition = step('s', ({ inputData }) => inputData, { inputSchema });
    expect(await executeStep(execution(definition))).toMatchObject({
      input: { n: 1, unit: 'kg' },
      output: { n: 1, unit: 'kg' },
    });
  });

  test('invalid input fails the step without running the body, and keeps the input as it came', async () => {
    const definition = step('s', (): unknown => expect.unreachable('the body ran'), { inputSchema });
    expect(await executeStep(execution(definition, { input: { n: 'x' } }))).toMatchObject({
      type: 'failed',
      input: { n: 'x' },
      error: { code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED', details: { issues: [{ path: 'n' }] } },
    });
  });

  test('a schema that throws fails the step, and the error keeps what it threw', async () => {
    const thrower = z.any().transform(() => {
      throw new TypeError('inside the schema');
    });
    const definition = step('s', (): unknown => expect.unreachable('the body ran'), { inputSchema: thrower });
    expect(await executeStep(execution(definition))).toMatchObject({
      type: 'failed',
      error: {
        code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED',
        message: 'Step input validation failed: the schema itself threw: inside the schema',
        cause: { name: 'TypeError' },
      },
    });
  });

  test('switched off, nothing is checked', async () => {
    const definition = step('s', ({ inputData }) => inputData, {
      inputSchema,
      requestContextSchema: z.object({ tenant: z.string() }),
    });
    const outcome = await executeStep(execution(definition, { input: 'anything', validateInputs: false }));
    expect(outcome).toMatchObject({ type: 'success', output: 'anything' });
  });

  test('the request context of a step is checked', async () => {
    const definition = step('s', () => 0, { requestContextSchema: z.object({ tenant: z.string() }) });
    expect(await executeStep(execution(definition))).toMatchObject({
      type: 'failed',
      error: {
        message: expect.stringMatching(/^Step request context validation failed for step 's': \n- tenant: /),
      },
    });
  });

  test('an input that parses to nothing is passed as it is', async () => {
    const definition = step('s', ({ inputData }): unknown => inputData, { inputSchema: z.object({}) });
    expect(await executeStep(execution(definition))).toMatchObject({ output: { n: 1 } });
  });

  test.each([
    ['suspend', 'suspendSchema', async ({ suspend }: StepContext): Promise<unknown> => suspend({ ask: 1 })],
    ['state', 'stateSchema', async ({ setState }: StepContext): Promise<unknown> => setState({ ask: 1 })],
  ] as const)('a %s value that does not fit throws into the body', async (what, schema, body) => {
    const definition = step('s', body, { [schema]: z.object({ ask: z.string() }) });
    expect(await executeStep(execution(definition))).toMatchObject({
      type: 'failed',
      error: {
        message: expect.stringMatching(new RegExp(`^Step ${what} data validation failed: \n- ask: `)),
      },
    });
  });
});
