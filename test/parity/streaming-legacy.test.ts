import { describe, expect, test } from 'vitest';
import type { LegacyStreamEvent } from '../../src/index.ts';
import { inPlace, places } from '../runtime/places.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { all, lines } from './stream-events.ts';

const time = expect.any(Number);

function asking(id: string, resumeLabel?: string) {
  return body(
    id,
    async ({ resumeData, suspend }) =>
      resumeData ?? suspend({ ask: id }, resumeLabel === undefined ? {} : { resumeLabel }),
    { resumeSchema: any },
  );
}

describe.each(places)('legacy streams in $name', (place) => {
  test('D1 eight events of two steps', async () => {
    const made = flow('w').then(echo('a')).then(echo('b')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const told: LegacyStreamEvent[] = [];
      const { stream, getWorkflowState } = run.streamLegacy({
        inputData: 1,
        onChunk: (event) => told.push(event),
      });
      const events = await all(stream);
      expect(lines(events)).toEqual([
        'start',
        'step-start a',
        'step-result a',
        'step-finish a',
        'step-start b',
        'step-result b',
        'step-finish b',
        'finish',
      ]);
      expect(events[0]).toEqual({ type: 'start', payload: { runId: 'r' } });
      expect(events[3]).toEqual({
        type: 'step-finish',
        payload: { id: 'a', stepName: 'a', stepCallId: expect.any(String), metadata: {} },
      });
      expect(events.at(-1)).toEqual({ type: 'finish', payload: { runId: 'r' } });
      expect(told).toEqual(events);
      expect(await getWorkflowState()).toMatchObject({
        status: 'success',
        steps: { a: { status: 'success', output: 1 }, b: { status: 'success', output: 1 } },
      });
    });
  });

  test.each([
    ['D2', 'its step', { step: 'ask' }],
    ['D3', 'its label', { label: 'here' }],
  ])('%s a suspension does not close it, a resumption by %s feeds it', async (_, __, target) => {
    const made = flow('w').then(asking('ask', 'here')).then(echo('after')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const { stream, getWorkflowState } = run.streamLegacy({ inputData: 0 });
      const seen: LegacyStreamEvent[] = [];
      for await (const event of stream) {
        seen.push(event);
        if (event.type !== 'step-suspended') continue;
        expect(await getWorkflowState()).toMatchObject({ status: 'suspended' });
        void run.resume({ resumeData: 'yes', ...target });
      }
      expect(lines(seen)).toEqual([
        'start',
        'step-start ask',
        'step-suspended ask',
        'step-start ask',
        'step-result ask',
        'step-finish ask',
        'step-start after',
        'step-result after',
        'step-finish after',
        'finish',
      ]);
      expect(await getWorkflowState()).toMatchObject({
        status: 'success',
        steps: { ask: { resumePayload: 'yes', resumedAt: time, suspendedAt: time } },
      });
    });
  });

  test('D4 a second one observes the run', async () => {
    const made = flow('w').then(asking('ask')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const first = run.streamLegacy({ inputData: 0 });
      expect(await first.getWorkflowState()).toMatchObject({ status: 'suspended' });
      const second = run.streamLegacy({ inputData: 0 });
      const { stream } = run.observeStreamLegacy();
      void run.resume({ resumeData: 1 });
      const events = await all(second.stream);
      expect(lines(events).slice(-4)).toEqual([
        'step-start ask',
        'step-result ask',
        'step-finish ask',
        'finish',
      ]);
      expect(await all(stream)).toEqual(events);
      expect(await second.getWorkflowState()).toMatchObject({ status: 'success', result: 1 });
    });
  });

  test.each([
    ['D7', 1],
    ['D8', async () => 1],
  ])('%s a sleep waits, has a result and finishes', async (_, duration) => {
    const made = flow('w').then(echo('a')).sleep(duration, { id: 'nap' }).commit();
    await inPlace(place, [made], async () => {
      const { stream } = (await made.createRun()).streamLegacy({ inputData: { n: 1 } });
      const events = await all(stream);
      expect(lines(events).slice(4, 7)).toEqual(['step-waiting nap', 'step-result nap', 'step-finish nap']);
      expect(events[4]?.payload).toMatchObject({ payload: { n: 1 }, status: 'waiting', startedAt: time });
    });
  });

  test('D9 the input is still there after a resumption', async () => {
    const read = body('read', async ({ getInitData }) => getInitData());
    const made = flow('w').then(asking('ask')).then(read).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      await run.streamLegacy({ inputData: 'input' }).getWorkflowState();
      expect(await run.resume({ resumeData: 1 })).toMatchObject({ status: 'success', result: 'input' });
      expect(await made.getWorkflowRunById('r')).toMatchObject({ payload: 'input' });
    });
  });

  test('what cannot be started rejects the state and ends the stream', async () => {
    const made = flow('w').then(echo('a')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const { stream, getWorkflowState } = run.streamLegacy({ inputData: () => {} });
      expect(lines(await all(stream))).toEqual(['finish']);
      await expect(getWorkflowState()).rejects.toMatchObject({ code: 'WORKFLOW_VALUE_NOT_STORABLE' });
      expect(await all(run.observeStream())).toEqual([]);
    });
  });
});
