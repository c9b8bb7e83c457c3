import { describe, expect, test } from 'vitest';
import type { StepContext, StepDefinition } from '../../src/core/definition.ts';
import type { Runtime } from '../../src/runtime/index.ts';
import { drive, settledResult } from '../runtime/drive.ts';
import { type Entry, nest, step, workflow } from '../runtime/fixtures.ts';
import { inPlace, places } from '../runtime/places.ts';

const pass = (id: string): StepDefinition => step(id, ({ inputData }) => inputData);

function body(id: string, execute: (context: StepContext) => unknown): StepDefinition {
  return step(id, execute);
}

/** Suspends once, sets state before and after, and gives what it was resumed with. */
function asking(id: string, log: string[] = []): StepDefinition {
  return body(id, async ({ resumeData, suspend, setState, requestContext }) => {
    log.push(id);
    if (resumeData === undefined) {
      await setState({ [id]: 'asked', both: id });
      requestContext.set(id, 'asked');
      return suspend(`${id}?`, { resumeLabel: `label ${id}` });
    }
    await setState({ [id]: 'answered', both: id });
    requestContext.delete(id);
    requestContext.set('last', id);
    return resumeData;
  });
}

/** A step as it is, and in a workflow of its own, whose id is then that of the arm. */
const forms = [
  { form: 'steps', nested: false },
  { form: 'nested workflows', nested: true },
] as const;

const blocks = ['parallel', 'branch'] as const;

const cases = places.flatMap((place) =>
  forms.flatMap((form) => blocks.map((block) => ({ place, name: place.name, block, ...form }))),
);

/** The ids of two suspended steps; the arm of a nested one is called like it with an `n`. */
function armsOf(nested: boolean) {
  const wrap = (arm: StepDefinition): StepDefinition =>
    nested ? nest(workflow(`n-${arm.id}`, [pass(`first-${arm.id}`), arm, pass(`last-${arm.id}`)])) : arm;
  const path = (id: string): string[] => (nested ? [`n-${id}`, id] : [id]);
  const slot = (id: string): string => (nested ? `n-${id}` : id);
  return { wrap, path, slot };
}

function blockOf(block: (typeof blocks)[number], arms: readonly StepDefinition[]): Entry {
  return block === 'parallel'
    ? { parallel: arms }
    : { branch: arms.map((arm) => [() => true, arm] as const) };
}

