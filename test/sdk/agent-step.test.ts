import {
  type AgentStepOptions,
  createStep,
  createStepFromAgent,
  createWorkflow,
  NonRetryableError,
  TripWire,
  type WorkflowResult,
} from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FakeAgent, saying, type Script } from './agents.ts';

const prompts = {
  id: 'prompts',
  inputSchema: z.object({ prompt: z.string() }),
  outputSchema: z.any(),
} as const;

/** Runs a step alone. */
async function runOf(step: ReturnType<typeof createStep>): Promise<WorkflowResult> {
  const workflow = createWorkflow({ ...prompts, inputSchema: z.any() })
    .then(step)
    .commit();
  return (await workflow.createRun()).start({ inputData: { prompt: 'Who?' } });
}

async function outcomeOf(script: Script, options: AgentStepOptions = {}): Promise<WorkflowResult> {
  return runOf(createStep(new FakeAgent('writer', script), options) as never);
}

describe('a step of an agent', () => {
  test('has the id and the description of the agent, and schemas of prompt and text', () => {
    const step = createStep(new FakeAgent('writer'), {
      retries: 2,
      timeoutMs: 5,
      metadata: { owner: 'ada' },
    });
    expect(step).toMatchObject({
      id: 'writer',
      description: 'Follows the script of writer',
      component: 'AGENT',
      retries: 2,
      timeoutMs: 5,
      metadata: { owner: 'ada' },
      reads: { steps: [], init: false },
    });
    expect(Object.isFrozen(step)).toBe(true);
    const validate = step.inputSchema?.['~standard'].validate;
    expect(validate?.({ prompt: 'Who?', more: 1 })).toEqual({ value: { prompt: 'Who?' } });
    const issue = (message: string, path: string[]) => ({ issues: [{ message, path }] });
    expect(validate?.({})).toEqual(issue('Invalid input: expected string, received undefined', ['prompt']));
    expect(validate?.({ prompt: null })).toEqual(
      issue('Invalid input: expected string, received null', ['prompt']),
    );
    expect(validate?.(['Who?'])).toEqual(issue('Invalid input: expected object, received array', []));
    expect(validate?.('Who?')).toEqual(issue('Invalid input: expected object, received string', []));
    const described = step.outputSchema?.['~standard'] as unknown as {
      jsonSchema: { input: () => unknown };
    };
    expect(described.jsonSchema.input()).toEqual({
      type: 'object',
      properties: { text: { type: 'string' } },
      required: ['text'],
    });
  });

  test('has the name of an agent without an id, and its plain description', () => {
    const step = createStep({ name: 'writer', description: 'Writes', stream: () => ({}) });
    expect(step).toMatchObject({ id: 'writer', description: 'Writes' });
  });

  test('gives the text, and passes options on', async () => {
    const agent = new FakeAgent('writer', saying('Ada'));
    const finished: unknown[] = [];
    const step = createStepFromAgent(agent, {
      temperature: 0.5,
      retries: 1,
      timeoutMs: 60_000,
      onFinish: (result: object) => finished.push(result),
    });
    const result = await runOf(step as never);
    expect(result).toMatchObject({ status: 'success', result: { text: 'Ada' } });
    const [call] = agent.calls;
    expect(agent.calls).toHaveLength(1);
    expect(call).toMatchObject({ method: 'stream', prompt: 'Who?', options: { temperature: 0.5 } });
    expect(call?.options.abortSignal).toBeInstanceOf(AbortSignal);
    expect(call?.options['requestContext']).toHaveProperty('get');
    expect(call?.options).not.toHaveProperty('retries');
    expect(call?.options).not.toHaveProperty('timeoutMs');
    expect(finished).toEqual([{ text: 'Ada' }]);
  });

  test('asks a model of the first version in its way', async () => {
    const script = {
      chunks: [
        { type: 'text-delta', textDelta: 'A' },
        { type: 'text-delta', textDelta: 'da' },
      ],
    };
    const agent = new FakeAgent('writer', script, 'v1');
    expect(await runOf(createStep(agent) as never)).toMatchObject({ result: { text: 'Ada' } });
    expect(agent.calls).toMatchObject([{ method: 'streamLegacy' }]);
  });

  test.each<[string, object]>([
    ['promises what it says', { stream: () => ({ text: Promise.resolve('Ada') }) }],
    [
      'gives its chunks themselves',
      { stream: () => ReadableStream.from([{ type: 'text-delta', delta: 'Ada' }]) },
    ],
    ['answers as a whole', { generate: async () => ({ text: 'Ada', usage: { inputTokens: 1 } }) }],
    ['has no model of its own', { getModel: () => undefined, stream: () => ({ text: 'Ada' }) }],
  ])('takes an agent that %s', async (_, agent) => {
    const step = createStep({ id: 'writer', ...agent } as { id: 'writer'; stream(): object });
    expect(await runOf(step as never)).toMatchObject({ status: 'success', result: { text: 'Ada' } });
  });

  test('gives the object that was asked for', async () => {
    const schema = z.object({ name: z.string() });
    const agent = new FakeAgent('writer', { finish: { text: '{}', object: { name: 'Ada' } } });
    const step = createStep(agent, { structuredOutput: { schema } });
    expect(step.outputSchema).toBe(schema);
    expect(await runOf(step as never)).toMatchObject({ result: { name: 'Ada' } });
    expect(agent.calls[0]?.options['structuredOutput']).toEqual({ schema });
  });

  test('fails without the object that was asked for', async () => {
    const result = await outcomeOf(saying('Ada'), { structuredOutput: { schema: z.object({}) } });
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'STRUCTURED_OUTPUT_OBJECT_UNDEFINED', details: { stepId: 'writer' } },
    });
  });

  test('G16 G18 fails with the error of the agent, its properties and its cause', async () => {
    const error = Object.assign(new Error('overloaded', { cause: new TypeError('below') }), {
      statusCode: 529,
    });
    const shown = { message: 'overloaded', statusCode: 529, cause: { message: 'below' } };
    expect(await outcomeOf({ error })).toMatchObject({ status: 'failed', error: shown });
    for (const chunk of [
      { type: 'error', error },
      { type: 'error', payload: { error } },
    ]) {
      expect(await outcomeOf({ chunks: [chunk] })).toMatchObject({ status: 'failed', error: shown });
    }
    expect(await outcomeOf({ chunks: [{ type: 'error', payload: { message: 'odd' } }] })).toMatchObject({
      status: 'failed',
      error: { message: 'odd' },
    });
  });

  test('is not retried when it says that it is of no use', async () => {
    const agent = new FakeAgent('writer', { error: new NonRetryableError('no use') });
    const result = await runOf(createStep(agent, { retries: 3 }) as never);
    expect(result).toMatchObject({ status: 'failed', steps: { writer: { nonRetryable: true } } });
    expect(agent.calls).toHaveLength(1);
  });

  test.each<[object, object]>([
    [
      { payload: { reason: 'rude', retry: true, metadata: { score: 1 }, processorId: 'guard' } },
      { reason: 'rude', retry: true, metadata: { score: 1 }, processorId: 'guard' },
    ],
    [{ tripwireReason: 'rude' }, { reason: 'rude' }],
    [{}, { reason: 'Agent tripwire triggered' }],
  ])('ends the run by a tripwire of %j', async (chunk, tripwire) => {
    const result = await outcomeOf({
      chunks: [{ type: 'tripwire', ...chunk }],
      finish: { text: 'not this' },
    });
    expect(result).toMatchObject({ status: 'tripwire', tripwire });
    expect(result).not.toHaveProperty('error');
  });

  test('any step can end the run by a tripwire', async () => {
    const step = createStep({
      ...prompts,
      id: 'guard',
      execute: async () => {
        throw new TripWire('rude');
      },
    });
    expect(await runOf(step as never)).toMatchObject({ status: 'tripwire', tripwire: { reason: 'rude' } });
  });

  test('passes chunks on that cannot be stored as they are', async () => {
    const chunks = [
      { type: 'request', send: () => {} },
      { type: 'text-delta', text: 'Ada' },
    ];
    expect(await outcomeOf({ chunks })).toMatchObject({ status: 'success', result: { text: 'Ada' } });
  });

  test('G15 cancels the run when it was aborted meanwhile', async () => {
    const controller: { run?: { abortController: AbortController } } = {};
    const agent = new FakeAgent('writer', {
      chunks: [{ type: 'text-delta', text: 'Ada' }],
      before: async ({ options: { abortSignal } }) => {
        controller.run?.abortController.abort();
        if (!abortSignal.aborted) {
          await new Promise((resolve) => {
            abortSignal.addEventListener('abort', resolve);
          });
        }
      },
    });
    const workflow = createWorkflow(prompts).then(createStep(agent)).commit();
    const run = await workflow.createRun();
    controller.run = run;
    expect(await run.start({ inputData: { prompt: 'Who?' } })).toMatchObject({ status: 'canceled' });
    expect(agent.calls[0]?.options.abortSignal.aborted).toBe(true);
  });
});

