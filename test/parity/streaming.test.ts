import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createWorkflow } from '../../src/index.ts';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { all, lines, payloadOf } from './stream-events.ts';

const time = expect.any(Number);
const call = expect.any(String);
const noTokens = {
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedInputTokens: 0,
  cacheCreationInputTokens: 0,
  reasoningTokens: 0,
};

/** Suspends with a question until it is resumed, and gives the answer. */
function asking(id: string, resumeLabel?: string) {
  return body(
    id,
    async ({ resumeData, suspend, writer }) => {
      await writer.write(resumeData === undefined ? 'asking' : 'answered');
      return (
        resumeData ?? suspend({ ask: id }, resumeLabel === undefined ? {} : { resumeLabel: [resumeLabel] })
      );
    },
    { resumeSchema: any },
  );
}

describe.each(places)('streams in $name', (place) => {
  test('D10 a stream has a start, a start and a result of each step, and a finish without tokens', async () => {
    const made = flow('w').then(echo('a')).then(echo('b')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const output = run.stream({ inputData: { n: 1 } });
      const about = { runId: 'r', from: 'WORKFLOW' };
      const start = (id: string) => ({
        ...about,
        type: 'workflow-step-start',
        payload: {
          id,
          stepName: id,
          stepCallId: call,
          status: 'running',
          payload: { n: 1 },
          startedAt: time,
        },
      });
      const result = (id: string) => ({
        ...about,
        type: 'workflow-step-result',
        payload: {
          id,
          stepName: id,
          stepCallId: call,
          status: 'success',
          payload: { n: 1 },
          output: { n: 1 },
          startedAt: time,
          endedAt: time,
        },
      });
      expect(await all(output.fullStream)).toEqual([
        { ...about, type: 'workflow-start', payload: { workflowId: 'w' } },
        start('a'),
        result('a'),
        start('b'),
        result('b'),
        {
          ...about,
          type: 'workflow-finish',
          payload: { workflowStatus: 'success', metadata: {}, output: { usage: noTokens } },
        },
      ]);
      expect(output).toMatchObject({ runId: 'r', workflowId: 'w', status: 'success' });
      expect(await output.result).toMatchObject({ status: 'success', result: { n: 1 } });
      expect(await output.usage).toEqual(noTokens);
    });
  });

  test('R27 each reading of the full stream has all events, and a second call gives the same stream', async () => {
    const runs: string[] = [];
    const counted = body('a', async ({ inputData }) => {
      runs.push('a');
      return inputData;
    });
    const made = flow('w').then(counted).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const output = run.stream({ inputData: 1 });
      expect(run.stream({ inputData: 1 })).toBe(output);
      const [first, second] = await Promise.all([all(output.fullStream), all(output)]);
      expect(second).toEqual(first);
      expect(await all(output.fullStream)).toEqual(first);
      const left = output.fullStream.getReader();
      await left.read();
      await left.cancel();
      expect(lines(first)).toEqual(['start', 'step-start a', 'step-result a', 'finish']);
      // The run is over, so the same call tells of it again and executes nothing.
      expect(await all(run.stream({ inputData: 1 }))).toEqual(first);
      expect(runs).toEqual(['a']);
    });
  });

  test('D11 a streamed run sees the state that it was given', async () => {
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      stateSchema: z.object({ count: z.number() }),
    })
      .then(body('read', async ({ state }) => state['count']))
      .commit();
    await inPlace(place, [made], async () => {
      const output = (await made.createRun()).stream({ inputData: 1, initialState: { count: 7 } });
      expect(await output.result).toMatchObject({ status: 'success', result: 7 });
    });
  });

  test('D12 D14 D20 a suspension closes the stream, a resumption has one of its own; chunks are in both', async () => {
    const made = flow('w').then(echo('before')).then(asking('ask')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const output = run.stream({ inputData: 0 });
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
      expect(output.status).toBe('suspended');
      expect(payloadOf(events, 'workflow-finish')).toMatchObject({ workflowStatus: 'suspended' });
      expect(payloadOf(events, 'workflow-step-suspended')).toEqual({
        id: 'ask',
        stepName: 'ask',
        stepCallId: call,
        status: 'suspended',
        payload: 0,
        startedAt: time,
        suspendPayload: { ask: 'ask' },
        suspendedAt: time,
      });
      expect(events.find(({ type }) => type === 'workflow-step-output')).toEqual({
        type: 'workflow-step-output',
        runId: 'r',
        from: 'USER',
        payload: { output: 'asking', runId: 'r', stepName: 'ask' },
      });
      expect(await output.result).toMatchObject({ status: 'suspended', suspended: [['ask']] });

      const wrong = run.resumeStream({ step: 'before', resumeData: 1 });
      await expect(wrong.result).rejects.toThrow(
        'This workflow step "before" was not suspended. Available suspended steps: [ask]',
      );
      expect(lines(await all(wrong))).toEqual(['finish']);
      expect(wrong.status).toBe('failed');

      const resumed = run.resumeStream({ step: 'ask', resumeData: 'yes' });
      const more = await all(resumed);
      expect(lines(more)).toEqual([
        'start',
        'step-start ask',
        'step-output ask',
        'step-result ask',
        'finish',
      ]);
      expect(payloadOf(more, 'workflow-step-start')).toEqual({
        id: 'ask',
        stepName: 'ask',
        stepCallId: call,
        status: 'running',
        payload: 0,
        startedAt: time,
        resumePayload: 'yes',
        resumedAt: time,
      });
      const step = { payload: 0, startedAt: time, endedAt: time };
      expect(await resumed.result).toMatchObject({
        status: 'success',
        input: 0,
        steps: {
          input: 0,
          before: { status: 'success', output: 0, ...step },
          ask: { status: 'success', output: 'yes', resumePayload: 'yes', resumedAt: time, ...step },
        },
      });
      expect(await made.getWorkflowRunById('r')).toMatchObject({ payload: 0 });
    });
  });

  test('D13 a stream that is not closed by a suspension tells what a resumption leads to', async () => {
    const made = flow('w').then(asking('one')).then(asking('two')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const output = run.stream({ inputData: 0, closeOnSuspend: false });
      const seen = [];
      const statuses = [];
      const answers: Promise<unknown>[] = [];
      for await (const event of output.fullStream) {
        seen.push(event);
        if (event.type !== 'workflow-step-suspended') continue;
        statuses.push(output.status);
        answers.push(run.resume({ step: event.payload.id, resumeData: event.payload.id }));
      }
      await Promise.all(answers);
      expect(lines(seen)).toEqual([
        'start',
        ...['one', 'two'].flatMap((id) => [
          `step-start ${id}`,
          `step-output ${id}`,
          `step-suspended ${id}`,
          `step-start ${id}`,
          `step-output ${id}`,
          `step-result ${id}`,
        ]),
        'finish',
      ]);
      expect(output.status).toBe('success');
      expect(await output.result).toMatchObject({ status: 'success', result: 'two' });
    });
  });

  test('D15 what agents used is summed', async () => {
    const finish = { type: 'finish', payload: { output: { usage: { inputTokens: 2, outputTokens: 3 } } } };
    const agent = body('agent', async ({ writer }) => {
      await writer.write({ type: 'text-delta', text: 'hi' });
      await writer.write(finish);
      return 'hi';
    });
    const made = flow('w')
      .then(agent)
      .map(async () => 0, { id: 'map' })
      .then(echo('b'))
      .commit();
    await inPlace(place, [made], async () => {
      const output = (await made.createRun()).stream({ inputData: 0 });
      expect(lines(await all(output)).slice(1, 7)).toEqual([
        'step-start agent',
        'step-output agent',
        'step-output agent',
        'step-result agent',
        'step-start map',
        'step-result map',
      ]);
      expect(await output.usage).toEqual({ ...noTokens, inputTokens: 2, outputTokens: 3 });
    });
  });

  test.each([
    ['D18', 1],
    ['D19', async () => 1],
  ])('%s a sleep waits and has a result', async (_, duration) => {
    const made = flow('w').then(echo('a')).sleep(duration, { id: 'nap' }).then(echo('b')).commit();
    await inPlace(place, [made], async () => {
      const events = await all((await made.createRun()).stream({ inputData: { n: 1 } }));
      expect(lines(events).slice(3, 5)).toEqual(['step-waiting nap', 'step-result nap']);
      const names = { id: 'nap', stepName: 'nap' };
      expect(payloadOf(events, 'workflow-step-waiting')).toEqual({
        ...names,
        payload: { n: 1 },
        startedAt: time,
        status: 'waiting',
      });
      expect(payloadOf(events, 'workflow-step-result', 'nap')).toEqual({
        ...names,
        status: 'success',
        output: { n: 1 },
        endedAt: time,
      });
    });
  });

  test('G6 what a step gives to writer.custom is an event as it is, also after a resumption', async () => {
    const step = body(
      'ask',
      async ({ resumeData, suspend, writer }) => {
        await writer.custom({ type: 'data-note', data: { at: resumeData ?? 'first' }, id: 'n1' });
        return resumeData ?? suspend({});
      },
      { resumeSchema: any },
    );
    const made = flow('w').then(step).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const note = (at: string) => ({
        type: 'data-note',
        runId: 'r',
        from: 'WORKFLOW',
        id: 'n1',
        data: { at },
      });
      expect((await all(run.stream({ inputData: 0 })))[2]).toEqual(note('first'));
      expect((await all(run.resumeStream({ resumeData: 'go' })))[2]).toEqual(note('go'));
    });
  });

  test('R28 what does not fit the start rejects the result and ends the stream', async () => {
    const made = createWorkflow({ id: 'w', inputSchema: z.object({ n: z.number() }), outputSchema: any })
      .then(echo('a'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const output = run.stream({ inputData: { n: 'x' } as never });
      const events = await all(output);
      expect(events).toEqual([
        {
          type: 'workflow-finish',
          runId: 'r',
          from: 'WORKFLOW',
          payload: {
            workflowStatus: 'failed',
            metadata: {
              error: expect.any(Error),
              errorMessage: expect.stringContaining('Invalid input data: \n- n'),
            },
            output: { usage: noTokens },
          },
        },
      ]);
      await expect(output.result).rejects.toMatchObject({ code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED' });
      expect(await output.usage).toEqual(noTokens);
    });
  });
});