async function turns(times = 50): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(cases)('arms of a $block that are $form, in $name', ({ place, block, nested }) => {
  const { wrap, path, slot } = armsOf(nested);
  const made = (arms: readonly StepDefinition[]) =>
    workflow('w', [pass('before'), blockOf(block, arms.map(wrap)), pass('after')]);

  test('D114 D138 D146 D148 two wait, and are resumed one after the other', async () => {
    const log: string[] = [];
    const definition = made([asking('a', log), asking('b', log), pass('c')]);
    await inPlace(place, [definition], async (runtime) => {
      const first = await drive(runtime, 'w', 7);
      expect(first).toMatchObject({
        status: 'suspended',
        suspended: [path('a'), path('b')],
        suspendPayload: { [slot('a')]: 'a?', [slot('b')]: 'b?' },
        resumeLabels: {
          'label a': { stepId: path('a').join('.') },
          'label b': { stepId: path('b').join('.') },
        },
        state: { a: 'asked', b: 'asked' },
        steps: { [slot('c')]: { status: 'success', output: 7 } },
      });
      await expect(runtime.resume({ runId: 'r', resumeData: 0 })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_AMBIGUOUS',
        message: `Multiple suspended steps found: [${path('a').join('.')}], [${path('b').join('.')}]. Please specify which step to resume using the "step" parameter.`,
      });
      await runtime.resume({ runId: 'r', step: path('b'), resumeData: 0 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'suspended',
        suspended: [path('a')],
        suspendPayload: { [slot('a')]: 'a?' },
        state: { a: 'asked', b: 'answered' },
        steps: { [slot('b')]: { status: 'success', output: 0, resumePayload: 0, suspendPayload: 'b?' } },
      });
      await runtime.resume({ runId: 'r', resumeData: false });
      const result = await settledResult(runtime);
      expect(result).toMatchObject({
        status: 'success',
        result: { [slot('a')]: false, [slot('b')]: 0, [slot('c')]: 7 },
      });
      // In the order in which they settled.
      expect(result.state).toEqual({ a: 'answered', b: 'answered', both: 'a' });
      expect((await runtime.get({ runId: 'r' }))?.requestContext).toEqual({ last: 'a' });
      expect(log.toSorted()).toEqual(['a', 'a', 'b', 'b']);
    });
  });

  test('H16 one is resumed while another still works, and nothing is lost', async () => {
    const gate = Promise.withResolvers<undefined>();
    const log: string[] = [];
    const slow = body('slow', async ({ setState }) => {
      await gate.promise;
      await setState({ slow: true });
      return 'slow';
    });
    await inPlace(place, [made([asking('a', log), slow])], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      await runtime.resume({ runId: 'r', step: path('a'), resumeData: 'yes' });
      while (log.length < 2) await turns(1);
      expect((await runtime.get({ runId: 'r' }))?.status).toBe('running');
      gate.resolve(undefined);
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: { [slot('a')]: 'yes', [slot('slow')]: 'slow' },
        state: { a: 'answered', slow: true },
      });
    });
  });

  test('D66 H10 one fails while others wait and succeed: those are recorded, and nobody is resumed', async () => {
    const bad = body('bad', () => {
      throw new RangeError('bad arm');
    });
    await inPlace(place, [made([asking('a'), bad, pass('c')])], async (runtime) => {
      const result = await drive(runtime, 'w', 1);
      expect(result).toMatchObject({
        status: 'failed',
        error: { message: 'bad arm' },
        steps: {
          [slot('a')]: { status: 'suspended', suspendPayload: 'a?' },
          [slot('bad')]: { status: 'failed', error: { message: 'bad arm' } },
          [slot('c')]: { status: 'success', output: 1 },
        },
      });
      expect(result.steps).not.toHaveProperty('after');
      await expect(runtime.resume({ runId: 'r', step: path('a') })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      });
      const stored = await runtime.get({ runId: 'r' });
      expect(stored).toMatchObject({ status: 'failed', suspendedPaths: {}, activeStepsPath: {} });
    });
  });

  test('of two failures the first arm counts, whichever was first in time', async () => {
    const gate = Promise.withResolvers<undefined>();
    const failing = (id: string, until: Promise<unknown>) =>
      body(id, async () => {
        await until;
        throw new RangeError(`no ${id}`);
      });
    const second = failing('second', Promise.resolve());
    const definition = made([failing('first', gate.promise), second]);
    await inPlace(place, [definition], async (runtime) => {
      await runtime.start({ workflowId: 'w', runId: 'r', inputData: 1 });
      while ((await runtime.get({ runId: 'r' }))?.steps[slot('second')]?.status !== 'failed') await turns(1);
      gate.resolve(undefined);
      expect(await settledResult(runtime)).toMatchObject({
        status: 'failed',
        error: { message: 'no first' },
      });
    });
  });

  test('an abort of one ends the run at once: others see it, and what waits is left', async () => {
    const begun = Promise.withResolvers<undefined>();
    const aborted = Promise.withResolvers<unknown>();
    const working = body('working', async ({ abortSignal }) => {
      abortSignal.addEventListener('abort', () => aborted.resolve(abortSignal.reason));
      begun.resolve(undefined);
      await aborted.promise;
      return 'stopped';
    });
    const aborting = body('aborting', async ({ abort }) => {
      await begun.promise;
      abort();
      return 'mine';
    });
    await inPlace(place, [made([asking('a'), working, aborting])], async (runtime) => {
      const result = await drive(runtime, 'w', 1);
      expect(result.status).toBe('canceled');
      expect(await aborted.promise).toMatchObject({ code: 'WORKFLOW_RUN_ALREADY_FINISHED' });
      const own = (id: string): string => path(id).join('.');
      const outputs = async () => {
        const steps = (await runtime.get({ runId: 'r' }))?.steps ?? {};
        return { working: steps[own('working')]?.output, aborting: steps[own('aborting')]?.output };
      };
      for (let looks = 0; looks < 500 && (await outputs()).working === undefined; looks += 1) await turns(1);
      expect(await outputs()).toEqual({ working: 'stopped', aborting: 'mine' });
      await expect(runtime.resume({ runId: 'r' })).rejects.toMatchObject({
        code: 'WORKFLOW_RUN_NOT_SUSPENDED',
      });
      expect((await runtime.get({ runId: 'r' }))?.steps).not.toHaveProperty('after');
    });
  });

  test('a time travel into one leaves another that waits as it is', async () => {
    const log: string[] = [];
    await inPlace(place, [made([asking('a', log), asking('b', log)])], async (runtime) => {
      await drive(runtime, 'w', 1);
      await runtime.timeTravel({ runId: 'r', step: path('a'), resumeData: 'back' });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'suspended',
        suspended: [path('b')],
        steps: { [slot('a')]: { status: 'success', output: 'back' } },
      });
      await runtime.resume({ runId: 'r', step: path('b'), resumeData: 'to the end' });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'success',
        result: { [slot('a')]: 'back', [slot('b')]: 'to the end' },
        state: { a: 'answered', b: 'answered', both: 'b' },
      });
      expect(log.toSorted()).toEqual(['a', 'a', 'b', 'b']);
    });
  });
});

