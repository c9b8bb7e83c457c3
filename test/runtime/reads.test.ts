import { describe, expect, test } from 'vitest';
import { add, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

describe.each(places)('earlier results on $name', (place) => {
  test('a step right behind a block reads the results of its arms by name', async () => {
    const named = workflow('named', [
      { parallel: [add('a', 1), add('b', 2)] },
      step('read', ({ getStepResult }) => [getStepResult('a'), getStepResult('b')], {
        reads: { steps: ['a', 'b'], init: false },
      }),
    ]);
    await inPlace(place, [named], async (runtime) => {
      await runtime.start({ workflowId: 'named', runId: 'run', inputData: 10 });
      await runtime.settled({ runId: 'run' });
      expect(await runtime.result({ runId: 'run' })).toMatchObject({ status: 'success', result: [11, 12] });
    });
  });

  test('a step further on reads the arms, an entry before them, and the input', async () => {
    const named = workflow('named', [
      add('first', 1),
      { parallel: [add('a', 1), add('b', 2)] },
      step('between', () => 'between'),
      step(
        'read',
        ({ inputData, getStepResult, getInitData }) => [
          inputData,
          getStepResult('first'),
          getStepResult('b'),
          getInitData(),
        ],
        { reads: { steps: ['first', 'b'], init: true } },
      ),
    ]);
    await inPlace(place, [named], async (runtime) => {
      await runtime.start({ workflowId: 'named', runId: 'run', inputData: 10 });
      await runtime.settled({ runId: 'run' });
      expect(await runtime.result({ runId: 'run' })).toMatchObject({
        status: 'success',
        result: ['between', 11, 13, 10],
      });
    });
  });
});
