import { describe, expect, test } from 'vitest';
import type { WorkflowWatchEvent } from '../../src/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { all, lines } from './stream-events.ts';

function asking(id: string) {
  return body(id, async ({ resumeData, suspend }) => resumeData ?? suspend({ ask: id }), {
    resumeSchema: any,
  });
}

describe.each(places)('watching in $name', (place) => {
  test('R23 watch tells what is begun after it, in the form with step-finish', async () => {
    const made = flow('w').then(asking('ask')).then(echo('after')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const first: WorkflowWatchEvent[] = [];
      const unwatch = run.watch((event) => first.push(event));
      await run.start({ inputData: 0 });
      const second: WorkflowWatchEvent[] = [];
      await run.watchAsync((event) => second.push(event));
      run.watch(() => {
        throw new TypeError('a watcher that fails hurts nobody');
      });
      await expect.poll(() => first.length).toBe(3);
      unwatch();
      await run.resume({ resumeData: 1 });
      await expect.poll(() => second.length).toBe(7);
      expect(lines(first)).toEqual(['start', 'step-start ask', 'step-suspended ask']);
      expect(lines(second)).toEqual([
        'step-start ask',
        'step-result ask',
        'step-finish ask',
        'step-start after',
        'step-result after',
        'step-finish after',
        'finish',
      ]);
      expect(second[2]).toEqual({
        type: 'workflow-step-finish',
        runId: 'r',
        from: 'WORKFLOW',
        payload: { id: 'ask', stepName: 'ask', stepCallId: expect.any(String), metadata: {} },
      });
    });
  });

  test('R24 observers see the run from its beginning to its end, over suspensions', async () => {
    const made = flow('w').then(asking('ask')).commit();
    await inPlace(place, [made], async (runtime) => {
      const run = await made.createRun({ runId: 'r' });
      expect(await all(run.observeStream())).toEqual([]);
      expect(await all(run.observeStreamLegacy().stream)).toEqual([]);
      await run.start({ inputData: 0 });
      const observed = run.observeStream();
      const legacy = run.observeStreamLegacy().stream;
      // Whoever resumes it.
      await runtime.resume({ runId: 'r', resumeData: 1 });
      const told = [
        'start',
        'step-start ask',
        'step-suspended ask',
        'step-start ask',
        'step-result ask',
        'finish',
      ];
      expect(lines(await all(observed))).toEqual(told);
      expect(lines(await all(legacy))).toEqual(told.toSpliced(5, 0, 'step-finish ask'));
      const output = run.stream({ inputData: 0, closeOnSuspend: false });
      expect(await all(run.observeStream())).toEqual(await all(output));
    });
  });

  test('the steps may be executed by another process', async () => {
    const parts = [body('a', async ({ writer }) => writer.write('chunk')), asking('ask')] as const;
    const made = flow('w').then(parts[0]).then(parts[1]).commit();
    await inPlace(
      place,
      [made],
      async (_, another) => {
        const worker = createRuntime({
          workflows: [flow('w').then(parts[0]).then(parts[1]).commit()],
          backend: another(),
        });
        try {
          const run = await made.createRun();
          const watched: WorkflowWatchEvent[] = [];
          run.watch((event) => watched.push(event));
          const output = run.stream({ inputData: 0 });
          expect(lines(await all(output))).toEqual([
            'start',
            'step-start a',
            'step-output a',
            'step-result a',
            'step-start ask',
            'step-suspended ask',
            'finish',
          ]);
          expect(await output.result).toMatchObject({ status: 'suspended' });
          const resumed = run.resumeStream({ resumeData: 1 });
          expect(lines(await all(resumed))).toEqual(['start', 'step-start ask', 'step-result ask', 'finish']);
          expect(await resumed.result).toMatchObject({ status: 'success', result: 1 });
          await expect.poll(() => lines(watched).at(-1)).toBe('finish');
          expect(watched).toHaveLength(11);
        } finally {
          await worker.close();
        }
      },
      { work: false },
    );
  });
});