/** Resumes each of `steps` in turn, and gives the status after each. */
async function resumeEach(runtime: Runtime, steps: readonly (readonly string[])[]): Promise<string[]> {
  const statuses: string[] = [];
  for (const path of steps) {
    await runtime.resume({ runId: 'r', step: path, resumeData: path.join() });
    statuses.push((await settledResult(runtime)).status);
  }
  return statuses;
}

describe.each(places)('what bails beside others in $name', (place) => {
  test.each(forms)('$form: the run ends with that, when nothing works any more', async ({ nested }) => {
    const { wrap, slot } = armsOf(nested);
    const bailing = body('bailing', ({ bail }) => bail('enough'));
    const arms = [asking('a'), bailing, pass('c')].map(wrap);
    await inPlace(place, [workflow('w', [{ parallel: arms }, pass('after')])], async (runtime) => {
      const result = await drive(runtime, 'w', 1);
      if (nested) {
        // A bail ends only the workflow that it is in.
        expect(result).toMatchObject({
          status: 'suspended',
          steps: { [slot('bailing')]: { output: 'enough' } },
        });
        return;
      }
      expect(result).toMatchObject({ status: 'success', result: 'enough' });
      expect(result.steps).not.toHaveProperty('after');
    });
  });

  test('suspensions at different places of items that are workflows are told apart', async () => {
    const inner = workflow('inner', [asking('one'), { parallel: [asking('two'), asking('three')] }]);
    const made = workflow('w', [{ foreach: nest(inner), concurrency: 2 }]);
    await inPlace(place, [made], async (runtime) => {
      await drive(runtime, 'w', ['x', 'y']);
      await runtime.resume({ runId: 'r', forEachIndex: 1, resumeData: 1 });
      expect(await settledResult(runtime)).toMatchObject({
        status: 'suspended',
        suspended: [
          ['inner', 'one'],
          ['inner', 'two'],
          ['inner', 'three'],
        ],
        suspendPayload: { inner: 'one?' },
      });
      await expect(runtime.resume({ runId: 'r', step: 'inner' })).rejects.toMatchObject({
        code: 'WORKFLOW_RESUME_AMBIGUOUS',
      });
      expect(
        await resumeEach(runtime, [
          ['inner', 'two'],
          ['inner', 'one'],
          ['inner', 'three'],
          ['inner', 'two'],
        ]),
      ).toEqual(['suspended', 'suspended', 'suspended', 'success']);
      const done = { two: 'inner,two', three: 'inner,three' };
      expect(await settledResult(runtime)).toMatchObject({ status: 'success', result: [done, done] });
    });
  });
});
