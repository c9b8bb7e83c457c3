import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StepDefinition, WorkflowDefinition } from '../../src/core/definition.ts';
import type { Backend } from '../../src/ports/index.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { keyName } from '../../src/runtime/resume-keys.ts';
import { add, nest, step, workflow } from './fixtures.ts';
import { inPlace, places } from './places.ts';

/** Waits under its input, and gives what it is resumed with. */
function waiting(id = 'wait', options: Partial<StepDefinition> = {}): StepDefinition {
  return step(
    id,
    ({ inputData, resumeData, suspend }) =>
      resumeData ?? suspend({ about: inputData }, { resumeKey: inputData as string }),
    options,
  );
}

const one = workflow('one', [waiting()]);

async function start(
  runtime: Runtime,
  runId: string,
  inputData: unknown,
  workflowId = 'one',
  owner?: string,
) {
  await runtime.start({ workflowId, runId, inputData, ...(owner === undefined ? {} : { owner }) });
  await runtime.settled({ runId });
  return runtime.result({ runId });
}

async function resultOf(runtime: Runtime, runId: string) {
  await runtime.settled({ runId });
  return runtime.result({ runId });
}

/** What is stored under keys of nobody. */
async function stored(backend: Backend, ...keys: readonly string[]): Promise<(string | undefined)[]> {
  try {
    return await Promise.all(keys.map((key) => backend.store.loadNamed(keyName(undefined, key))));
  } finally {
    await backend.close();
  }
}

const quick = { times: { resumeWaitMs: 0 } };

