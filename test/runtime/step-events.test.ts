import { createWorkflow } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { all, lines } from '../parity/stream-events.ts';
import { inPlace, places } from './places.ts';
import { any, body, echo } from './steps.ts';

/** Workflows that do not tell of their steps. */

const quiet = (id: string) =>
  createWorkflow({ id, inputSchema: any, outputSchema: any, options: { emitStepEvents: false } });
const telling = (id: string) => createWorkflow({ id, inputSchema: any, outputSchema: any });

const writing = body('writing', async ({ inputData, writer }) => {
  await writer.write('written');
  await writer.custom({ type: 'data-own', data: 1 });
  return inputData;
});
const asking = body('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({}), {
  resumeSchema: any,
});

describe.each(places)('steps that are not told of in $name', (place) => {
  test('leave the run, what they write, and whom it waits for', async () => {
    const workflow = quiet('quiet')
      .then(writing)
      .sleep(1)
      .then(asking)
      .map(async () => [1])
      .foreach(echo('each'))
      .commit();
    await inPlace(place, [workflow], async (runtime) => {
      const run = await workflow.createRun({ runId: 'r' });
      const watched: string[] = [];
      const unwatch = await run.watchAsync((event) => {
        watched.push(...lines([event]));
      });
      const first = await all(run.stream({ inputData: 1 }).fullStream);
      const started = ['start', 'step-output writing', 'data-own', 'step-suspended ask'];
      expect(lines(first)).toEqual([...started, 'finish']);
      const resumed = run.resumeStream({ resumeData: 2 });
      expect(lines(await all(resumed.fullStream))).toEqual(['start', 'finish']);
      expect(await resumed.result).toMatchObject({ status: 'success', result: [1] });
      // `observeStream` gives the stream that was begun last; another process has none.
      expect(lines(await all(run.streamLegacy({ inputData: 1 }).stream))).toEqual([...started, 'finish']);
      const { events, done } = await runtime.events({ runId: 'r' });
      expect([lines(events), done]).toEqual([
        ['start', 'step-output writing', 'custom', 'step-suspended ask', 'finish', 'finish'],
        true,
      ]);
      expect(watched).toEqual([...started, 'finish']);
      unwatch();
      const { entries } = await runtime.history({ runId: 'r' });
      expect(entries.map((entry) => (entry.type === 'step' ? entry.stepId : entry.type))).toContain('each');
    });
  });

  test('are told of where the workflow that they are in says nothing else', async () => {
    const inner = quiet('inner').then(echo('hidden')).commit();
    const outer = telling('outer').then(inner).then(echo('after')).commit();
    const around = quiet('around')
      .then(telling('shown').then(echo('step')).commit())
      .commit();
    await inPlace(place, [outer, around], async () => {
      const linesOf = async (workflow: typeof outer): Promise<string[]> => {
        const run = await workflow.createRun();
        return lines(await all(run.stream({ inputData: 1 }).fullStream));
      };
      expect(await linesOf(outer)).toEqual([
        'start',
        'step-start inner',
        'step-result inner',
        'step-start after',
        'step-result after',
        'finish',
      ]);
      expect(await linesOf(around)).toEqual([
        'start',
        'step-start shown.step',
        'step-result shown.step',
        'finish',
      ]);
    });
  });

  test('are not told of by a run without history, either', async () => {
    const workflow = quiet('quiet').then(echo('a')).then(asking).commit();
    const options = { history: 'none' } as const;
    await inPlace(
      place,
      [workflow],
      async (runtime) => {
        const run = await workflow.createRun({ runId: 'r' });
        await run.start({ inputData: 1 });
        await run.resume({ resumeData: 2 });
        const { events, done } = await runtime.events({ runId: 'r' });
        expect([lines(events), done]).toEqual([['start', 'step-suspended ask', 'finish'], true]);
      },
      options,
    );
  });
});
