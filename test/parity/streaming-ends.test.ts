import { describe, expect, test } from 'vitest';
import { createStep } from '../../src/index.ts';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { all, lines, payloadOf } from './stream-events.ts';

describe.each(places)('ends of streams in $name', (place) => {
  test('R29 a failure, a bail and a cancel are told as they are', async () => {
    const failing = flow('failing')
      .then(
        body('a', async () => {
          throw new TypeError('no');
        }),
      )
      .then(echo('b'))
      .commit();
    const bailing = flow('bailing')
      .then(body('a', async ({ bail }) => bail('enough')))
      .then(echo('b'))
      .commit();
    const aborting = flow('aborting')
      .then(
        body('a', async ({ abort }) => {
          abort();
          return 1;
        }),
      )
      .then(echo('b'))
      .commit();
    await inPlace(place, [failing, bailing, aborting], async () => {
      const failed = await all((await failing.createRun()).stream({ inputData: 0 }));
      expect(lines(failed)).toEqual(['start', 'step-start a', 'step-result a', 'finish']);
      expect(payloadOf(failed, 'workflow-step-result')).toMatchObject({
        status: 'failed',
        error: new TypeError('no'),
      });
      expect(payloadOf(failed, 'workflow-finish')).toMatchObject({ workflowStatus: 'failed', metadata: {} });

      const bailed = (await bailing.createRun()).stream({ inputData: 0 });
      expect(payloadOf(await all(bailed), 'workflow-step-result')).toMatchObject({
        status: 'bailed',
        output: 'enough',
      });
      expect(bailed.status).toBe('success');

      const canceled = (await aborting.createRun()).stream({ inputData: 0 });
      expect(lines(await all(canceled))).toEqual([
        'start',
        'step-start a',
        'step-result a',
        'canceled',
        'finish',
      ]);
      expect(canceled.status).toBe('canceled');
    });
  });

  test('H12 a retried step has one start and one result; loops and blocks have those of their bodies', async () => {
    let attempts = 0;
    const flaky = createStep({
      id: 'flaky',
      inputSchema: any,
      outputSchema: any,
      retries: 2,
      execute: async () => {
        attempts += 1;
        if (attempts < 3) throw new TypeError('again');
        return 0;
      },
    });
    const made = flow('w')
      .then(flaky)
      .dountil(
        body('count', async ({ inputData }) => Number(inputData) + 1),
        async ({ inputData }) => Number(inputData) >= 2,
      )
      .parallel([echo('p'), echo('q')])
      .branch([
        [async () => true, echo('yes')],
        [async () => false, echo('no')],
      ])
      .branch([[async () => false, echo('never')]])
      .commit();
    await inPlace(place, [made], async () => {
      const events = await all((await made.createRun()).stream({ inputData: 0 }));
      const told = lines(events);
      expect(told.slice(0, 7)).toEqual([
        'start',
        'step-start flaky',
        'step-result flaky',
        'step-start count',
        'step-result count',
        'step-start count',
        'step-result count',
      ]);
      const arms = ['step-start p', 'step-start q', 'step-result p', 'step-result q'];
      expect(told.slice(7, 11).toSorted()).toEqual(arms.toSorted());
      // A bus that keeps no order lets arms begin as it likes.
      if (place.hostile !== true) expect(told.slice(7, 9)).toEqual(arms.slice(0, 2));
      expect(told.slice(11)).toEqual(['step-start yes', 'step-result yes', 'finish']);
      const counts = events.flatMap((event) =>
        event.type === 'workflow-step-result' && event.payload.id === 'count'
          ? [event.payload.metadata?.iterationCount]
          : [],
      );
      expect(counts).toEqual([1, 2]);
    });
  });
});
