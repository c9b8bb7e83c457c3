import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { firstTurn, formatTurn } from '../../src/core/turn.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import { childRunId } from '../../src/runtime/handle-nested.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { inPlace, places } from './places.ts';
import { any, body, echo, flow } from './steps.ts';

const number = z.number();

/** Adds one, and notes what it was given and how often its body ran. */
function counting(seen: unknown[]) {
  return createStep({
    id: 'count',
    inputSchema: number,
    outputSchema: number,
    execute: async ({ inputData }) => {
      seen.push(inputData);
      return inputData + 1;
    },
  });
}

function numbers(id: string) {
  return createWorkflow({ id, inputSchema: number, outputSchema: number });
}

describe.each(places)('in $name', (place) => {
  test('dountil feeds each output back until its condition holds', async () => {
    const seen: unknown[] = [];
    const counts: number[] = [];
    const made = numbers('w')
      .dountil(counting(seen), async ({ inputData, iterationCount }) => {
        counts.push(iterationCount);
        return inputData >= 5;
      })
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 2 });
      expect(result).toMatchObject({ status: 'success', result: 5 });
      expect(seen).toEqual([2, 3, 4]);
      expect(counts).toEqual([1, 2, 3]);
      expect(result.steps['count']).toMatchObject({
        status: 'success',
        payload: 4,
        output: 5,
        metadata: { iterationCount: 3 },
      });
    });
  });

  test('dowhile goes on while its condition holds, and runs at least once', async () => {
    const seen: unknown[] = [];
    const made = numbers('w')
      .dowhile(counting(seen), async ({ inputData }) => inputData < 3)
      .commit();
    await inPlace(place, [made], async () => {
      expect(await (await made.createRun()).start({ inputData: 0 })).toMatchObject({ result: 3 });
      expect(await (await made.createRun()).start({ inputData: 10 })).toMatchObject({ result: 11 });
      expect(seen).toEqual([0, 1, 2, 10]);
    });
  });

  test('a condition that throws fails the run with its error, without another attempt of the body', async () => {
    const seen: unknown[] = [];
    const made = createWorkflow({
      id: 'w',
      inputSchema: number,
      outputSchema: number,
      retryConfig: { attempts: 3 },
    })
      .dountil(counting(seen), async () => Promise.reject(new RangeError('condition')))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'failed', error: { message: 'condition' } });
      expect(seen).toEqual([0]);
      expect(result.steps['count']).not.toHaveProperty('nonRetryable');
    });
  });

  test('a body that fails is tried again in its iteration, and a failed iteration keeps its input', async () => {
    const tries: [number, number][] = [];
    const flaky = createStep({
      id: 'flaky',
      inputSchema: number,
      outputSchema: number,
      retries: 1,
      execute: async ({ inputData, retryCount }) => {
        tries.push([inputData, retryCount]);
        if (inputData === 2) throw new Error('two');
        if (retryCount === 0) throw new Error('first try');
        return inputData + 1;
      },
    });
    const made = numbers('w')
      .dountil(flaky, async ({ inputData }) => inputData > 9)
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(tries).toEqual([
        [1, 0],
        [1, 1],
        [2, 0],
        [2, 1],
      ]);
      expect(result).toMatchObject({ status: 'failed', error: { message: 'two' } });
      expect(result.steps['flaky']).toMatchObject({ payload: 2, metadata: { iterationCount: 2 } });
    });
  });

  test('state set in an iteration is seen by its condition, by the next iteration, and afterwards', async () => {
    const stateSchema = z.object({ total: number });
    const seen: unknown[] = [];
    const summing = createStep({
      id: 'sum',
      inputSchema: number,
      outputSchema: number,
      stateSchema,
      execute: async ({ inputData, state, setState }) => {
        await setState({ total: state.total + inputData });
        return inputData + 1;
      },
    });
    const made = createWorkflow({ id: 'w', inputSchema: number, outputSchema: any, stateSchema })
      .dountil(summing, async ({ state, getStepResult }) => {
        seen.push([state.total, getStepResult('sum')]);
        return state.total >= 6;
      })
      .then(body('read', async ({ state }) => state))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1, initialState: { total: 0 } });
      expect(result).toMatchObject({ status: 'success', result: { total: 6 } });
      expect(seen).toEqual([
        [1, 2],
        [3, 3],
        [6, 4],
      ]);
    });
  });

  test('a body that suspends is resumed in its iteration; the next one suspends anew', async () => {
    const asking = createStep({
      id: 'ask',
      inputSchema: number,
      outputSchema: number,
      resumeSchema: z.object({ add: number }),
      execute: async ({ inputData, resumeData, suspend }) =>
        resumeData === undefined ? suspend({ at: inputData }) : inputData + resumeData.add,
    });
    const made = numbers('w')
      .dountil(asking, async ({ inputData }) => inputData >= 10)
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      expect(await run.start({ inputData: 1 })).toMatchObject({ suspendPayload: { ask: { at: 1 } } });
      const second = await run.resume({ step: 'ask', resumeData: { add: 4 } });
      expect(second).toMatchObject({ status: 'suspended', suspendPayload: { ask: { at: 5 } } });
      expect(second.steps['ask']).not.toHaveProperty('resumePayload');
      const done = await run.resume({ resumeData: { add: 5 } });
      expect(done).toMatchObject({ status: 'success', result: 10 });
      expect(done.steps['ask']).toMatchObject({
        payload: 5,
        resumePayload: { add: 5 },
        metadata: { iterationCount: 2 },
      });
    });
  });

  test('a run is removed with the nested runs of all iterations', async () => {
    const again = { more: 3 };
    const made = numbers('w')
      .dountil(numbers('inner').then(counting([])).commit(), async ({ inputData }) => inputData > again.more)
      .commit();
    const { backend, remove } = place.open();
    const runtime = createRuntime({ workflows: [made], backend });
    try {
      const ids = [0, 1, 2, 3].map((iteration) =>
        childRunId('r', { key: { entry: 0 }, turn: formatTurn({ ...firstTurn(1), iteration }) }),
      );
      const there = async (): Promise<number> =>
        (await Promise.all(ids.map((id) => backend.store.loadHeader(id)))).filter((one) => one !== undefined)
          .length;
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 0 });
      await runtime.settled({ runId: 'r' });
      expect(await there()).toBe(4);
      again.more = 1;
      await runtime.timeTravel({ runId: 'r', step: 'inner', inputData: 0 });
      await runtime.settled({ runId: 'r' });
      expect(await runtime.remove({ runId: 'r' })).toBe(true);
      expect(await there()).toBe(0);
    } finally {
      await runtime.close();
      await remove();
    }
  });

  test('a thousand iterations are a thousand bodies', async () => {
    let bodies = 0;
    const made = numbers('w')
      .dowhile(
        createStep({
          id: 'count',
          inputSchema: number,
          outputSchema: number,
          execute: async ({ inputData }) => {
            bodies += 1;
            return inputData + 1;
          },
        }),
        async ({ inputData }) => inputData < 1000,
      )
      .commit();
    await inPlace(place, [made], async () => {
      expect(await (await made.createRun()).start({ inputData: 0 })).toMatchObject({ result: 1000 });
      expect(bodies).toBe(1000);
    });
  });

  test('a run canceled between two iterations does not go on', async () => {
    const made = flow('w')
      .dowhile(
        body('cancel', async ({ runId }) => {
          await runtimeOf.cancel(runId);
          return 0;
        }),
        async () => true,
      )
      .commit();
    const runtimeOf = { cancel: async (_runId: string): Promise<void> => {} };
    await inPlace(place, [made], async (runtime) => {
      runtimeOf.cancel = async (runId) => {
        await runtime.cancel({ runId });
      };
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result.status).toBe('canceled');
    });
  });
});

