import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StepContext } from '../../src/core/definition.ts';
import { drive, settledResult } from '../runtime/drive.ts';
import { add, nest, step, workflow } from '../runtime/fixtures.ts';
import { inPlace } from '../runtime/places.ts';
import { places } from './places/index.ts';

/** A step that notes what it got. */
function noted(id: string, by: number, log: unknown[]) {
  return step(id, ({ inputData }) => {
    log.push([id, inputData]);
    return Number(inputData) + by;
  });
}

const asking = step('ask', async ({ inputData, resumeData, suspend }: StepContext) => {
  if (resumeData === undefined) return suspend({ about: inputData });
  return Number(inputData) + Number(resumeData);
});

describe.each(places)('time travel in $name', (place) => {
  test('R82 travels: executes the step and all behind it anew, and keeps what lies before', async () => {
    const log: unknown[] = [];
    const made = workflow('w', [noted('a', 1, log), noted('b', 10, log), noted('c', 100, log)]);
    await inPlace(place, [made], async (runtime) => {
      expect(await drive(runtime, 'w', 0)).toMatchObject({ status: 'success', result: 111 });
      log.length = 0;
      await runtime.timeTravel({ runId: 'r', step: 'b' });
      const again = await settledResult(runtime);
      expect(again).toMatchObject({
        status: 'success',
        result: 111,
        stepExecutionPath: ['a', 'b', 'c', 'b', 'c'],
      });
      expect(log).toEqual([
        ['b', 1],
        ['c', 11],
      ]);
      await runtime.timeTravel({ runId: 'r', step: 'c', inputData: 1000 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: 1100,
        steps: { b: { output: 1000 } },
      });
    });
  });

  test('R83 travels with given context, also of a run that was never started', async () => {
    const made = workflow('w', [add('a', 1), add('b', 10), add('c', 100)]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.create({ workflowId: 'w', runId: 'r' });
      await runtime.timeTravel({
        runId: 'r',
        step: 'c',
        context: { input: 5 as never, a: { output: 6 }, b: { payload: 6, output: 7 } },
        initialState: { given: true },
      });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: 107,
        input: 5,
        state: { given: true },
        steps: { a: { status: 'success', output: 6 }, b: { payload: 6, output: 7 }, c: { payload: 7 } },
      });
    });
  });

  test('R84 travels in a failed run with other input for the step that failed', async () => {
    const made = workflow('w', [
      add('a', 1),
      step('b', ({ inputData }) => {
        if (inputData === 1) throw new Error('not one');
        return inputData;
      }),
    ]);
    await inPlace(place, [made], async (runtime) => {
      expect(await drive(runtime, 'w', 0)).toMatchObject({ status: 'failed' });
      await runtime.timeTravel({ runId: 'r', step: 'b', inputData: 2 });
      const result = await settledResult(runtime);
      expect(result).toMatchObject({ status: 'success', result: 2 });
      expect(result).not.toHaveProperty('error');
    });
  });

  test('R84 travels to the first step with another input', async () => {
    const made = workflow('w', [add('a', 1), add('b', 1)]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 0);
      await runtime.timeTravel({ runId: 'r', step: 'a', inputData: 10 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 12, input: 10 });
    });
  });

  test('R85 travels into an arm: only that one runs, the others keep what they came to', async () => {
    const log: unknown[] = [];
    const made = workflow('w', [
      { parallel: [noted('left', 1, log), noted('right', 2, log)] },
      step('sum', ({ inputData }) => inputData),
    ]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 0);
      log.length = 0;
      await runtime.timeTravel({ runId: 'r', step: 'right' });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: { left: 1, right: 2 },
        steps: { left: { status: 'success', output: 1 }, right: { status: 'success', output: 2 } },
      });
      expect(log).toEqual([['right', 0]]);
    });
  });

  test('R85 travels into an arm of a branch: those that were not taken are skipped', async () => {
    const made = workflow('w', [
      {
        branch: [
          [() => true, add('yes', 1)],
          [() => false, add('no', 2)],
        ],
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 0);
      await runtime.timeTravel({ runId: 'r', step: 'no' });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: { yes: 1, no: 2 },
      });
    });
  });

  test('R86 travels into a nested workflow, with what lies before in it', async () => {
    const log: unknown[] = [];
    const inner = workflow('inner', [noted('x', 1, log), noted('y', 10, log)]);
    const made = workflow('w', [add('a', 100), nest(inner), add('z', 1000)]);
    await inPlace(place, [made], async (runtime) => {
      expect(await drive(runtime, 'w', 0)).toMatchObject({ status: 'success', result: 1111 });
      log.length = 0;
      await runtime.timeTravel({ runId: 'r', step: ['inner', 'y'] });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 1111 });
      expect(log).toEqual([['y', 101]]);
      await runtime.timeTravel({
        runId: 'r',
        step: 'inner.y',
        nestedStepsContext: { inner: { x: { output: 5 } } },
      });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 1015 });
    });
  });

  test('R87 travels to a foreach that failed: what had succeeded is not done again', async () => {
    const seen: unknown[] = [];
    let broken = true;
    const made = workflow('w', [
      {
        foreach: step('each', ({ inputData }) => {
          seen.push(inputData);
          if (inputData === 3 && broken) throw new Error('three');
          return inputData;
        }),
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      expect(await drive(runtime, 'w', [1, 2, 3, 4])).toMatchObject({ status: 'failed' });
      broken = false;
      seen.length = 0;
      await runtime.timeTravel({ runId: 'r', step: 'each' });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: [1, 2, 3, 4] });
      expect(seen).toEqual([3, 4]);
    });
  });

  test('R88 travels to a suspended step with what it waits for, and without', async () => {
    const made = workflow('w', [add('a', 1), asking, add('b', 100)]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 0);
      await runtime.timeTravel({ runId: 'r', step: 'ask' });
      expect(await settledResult(runtime)).toMatchObject({ status: 'suspended', suspended: [['ask']] });
      await runtime.timeTravel({ runId: 'r', step: 'ask', resumeData: 10 });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 111 });
    });
  });

  test('R88 travels to a suspended step and ignores resume data that do not fit it', async () => {
    const schema = z.object({ n: z.number() });
    const made = workflow('w', [{ ...asking, resumeSchema: schema }]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 1);
      await runtime.timeTravel({ runId: 'r', step: 'ask', resumeData: { n: 'one' } });
      expect(await settledResult(runtime)).toMatchObject({ status: 'suspended', suspended: [['ask']] });
    });
  });

  test('R85 shows arms that a time travel passes over as skipped', async () => {
    const made = workflow('w', [
      {
        branch: [
          [() => true, add('yes', 1)],
          [() => false, add('no', 2)],
          [() => false, add('never', 3)],
        ],
      },
    ]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 0);
      await runtime.timeTravel({ runId: 'r', step: 'no' });
      const { steps } = await settledResult(runtime);
      expect(steps['never']).toEqual({
        status: 'skipped',
        payload: 0,
        startedAt: expect.any(Number),
        endedAt: expect.any(Number),
      });
    });
  });

  test('R90 travels with other keys of the request context, and the state that it is given', async () => {
    const looks = step('looks', ({ requestContext, state }) => [requestContext.toJSON(), state]);
    const made = workflow('w', [add('a', 1), looks]);
    await inPlace(place, [made], async (runtime) => {
      const given = { requestContext: { user: 'Ada', lang: 'en' }, initialState: { n: 1 } };
      expect(await drive(runtime, 'w', 0, given)).toMatchObject({
        result: [{ user: 'Ada', lang: 'en' }, { n: 1 }],
      });
      await runtime.timeTravel({
        runId: 'r',
        step: 'looks',
        requestContext: { user: 'Bob' },
        initialState: { n: 2 },
      });
      expect(await settledResult(runtime)).toMatchObject({
        result: [{ user: 'Bob', lang: 'en' }, { n: 2 }],
      });
    });
  });

  test('R17 refuses a time travel to a step that is not there, to one that nothing is known before, and while the run is active', async () => {
    const gate = Promise.withResolvers<undefined>();
    const made = workflow('w', [
      add('a', 1),
      step('b', () => {
        throw new Error('b');
      }),
      add('c', 1),
      add('d', 1),
    ]);
    const slow = workflow('slow', [step('wait', async () => gate.promise)]);
    await inPlace(place, [made, slow], async (runtime) => {
      await drive(runtime, 'w', 0);
      const before = await runtime.get({ runId: 'r' });
      await expect(runtime.timeTravel({ runId: 'r', step: 'x' })).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        message: expect.stringContaining("Cannot time travel to step 'x': the step does not exist"),
      });
      await expect(runtime.timeTravel({ runId: 'r', step: 'd' })).rejects.toMatchObject({
        message: expect.stringContaining("step(s) 'c' precede the target"),
      });
      await expect(runtime.timeTravel({ runId: 'unknown', step: 'a' })).rejects.toMatchObject({
        message: 'Snapshot not found for run unknown',
      });
      expect(await runtime.get({ runId: 'r' })).toEqual(before);
      await runtime.start({ workflowId: 'slow', runId: 's', inputData: 0 });
      await expect(runtime.timeTravel({ runId: 's', step: 'wait' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_ACTIVE',
      });
      gate.resolve(undefined);
      await runtime.settled({ runId: 's' });
    });
  });
});

