import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { places } from '../places/index.ts';
import {
  createStep,
  createWorkflow,
  Host,
  storageIn,
  storageWithVirtualTime,
} from '../reference-shim/index.ts';
import { patience } from './steps.ts';
import { all, lines, payloadOf } from '../stream-events.ts';

const time = expect.any(Number);
const any = z.any();
const noTokens = {
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  cacheCreationInputTokens: 0,
  reasoningTokens: 0,
};

function passing(id: string) {
  const execute = vi.fn().mockResolvedValue({ by: id });
  return createStep({ id, inputSchema: any, outputSchema: any, execute });
}

/** Writes what it does, and suspends until it is answered. */
function asking(id: string) {
  return createStep({
    id,
    inputSchema: any,
    outputSchema: any,
    resumeSchema: any,
    execute: vi.fn(async ({ resumeData, suspend, writer }) => {
      if (resumeData === undefined) {
        await writer.write({ saying: 'before' });
        return suspend({ question: id });
      }
      await writer.write({ saying: 'after' });
      await writer.custom({ type: 'data-progress', data: { percent: 100 } });
      return resumeData;
    }),
  });
}

describe.each(places)('streaming in $name', (place) => {
  const flow = (id = 'flow') => createWorkflow({ id, inputSchema: any, outputSchema: any });

  it('D10 streams two steps in six events', async () => {
    const workflow = flow().then(passing('step1')).then(passing('step2')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun({ runId: 'test-run' });
    const output = run.stream({ inputData: {} });
    const events = await all(output.fullStream);
    const about = { runId: 'test-run', from: 'WORKFLOW' };
    const start = (id: string, payload: unknown) => ({
      ...about,
      type: 'workflow-step-start',
      payload: {
        id,
        stepName: id,
        stepCallId: expect.any(String),
        status: 'running',
        payload,
        startedAt: time,
      },
    });
    const result = (id: string, payload: unknown) => ({
      ...about,
      type: 'workflow-step-result',
      payload: {
        ...start(id, payload).payload,
        status: 'success',
        output: { by: id },
        endedAt: time,
      },
    });
    expect(events).toEqual([
      { ...about, type: 'workflow-start', payload: { workflowId: 'flow' } },
      start('step1', {}),
      result('step1', {}),
      start('step2', { by: 'step1' }),
      result('step2', { by: 'step1' }),
      {
        ...about,
        type: 'workflow-finish',
        payload: { workflowStatus: 'success', metadata: {}, output: { usage: noTokens } },
      },
    ]);
    expect(await output.result).toMatchObject({ status: 'success', result: { by: 'step2' } });
    expect(output.status).toBe('success');
  });

  it('D11 has the state in a streamed run', async () => {
    const stateSchema = z.object({ value: z.string() });
    const reading = createStep({
      id: 'reading',
      inputSchema: any,
      outputSchema: z.string(),
      stateSchema,
      execute: async ({ state }) => state.value,
    });
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: z.string(), stateSchema })
      .then(reading)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const output = run.stream({ inputData: {}, initialState: { value: 'given' } });
    expect(await output.result).toMatchObject({ status: 'success', result: 'given' });
  });

  it('D12 D14 D20 closes a stream with a suspension, and streams the resumption by itself', async () => {
    const workflow = flow().then(passing('before')).then(asking('ask')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const output = run.stream({ inputData: { first: true } });
    const events = await all(output.fullStream);
    expect(lines(events)).toEqual([
      'start',
      'step-start before',
      'step-result before',
      'step-start ask',
      'step-output ask',
      'step-suspended ask',
      'finish',
    ]);
    expect(events.find(({ type }) => type === 'workflow-step-output')).toEqual({
      type: 'workflow-step-output',
      runId: run.runId,
      from: 'USER',
      payload: { output: { saying: 'before' }, runId: run.runId, stepName: 'ask' },
    });
    expect(output.status).toBe('suspended');

    const wrong = run.resumeStream({ step: 'before', resumeData: {} } as never);
    await expect(wrong.result).rejects.toThrow(
      'This workflow step "before" was not suspended. Available suspended steps: [ask]',
    );
    const resumed = run.resumeStream({ step: 'ask', resumeData: { answer: 42 } });
    const more = await all(resumed.fullStream);
    expect(lines(more).slice(0, 2)).toEqual(['start', 'step-start ask']);
    expect(payloadOf(more, 'workflow-step-start')).toMatchObject({
      resumePayload: { answer: 42 },
      resumedAt: time,
      payload: { by: 'before' },
    });
    expect(payloadOf(more, 'workflow-step-output')).toMatchObject({ output: { saying: 'after' } });
    const done = await resumed.result;
    expect(done).toMatchObject({ status: 'success', result: { answer: 42 }, input: { first: true } });
    expect(done.steps).toEqual({
      input: { first: true },
      before: {
        status: 'success',
        payload: { first: true },
        output: { by: 'before' },
        startedAt: time,
        endedAt: time,
      },
      ask: {
        status: 'success',
        payload: { by: 'before' },
        output: { answer: 42 },
        suspendPayload: { question: 'ask' },
        suspendedAt: time,
        resumePayload: { answer: 42 },
        resumedAt: time,
        startedAt: time,
        endedAt: time,
      },
    });
    expect((await workflow.getWorkflowRunById(run.runId))?.payload).toEqual({ first: true });
  });

  it('D13 keeps one stream over a suspension when it is told to', async () => {
    const workflow = flow().then(asking('ask')).then(passing('after')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const output = run.stream({ inputData: {}, closeOnSuspend: false });
    const seen: string[] = [];
    for await (const event of output.fullStream) {
      seen.push(...lines([event]));
      if (event.type === 'workflow-step-suspended') {
        await vi.waitFor(async () => {
          expect((await workflow.getWorkflowRunById(run.runId))?.status).toBe('suspended');
        }, patience);
        void run.resume({ step: 'ask', resumeData: { answer: 1 } });
      }
    }
    expect(seen.at(0)).toBe('start');
    expect(seen.filter((line) => line === 'finish')).toHaveLength(1);
    expect(seen.slice(-3)).toEqual(['step-start after', 'step-result after', 'finish']);
    expect(seen.filter((line) => line === 'step-start ask')).toHaveLength(2);
    expect(output.status).toBe('success');
  });

  it.each([
    ['D18', 'a duration', () => flow().sleep(2_000, { id: 'nap' })],
    ['D19', 'a computed duration', () => flow().sleep(async ({ inputData }) => inputData.ms, { id: 'nap' })],
  ])('%s streams a sleep as waiting, then its result: %s', async (_, __, make) => {
    const { storage, clock } = storageWithVirtualTime(place);
    const workflow = make().then(passing('after')).commit();
    new Host({ workflows: { workflow }, storage });
    const run = await workflow.createRun();
    const output = run.stream({ inputData: { ms: 2_000 } });
    const events = await clock.runUntil(all(output.fullStream));
    expect(lines(events)).toEqual([
      'start',
      'step-waiting nap',
      'step-result nap',
      'step-start after',
      'step-result after',
      'finish',
    ]);
    expect(payloadOf(events, 'workflow-step-waiting')).toMatchObject({
      status: 'waiting',
      payload: { ms: 2_000 },
      startedAt: 0,
    });
    expect(clock.now()).toBeGreaterThanOrEqual(2_000);
  });

  it('G6 streams custom events of a resumption', async () => {
    const workflow = flow().then(asking('ask')).commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    await run.stream({ inputData: {} }).result;
    const events = await all(run.resumeStream({ resumeData: { ok: true } }).fullStream);
    expect(events.find(({ type }) => type === 'data-progress')).toEqual({
      type: 'data-progress',
      runId: run.runId,
      from: 'WORKFLOW',
      data: { percent: 100 },
    });
  });

  it('H8 H12 has one start, one finish and one failure, and the steps of loops and nested workflows', async () => {
    const failing = createStep({
      id: 'failing',
      inputSchema: any,
      outputSchema: any,
      execute: vi.fn().mockRejectedValue(new Error('no')),
    });
    let rounds = 0;
    const inner = flow('inner').then(passing('leaf')).commit();
    const list = createStep({
      id: 'list',
      inputSchema: any,
      outputSchema: z.array(any),
      execute: vi.fn().mockResolvedValue([1, 2]),
    });
    const workflow = flow()
      .dountil(passing('looped'), async () => {
        rounds += 1;
        return rounds === 2;
      })
      .then(inner)
      .then(list)
      .foreach(passing('item'))
      .then(failing)
      .commit();
    new Host({ workflows: { workflow }, storage: storageIn(place) });
    const run = await workflow.createRun();
    const seen = lines(await all(run.stream({ inputData: {} }).fullStream));
    expect(seen).toEqual([
      'start',
      'step-start looped',
      'step-result looped',
      'step-start looped',
      'step-result looped',
      'step-start inner',
      'step-start inner.leaf',
      'step-result inner.leaf',
      'step-result inner',
      'step-start list',
      'step-result list',
      'step-start item',
      'step-progress item',
      'step-progress item',
      'step-result item',
      'step-start failing',
      'step-result failing',
      'finish',
    ]);
  });
});
