import { describe, expect, it, vi } from 'vitest';
import type { Predicate } from '../../../src/core/predicate.ts';
import { places } from '../places/index.ts';
import { createWorkflow, mapVariable } from '../reference-shim/index.ts';
import { any, asking, flow, passing, startedIn, step } from './steps.ts';

/** Blocks, loops, sleeps and mappings, beyond the lines of the checklist. */

/** Gives `output` once `until` is settled. */
function after(id: string, output: unknown, until: Promise<unknown>) {
  return step(id, async () => {
    await until;
    return output;
  });
}

describe.each(places)('entries in $name', (place) => {
  it('R52 gives the output of each arm by its id, and has no entry for the block', async () => {
    const gate = Promise.withResolvers<undefined>();
    const late = after('late', 1, gate.promise);
    const early = step('early', async () => {
      gate.resolve(undefined);
      return 2;
    });
    const { done } = await startedIn(place, flow('flow').parallel([late, early], { id: 'both' }).commit());
    expect(done).toMatchObject({ status: 'success', result: { late: 1, early: 2 }, stepExecutionPath: [] });
    expect(Object.keys(done.steps).toSorted()).toEqual(['early', 'input', 'late']);
  });

  it('R53 fails a block with the first failure by position, whatever else is suspended in it', async () => {
    const fails = (id: string) => step(id, async () => Promise.reject(new Error(id)));
    const block = flow('flow').parallel([
      asking('ask').step,
      fails('one'),
      passing('good').step,
      fails('two'),
    ]);
    const { run, done } = await startedIn(place, block.then(passing('after').step).commit());
    expect(done).toMatchObject({
      status: 'failed',
      error: { message: 'one' },
      steps: {
        ask: { status: 'suspended' },
        good: { status: 'success' },
        two: { status: 'failed', error: { message: 'two' } },
      },
    });
    await expect(run.resume({ step: 'ask' })).rejects.toMatchObject({ code: 'WORKFLOW_RUN_NOT_SUSPENDED' });
  });

  it('R54 takes each arm whose condition holds, and asks no condition again at a resumption', async () => {
    const asked = vi.fn(async () => true);
    const ask = asking('ask');
    const workflow = flow('flow')
      .branch([
        [asked, ask.step],
        [async ({ inputData }) => (inputData as { n: number }).n, passing('truthy', 't').step],
        [async () => 0, passing('falsy').step],
      ])
      .then(step('last', async ({ inputData }) => inputData))
      .commit();
    const { run, done } = await startedIn(place, workflow, { inputData: { n: 1 } });
    expect(done).toMatchObject({ status: 'suspended', steps: { truthy: { output: 't' } } });
    expect(await run.resume({ resumeData: 'a' })).toMatchObject({
      status: 'success',
      result: { ask: 'a', truthy: 't' },
    });
    if (place.hostile !== true) expect(asked).toHaveBeenCalledTimes(1);
    expect(done.steps).not.toHaveProperty('falsy');
  });

  it('R55 executes the body of a loop at least once, and shows its last iteration', async () => {
    const counted = (id: string) => step(id, async ({ inputData }) => Number(inputData) + 1);
    const workflow = flow('flow')
      .dowhile(counted('while'), async () => false)
      .dountil(counted('until'), async () => true)
      .dountil(counted('thrice'), async ({ iterationCount }) => iterationCount === 3)
      .commit();
    const { done } = await startedIn(place, workflow, { inputData: 0 });
    expect(done).toMatchObject({
      status: 'success',
      result: 5,
      steps: {
        while: { payload: 0, output: 1, metadata: { iterationCount: 1 } },
        until: { payload: 1, output: 2, metadata: { iterationCount: 1 } },
        thrice: { payload: 4, output: 5, metadata: { iterationCount: 3 } },
      },
    });
  });

  it.each([
    ['nothing', undefined, 1],
    ['0', 0, 1],
    ['a fraction', 2.9, 2],
    ['no number', Number.NaN, 1],
    ['endless', Number.POSITIVE_INFINITY, 1],
    ['a function', async ({ inputData }: { inputData: unknown }) => (inputData as unknown[]).length - 1, 3],
  ])(
    'R56 has as many items in work as its concurrency says, and results in order: %s',
    async (_, concurrency, most) => {
      let working = 0;
      let peak = 0;
      const item = step('item', async ({ inputData }) => {
        working += 1;
        peak = Math.max(peak, working);
        // Later ones end first.
        for (let turn = 0; turn < 40 - 10 * Number(inputData); turn += 1) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        working -= 1;
        return Number(inputData) * 10;
      });
      const options = concurrency === undefined ? {} : { concurrency: concurrency as number };
      const workflow = flow('flow').foreach(item, options).commit();
      const { done } = await startedIn(place, workflow, { inputData: [0, 1, 2, 3] });
      expect(done).toMatchObject({ status: 'success', result: [0, 10, 20, 30] });
      expect(peak).toBeLessThanOrEqual(most);
      expect(peak).toBeGreaterThanOrEqual(Math.min(most, 1));
    },
  );

  it('R57 lets items see the state of those that settled before them, and merges it in that order', async () => {
    const item = step('item', async ({ inputData, state, setState }) => {
      await setState({ last: inputData, [`by${String(inputData)}`]: state['last'] ?? null });
      return state['last'] ?? null;
    });
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
      .foreach(item)
      .then(step('last', async ({ inputData, state }) => [inputData, state]))
      .commit();
    const { done } = await startedIn(place, workflow, { inputData: ['a', 'b', 'c'] });
    expect(done).toMatchObject({
      status: 'success',
      result: [[null, 'a', 'b'], { last: 'c', bya: null, byb: 'a', byc: 'b' }],
    });
  });

  it('R58 does not wait for a time that is over or none, and gives its input on', async () => {
    const workflow = flow('flow')
      .sleep(0, { id: 'zero' })
      .sleep(async () => -5, { id: 'negative' })
      .sleep(async () => undefined as never, { id: 'none' })
      .sleepUntil(new Date(0), { id: 'past' })
      .sleepUntil(async () => new Date(1), { id: 'computed' })
      .commit();
    const { done } = await startedIn(place, workflow, { inputData: 'in' });
    const entry = { status: 'success', payload: 'in', output: 'in' };
    expect(done).toMatchObject({
      status: 'success',
      result: 'in',
      steps: { zero: entry, negative: entry, none: entry, past: entry, computed: entry },
      stepExecutionPath: ['zero', 'negative', 'none', 'past', 'computed'],
    });
  });

  it('R59 nests a workflow in every kind of entry', async () => {
    const nested = (id: string) =>
      flow(id)
        .then(step(`${id}-step`, async ({ inputData }) => Number(inputData) + 1))
        .commit();
    const workflow = flow('flow')
      .then(nested('then'))
      .parallel([nested('one'), nested('two')])
      .map(async ({ inputData }) => (inputData as { one: number }).one, { id: 'mapped' })
      .branch([[async () => true, nested('arm')]])
      .map(async ({ inputData }) => (inputData as { arm: number }).arm, { id: 'again' })
      .dountil(nested('loop'), async ({ inputData }) => Number(inputData) >= 6)
      .map(async ({ inputData }) => [inputData, 10], { id: 'listed' })
      .foreach(nested('item'), { concurrency: 2 })
      .commit();
    const { run, done } = await startedIn(place, workflow, { inputData: 0 });
    expect(done).toMatchObject({ status: 'success', result: [7, 11] });
    const stored = await workflow.getWorkflowRunById(run.runId);
    expect(
      Object.keys(stored?.steps ?? {})
        .filter((id) => id.includes('.'))
        .toSorted(),
    ).toEqual([
      'arm.arm-step',
      'item[0].item-step',
      'item[1].item-step',
      'loop.loop-step',
      'one.one-step',
      'then.then-step',
      'two.two-step',
    ]);
  });

  it('R60 gives state to a nested workflow and takes it back; labels lead into it', async () => {
    const state = { inputSchema: any, outputSchema: any, stateSchema: any };
    const leaf = step(
      'leaf',
      async ({ state: own, setState, resumeData, suspend, requestContext }) => {
        if (resumeData === undefined) return suspend({ sees: own }, { resumeLabel: ['deep', 'also'] });
        await setState({ inner: true });
        requestContext.set('left', 'inside');
        return resumeData;
      },
      { resumeSchema: any },
    );
    const inner = createWorkflow({ ...state, id: 'inner' })
      .then(leaf)
      .commit();
    const middle = createWorkflow({ ...state, id: 'middle' })
      .then(inner)
      .commit();
    const workflow = createWorkflow({ ...state, id: 'flow' })
      .then(middle)
      .then(step('looks', async ({ state: all, requestContext }) => [all, requestContext.get('left')]))
      .commit();
    const { run, done } = await startedIn(place, workflow, {
      initialState: { outer: 1 },
      outputOptions: { includeResumeLabels: true },
    });
    expect(done).toMatchObject({
      status: 'suspended',
      suspended: [['middle', 'inner', 'leaf']],
      suspendPayload: { middle: { sees: { outer: 1 } } },
      steps: { middle: { status: 'suspended', suspendPayload: { sees: { outer: 1 } } } },
      resumeLabels: { deep: { stepId: 'middle.inner.leaf' }, also: { stepId: 'middle.inner.leaf' } },
    });
    expect(await run.resume({ label: 'also', resumeData: 1 })).toMatchObject({
      status: 'success',
      result: [{ outer: 1, inner: true }, 'inside'],
    });
  });

  it('R61 takes the output of the first of several steps that has one, by object or by id', async () => {
    const arms = ['zero', 'one', 'two'].map((id, n) => passing(id, { value: n }).step);
    const [zero, one, two] = arms as [(typeof arms)[0], (typeof arms)[0], (typeof arms)[0]];
    const workflow = flow('flow');
    const built = workflow
      .branch([
        [async () => false, zero],
        [async () => true, one],
        [async () => true, two],
      ])
      .map(
        {
          joined: { step: [zero, one, two], path: 'value' },
          byId: { step: 'two' as never, path: 'value' },
          whole: { step: two, path: '' },
          dot: { step: two, path: '.' },
          missing: { step: two, path: 'no' },
          named: mapVariable({ step: one, path: 'value' }),
          init: { initData: workflow, path: 'in' },
        } as never,
        { id: 'mapped' },
      )
      .commit();
    const { done } = await startedIn(place, built, { inputData: { in: 'put' } });
    expect(done).toMatchObject({
      status: 'success',
      result: { joined: 1, byId: 2, whole: { value: 2 }, dot: { value: 2 }, named: 1, init: 'put' },
    });
    expect(done).toMatchObject({ result: { missing: undefined } });
  });

  it('R62 computes keys of a mapping by functions, constants and falsy outputs as they are', async () => {
    const falsy = passing('falsy', 0).step;
    const workflow = flow('flow')
      .then(falsy)
      .map(
        {
          computed: {
            fn: async ({ inputData, getInitData }: never) => [inputData, (getInitData as () => unknown)()],
            schema: any,
          },
          constant: { value: null, schema: any },
          falsy: { step: falsy, path: '.' },
        } as never,
        { id: 'mapped' },
      )
      .commit();
    const { done } = await startedIn(place, workflow, { inputData: 'in' });
    expect(done).toMatchObject({
      status: 'success',
      result: { computed: [0, 'in'], constant: null, falsy: 0 },
    });
    expect(done.steps['mapped']).toMatchObject({ status: 'success', payload: 0 });
  });

  it('R63 takes arms and ends loops by conditions that are data; what leads nowhere is compared with nothing', async () => {
    const arms: Record<string, Predicate> = {
      eq: { op: 'eq', path: 'inputData.n', value: 2 },
      ne: { op: 'ne', path: 'inputData.n', value: 2 },
      gt: { op: 'gt', path: 'initData.n', value: 1 },
      in: { op: 'in', path: 'state.kind', value: ['a', 'b'] },
      exists: { op: 'exists', path: 'stepResults.first.n' },
      missing: { op: 'ne', path: 'inputData.missing.deep', value: 1 },
      notExists: { op: 'notExists', path: 'stepResults.never' },
      both: {
        and: [
          { op: 'lt', path: 'inputData.n', value: 3 },
          { not: { op: 'eq', path: 'inputData.n', value: 1 } },
        ],
      },
      either: {
        or: [
          { op: 'eq', path: 'inputData.n', value: 1 },
          { op: 'eq', path: 'inputData.n', value: 3 },
        ],
      },
    };
    const add = (id: string) =>
      step(id, async ({ inputData }) => ({ n: (inputData as { n: number }).n + 1 }));
    const taken = Object.entries(arms).map(
      ([id, predicate]) => [{ predicate }, passing(id, 1).step] as const,
    );
    const workflow = createWorkflow({ id: 'flow', inputSchema: any, outputSchema: any, stateSchema: any })
      .dountil(add('first'), { predicate: { op: 'gte', path: 'inputData.n', value: 2 } })
      .branch(taken as never)
      .commit();
    const given = { inputData: { n: 0 }, initialState: { kind: 'b' } };
    const { done } = await startedIn(place, workflow as never, given);
    if ((done as { status: string }).status !== 'success') expect.fail('it failed');
    const { result } = done as never as { result: object };
    expect(Object.keys(result).toSorted()).toEqual(['both', 'eq', 'exists', 'in', 'notExists']);
  });
});