describe('is refused', () => {
  test.each<[string, unknown, unknown, string]>([
    ['without a name', { stream: () => ({}) }, undefined, 'An agent has undefined as its id'],
    [
      'with options that are none',
      new FakeAgent('a'),
      5,
      'Agent step "a" was given the number 5 as its options',
    ],
    [
      'with wrong retries',
      new FakeAgent('a'),
      { retries: -1 },
      'Agent step "a" has the number -1 as its retries',
    ],
    ['with no time', new FakeAgent('a'), { timeoutMs: 0 }, 'has the number 0 as its timeoutMs'],
    ['with wrong metadata', new FakeAgent('a'), { metadata: 1 }, 'has the number 1 as its metadata'],
    [
      'with a schema that is none',
      new FakeAgent('a'),
      { structuredOutput: { schema: {} } },
      'Agent step "a" has an object without keys as its structuredOutput.schema',
    ],
    [
      'with no schema',
      new FakeAgent('a'),
      { structuredOutput: 1 },
      'the number 1 as its structuredOutput.schema',
    ],
  ])('%s', (_, agent, options, message) => {
    const make = () => createStep(agent as FakeAgent<'a'>, options as object);
    expect(make).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('what is no agent', () => {
    expect(() => createStepFromAgent({ id: 'a' } as FakeAgent<'a'>)).toThrow(
      'createStepFromAgent was given an object with id: give an object with stream or generate',
    );
  });
});
