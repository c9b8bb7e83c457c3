import { describe, expect, test } from 'vitest';
import { createWorkflow } from '../../src/index.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { memoryWithVirtualTime } from '../../src/testing/index.ts';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';

const time = expect.any(Number);

/** Fails each time, and notes that it was called. */
function failing(runs: string[], error: () => unknown = () => new Error('Step execution failed')) {
  return body('fail', async () => {
    runs.push('fail');
    throw error();
  });
}

function noted(id: string, runs: string[]) {
  return body(id, async ({ inputData }) => {
    runs.push(id);
    return inputData;
  });
}

describe.each(places)('runs in $name', (place) => {
  test('D49 D62 D99 a step that fails stops the run, and its entry says so', async () => {
    const runs: string[] = [];
    const error = Object.assign(new Error('Step execution failed'), { statusCode: 402 });
    const made = flow('w')
      .then(failing(runs, () => error))
      .then(noted('next', runs))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      const shown = expect.objectContaining({ message: 'Step execution failed', statusCode: 402 });
      expect(result).toMatchObject({ status: 'failed', error: shown });
      expect((result as unknown as { error: unknown }).error).toBeInstanceOf(Error);
      expect(result.steps).toEqual({
        input: 0,
        fail: { status: 'failed', payload: 0, error: shown, startedAt: time, endedAt: time },
      });
      expect(runs).toEqual(['fail']);
    });
  });

  test('D64 JSON of a failed run has the message of its error and no stack', async () => {
    const made = flow('w').then(failing([])).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      const json = JSON.stringify(await made.getWorkflowRunById(run.runId));
      expect(JSON.parse(json)).toMatchObject({
        error: { message: 'Step execution failed' },
        steps: { fail: { error: { message: 'Step execution failed' } } },
      });
      expect(json).not.toContain('"stack"');
    });
  });

  test('D66 H10 an arm that fails is recorded, and so are those beside it', async () => {
    const made = flow('w')
      .parallel([failing([]), echo('other')])
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({
        status: 'failed',
        error: { message: 'Step execution failed' },
        steps: {
          fail: { status: 'failed', error: { message: 'Step execution failed' } },
          other: { status: 'success', output: 0 },
        },
      });
      expect(result.steps).not.toHaveProperty('after');
    });
  });

  test.each(['dountil', 'dowhile'] as const)('D69 D70 %s counts up to its target', async (kind) => {
    const inputs: unknown[] = [];
    const counts: number[] = [];
    const add = body('add', async ({ inputData }) => {
      inputs.push(inputData);
      return Number(inputData) + 1;
    });
    const start = flow('w');
    const made = start[kind](add, async ({ inputData, iterationCount }) => {
      counts.push(iterationCount);
      return kind === 'dountil' ? Number(inputData) >= 3 : Number(inputData) < 3;
    })
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: 3 });
      expect((result.steps as Record<string, unknown>)['add']).toEqual({
        status: 'success',
        payload: 2,
        output: 3,
        startedAt: time,
        endedAt: time,
        metadata: { iterationCount: 3 },
      });
      expect([inputs, counts]).toEqual([
        [0, 1, 2],
        [1, 2, 3],
      ]);
    });
  });

  test('D100 D145 five retries are six calls, and the step before is called once', async () => {
    const runs: string[] = [];
    const counts: number[] = [];
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 5, delay: 0 },
    })
      .then(noted('first', runs))
      .then(
        body('fail', async ({ retryCount }) => {
          counts.push(retryCount);
          throw new Error('again');
        }),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'failed', error: { message: 'again' } });
      expect([runs, counts]).toEqual([['first'], [0, 1, 2, 3, 4, 5]]);
    });
  });

  test('D57 while the last step runs, the stored run is running', async () => {
    const begun = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const made = flow('w')
      .then(
        body('last', async () => {
          begun.resolve(undefined);
          return gate.promise;
        }),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const over = run.start({ inputData: 0 });
      await begun.promise;
      const running = { status: 'running', steps: { last: { status: 'running' } } };
      expect(await made.getWorkflowRunById(run.runId)).toMatchObject(running);
      gate.resolve(undefined);
      expect(await over).toMatchObject({ status: 'success' });
    });
  });

  test('D102 createRun gives the run id that it was given, or a new one', async () => {
    const made = flow('w').then(echo('e')).commit();
    await inPlace(place, [made], async () => {
      expect((await made.createRun({ runId: 'mine' })).runId).toBe('mine');
      const [one, two] = [await made.createRun(), await made.createRun()];
      expect(one.runId).not.toBe(two.runId);
    });
  });

  test('D116 D118 D119 G24 runs are listed, by resource id too, and found by id', async () => {
    const made = flow('w').then(echo('e')).commit();
    await inPlace(place, [made], async () => {
      await (await made.createRun({ runId: 'one' })).start({ inputData: 1 });
      await (await made.createRun({ runId: 'two', resourceId: 'res' })).start({ inputData: 2 });
      const all = await made.listWorkflowRuns();
      expect(all.total).toBe(2);
      expect(all.runs.map(({ runId, workflowName }) => `${workflowName}/${runId}`).toSorted()).toEqual([
        'w/one',
        'w/two',
      ]);
      expect(all.runs[0]?.snapshot).toMatchObject({
        status: 'success',
        context: { input: 2, e: { status: 'success' } },
      });
      expect(await made.listWorkflowRuns({ resourceId: 'res' })).toMatchObject({
        total: 1,
        runs: [{ runId: 'two', resourceId: 'res' }],
      });
      expect(await made.getWorkflowRunById('two')).toMatchObject({
        resourceId: 'res',
        payload: 2,
        result: 2,
      });
      expect(await made.getWorkflowRunById('nobody')).toBeNull();
    });
  });

  test('G11 a suspended run is canceled, and is not resumed after that', async () => {
    const made = flow('w')
      .then(body('wait', async ({ suspend }) => suspend({}), { resumeSchema: any }))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      await run.cancel();
      expect((await made.getWorkflowRunById(run.runId))?.status).toBe('canceled');
      await expect(run.resume({ resumeData: 1 })).rejects.toMatchObject({
        message: 'This workflow run was not suspended',
      });
    });
  });

  test('D60 D61 G12 a cancel reaches the running step, is stored at once, and keeps what was done', async () => {
    const begun = Promise.withResolvers<undefined>();
    const aborted = Promise.withResolvers<undefined>();
    const made = flow('w')
      .then(echo('first'))
      .then(
        body('slow', async ({ abortSignal }) => {
          abortSignal.addEventListener('abort', () => aborted.resolve(undefined));
          begun.resolve(undefined);
          await aborted.promise;
        }),
      )
      .then(echo('never'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const over = run.start({ inputData: 0 });
      await begun.promise;
      await run.cancel();
      expect((await made.getWorkflowRunById(run.runId))?.status).toBe('canceled');
      await aborted.promise;
      const result = await over;
      expect(result).toMatchObject({
        status: 'canceled',
        steps: { first: { status: 'success', output: 0 } },
      });
      expect(result).not.toHaveProperty('result');
      expect(result.steps).not.toHaveProperty('never');
    });
  });

  test('H4 of two starts of one run id one executes it', async () => {
    const runs: string[] = [];
    const made = flow('w').then(noted('once', runs)).commit();
    await inPlace(place, [made], async () => {
      const [one, two] = [await made.createRun({ runId: 'r' }), await made.createRun({ runId: 'r' })];
      const both = await Promise.all([one.start({ inputData: 1 }), two.start({ inputData: 1 })]);
      expect(both).toMatchObject([{ result: 1 }, { result: 1 }]);
      expect(runs).toEqual(['once']);
    });
  });

  test('H9 a condition that throws is false for an arm, and fails the run of a loop', async () => {
    const broken = async (): Promise<boolean> => Promise.reject(new Error('broken'));
    const branch = flow('b')
      .branch([[broken, echo('arm')]])
      .commit();
    const loop = flow('l').dountil(echo('body'), broken).commit();
    await inPlace(place, [branch, loop], async () => {
      const none = await (await branch.createRun()).start({ inputData: 1 });
      expect(none).toMatchObject({ status: 'success', result: {}, steps: { input: 1 } });
      expect(none.steps).not.toHaveProperty('arm');
      const run = await loop.createRun();
      expect(await run.start({ inputData: 1 })).toMatchObject({
        status: 'failed',
        error: { message: 'broken' },
      });
      expect((await loop.getWorkflowRunById(run.runId))?.status).toBe('failed');
    });
  });

  test('H20 a step that aborts is in the stored steps with its result', async () => {
    const made = flow('w')
      .then(
        body('stop', async ({ abort }) => {
          abort();
          return 'kept';
        }),
      )
      .then(echo('never'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      expect(await run.start({ inputData: 0 })).toMatchObject({ status: 'canceled' });
      const stored = await made.getWorkflowRunById(run.runId);
      expect(stored?.steps).toMatchObject({ stop: { status: 'success', output: 'kept' } });
      expect(stored?.steps).not.toHaveProperty('never');
    });
  });
});

