import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { firstTurn, formatTurn } from '../../src/core/turn.ts';
import { childRunId } from '../../src/runtime/handle-nested.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { RunHandle } from '../../src/sdk/run.ts';
import { add, nest, step, workflow } from '../runtime/fixtures.ts';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { all, lines, payloadOf } from './stream-events.ts';

const time = expect.any(Number);

async function runOf(runtime: Runtime, made: WorkflowDefinition): Promise<RunHandle> {
  return new RunHandle(runtime, await runtime.create({ workflowId: made.id, runId: 'r' }), made);
}

/** Suspends for the even ones, until it is resumed. */
const choosy = step('item', async ({ inputData, resumeData, suspend }) => {
  const number = Number(inputData);
  if (number % 2 === 0 && resumeData === undefined) return suspend({ even: number });
  return number * 10;
});

describe.each(places)('streams of constructs in $name', (place) => {
  test('H12 a foreach has one start, the progress of its items, and one result', async () => {
    const made = workflow('w', [
      step('list', () => [1, 3, 5]),
      { foreach: choosy, concurrency: 2 },
      step('sum', ({ inputData }) => (inputData as number[]).length),
    ]);
    await inPlace(place, [made], async (runtime) => {
      const events = await all((await runOf(runtime, made)).stream({ inputData: 0 }));
      expect(lines(events)).toEqual([
        'start',
        'step-start list',
        'step-result list',
        'step-start item',
        'step-progress item',
        'step-progress item',
        'step-progress item',
        'step-result item',
        'step-start sum',
        'step-result sum',
        'finish',
      ]);
      const names = { id: 'item', stepName: 'item' };
      expect(payloadOf(events, 'workflow-step-start', 'item')).toEqual({
        ...names,
        status: 'running',
        payload: [1, 3, 5],
        startedAt: time,
      });
      const progress = events.flatMap(({ type, payload }) =>
        type === 'workflow-step-progress' ? [payload as Record<string, unknown>] : [],
      );
      expect(progress.map(({ completedCount }) => completedCount)).toEqual([1, 2, 3]);
      expect(progress.toSorted((a, b) => Number(a['currentIndex']) - Number(b['currentIndex']))).toEqual(
        [10, 30, 50].map((iterationOutput, currentIndex) => ({
          ...names,
          completedCount: time,
          totalCount: 3,
          currentIndex,
          iterationStatus: 'success',
          iterationOutput,
        })),
      );
      expect(payloadOf(events, 'workflow-step-result', 'item')).toEqual({
        ...names,
        status: 'success',
        output: [10, 30, 50],
        endedAt: time,
      });
    });
  });

  test('R30 a foreach that waits says for whom, each time', async () => {
    const made = workflow('w', [step('list', () => [2, 3, 4]), { foreach: choosy }]);
    await inPlace(place, [made], async (runtime) => {
      const run = await runOf(runtime, made);
      const first = await all(run.stream({ inputData: 0 }));
      expect(lines(first).slice(3)).toEqual([
        'step-start item',
        'step-progress item',
        'step-suspended item',
        'finish',
      ]);
      const suspended = {
        id: 'item',
        stepName: 'item',
        status: 'suspended',
        payload: [2, 3, 4],
        startedAt: time,
        suspendedAt: time,
      };
      expect(payloadOf(first, 'workflow-step-suspended')).toEqual({
        ...suspended,
        suspendPayload: { even: 2 },
      });
      const second = await all(run.resumeStream({ resumeData: 1 }));
      expect(lines(second)).toEqual([
        'start',
        'step-start item',
        'step-progress item',
        'step-progress item',
        'step-progress item',
        'step-suspended item',
        'finish',
      ]);
      expect(payloadOf(second, 'workflow-step-suspended')).toEqual({
        ...suspended,
        suspendPayload: { even: 4 },
      });
      const third = run.resumeStream({ resumeData: 1 });
      const thirdLines = ['start', 'step-start item', 'step-progress item', 'step-result item', 'finish'];
      expect(lines(await all(third))).toEqual(thirdLines);
      expect(await third.result).toMatchObject({ status: 'success', result: [20, 30, 40] });
      // Whoever reads it later from its beginning is told the same.
      const later = await all(run.observeStream());
      expect(lines(later)).toEqual(thirdLines);
      const again = (await runtime.events({ runId: 'r' })).events;
      const payloads = again.filter(({ type }) => type === 'workflow-step-suspended');
      expect(payloads.map(({ payload }) => payload['suspendPayload'])).toEqual([{ even: 2 }, { even: 4 }]);
    });
  });

  test('R30 a failing item is told, and the foreach fails', async () => {
    const made = workflow('w', [
      step('list', () => [1, 2]),
      {
        foreach: step('item', ({ inputData }) => {
          if (inputData === 2) throw new TypeError('no');
          return inputData;
        }),
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      const events = await all((await runOf(runtime, made)).stream({ inputData: 0 }));
      const progress = events.filter(({ type }) => type === 'workflow-step-progress');
      expect(progress.map(({ payload }) => payload)).toMatchObject([
        { completedCount: 1, iterationStatus: 'success' },
        { completedCount: 1, currentIndex: 1, iterationStatus: 'failed' },
      ]);
      expect(payloadOf(events, 'workflow-step-result', 'item')).toEqual({
        id: 'item',
        stepName: 'item',
        status: 'failed',
        error: new TypeError('no'),
        endedAt: time,
      });
    });
  });

  test('H12 steps of nested workflows are told under the path that leads to them', async () => {
    const leaf = workflow('leaf', [
      step('ask', async ({ writer, resumeData, suspend }) => {
        await writer.write('chunk');
        await writer.custom({ type: 'data-note', data: 1 });
        return resumeData ?? suspend({ why: 'ask' });
      }),
    ]);
    const middle = workflow('middle', [add('m', 1), nest(leaf)]);
    const made = workflow('w', [add('a', 1), nest(middle), step('z', ({ inputData }) => inputData)]);
    await inPlace(place, [made], async (runtime) => {
      const run = await runOf(runtime, made);
      const output = run.stream({ inputData: 0 });
      const events = await all(output);
      expect(lines(events)).toEqual([
        'start',
        'step-start a',
        'step-result a',
        'step-start middle',
        'step-start middle.m',
        'step-result middle.m',
        'step-start middle.leaf',
        'step-start middle.leaf.ask',
        'step-output middle.leaf.ask',
        'data-note',
        'step-suspended middle.leaf.ask',
        'step-suspended middle.leaf',
        'step-suspended middle',
        'finish',
      ]);
      expect(new Set(events.map(({ runId }) => runId))).toEqual(new Set(['r']));
      expect(events[9]).toEqual({ type: 'data-note', runId: 'r', from: 'WORKFLOW', data: 1 });
      expect(payloadOf(events, 'workflow-step-suspended', 'middle')).toMatchObject({
        payload: 1,
        suspendPayload: { why: 'ask' },
      });
      const resumed = run.resumeStream({ step: ['middle', 'leaf', 'ask'], resumeData: 7 });
      const rest = lines(await all(resumed));
      // The runs around it go on in events of their own.
      const around = ['step-start middle', 'step-start middle.leaf'];
      expect(rest.filter((line) => around.includes(line)).toSorted()).toEqual(around);
      expect(rest.filter((line) => !around.includes(line))).toEqual([
        'start',
        'step-start middle.leaf.ask',
        'step-output middle.leaf.ask',
        'data-note',
        'step-result middle.leaf.ask',
        'step-result middle.leaf',
        'step-result middle',
        'step-start z',
        'step-result z',
        'finish',
      ]);
      expect(await resumed.result).toMatchObject({ status: 'success', result: 7 });
    });
  });

  test('a nested run can be read by itself', async () => {
    const inner = workflow('inner', [add('x', 1), add('y', 1)]);
    const made = workflow('w', [add('a', 1), nest(inner)]);
    await inPlace(place, [made], async (runtime) => {
      const run = await runOf(runtime, made);
      await run.start({ inputData: 0 });
      const childId = childRunId('r', { key: { entry: 1 }, turn: formatTurn(firstTurn(1)) });
      const { events, done } = await runtime.events({ runId: childId });
      expect(lines(events)).toEqual([
        'start',
        'step-start x',
        'step-result x',
        'step-start y',
        'step-result y',
        'finish',
      ]);
      expect(done).toBe(true);
    });
  });

  test('G20 with perStep the run pauses after one step', async () => {
    const made = workflow('w', [add('a', 1), add('b', 1)]);
    await inPlace(place, [made], async (runtime) => {
      const run = await runOf(runtime, made);
      const output = run.stream({ inputData: 0, perStep: true });
      const events = await all(output);
      expect(lines(events)).toEqual(['start', 'step-start a', 'step-result a', 'paused', 'finish']);
      expect(events[3]).toEqual({ type: 'workflow-paused', runId: 'r', from: 'WORKFLOW', payload: {} });
      expect(output.status).toBe('paused');
      expect(await output.result).toMatchObject({ status: 'paused' });
    });
  });

  test('R26 a time travel has a stream of what it executes', async () => {
    const made = workflow('w', [
      add('a', 1),
      { parallel: [add('p', 1), add('q', 2)] },
      step('last', ({ inputData }) => inputData),
    ]);
    const travels = async (runtime: Runtime): Promise<void> => {
      const run = await runOf(runtime, made);
      expect(await run.start({ inputData: 0 })).toMatchObject({ status: 'success' });
      const travel = run.timeTravelStream({ step: 'q' });
      expect(lines(await all(travel))).toEqual([
        'start',
        'step-start q',
        'step-result q',
        'step-start last',
        'step-result last',
        'finish',
      ]);
      expect(travel.status).toBe('success');
      const first = run.timeTravelStream({ step: 'last', inputData: 5 });
      expect(lines(await all(first))).toEqual(['start', 'step-start last', 'step-result last', 'finish']);
      await expect(run.timeTravelStream({ step: 'none' }).result).rejects.toThrow('does not exist');
      const { events } = await runtime.events({ runId: 'r' });
      expect(lines(events).filter((line) => line === 'start')).toHaveLength(3);
    };
    // Where none is kept, only the last of its travels can be told of a run.
    await inPlace(place, [made], travels, { history: 'full' });
  });
});