describe.each(places)('one entry at a time in $name', (place) => {
  test('G5 a run pauses after each entry, and a time travel goes on', async () => {
    const inner = workflow('inner', [add('x', 1), add('y', 2)]);
    const made = workflow('w', [add('a', 10), nest(inner), { parallel: [add('p', 1), add('q', 2)] }]);
    await inPlace(place, [made], async (runtime) => {
      const first = await drive(runtime, 'w', 0, { perStep: true });
      expect(first).toMatchObject({ status: 'paused', steps: { a: { status: 'success', output: 10 } } });
      expect(first).not.toHaveProperty('result');
      expect(first.steps).not.toHaveProperty('inner');
      await runtime.timeTravel({ runId: 'r', step: 'inner', perStep: true });
      const second = await settledResult(runtime);
      expect(second).toMatchObject({ status: 'paused', steps: { inner: { status: 'paused' } } });
      expect((await runtime.get({ runId: 'r' }))?.steps).toMatchObject({ 'inner.x': { output: 11 } });
      await runtime.timeTravel({ runId: 'r', step: ['inner', 'y'] });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: { p: 14, q: 15 } });
    });
  });
});

describe.each(places)('restart in $name', (place) => {
  test('G7 only of an active run', async () => {
    const made = workflow('w', [asking]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', 1);
      await expect(runtime.restart({ runId: 'r' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_ACTIVE',
        message: expect.stringContaining('This workflow run was not active'),
      });
      await expect(runtime.restart({ runId: 'none' })).rejects.toMatchObject({
        message: 'Snapshot not found for run none',
      });
      await runtime.resume({ runId: 'r', resumeData: 1 });
      await runtime.settled({ runId: 'r' });
      expect(await runtime.restart({ runId: 'r' })).toMatchObject({ status: 'success', changed: false });
    });
  });

  test('R89 what was active is executed again, what has finished is not', async () => {
    const log: string[] = [];
    const hang = Promise.withResolvers<undefined>();
    const inner = workflow('inner', [
      step('stuck', async ({ inputData }) => {
        log.push('stuck');
        if (log.filter((id) => id === 'stuck').length === 1) await hang.promise;
        return inputData;
      }),
    ]);
    const made = workflow('w', [
      step('done', ({ inputData }) => {
        log.push('done');
        return inputData;
      }),
      nest(inner),
    ]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 7 });
      while (!log.includes('stuck')) await new Promise((resolve) => setImmediate(resolve));
      await runtime.restart({ runId: 'r' });
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: 7 });
      expect(log).toEqual(['done', 'stuck', 'stuck']);
      hang.resolve(undefined);
    });
  });
});
