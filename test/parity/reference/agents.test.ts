import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { AgentStepOptions } from '../../../src/sdk/agent-types.ts';
import { places } from '../places/index.ts';
import {
  Agent,
  createStep,
  createTool,
  createWorkflow,
  Host,
  storageIn,
  wordsModel,
} from '../reference-shim/index.ts';
import { patience } from './steps.ts';
import { all, lines, payloadOf } from '../stream-events.ts';

const text = z.object({ text: z.string() });
const prompts = z.object({ prompt1: z.string(), prompt2: z.string() });

const paris = () => new Agent({ name: 'paris', model: wordsModel('Paris is nice') });
const london = () => new Agent({ name: 'london', model: wordsModel('London is big') });

describe.each(places)('agents as steps in $name', (place) => {
  /** Two agents, one after the other, with a mapping in between. */
  const asked = (first: Agent, second: Agent, options: AgentStepOptions = {}) => {
    const start = createStep({
      id: 'start',
      inputSchema: prompts,
      outputSchema: prompts,
      execute: vi.fn(async ({ inputData }) => inputData),
    });
    const workflow = createWorkflow({ id: 'asking', inputSchema: prompts, outputSchema: text });
    return workflow
      .then(start)
      .map({ prompt: { step: start, path: 'prompt1' } }, { id: 'map1' })
      .then(createStep(first, options))
      .map({ prompt: { step: start, path: 'prompt2' } }, { id: 'map2' })
      .then(createStep(second))
      .commit();
  };
  const questions = { prompt1: 'Capital of France?', prompt2: 'Capital of the UK?' };

  it('D121 asks two agents, with a mapping between them', async () => {
    const [first, second] = [paris(), london()];
    const asks = [vi.spyOn(first, 'stream'), vi.spyOn(second, 'stream')];
    const workflow = asked(first, second);
    new Host({ workflows: { workflow }, agents: { first, second }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: questions });
    expect(done).toMatchObject({
      status: 'success',
      result: { text: 'London is big' },
      steps: { paris: { payload: { prompt: 'Capital of France?' }, output: { text: 'Paris is nice' } } },
    });
    expect(asks.map((ask) => ask.mock.calls.map(([prompt]) => prompt))).toEqual([
      ['Capital of France?'],
      ['Capital of the UK?'],
    ]);
  });

  it('D122 asks agents in parallel', async () => {
    const one = createWorkflow({
      id: 'one',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: text,
    })
      .then(createStep(paris()))
      .commit();
    const two = createWorkflow({
      id: 'two',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: text,
    })
      .then(createStep(london()))
      .commit();
    const workflow = createWorkflow({
      id: 'both',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: z.any(),
    })
      .parallel([one, two, createStep(paris())])
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { prompt: 'Where?' } })).toMatchObject({
      status: 'success',
      result: {
        one: { text: 'Paris is nice' },
        two: { text: 'London is big' },
        paris: { text: 'Paris is nice' },
      },
    });
  });

  it.each([
    ['D123', 'a step', false],
    ['D124', 'a step of a nested workflow', true],
  ])('%s asks an agent of the host in %s', async (_, __, isNested) => {
    const agent = paris();
    const asking = createStep({
      id: 'asking',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: text,
      // What the reference has its host object for; here a body knows its runtime.
      execute: async ({ inputData, runtime }) =>
        (runtime.getAgent('guide') as Agent).generate(inputData.prompt),
    });
    const flow = (id: string) =>
      createWorkflow({ id, inputSchema: z.object({ prompt: z.string() }), outputSchema: text });
    const workflow = isNested
      ? flow('outer').then(flow('inner').then(asking).commit()).commit()
      : flow('outer').then(asking).commit();
    new Host({ workflows: { workflow }, agents: { guide: agent }, storage: storageIn(place) });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { prompt: 'Where?' } })).toMatchObject({
      status: 'success',
      result: { text: 'Paris is nice' },
    });
  });

  it('D101 mixes steps and tools', async () => {
    const called = vi.fn(async (input: { prompt: string }) => ({ length: input.prompt.length }));
    const tool = createTool({
      id: 'measure',
      description: 'How long a text is',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: z.object({ length: z.number() }),
      execute: called,
    });
    const step = createStep({
      id: 'double',
      inputSchema: z.object({ length: z.number() }),
      outputSchema: z.object({ length: z.number() }),
      execute: vi.fn(async ({ inputData }) => ({ length: inputData.length * 2 })),
    });
    const workflow = createWorkflow({
      id: 'mixed',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: z.object({ length: z.number() }),
    });
    workflow.then(createStep(tool)).then(step).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { prompt: 'four' } });
    expect(done).toMatchObject({
      status: 'success',
      result: { length: 8 },
      steps: { measure: { status: 'success', payload: { prompt: 'four' }, output: { length: 4 } } },
    });
    expect(called).toHaveBeenCalledTimes(1);
    expect(called).toHaveBeenCalledWith(
      { prompt: 'four' },
      expect.objectContaining({ workflow: expect.objectContaining({ runId: run.runId }) }),
    );
  });

  it('D15 streams what agents say between the events of their steps, and sums up what they use', async () => {
    const workflow = asked(paris(), london());
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const output = run.stream({ inputData: questions });
    const events = await all(output.fullStream);
    const said = (id: string) => [
      `step-start ${id}`,
      ...Array.from({ length: 4 }, () => `step-output ${id}`),
      `step-result ${id}`,
    ];
    const passed = (id: string) => [`step-start ${id}`, `step-result ${id}`];
    expect(lines(events)).toEqual([
      'start',
      ...passed('start'),
      ...passed('map1'),
      ...said('paris'),
      ...passed('map2'),
      ...said('london'),
      'finish',
    ]);
    expect(payloadOf(events, 'workflow-step-output')).toMatchObject({
      output: { type: 'text-delta', payload: { text: 'Paris ' } },
      stepName: 'paris',
    });
    const usage = { inputTokens: 20, outputTokens: 40, totalTokens: 60 };
    expect(payloadOf(events, 'workflow-finish')).toMatchObject({ output: { usage } });
    expect(await output.usage).toMatchObject(usage);
  });

  it.each([
    ['D6', 'a legacy stream', true],
    ['D17', 'a stream', false],
  ])('%s hands the options of an agent step to the agent, in %s', async (_, __, isLegacy) => {
    const agent = paris();
    const ask = vi.spyOn(agent, 'stream');
    const [onFinish, onChunk] = [vi.fn(), vi.fn()];
    const options = { instructions: 'Be brief', temperature: 0.7, maxSteps: 3, onFinish, onChunk };
    const workflow = asked(agent, london(), options);
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    if (isLegacy) await all(run.streamLegacy({ inputData: questions }).stream);
    else await all(run.stream({ inputData: questions }).fullStream);
    expect(ask).toHaveBeenCalledWith(
      'Capital of France?',
      expect.objectContaining({
        instructions: 'Be brief',
        temperature: 0.7,
        maxSteps: 3,
        onChunk,
        abortSignal: expect.any(AbortSignal),
      }),
    );
    expect(onFinish).toHaveBeenCalledWith({ text: 'Paris is nice' });
    expect(onChunk).toHaveBeenCalledTimes(4);
  });

  it('D5 streams calls of agents in the legacy form', async () => {
    const workflow = asked(paris(), london());
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const { stream, getWorkflowState } = run.streamLegacy({ inputData: questions });
    const events = await all(stream);
    const passed = (id: string) =>
      ['step-start', 'step-result', 'step-finish'].map((type) => `${type} ${id}`);
    const called = (id: string) => [
      `step-start ${id}`,
      'tool-call-streaming-start',
      ...Array.from({ length: 3 }, () => 'tool-call-delta'),
      'tool-call-streaming-finish',
      `step-result ${id}`,
      `step-finish ${id}`,
    ];
    expect(lines(events)).toEqual([
      'start',
      ...passed('start'),
      ...passed('map1'),
      ...called('paris'),
      ...passed('map2'),
      ...called('london'),
      'finish',
    ]);
    const about = { name: 'paris', args: { prompt: 'Capital of France?' } };
    const calls = events.filter(({ type }) => type.startsWith('tool-call'));
    expect(calls.slice(0, 3)).toMatchObject([
      { type: 'tool-call-streaming-start', ...about },
      { type: 'tool-call-delta', ...about, argsTextDelta: 'Paris ' },
      { type: 'tool-call-delta', ...about, argsTextDelta: 'is ' },
    ]);
    expect((await getWorkflowState()).steps).toMatchObject({
      paris: { output: { text: 'Paris is nice' } },
      london: { output: { text: 'London is big' } },
    });
  });

  it('D5 streams a call of an agent in a nested workflow', async () => {
    const inner = asked(paris(), london());
    const workflow = createWorkflow({ id: 'outer', inputSchema: prompts, outputSchema: text });
    workflow.then(inner).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const events = await all(run.streamLegacy({ inputData: questions }).stream);
    expect(lines(events).slice(8, 17)).toEqual([
      'step-start asking.paris',
      'tool-call-streaming-start',
      ...Array.from({ length: 3 }, () => 'tool-call-delta'),
      'tool-call-streaming-finish',
      'step-result asking.paris',
      'step-finish asking.paris',
      'step-start asking.map2',
    ]);
    expect(events[9]).toMatchObject({ name: 'paris', args: { prompt: 'Capital of France?' } });
  });

  it('G15 aborts an agent in a nested workflow when its parent is canceled', async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    const agent = new Agent({
      name: 'patient',
      model: async (_, options) => {
        const signal = options['abortSignal'] as AbortSignal;
        begun.resolve(signal);
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve());
        });
        return wordsModel('too late')();
      },
    });
    const flow = (id: string) =>
      createWorkflow({ id, inputSchema: z.object({ prompt: z.string() }), outputSchema: text });
    const workflow = flow('outer')
      .then(flow('inner').then(createStep(agent)).commit())
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const over = run.start({ inputData: { prompt: 'Wait' } });
    const signal = await begun.promise;
    expect(signal.aborted).toBe(false);
    await run.cancel();
    expect(await over).toMatchObject({ status: 'canceled' });
    await vi.waitFor(() => expect(signal.aborted).toBe(true), patience);
  });

  it('G16 keeps all that the error of an agent says', async () => {
    const agent = new Agent({
      name: 'broken',
      model: () => {
        throw Object.assign(new Error('Rate limit exceeded', { cause: new Error('upstream') }), {
          statusCode: 429,
          responseHeaders: { 'retry-after': '60' },
          isRetryable: true,
        });
      },
    });
    const workflow = createWorkflow({
      id: 'asking',
      inputSchema: z.object({ prompt: z.string() }),
      outputSchema: text,
    });
    workflow.then(createStep(agent)).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const done = await run.start({ inputData: { prompt: 'Ask' } });
    const whole = expect.objectContaining({
      message: 'Rate limit exceeded',
      statusCode: 429,
      responseHeaders: { 'retry-after': '60' },
      isRetryable: true,
      cause: expect.objectContaining({ message: 'upstream' }),
    });
    expect(done).toMatchObject({ status: 'failed', error: whole, steps: { broken: { error: whole } } });
    expect((await workflow.getWorkflowRunById(run.runId))?.error).toEqual(whole);
  });
});
