import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createWorkflow, RequestContext } from '../../src/index.ts';
import { inPlace, places } from '../runtime/places.ts';
import { any, body, echo, flow } from '../runtime/steps.ts';

const time = expect.any(Number);

/** Suspends with a question until it is resumed, and gives the answer. */
function asking(id: string, runs: string[] = [], resumeLabel?: string) {
  return body(
    id,
    async ({ resumeData, suspend }) => {
      runs.push(id);
      return (
        resumeData ?? suspend({ ask: id }, resumeLabel === undefined ? {} : { resumeLabel: [resumeLabel] })
      );
    },
    { resumeSchema: any },
  );
}

function counted(id: string, runs: string[]) {
  return body(id, async ({ inputData }) => {
    runs.push(id);
    return inputData;
  });
}

/** The entry of a step that was resumed. */
function resumed(id: string, payload: unknown, answer: unknown) {
  return {
    status: 'success',
    payload,
    output: answer,
    suspendPayload: { ask: id },
    resumePayload: answer,
    startedAt: time,
    suspendedAt: time,
    resumedAt: time,
    endedAt: time,
  };
}

describe.each(places)('suspend and resume in $name', (place) => {
  test('D103 two suspensions in a chain, resumed by step; the step before is not run again', async () => {
    const runs: string[] = [];
    const made = flow('w')
      .then(counted('before', runs))
      .then(asking('one', runs))
      .then(asking('two', runs))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ runId: 'r' });
      const before = { status: 'success', payload: 0, output: 0, startedAt: time, endedAt: time };
      expect(await run.start({ inputData: 0 })).toEqual({
        status: 'suspended',
        runId: 'r',
        input: 0,
        suspended: [['one']],
        suspendPayload: { one: { ask: 'one' } },
        stepExecutionPath: ['before', 'one'],
        steps: {
          input: 0,
          before,
          one: {
            status: 'suspended',
            payload: 0,
            suspendPayload: { ask: 'one' },
            startedAt: time,
            suspendedAt: time,
          },
        },
      });
      expect(await run.resume({ step: 'one', resumeData: 'a' })).toMatchObject({
        status: 'suspended',
        suspended: [['two']],
        suspendPayload: { two: { ask: 'two' } },
      });
      expect(await run.resume({ step: 'two', resumeData: 'b' })).toEqual({
        status: 'success',
        runId: 'r',
        input: 0,
        result: 'b',
        stepExecutionPath: ['before', 'one', 'two'],
        steps: { input: 0, before, one: resumed('one', 0, 'a'), two: resumed('two', 'a', 'b') },
      });
      expect(runs).toEqual(['before', 'one', 'one', 'two', 'two']);
    });
  });

  test('D104 state that a step changed is there after the resume', async () => {
    const made = createWorkflow({
      id: 'w',
      inputSchema: any,
      outputSchema: any,
      stateSchema: z.object({ count: z.number() }),
    })
      .then(
        body('change', async ({ state, setState }) => {
          await setState({ count: Number(state['count']) + 1 });
          return 0;
        }),
      )
      .then(asking('wait'))
      .then(body('read', async ({ state }) => state['count']))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0, initialState: { count: 1 } });
      const result = await run.resume({ resumeData: 1, outputOptions: { includeState: true } });
      expect(result).toMatchObject({ status: 'success', result: 2, state: { count: 2 } });
    });
  });

  test.each([
    ['D105', 'an empty context', undefined],
    ['D106', 'a context that was filled', new RequestContext<Record<string, unknown>>([['start', 1]])],
  ])('%s what a step sets in %s is there after the resume', async (_, __, requestContext) => {
    const made = flow('w')
      .then(
        body('set', async ({ requestContext: context }) => {
          context.set('set', 2);
          return 0;
        }),
      )
      .then(asking('wait'))
      .then(body('read', async ({ requestContext: context }) => context.toJSON()))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0, ...(requestContext === undefined ? {} : { requestContext }) });
      expect(await run.resume({ resumeData: 1 })).toMatchObject({
        status: 'success',
        result: requestContext === undefined ? { set: 2 } : { start: 1, set: 2 },
      });
    });
  });

  test('D140 D141 a resume sees values from before it, and those it brings', async () => {
    const made = flow('w')
      .then(
        body(
          'wait',
          async ({ resumeData, suspend, requestContext }) => {
            if (resumeData !== undefined) return requestContext.toJSON();
            requestContext.set('before', 1);
            return suspend({});
          },
          { resumeSchema: any },
        ),
      )
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      const requestContext = new RequestContext<Record<string, unknown>>([['brought', 2]]);
      expect(await run.resume({ resumeData: 1, requestContext })).toMatchObject({
        status: 'success',
        result: { before: 1, brought: 2 },
      });
    });
  });

  test('D109 a run that has finished is not resumed', async () => {
    const made = flow('w').then(echo('e')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      await expect(run.resume({ step: 'e', resumeData: 1 })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: 'This workflow run was not suspended',
      });
    });
  });

  test('D110 a step that is not suspended is not resumed', async () => {
    const made = flow('w').then(echo('e')).then(asking('wait')).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      await expect(run.resume({ step: 'e', resumeData: 1 })).rejects.toMatchObject({
        message: 'This workflow step "e" was not suspended. Available suspended steps: [wait]',
      });
    });
  });

  test('D111 D113 the only suspended step is found, and can be named', async () => {
    const wait = asking('wait');
    const made = flow('w').then(wait).commit();
    await inPlace(place, [made], async () => {
      for (const step of [undefined, wait, 'wait', ['wait'] as const]) {
        const run = await made.createRun();
        expect(await run.start({ inputData: 0 })).toMatchObject({ suspended: [['wait']] });
        expect(await run.resume({ ...(step === undefined ? {} : { step }), resumeData: 1 })).toMatchObject({
          result: 1,
        });
      }
    });
  });

  test('D112 a loop body suspends in each iteration, and gets the output of the one before', async () => {
    const inputs: unknown[] = [];
    const made = flow('w')
      .dountil(
        body(
          'add',
          async ({ inputData, resumeData, suspend }) => {
            if (resumeData === undefined) return suspend({ so: inputData });
            inputs.push(inputData);
            return Number(inputData) + Number(resumeData);
          },
          { resumeSchema: any },
        ),
        async ({ inputData }) => Number(inputData) >= 6,
      )
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 1 });
      expect(await run.resume({ resumeData: 2 })).toMatchObject({
        status: 'suspended',
        suspendPayload: { add: { so: 3 } },
      });
      expect(await run.resume({ step: 'add', resumeData: 3 })).toMatchObject({
        status: 'success',
        result: 6,
      });
      expect(inputs).toEqual([1, 3]);
    });
  });

  test('D114 of two suspended arms a resume has to name one', async () => {
    const made = flow('w')
      .parallel([asking('a'), asking('b')])
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      await expect(run.resume({ resumeData: 1 })).rejects.toMatchObject({
        message:
          'Multiple suspended steps found: [a], [b]. Please specify which step to resume using the "step" parameter.',
      });
      expect(await run.resume({ step: 'a', resumeData: 1 })).toMatchObject({ status: 'suspended' });
    });
  });

  test.each(['parallel', 'branch'])('D138 D146 D148 arms of %s are resumed in turn', async (kind) => {
    const runs: string[] = [];
    const steps = [asking('a', runs), asking('b', runs), echo('quick')] as const;
    const always = async () => true;
    const built =
      kind === 'parallel'
        ? flow('w').parallel([...steps])
        : flow('w').branch([
            [always, steps[0]],
            [always, steps[1]],
            [always, steps[2]],
          ]);
    const made = built.then(counted('after', runs)).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      expect(await run.start({ inputData: 0 })).toMatchObject({
        status: 'suspended',
        suspended: [['a'], ['b']],
        suspendPayload: { a: { ask: 'a' }, b: { ask: 'b' } },
        steps: { quick: { status: 'success' } },
      });
      const half = await run.resume({ step: 'a', resumeData: 'A' });
      expect(half).toMatchObject({
        status: 'suspended',
        steps: { a: { status: 'success' }, b: { status: 'suspended' } },
      });
      expect((half as unknown as { suspended: unknown }).suspended).toEqual([['b']]);
      const all = { a: 'A', b: 'B', quick: 0 };
      const done = await run.resume({ step: 'b', resumeData: 'B' });
      expect(done).toMatchObject({ status: 'success', result: all });
      expect(done.steps).toMatchObject({ a: resumed('a', 0, 'A'), b: resumed('b', 0, 'B') });
      expect(runs.toSorted()).toEqual(['a', 'a', 'after', 'b', 'b']);
    });
  });

  test('D147 arms that never suspend complete', async () => {
    const made = flow('w')
      .parallel([
        body('a', async () => 1, { resumeSchema: any }),
        body('b', async () => 2, { resumeSchema: any }),
      ])
      .commit();
    await inPlace(place, [made], async () => {
      const result = await (await made.createRun()).start({ inputData: 0 });
      expect(result).toMatchObject({ status: 'success', result: { a: 1, b: 2 } });
    });
  });

  test('D120 D9 the resource id and the input of the run are there after a resume', async () => {
    const made = flow('w')
      .then(asking('wait'))
      .then(body('read', async ({ getInitData, resourceId }) => [getInitData(), resourceId]))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun({ resourceId: 'res' });
      await run.start({ inputData: { first: 1 } });
      expect(await run.resume({ resumeData: 1 })).toMatchObject({ result: [{ first: 1 }, 'res'] });
      expect(await made.getWorkflowRunById(run.runId)).toMatchObject({
        resourceId: 'res',
        payload: { first: 1 },
      });
    });
  });

  test('H18 an unknown label rejects, and a known one resumes', async () => {
    const made = flow('w')
      .then(asking('wait', [], 'lab'))
      .commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      await expect(run.resume({ label: 'zzz', resumeData: 1 })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
        message: expect.stringContaining('Resume label "zzz" not found. Available labels: [lab]'),
      });
      expect(await run.resume({ label: 'lab', resumeData: 1 })).toMatchObject({ result: 1 });
    });
  });

  test('H3 of two resumes at once one wins, and what follows runs once', async () => {
    const runs: string[] = [];
    const made = flow('w').then(asking('wait')).then(counted('after', runs)).commit();
    await inPlace(place, [made], async () => {
      const run = await made.createRun();
      await run.start({ inputData: 0 });
      const both = await Promise.allSettled([run.resume({ resumeData: 1 }), run.resume({ resumeData: 1 })]);
      const lost = both.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(lost).toEqual([
        expect.objectContaining({
          code: expect.stringMatching(/^WORKFLOW_(RESUME_ALREADY_CLAIMED|RUN_NOT_SUSPENDED)$/),
        }),
      ]);
      expect(runs).toEqual(['after']);
    });
  });
});
