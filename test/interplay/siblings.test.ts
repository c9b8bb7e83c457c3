import { describe, expect, test } from 'vitest';
import type { StepContext, StepDefinition } from '../../src/core/definition.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { drive, settledResult } from '../runtime/drive.ts';
import { nest, step, workflow } from '../runtime/fixtures.ts';
import { inPlace, places } from '../runtime/places.ts';
import { comparable, time } from './script.ts';

/** What `ask` was executed with, in the order of it. */
type Seen = (readonly [input: unknown, resumeData: unknown])[];

/** Suspends once with its input, and then gives its input with what it was resumed with; its state says both. */
function asking(seen: Seen): StepDefinition {
  return step('ask', async ({ inputData, resumeData, suspend, setState, state }: StepContext) => {
    const input = String(inputData);
    seen.push([input, resumeData]);
    if (resumeData === undefined) {
      await setState({ [`${input} asked`]: true });
      return suspend(`${input}?`, { resumeLabel: `label ${input}` });
    }
    if (state[`${input} asked`] !== true) throw new TypeError(`the state of ${input} is gone`);
    await setState({ [`${input} answered`]: resumeData, last: input });
    return `${input}=${resumeData as string}`;
  });
}

const pass = (id: string): StepDefinition => step(id, ({ inputData }) => inputData);

/** `ask` by itself, and in a workflow that is nested at its place. */
const forms = [
  { form: 'steps', path: ['ask'], of: (ask: StepDefinition) => ask },
  {
    form: 'nested workflows',
    path: ['inner', 'ask'],
    of: (ask: StepDefinition) => nest(workflow('inner', [pass('first'), ask, pass('last')])),
  },
] as const;

const cases = places.flatMap((place) => forms.map((form) => ({ place, name: place.name, ...form })));

async function suspended(runtime: Runtime): Promise<unknown> {
  const { status, suspendPayload, suspended: paths } = await settledResult(runtime);
  return { status, suspendPayload, paths };
}

const asked = { 'a asked': true, 'b asked': true, 'c asked': true };