describe('delays', () => {
  const hour = 3_600_000;
  const kinds = [
    ['D52 a time', flow('w').sleep(hour, { id: 'nap' })],
    ['D53 a function', flow('w').sleep(async ({ inputData }) => Number(inputData) * hour, { id: 'nap' })],
    ['D54 a date', flow('w').sleepUntil(new Date(hour), { id: 'nap' })],
    ['D55 a function of a date', flow('w').sleepUntil(async () => new Date(hour), { id: 'nap' })],
  ] as const;

  test.each(kinds)('%s delays by exactly that, and passes its input on', async (_, built) => {
    const made = built.then(echo('after')).commit();
    const { clock, backend } = memoryWithVirtualTime({ start: 0 });
    const runtime = createRuntime({ workflows: [made], backend });
    const run = await made.createRun();
    const result = await clock.runUntil(run.start({ inputData: 1 }));
    expect(result).toMatchObject({ status: 'success', result: 1 });
    expect((result.steps as Record<string, unknown>)['nap']).toEqual({
      status: 'success',
      payload: 1,
      output: 1,
      startedAt: 0,
      endedAt: hour,
    });
    await runtime.close();
  });

  test('H7 a retry comes after its delay', async () => {
    const { clock, backend } = memoryWithVirtualTime({ start: 0 });
    const times: number[] = [];
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 2, delay: hour },
    })
      .then(
        body('flaky', async () => {
          times.push(clock.now());
          if (times.length < 3) throw new Error('again');
          return 'done';
        }),
      )
      .commit();
    const runtime = createRuntime({ workflows: [made], backend });
    const result = await clock.runUntil((await made.createRun()).start({ inputData: 0 }));
    expect(result).toMatchObject({ status: 'success', result: 'done' });
    expect(times).toEqual([0, hour, 2 * hour]);
    await runtime.close();
  });

  test('D59 a cancel during a sleep ends the run, and the next step is absent', async () => {
    const made = flow('w').sleep(hour, { id: 'nap' }).then(echo('after')).commit();
    const { clock, backend } = memoryWithVirtualTime({ start: 0 });
    const runtime = createRuntime({ workflows: [made], backend });
    const run = await made.createRun();
    await run.startAsync({ inputData: 1 });
    await clock.advance(1);
    await run.cancel();
    const result = await runtime.result({ runId: run.runId });
    expect(result.status).toBe('canceled');
    expect(result.steps).not.toHaveProperty('after');
    await runtime.close();
  });
});
