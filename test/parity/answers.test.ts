import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { toWire } from '../../src/http/wire.ts';
import { createWorkflow } from '../../src/index.ts';
import { inPlace } from '../runtime/places.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';
import { places } from './places/index.ts';
import { patience } from './reference/steps.ts';
import { all, payloadOf } from './stream-events.ts';
import { shownValues, valuesOfEveryKind } from './values.ts';

/**
 * What a run answers, and nothing that its steps leave in the process that executes them: so these tests run where that is a
 * function in a cloud, and answers are JSON.
 */

type Values = Readonly<Record<string, unknown>>;

/** As a caller of the API has it, who finds it so already. */
function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(toWire(value)));
}

/** What a caller can send as JSON. */
const sent = {
  none: null,
  no: false,
  number: -1.5,
  text: 'ä𝒳\u0000',
  list: [1, [], {}],
  nested: { deep: '' },
};

/** What changes with each execution. */
function token(id: string) {
  return body(id, async ({ inputData }) => ({ ...(inputData as Values), [id]: crypto.randomUUID() }));
}

describe.each(places)('answers in $name', (place) => {
  test('R1 values of every kind have one JSON, wherever they go', async () => {
    const ask = body(
      'ask',
      async ({ inputData, resumeData, suspend, state, setState, requestContext, writer }) => {
        if (resumeData !== undefined)
          return { values: valuesOfEveryKind(), state, set: requestContext.get('set'), resumeData };
        await writer.write({
          values: valuesOfEveryKind(),
          inputData,
          state,
          given: requestContext.get('given'),
        });
        await setState({ kept: valuesOfEveryKind() });
        requestContext.set('set', valuesOfEveryKind());
        return suspend(valuesOfEveryKind());
      },
      { resumeSchema: any },
    );
    const made = createWorkflow({ id: 'w', inputSchema: any, outputSchema: any, stateSchema: any })
      .then(ask)
      .then(echo('last'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const output = run.stream({
        inputData: sent,
        initialState: { given: sent },
        requestContext: { given: sent },
      });
      const chunk = payloadOf(await all(output.fullStream), 'workflow-step-output');
      expect(json(chunk)).toMatchObject({
        output: { values: shownValues, inputData: sent, state: { given: sent }, given: sent },
      });
      expect(json(await output.result)).toMatchObject({ input: sent, suspendPayload: { ask: shownValues } });
      const done = await run.resume({ resumeData: sent, outputOptions: { includeState: true } });
      const state = { kept: shownValues };
      const result = { values: shownValues, state, set: shownValues, resumeData: sent };
      expect(json(done)).toMatchObject({
        status: 'success',
        result,
        state,
        steps: { last: { output: result } },
      });
      expect(json(await made.getWorkflowRunById(run.runId))).toMatchObject({
        payload: sent,
        result,
        initialState: state,
        steps: { ask: { suspendPayload: shownValues, resumePayload: sent, output: result } },
      });
    });
  });

  test('D49 D62 D99 G17 G18 G19 an error keeps its properties and its causes, with properties of theirs', async () => {
    const error = Object.assign(
      new RangeError('outer', { cause: Object.assign(new Error('inner'), { code: 'E_INNER' }) }),
      { statusCode: 429, retryable: true },
    );
    const made = flow('w')
      .then(
        body('fail', async () => {
          throw error;
        }),
      )
      .then(echo('next'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const done = await run.start({ inputData: 0 });
      const told = {
        name: 'RangeError',
        message: 'outer',
        statusCode: 429,
        retryable: true,
        cause: { name: 'Error', message: 'inner', code: 'E_INNER' },
      };
      const failed = { status: 'failed', error: told, steps: { fail: { status: 'failed', error: told } } };
      expect(json(done)).toMatchObject(failed);
      expect(done.steps).not.toHaveProperty('next');
      expect(json(await made.getWorkflowRunById(run.runId))).toMatchObject(failed);
    });
  });

  test.each([
    ['a text', 'just text', { message: 'just text' }],
    ['an object', { message: 'in an object', code: 7 }, { message: 'in an object', code: 7 }],
  ])('R3 whatever is thrown is told as an error: %s', async (_, thrown, told) => {
    const made = flow('w')
      .then(body('throws', async () => Promise.reject(thrown)))
      .commit();
    await inPlace(place, [made], async () => {
      const done = await (await made.createRun()).start({ inputData: 0 });
      expect(json(done)).toMatchObject({ status: 'failed', error: told, steps: { throws: { error: told } } });
    });
  });

  test('D100 D144 D145 retries are counted for each execution of a body', async () => {
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      retryConfig: { attempts: 2, delay: 0 },
    })
      .dountil(
        body('twice', async ({ inputData, retryCount }) => {
          if (retryCount < 1) throw new Error('again');
          return [...(inputData as number[]), retryCount];
        }),
        async ({ inputData }) => (inputData as number[]).length === 2,
      )
      .then(
        body('fail', async ({ retryCount }) => {
          throw new Error(`attempt ${retryCount}`);
        }),
      )
      .commit();
    await inPlace(place, [made], async () => {
      expect(await (await made.createRun()).start({ inputData: [] })).toMatchObject({
        status: 'failed',
        error: { message: 'attempt 2' },
        steps: { twice: { output: [1, 1] } },
      });
    });
  });

  test.each(['dountil', 'dowhile'] as const)(
    'D69 D70 %s tells its last iteration, and how many there were',
    async (kind) => {
      const add = body('add', async ({ inputData }) => Number(inputData) + 1);
      const start = flow('w');
      const made = start[kind](add, async ({ inputData, iterationCount }) => {
        return (Number(inputData) === 13 && iterationCount === 3) === (kind === 'dountil');
      })
        .then(echo('after'))
        .commit();
      await inPlace(place, [made], async () => {
        expect(await (await made.createRun()).start({ inputData: 10 })).toMatchObject({
          status: 'success',
          result: 13,
          steps: { add: { payload: 12, output: 13, metadata: { iterationCount: 3 } } },
        });
      });
    },
  );

  test('D71 items come one after the other, and their outputs in the order of the items', async () => {
    const made = flow('w')
      .foreach(
        body('item', async ({ inputData }) => {
          const begun = Date.now();
          await wait(5);
          return { of: inputData, begun, ended: Date.now() };
        }),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const done = await (await made.createRun()).start({ inputData: ['a', 'b', 'c'] });
      if (done.status !== 'success') expect.fail(done.status);
      const items = done.result as readonly { of: string; begun: number; ended: number }[];
      expect(items.map(({ of }) => of)).toEqual(['a', 'b', 'c']);
      const times = items.flatMap(({ begun, ended }) => [begun, ended]);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
    });
  });

  test('H1 a failing item fails its foreach, which shows no records as output', async () => {
    const made = flow('w')
      .foreach(
        body('item', async ({ inputData }) => {
          if (inputData === 2) throw new Error('no 2');
          return inputData;
        }),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const done = await (await made.createRun()).start({ inputData: [1, 2, 3] });
      const error = { message: 'no 2' };
      expect(done).toMatchObject({ status: 'failed', error, steps: { item: { status: 'failed', error } } });
      expect((done.steps as Values)['item']).not.toHaveProperty('output');
    });
  });

  test('D60 G12 a cancel during a step is stored when it resolves, and keeps what was done', async () => {
    const made = flow('w')
      .then(echo('first'))
      .then(
        body('slow', async ({ abortSignal }) => {
          await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
        }),
      )
      .then(echo('never'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const over = run.start({ inputData: 0 });
      await vi.waitFor(async () => {
        const running = { status: 'running', steps: { slow: { status: 'running' } } };
        expect(await made.getWorkflowRunById(run.runId)).toMatchObject(running);
      }, patience);
      await run.cancel();
      expect((await made.getWorkflowRunById(run.runId))?.status).toBe('canceled');
      const done = await over;
      expect(done).toMatchObject({ status: 'canceled', steps: { first: { status: 'success', output: 0 } } });
      expect(done).not.toHaveProperty('result');
      expect(done.steps).not.toHaveProperty('never');
    });
  });

  test('H4 two starts of one run id have what one execution came to', async () => {
    const made = flow('w').then(token('once')).commit();
    await inPlace(place, [made], async () => {
      const [one, two] = [await made.createRun({ runId: 'r' }), await made.createRun({ runId: 'r' })];
      const both = await Promise.all([one.start({ inputData: {} }), two.start({ inputData: {} })]);
      expect(both[0]).toMatchObject({ status: 'success', result: { once: expect.any(String) } });
      expect(both[1]).toEqual(both[0]);
    });
  });

  test('H3 of two resumptions one wins', async () => {
    const made = flow('w')
      .then(body('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({}), { resumeSchema: any }))
      .then(token('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: {} });
      const resume = (by: string) => run.resume({ resumeData: { by } });
      const both = await Promise.allSettled([resume('one'), resume('two')]);
      const [won] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const [lost] = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
      expect(['WORKFLOW_RESUME_ALREADY_CLAIMED', 'WORKFLOW_RUN_NOT_SUSPENDED']).toContain(lost.code);
      expect(won?.status).toBe('success');
      expect(won).toMatchObject({ result: (await made.getWorkflowRunById(run.runId))?.result });
    });
  });

  test('D131 D136 a step three levels down is shown, and resumed, by the path to it', async () => {
    const ask = body('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({ of: 'ask' }), {
      resumeSchema: any,
    });
    const inner = flow('inner').then(token('before')).then(ask).commit();
    const made = flow('w').then(flow('middle').then(inner).commit()).then(token('after')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const begun = await run.start({ inputData: {} });
      if (begun.status !== 'suspended') expect.fail(begun.status);
      expect(begun.suspended).toEqual([['middle', 'inner', 'ask']]);
      const before = (await made.getWorkflowRunById(run.runId))?.steps['middle.inner.before'];
      const done = await run.resume({ step: ['middle', 'inner', 'ask'], resumeData: { by: 'path' } });
      expect(done).toMatchObject({
        status: 'success',
        result: { by: 'path', after: expect.any(String) },
        steps: { middle: { status: 'success', output: { by: 'path' } } },
      });
      expect((await made.getWorkflowRunById(run.runId))?.steps['middle.inner.before']).toEqual(before);
    });
  });

  test('G9 G21 a time travel executes one arm, or one step of a nested workflow, and keeps what is before', async () => {
    const inner = flow('inner').then(token('one')).then(token('two')).commit();
    const made = flow('w')
      .then(token('before'))
      .parallel([token('left'), token('right')])
      .then(inner)
      .then(token('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      const first = await run.start({ inputData: {} });
      expect(first.status).toBe('success');
      const one = (await made.getWorkflowRunById(run.runId))?.steps['inner.one'];
      const nested = await run.timeTravel({ step: ['inner', 'two'], perStep: true });
      expect(nested).toMatchObject({ status: 'paused', steps: { inner: { status: 'paused' } } });
      expect((await made.getWorkflowRunById(run.runId))?.steps['inner.one']).toEqual(one);
      const arm = await run.timeTravel({ step: 'right', perStep: true });
      expect(arm.status).toBe('paused');
      expect(arm).not.toHaveProperty('result');
      expect(arm.steps['before']).toEqual(first.steps['before']);
      expect(arm.steps['right']).toMatchObject({ status: 'success' });
      expect(arm.steps['right']).not.toEqual(first.steps['right']);
    });
  });

  test('G7 a run that is suspended is not restarted, and one that is over is told again', async () => {
    const made = flow('w')
      .then(body('ask', async ({ resumeData, suspend }) => resumeData ?? suspend({}), { resumeSchema: any }))
      .then(token('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: {} });
      await expect(run.restart()).rejects.toThrow('This workflow run was not active');
      const done = await run.resume({ resumeData: {} });
      expect(await run.restart()).toEqual(done);
    });
  });

  test('D47 D50 D51 a chain of conditions takes one way, and skips what does not hold', async () => {
    const size = async ({ inputData }: { readonly inputData: unknown }) => Number(inputData) > 5;
    const made = flow('w')
      .branch([
        [async (context) => !(await size(context)), echo('small')],
        [size, echo('large')],
      ])
      .map(async ({ inputData }) => (inputData as Values)['large'] ?? (inputData as Values)['small'])
      .branch([[async ({ inputData }) => inputData === 0, echo('never')]])
      .then(echo('after'))
      .commit();
    await inPlace(place, [made], async () => {
      const done = await (await made.createRun()).start({ inputData: 7 });
      expect(done).toMatchObject({ status: 'success', result: {}, steps: { large: { output: 7 } } });
      expect(Object.keys(done.steps)).not.toContain('small');
      expect(Object.keys(done.steps)).not.toContain('never');
    });
  });
});