describe.each(cases)('items that are $form, in $name', ({ place, path, of }) => {
  const [slot = ''] = path;
  const step0 = [...path];
  const waits = (payload: string) => ({
    status: 'suspended',
    suspendPayload: { [slot]: payload },
    paths: [step0],
  });
  const foreach = (seen: Seen, concurrency: number) =>
    workflow('w', [pass('before'), { foreach: of(asking(seen)), concurrency }, pass('after')]);

  test('D75 D79 suspend all, and are resumed by their index in any order', async () => {
    const seen: Seen = [];
    await inPlace(place, [foreach(seen, 3)], async (runtime) => {
      const first = await drive(runtime, 'w', ['a', 'b', 'c']);
      expect(first).toMatchObject({
        state: asked,
        resumeLabels: {
          'label a': { stepId: path.join('.'), foreachIndex: 0 },
          'label b': { stepId: path.join('.'), foreachIndex: 1 },
          'label c': { stepId: path.join('.'), foreachIndex: 2 },
        },
      });
      expect(await suspended(runtime)).toEqual(waits('a?'));
      await runtime.resume({ runId: 'r', step: step0, forEachIndex: 2, resumeData: 3 });
      expect(await suspended(runtime)).toEqual(waits('a?'));
      await runtime.resume({ runId: 'r', step: step0, forEachIndex: 0, resumeData: 1 });
      expect(await suspended(runtime)).toEqual(waits('b?'));
      const gone = runtime.resume({ runId: 'r', step: step0, forEachIndex: 0, resumeData: 1 });
      await expect(gone).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        message: expect.stringMatching(/^Item 0 .* Suspended items: \[1\]$/),
      });
      await runtime.resume({ runId: 'r', forEachIndex: 1, resumeData: 2 });
      const result = await settledResult(runtime);
      expect(result).toMatchObject({ status: 'success', result: ['a=1', 'b=2', 'c=3'] });
      expect(result.state).toEqual({
        ...asked,
        'a answered': 1,
        'b answered': 2,
        'c answered': 3,
        last: 'b',
      });
      expect(comparable(result.steps)[slot]).toStrictEqual({
        status: 'success',
        payload: ['a', 'b', 'c'],
        output: ['a=1', 'b=2', 'c=3'],
        startedAt: time,
        endedAt: time,
      });
      expect(seen).toHaveLength(6);
    });
  });

  test('D76 by their labels, and each label once', async () => {
    await inPlace(place, [foreach([], 3)], async (runtime) => {
      await drive(runtime, 'w', ['a', 'b', 'c']);
      for (const item of ['b', 'a']) {
        await runtime.resume({ runId: 'r', label: `label ${item}`, resumeData: item });
        await settledResult(runtime);
      }
      await expect(runtime.resume({ runId: 'r', label: 'label b' })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_LABEL_NOT_FOUND',
        message: 'Resume label "label b" not found. Available labels: [label c]',
      });
      await runtime.resume({ runId: 'r', label: 'label c', resumeData: null });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: ['a=a', 'b=b', 'c=null'],
      });
    });
  });

  test('D74 all at once, and by several callers at once', async () => {
    const seen: Seen = [];
    await inPlace(place, [foreach(seen, 3)], async (runtime) => {
      await drive(runtime, 'w', ['a', 'b', 'c']);
      await runtime.resume({ runId: 'r', resumeData: 0 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: ['a=0', 'b=0', 'c=0'],
      });

      await drive(runtime, 'w', ['a', 'b', 'c'], { runId: 's' });
      const each = [0, 1, 2].map((forEachIndex) =>
        runtime.resume({ runId: 's', step: step0, forEachIndex, resumeData: forEachIndex }),
      );
      await Promise.all(each);
      expect(await settledResult(runtime, 's')).toMatchObject({
        status: 'success',
        result: ['a=0', 'b=1', 'c=2'],
      });
      expect(seen).toHaveLength(12);
    });
  });

  test('D78 a window that waits launches nothing, and goes on when none of it waits any more', async () => {
    const seen: Seen = [];
    await inPlace(place, [foreach(seen, 2)], async (runtime) => {
      await drive(runtime, 'w', ['a', 'b', 'c', 'd', 'e']);
      const asks = (): unknown[] => seen.flatMap(([input, data]) => (data === undefined ? [input] : []));
      expect(asks().map(String).toSorted()).toEqual(['a', 'b']);
      await runtime.resume({ runId: 'r', step: step0, forEachIndex: 1, resumeData: 1 });
      expect(await suspended(runtime)).toEqual(waits('a?'));
      expect(asks()).toHaveLength(2);
      for (let rounds = 0; (await settledResult(runtime)).status === 'suspended'; rounds += 1) {
        expect(rounds).toBeLessThan(4);
        await runtime.resume({ runId: 'r', resumeData: 1 });
        await settledResult(runtime);
        expect(asks().length - (seen.length - asks().length)).toBeLessThanOrEqual(2);
      }
      const result = ['a=1', 'b=1', 'c=1', 'd=1', 'e=1'];
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result });
      expect(seen).toHaveLength(10);
    });
  });

  test('H16 one is resumed while another still works', async () => {
    const seen: Seen = [];
    const gate = Promise.withResolvers<undefined>();
    const ask = asking(seen);
    const mixed = step('ask', async (context) => {
      if (context.inputData !== 'slow') return ask.execute(context);
      await gate.promise;
      return 'slow';
    });
    const made = workflow('w', [{ foreach: of(mixed), concurrency: 2 }]);
    await inPlace(place, [made], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: ['slow', 'a', 'last'] });
      await runtime.resume({ runId: 'r', step: step0, forEachIndex: 1, resumeData: 1 });
      while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
      expect((await runtime.get({ runId: 'r' }))?.status).toBe('running');
      gate.resolve(undefined);
      expect(await suspended(runtime)).toEqual(waits('last?'));
      await runtime.resume({ runId: 'r', resumeData: 2 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: ['slow', 'a=1', 'last=2'],
      });
    });
  });

  test.each(['before', 'after'] as const)(
    'one fails %s another suspends: the run has failed',
    async (when) => {
      const gate = Promise.withResolvers<undefined>();
      const ask = asking([]);
      const mixed = step('ask', async (context) => {
        const isFirst = (context.inputData === 'bad') === (when === 'before');
        if (!isFirst) await gate.promise;
        const asks = async (): Promise<unknown> => {
          if (context.inputData !== 'bad') return ask.execute(context);
          throw new RangeError('bad item');
        };
        return isFirst ? asks().finally(() => gate.resolve(undefined)) : asks();
      });
      const made = workflow('w', [{ foreach: of(mixed), concurrency: 2 }]);
      await inPlace(place, [made], async (runtime) => {
        const result = await drive(runtime, 'w', ['a', 'bad', 'never']);
        expect(result).toMatchObject({
          status: 'failed',
          error: { message: 'bad item' },
          state: { 'a asked': true },
        });
        expect(comparable(result.steps)[slot]).toStrictEqual({
          status: 'failed',
          payload: ['a', 'bad', 'never'],
          error: 'RangeError: bad item',
          startedAt: time,
          endedAt: time,
        });
        await expect(runtime.resume({ runId: 'r', resumeData: 1 })).rejects.toMatchObject({
          code: 'WORKFLOW_RUN_NOT_SUSPENDED',
        });
      });
    },
  );
});