describe.each(places)('in $name', (place) => {
  const within = (
    workflows: readonly WorkflowDefinition[],
    body: (runtime: Runtime, another: () => Backend) => Promise<void>,
  ) => inPlace(place, workflows, body, quick);

  test('a key resumes the step that waits under it, and is free afterwards', async () => {
    await within([one], async (runtime, another) => {
      await start(runtime, 'a', 'payment:1');
      await start(runtime, 'b', 'payment:2');
      expect(await runtime.resumeByKey({ key: 'payment:2', resumeData: 'paid' })).toEqual({
        runId: 'b',
        workflowId: 'one',
        status: 'running',
        changed: true,
      });
      expect(await resultOf(runtime, 'b')).toMatchObject({ status: 'success', result: 'paid' });
      expect(await runtime.get({ runId: 'a' })).toMatchObject({ status: 'suspended' });
      expect(await stored(another(), 'payment:1', 'payment:2')).toEqual([expect.any(String), undefined]);
      await expect(runtime.resumeByKey({ key: 'payment:2' })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_KEY_NOT_FOUND',
        details: { key: 'payment:2' },
      });
    });
  });

  test('any of several keys does, and all of them are free afterwards', async () => {
    await within([one], async (runtime, another) => {
      await start(runtime, 'a', ['x', 'y', 'x']);
      await runtime.resumeByKey({ key: 'y', resumeData: 1 });
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: 1 });
      expect(await stored(another(), 'x', 'y')).toEqual([undefined, undefined]);
    });
  });

  test('a resumption by the step frees the key, too', async () => {
    await within([one], async (runtime, another) => {
      await start(runtime, 'a', 'k');
      await runtime.resume({ runId: 'a', step: 'wait', resumeData: 1 });
      expect(await stored(another(), 'k')).toEqual([undefined]);
    });
  });

  test('a key under which another run waits fails the step; the other one waits on', async () => {
    await within([one], async (runtime) => {
      await start(runtime, 'a', 'k');
      expect(await start(runtime, 'b', ['free', 'k'])).toMatchObject({
        status: 'failed',
        error: {
          code: 'WORKFLOW_RESUME_KEY_TAKEN',
          message: expect.stringContaining('Step "wait" of run "a" waits under the resume key "k" already'),
          details: { runId: 'b', stepId: 'wait', key: 'k', holder: 'a' },
        },
      });
      // What it had taken before is free.
      expect(await start(runtime, 'c', 'free')).toMatchObject({ status: 'suspended' });
      expect(await runtime.resumeByKey({ key: 'k', resumeData: 1 })).toMatchObject({ runId: 'a' });
      expect(await start(runtime, 'd', 'k')).toMatchObject({ status: 'suspended' });
    });
  });

  const gone: readonly (readonly [string, (runtime: Runtime) => Promise<unknown>])[] = [
    ['was canceled', (runtime) => runtime.cancel({ runId: 'a' })],
    ['was removed', (runtime) => runtime.remove({ runId: 'a' })],
    ['traveled in time', (runtime) => runtime.timeTravel({ runId: 'a', step: 'before' })],
  ];
  test.each(gone)('a run that %s keeps no key from others', async (_name, end) => {
    const held = step('before', async ({ inputData, abortSignal, runId }) => {
      if (runId === 'a' && isSecond)
        await new Promise((resolve) => abortSignal.addEventListener('abort', resolve));
      return inputData;
    });
    let isSecond = false;
    await within([workflow('one', [held, waiting()])], async (runtime) => {
      await start(runtime, 'a', 'k');
      isSecond = true;
      await end(runtime);
      expect(await start(runtime, 'b', 'k')).toMatchObject({ status: 'suspended' });
      expect(await runtime.resumeByKey({ key: 'k', resumeData: 1 })).toMatchObject({ runId: 'b' });
      await runtime.cancel({ runId: 'a' }).catch(() => undefined);
    });
  });

  test('a run that failed beside it keeps no key from others', async () => {
    const failing = step('fail', () => {
      throw new Error('no');
    });
    const arms = workflow('arms', [{ parallel: [waiting(), failing] }]);
    await within([one, arms], async (runtime, another) => {
      expect(await start(runtime, 'a', 'k', 'arms')).toMatchObject({ status: 'failed' });
      expect(await stored(another(), 'k')).toEqual([undefined]);
      expect(await start(runtime, 'b', 'k')).toMatchObject({ status: 'suspended' });
    });
  });

  test('the same key of two owners is two keys', async () => {
    await within([one], async (runtime) => {
      for (const owner of ['ada', 'bob', undefined]) {
        const run = await start(runtime, `of ${owner}`, 'k', 'one', owner);
        expect(run).toMatchObject({ status: 'suspended' });
      }
      for (const owner of ['bob', 'ada']) {
        expect(await runtime.resumeByKey({ key: 'k', owner, resumeData: 1 })).toMatchObject({
          runId: `of ${owner}`,
        });
      }
      await expect(runtime.resumeByKey({ key: 'k', owner: 'eve' })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_KEY_NOT_FOUND',
      });
      expect(await runtime.resumeByKey({ key: 'k', resumeData: 1 })).toMatchObject({ runId: 'of undefined' });
    });
  });

  test('of many calls at once one wins', async () => {
    await within([one], async (runtime) => {
      await start(runtime, 'a', 'k');
      const calls = await Promise.allSettled(
        Array.from({ length: 12 }, (_, number) =>
          runtime.resumeByKey({ key: 'k', resumeData: `call ${number}` }),
        ),
      );
      const winner = calls.findIndex(({ status }) => status === 'fulfilled');
      const refused = calls.flatMap((call) =>
        call.status === 'rejected' ? [call.reason as { code: string }] : [],
      );
      expect(refused).toHaveLength(11);
      for (const { code } of refused) {
        expect(['WORKFLOW_RESUME_ALREADY_CLAIMED', 'WORKFLOW_RESUME_KEY_NOT_FOUND']).toContain(code);
      }
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: `call ${winner}` });
    });
  });

  test('a call that comes before the suspension waits for it', async () => {
    await inPlace(place, [one], async (runtime) => {
      const early = runtime.resumeByKey({ key: 'k', resumeData: 'early' });
      await runtime.start({ workflowId: 'one', runId: 'a', inputData: 'k' });
      expect(await early).toMatchObject({ runId: 'a' });
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: 'early' });
    });
  });

  test('data that does not fit resumes nothing, and the key stays', async () => {
    const strict = workflow('one', [waiting('wait', { resumeSchema: z.number() })]);
    await within([strict], async (runtime) => {
      await start(runtime, 'a', 'k');
      await expect(runtime.resumeByKey({ key: 'k', resumeData: 'no' })).rejects.toMatchObject({
        code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
        details: { runId: 'a', stepId: 'wait' },
      });
      expect(await runtime.resumeByKey({ key: 'k', resumeData: 3 })).toMatchObject({ runId: 'a' });
    });
  });

  test('a step in nested runs is resumed through the outermost one', async () => {
    const inner = workflow('inner', [waiting()]);
    const middle = workflow('middle', [nest(inner), add('more', 1)]);
    const outer = workflow('outer', [{ parallel: [nest(middle), add('other', 1)] }]);
    await within([outer, middle, inner, one], async (runtime) => {
      expect(await start(runtime, 'a', 'k', 'outer')).toMatchObject({ status: 'suspended' });
      expect(await start(runtime, 'b', 'k')).toMatchObject({ status: 'failed' });
      const context = { requestContext: { by: 'key' } };
      expect(await runtime.resumeByKey({ key: 'k', resumeData: 4, ...context })).toMatchObject({
        runId: 'a',
      });
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: { middle: 5 } });
      expect(await runtime.get({ runId: 'a' })).toMatchObject({ requestContext: { by: 'key' } });
    });
  });

  test.each([
    ['canceled', (runtime: Runtime) => runtime.cancel({ runId: 'a' })],
    ['removed', (runtime: Runtime) => runtime.remove({ runId: 'a' })],
  ])('a nested run whose outermost one was %s keeps no key from others', async (_name, end) => {
    const inner = workflow('inner', [waiting()]);
    const outer = workflow('outer', [nest(inner)]);
    await within([outer, inner, one], async (runtime) => {
      await start(runtime, 'a', 'k', 'outer');
      await end(runtime);
      expect(await start(runtime, 'b', 'k')).toMatchObject({ status: 'suspended' });
      expect(await runtime.resumeByKey({ key: 'k', resumeData: 1 })).toMatchObject({ runId: 'b' });
    });
  });

  test('each item of a foreach waits under its own key; two cannot under the same', async () => {
    const each = workflow('each', [{ foreach: waiting(), concurrency: 3 }]);
    await within([each], async (runtime) => {
      expect(await start(runtime, 'a', ['x', 'y', 'z'], 'each')).toMatchObject({ status: 'suspended' });
      for (const key of ['z', 'x', 'y']) {
        await runtime.resumeByKey({ key, resumeData: key.toUpperCase() });
        await runtime.settled({ runId: 'a' });
      }
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: ['X', 'Y', 'Z'] });
      expect(await start(runtime, 'b', ['x', 'x'], 'each')).toMatchObject({
        status: 'failed',
        error: { code: 'WORKFLOW_RESUME_KEY_TAKEN' },
      });
    });
  });

  test('arms wait under keys of their own, and are resumed one by one', async () => {
    const arm = (id: string) =>
      step(id, ({ resumeData, suspend }) => resumeData ?? suspend({}, { resumeKey: `key of ${id}` }));
    await within([workflow('arms', [{ parallel: [arm('left'), arm('right')] }])], async (runtime) => {
      await start(runtime, 'a', 1, 'arms');
      await runtime.resumeByKey({ key: 'key of right', resumeData: 2 });
      await runtime.settled({ runId: 'a' });
      await runtime.resumeByKey({ key: 'key of left', resumeData: 1 });
      expect(await resultOf(runtime, 'a')).toMatchObject({
        status: 'success',
        result: { left: 1, right: 2 },
      });
    });
  });

  test('a loop, and a step that suspends again, take the same key anew', async () => {
    const insisting = step('insist', ({ resumeData, suspend, suspendData }) => {
      const { asked = 0 } = (suspendData ?? {}) as { asked?: number };
      if (asked === 2) return resumeData;
      return suspend({ asked: asked + 1 }, { resumeKey: 'k' });
    });
    const looping = workflow('loop', [
      { dountil: [insisting, async ({ iterationCount }) => iterationCount === 2] },
    ]);
    await within([looping], async (runtime, another) => {
      await start(runtime, 'a', 0, 'loop');
      for (const answer of [1, 2, 3, 4]) {
        expect(await runtime.get({ runId: 'a' })).toMatchObject({ status: 'suspended' });
        await runtime.resumeByKey({ key: 'k', resumeData: answer });
        await runtime.settled({ runId: 'a' });
      }
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: 4 });
      expect(await stored(another(), 'k')).toEqual([undefined]);
    });
  });

  test('a request that comes again resumes nobody who waits under the key by then', async () => {
    await within([one], async (runtime, another) => {
      const request = { key: 'k', requestKey: 'event 1', resumeData: 1 };
      await start(runtime, 'a', 'k');
      expect(await runtime.resumeByKey(request)).toMatchObject({ runId: 'a', changed: true });
      await runtime.settled({ runId: 'a' });
      expect(await runtime.resumeByKey(request)).toMatchObject({ runId: 'a', changed: false });
      await start(runtime, 'b', 'k');
      expect(await runtime.resumeByKey(request)).toMatchObject({ runId: 'a', changed: false });
      expect(await runtime.get({ runId: 'b' })).toMatchObject({ status: 'suspended' });
      expect(await runtime.resumeByKey({ ...request, requestKey: 'event 2' })).toMatchObject({ runId: 'b' });
      // It was the run of the request that knew it.
      await runtime.remove({ runId: 'a' });
      await runtime.remove({ runId: 'b' });
      expect(await stored(another(), 'k')).toEqual([undefined]);
      await expect(runtime.resumeByKey(request)).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_KEY_NOT_FOUND',
      });
    });
  });

  test('two requests that come at once by one key and two names are one winner and one refusal', async () => {
    await within([one], async (runtime) => {
      await start(runtime, 'a', 'k');
      const calls = ['event 1', 'event 2'].map((requestKey) =>
        runtime.resumeByKey({ key: 'k', requestKey, resumeData: requestKey }).then(
          ({ changed }) => (changed ? requestKey : 'repeated'),
          (error: { code: string }) => error.code,
        ),
      );
      const answers = await Promise.all(calls);
      const winner = answers.find((answer) => answer.startsWith('event'));
      expect(await resultOf(runtime, 'a')).toMatchObject({ status: 'success', result: winner });
      expect(answers).toContainEqual(
        expect.stringMatching(/^WORKFLOW_RESUME_(ALREADY_CLAIMED|KEY_NOT_FOUND)$/),
      );
    });
  });

  test('who may ask for some workflows only resumes no other one', async () => {
    await within([one], async (runtime) => {
      await start(runtime, 'a', 'k');
      for (const requestKey of [undefined, 'event 1']) {
        const named = requestKey === undefined ? {} : { requestKey };
        await expect(
          runtime.resumeByKey({ key: 'k', workflowIds: ['other'], ...named }),
        ).rejects.toMatchObject({ code: 'WORKFLOW_RUN_FORBIDDEN' });
      }
      const answer = runtime.resumeByKey({ key: 'k', workflowIds: ['one'], resumeData: 1 });
      expect(await answer).toMatchObject({ runId: 'a' });
    });
  });

  test('keys of any characters are told apart', async () => {
    const keys = ['k', 'K', 'ü #1', ' ', '"],["', 'x'.repeat(512), `${'x'.repeat(511)}y`, '𝕏'.repeat(512)];
    await within([one], async (runtime) => {
      for (const [number, key] of keys.entries()) {
        expect(await start(runtime, `r${number}`, key)).toMatchObject({ status: 'suspended' });
      }
      for (const [number, key] of keys.entries()) {
        expect(await runtime.resumeByKey({ key, resumeData: 1 })).toMatchObject({ runId: `r${number}` });
      }
    });
  });

  test.each([
    ['', 'resumeKey has 0 characters: use 1 to 512'],
    ['x'.repeat(513), 'resumeKey has 513 characters: use 1 to 512'],
    ['\ud800', 'resumeKey has a lone surrogate: pass whole characters'],
    [7, 'resumeKey is a number: pass a string'],
    [['fine', null], 'resumeKey is null: pass a string'],
    [Array.from({ length: 11 }, (_, at) => `k${at}`), 'resumeKey has 11 keys: use at most 10'],
  ])('a malformed key fails the step: %s', async (key, message) => {
    await within([one], async (runtime) => {
      expect(await start(runtime, 'a', key)).toMatchObject({
        status: 'failed',
        error: { code: 'WORKFLOW_ARGUMENT_INVALID', message },
      });
    });
  });

  test.each([
    [{ key: '' }, 'key has 0 characters: use 1 to 512'],
    [{ key: undefined as unknown as string }, 'key is undefined: pass a string'],
    [{ key: 'k', requestKey: '' }, 'requestKey has 0 characters: use 1 to 200'],
  ])('a malformed call is refused: %j', async (request, message) => {
    await within([one], async (runtime) => {
      await expect(runtime.resumeByKey(request)).rejects.toMatchObject({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        message,
      });
    });
  });
});
