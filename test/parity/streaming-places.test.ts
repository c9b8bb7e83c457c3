import { describe, expect, test } from 'vitest';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { all, lines } from './stream-events.ts';

const writing = body('a', async ({ writer }) => {
  await writer.write('chunk');
  return 1;
});

const asking = body('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({ ask: 1 }), {
  resumeSchema: any,
});

describe.each(places)('where runs keep no history, in $name', (place) => {
  test('a run that is streamed keeps what its stream needs', async () => {
    const made = flow('w').then(writing).then(asking).commit();
    await inPlace(
      place,
      [made],
      async (runtime) => {
        const run = await made.createRun({ runId: 'r' });
        expect(lines(await all(run.stream({ inputData: 0 })))).toEqual([
          'start',
          'step-start a',
          'step-output a',
          'step-result a',
          'step-start ask',
          'step-suspended ask',
          'finish',
        ]);
        // A page that was read before the start leads to the beginning.
        await made.createRun({ runId: 's' });
        const { cursor } = await runtime.events({ runId: 's' });
        await all((await made.createRun({ runId: 's' })).stream({ inputData: 0 }));
        expect((await runtime.events({ runId: 's', cursor })).events).toHaveLength(7);
      },
      { history: 'none' },
    );
  });

  test('others are watched and resumed by what is stored', async () => {
    const made = flow('w').then(writing).then(asking).then(echo('z')).commit();
    await inPlace(
      place,
      [made],
      async () => {
        const run = await made.createRun();
        await run.start({ inputData: 0 });
        const observed = run.observeStream();
        const resumed = run.resumeStream({ resumeData: 'go' });
        expect(lines(await all(resumed))).toEqual([
          'start',
          'step-start ask',
          'step-result ask',
          'step-start z',
          'step-result z',
          'finish',
        ]);
        expect(await resumed.result).toMatchObject({ status: 'success', result: 'go' });
        expect(lines(await all(observed))).toEqual([
          'start',
          'step-start a',
          'step-result a',
          'step-start ask',
          'step-suspended ask',
          'step-start ask',
          'step-result ask',
          'step-start z',
          'step-result z',
          'finish',
        ]);
      },
      { history: 'none' },
    );
  });
});

describe.each(places)('where runs keep no history, in $name', (place) => {
  test('a time travel tells what it executes, and not the arm that it keeps', async () => {
    const made = flow('w')
      .parallel([echo('p'), asking])
      .then(echo('z'))
      .commit();
    await inPlace(
      place,
      [made],
      async () => {
        const run = await made.createRun();
        await run.start({ inputData: 0 });
        await run.resume({ resumeData: 'go' });
        expect(lines(await all(run.timeTravelStream({ step: 'p' })))).toEqual([
          'start',
          'step-start p',
          'step-result p',
          'step-start z',
          'step-result z',
          'finish',
        ]);
        expect(lines(await all(run.timeTravelStream({ step: 'ask' })))).toEqual([
          'start',
          'step-start ask',
          'step-suspended ask',
          'finish',
        ]);
      },
      { history: 'none' },
    );
  });
});

describe.each(places)('any stream in $name', (place) => {
  test('ends when the runtime is closed', async () => {
    const made = flow('w').then(asking).commit();
    await inPlace(place, [made], async (runtime) => {
      const run = await made.createRun();
      const output = run.stream({ inputData: 0, closeOnSuspend: false });
      const { stream } = run.streamLegacy({ inputData: 0 });
      run.watch(() => {});
      for await (const { type } of output) if (type === 'workflow-step-suspended') break;
      const rest = all(output.fullStream);
      await runtime.close();
      expect(lines(await rest)).toEqual(['start', 'step-start ask', 'step-suspended ask', 'finish']);
      await expect(output.result).rejects.toMatchObject({ code: 'WORKFLOW_RUNTIME_CLOSED' });
      expect(lines(await all(stream)).at(-1)).toBe('finish');
    });
  });

  test('is as long as its run', async () => {
    // More than a page of its log, and fewer where each takes its time.
    const rounds = place.hostile === true ? 100 : 300;
    const count = body('count', async ({ inputData }) => Number(inputData) + 1);
    const made = flow('w')
      .dountil(count, async ({ inputData }) => Number(inputData) >= rounds)
      .commit();
    await inPlace(place, [made], async (runtime) => {
      const output = (await made.createRun({ runId: 'r' })).stream({ inputData: 0 });
      const events = await all(output);
      expect(events).toHaveLength(2 * rounds + 2);
      const read = [];
      for (let cursor: string | undefined; ; ) {
        const page = await runtime.events({ runId: 'r', ...(cursor === undefined ? {} : { cursor }) });
        read.push(...page.events);
        ({ cursor } = page);
        if (page.done) break;
      }
      expect(lines(read)).toEqual(lines(events));
    });
  });
});
