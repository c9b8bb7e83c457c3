import { createStep, createWorkflow } from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { inPlace, places } from './places.ts';

const number = z.object({ n: z.number() });

function adding<const Id extends string>(id: Id, by = 1) {
  return createStep({
    id,
    inputSchema: number,
    outputSchema: number,
    execute: async ({ inputData }) => ({ n: inputData.n + by }),
  });
}

describe.each(places)('conditions and templates as data on $name', (place) => {
  test('read the results that they name, far behind them', async () => {
    const workflow = createWorkflow({ id: 'named', inputSchema: number, outputSchema: z.any() })
      .then(adding('first', 10))
      .parallel([adding('a'), adding('b', 2)])
      .map(({ inputData }) => inputData.a)
      .branch([
        [{ predicate: { op: 'eq', path: 'stepResults.first.n', value: 11 } }, adding('taken')],
        [{ predicate: { op: 'eq', path: 'stepResults.b.n', value: 13 } }, adding('too')],
        [{ predicate: { op: 'notExists', path: 'stepResults.b' } }, adding('not')],
        [{ predicate: { op: 'gt', path: 'initData.n', value: 1 } }, adding('neither')],
      ])
      .map({
        taken: { template: '${stepResults.taken.n} ${stepResults.too.n} of ${inputData}' },
        early: { template: '${initData.n} ${stepResults.first.n} ${stepResults.a}' },
      })
      .commit();
    await inPlace(place, [workflow], async (runtime) => {
      await runtime.start({ workflowId: 'named', runId: 'run', inputData: { n: 1 } });
      await runtime.settled({ runId: 'run' });
      expect(await runtime.result({ runId: 'run' })).toMatchObject({
        status: 'success',
        result: { taken: '13 13 of {"taken":{"n":13},"too":{"n":13}}', early: '1 11 {"n":12}' },
      });
    });
  });

  test('end a loop by what an iteration gave, and by what was before it', async () => {
    const workflow = createWorkflow({ id: 'loop', inputSchema: number, outputSchema: number })
      .then(adding('first', 0))
      .then(adding('between'))
      .dowhile(adding('body'), {
        predicate: {
          and: [
            { op: 'lt', path: 'stepResults.body.n', value: 5 },
            { op: 'eq', path: 'stepResults.first.n', value: 1 },
            { op: 'eq', path: 'initData.n', value: 1 },
          ],
        },
      })
      .commit();
    await inPlace(place, [workflow], async (runtime) => {
      await runtime.start({ workflowId: 'loop', runId: 'run', inputData: { n: 1 } });
      await runtime.settled({ runId: 'run' });
      expect(await runtime.result({ runId: 'run' })).toMatchObject({
        status: 'success',
        result: { n: 5 },
        steps: { body: { metadata: { iterationCount: 3 } } },
      });
    });
  });
});