describe.each(places)('a body ends its run in $name', (place) => {
  test('bail: success with the given result; later steps do not run', async () => {
    const made = flow('w')
      .then(echo('first'))
      .then(body('stop', async ({ bail, inputData }) => (inputData === 1 ? bail({ early: true }) : 'on')))
      .then(echo('later'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result).toMatchObject({ status: 'success', result: { early: true } });
      expect(result.steps['stop']).toMatchObject({ status: 'success', output: { early: true } });
      expect(result.steps).not.toHaveProperty('later');
      expect(await (await made.createRun()).start({ inputData: 2 })).toMatchObject({ result: 'on' });
    });
  });

  test('bail in an arm ends the run when its siblings are done', async () => {
    const made = flow('w')
      .parallel([body('stop', async ({ bail }) => bail('enough')), echo('sibling')])
      .then(echo('later'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result).toMatchObject({ status: 'success', result: 'enough' });
      expect(result.steps).toMatchObject({ stop: { output: 'enough' }, sibling: { output: 1 } });
      expect(result.steps).not.toHaveProperty('later');
    });
  });

  test('bail in a loop ends the run, whatever the condition would say', async () => {
    const made = numbers('w')
      .dowhile(
        createStep({
          id: 'count',
          inputSchema: number,
          outputSchema: number,
          execute: async ({ inputData, bail }) => (inputData === 3 ? bail('three') : inputData + 1),
        }),
        async () => true,
      )
      .then(echo('later'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: 'three' });
      expect(result.steps).not.toHaveProperty('later');
    });
  });

  test('abort: the run is canceled, the step keeps its result, nothing follows', async () => {
    const made = flow('w')
      .then(
        body('stop', async ({ abort, abortSignal }) => {
          abort();
          return abortSignal.aborted;
        }),
      )
      .then(echo('later'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result.status).toBe('canceled');
      expect(result).not.toHaveProperty('result');
      expect(result.steps['stop']).toMatchObject({ status: 'success', output: true });
      expect(result.steps).not.toHaveProperty('later');
    });
  });

  test('abort in an arm cancels the run at once, and its siblings see the signal', async () => {
    const began = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<unknown>();
    const made = flow('w')
      .parallel([
        body('stop', async ({ abort }) => {
          await began.promise;
          abort();
          return 'stopped';
        }),
        body('sibling', async ({ abortSignal }) => {
          began.resolve(undefined);
          await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
          ended.resolve(abortSignal.aborted);
          return 'saw it';
        }),
      ])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 1 });
      expect(result.status).toBe('canceled');
      expect(result.steps['stop']).toMatchObject({ status: 'success', output: 'stopped' });
      expect(await ended.promise).toBe(true);
    });
  });
});
