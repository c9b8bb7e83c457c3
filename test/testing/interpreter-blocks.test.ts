import { describe, expect, test } from 'vitest';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import { interpret, type InterpretOptions, leaveSuspended, openReasons } from '../../src/testing/index.ts';
import { body, echo, flow } from '../runtime/steps.ts';

function run(workflow: unknown, options: Partial<InterpretOptions> = {}) {
  const resume = (): unknown => 'go on';
  return interpret(workflow as WorkflowDefinition, { resume, inputData: 1, ...options });
}

const failing = (id: string) => body(id, async () => Promise.reject(new Error(`${id} failed`)));
const asking = (id: string) =>
  body(id, async ({ resumeData, suspend, inputData }) =>
    resumeData === undefined ? suspend({ about: inputData }) : { inputData, resumeData },
  );
const items = (...values: unknown[]) => flow('w').map(async () => values, { id: 'items' });

describe('a block', () => {
  test('gives the outputs of its arms by their ids, and waits for all of them', async () => {
    const made = flow('w')
      .parallel([echo('a'), failing('b'), failing('c'), echo('d')])
      .commit();
    const interpreted = await run(made);
    expect(interpreted).toMatchObject({ status: 'failed', error: { message: 'b failed' }, open: [] });
    expect(Object.keys(interpreted.steps)).toEqual(['a', 'b', 'c', 'd']);
    const fine = await run(
      flow('w')
        .parallel([echo('a'), echo('b')])
        .commit(),
    );
    expect(fine.result).toEqual({ a: 1, b: 1 });
  });

  test('of a branch takes what holds; a condition that throws does not', async () => {
    const made = flow('w')
      .branch([
        [async () => true, echo('a')],
        [async () => 0, echo('b')],
        [async () => Promise.reject(new Error('broken')), echo('c')],
      ] as never)
      .commit();
    expect((await run(made)).result).toEqual({ a: 1 });
  });

  test('merges by key in the order in which its members settled', async () => {
    const setting = (id: string) =>
      body(id, async ({ setState, requestContext }) => {
        await setState({ shared: id, [id]: true });
        requestContext.set('last', id);
      });
    const made = flow('w')
      .parallel([setting('a'), setting('b')])
      .commit();
    const all = { a: true, b: true };
    expect(await run(made)).toMatchObject({ state: { ...all, shared: 'b' }, requestContext: { last: 'b' } });
    const turned = await run(made, { settlementOrder: ({ entry }) => (entry === 0 ? [1, 0] : undefined) });
    expect(turned).toMatchObject({ state: { ...all, shared: 'a' }, requestContext: { last: 'a' } });
  });
});

describe('a foreach', () => {
  test('of one at a time sees what was before, and stops at the first that fails', async () => {
    const seen: unknown[] = [];
    const made = items(1, 2, 3)
      .foreach(
        body('each', async ({ inputData, state, setState }) => {
          seen.push(state);
          await setState({ [`item${String(inputData)}`]: true });
          if (inputData === 2) throw new Error('two');
          return inputData;
        }),
      )
      .commit();
    const interpreted = await run(made);
    expect(interpreted).toMatchObject({ status: 'failed', error: { message: 'two' }, open: [] });
    expect(interpreted.steps['each']).toMatchObject({ status: 'failed', payload: [1, 2, 3] });
    expect(seen).toEqual([{}, { item1: true }]);
    expect(interpreted.state).toEqual({ item1: true });
  });

  test('keeps falsy outputs in their places; what has no length is empty, and nothing is no array', async () => {
    const made = items(null, 0, undefined, false).foreach(echo('each'), { concurrency: 3 }).commit();
    expect((await run(made)).result).toEqual([null, 0, undefined, false]);
    const given = (value: unknown) =>
      run(
        flow('w')
          .foreach(echo('each') as never)
          .commit(),
        { inputData: value },
      );
    expect(await given({ no: 'array' })).toMatchObject({ status: 'success', result: [] });
    expect(await given(null)).toMatchObject({
      status: 'failed',
      error: { code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED' },
    });
  });

  test('that one item bails shows that item, and ends the workflow', async () => {
    const bailing = body('each', async ({ inputData, bail }) => (inputData === 'b' ? bail('!') : inputData));
    const interpreted = await run(items('a', 'b', 'c').foreach(bailing).then(echo('after')).commit());
    expect(interpreted).toMatchObject({ status: 'success', result: '!' });
    expect(interpreted.steps['each']).toEqual({ status: 'success', payload: 'b', output: '!' });
  });
});

describe('a loop', () => {
  test('shows its last iteration', async () => {
    const adding = body('add', async ({ inputData }) => Number(inputData) + 1);
    const counts: number[] = [];
    const made = flow('w')
      .dountil(adding, async ({ inputData, iterationCount, getStepResult }) => {
        counts.push(iterationCount);
        return inputData === 4 && getStepResult('add') === 4;
      })
      .commit();
    const interpreted = await run(made);
    expect(counts).toEqual([1, 2, 3]);
    expect(interpreted.steps['add']).toEqual({
      status: 'success',
      payload: 3,
      output: 4,
      metadata: { iterationCount: 3 },
    });
    expect(interpreted.executions.map(({ place }) => place[0])).toEqual([
      { entry: 0 },
      { entry: 0, iteration: 1 },
      { entry: 0, iteration: 2 },
    ]);
  });
});

describe('a suspension', () => {
  test('is resumed where it stands, and shows on every workflow around it', async () => {
    const inner = flow('inner').then(asking('ask')).commit();
    const asked: unknown[] = [];
    const made = flow('w').then(inner).commit();
    const resume: InterpretOptions['resume'] = ({ path, payload }) => asked.push([path, payload]) && 'yes';
    const interpreted = await run(made, { resume });
    expect(asked).toEqual([[['inner', 'ask'], { about: 1 }]]);
    const shown = { suspendPayload: { about: 1 }, resumePayload: 'yes' };
    expect(interpreted.nestedSteps).toMatchObject({ inner: shown, 'inner.ask': shown });
    expect(interpreted.result).toEqual({ inputData: 1, resumeData: 'yes' });
  });

  test('that nobody resumes is how the run ends, unless something else fails', async () => {
    const resume = (): unknown => leaveSuspended;
    const made = flow('w')
      .parallel([asking('a'), asking('b'), echo('c')])
      .commit();
    const interpreted = await run(made, { resume });
    expect(interpreted).toMatchObject({ status: 'suspended', suspended: [['a'], ['b']] });
    const failed = await run(
      flow('w')
        .parallel([asking('a'), failing('b')])
        .commit(),
      { resume },
    );
    expect(failed).toMatchObject({ status: 'failed', error: { message: 'b failed' } });
  });

  test('beside a failure leaves open how far it came, and nothing else', async () => {
    const interpreted = await run(
      flow('w')
        .parallel([asking('a'), failing('b')])
        .commit(),
    );
    expect(interpreted.open).toEqual([
      { place: [{ entry: 0, member: 0 }], path: ['a'], what: 'place', reason: 'ended-suspension' },
    ]);
    expect(interpreted.executions.map(({ isOpen }) => isOpen)).toEqual([true, true, false]);
  });
});

describe('what is open', () => {
  test('is what a nested workflow that was suspended has put back as it was', async () => {
    const sets = (id: string, to: string) =>
      body(id, async ({ setState, resumeData, suspend }) => {
        await setState({ shared: to });
        return resumeData ?? suspend({});
      });
    const made = (last: string) =>
      flow('w')
        .parallel([flow('inner').then(sets('a', 'other')).then(sets('b', last)).commit(), echo('beside')])
        .commit();
    const initialState = { shared: 'given' };
    expect((await run(made('given'), { initialState })).open).toEqual([
      expect.objectContaining({ what: 'state', reason: 'put-back' }),
    ]);
    expect(await run(made('new'), { initialState })).toMatchObject({ open: [], state: { shared: 'new' } });
  });

  const window = (each: Parameters<typeof body>[1]) =>
    items(0, 1, 2, 3).foreach(body('each', each), { concurrency: 2 }).commit();

  test('is how many items of a window began when one failed', async () => {
    const made = window(async ({ inputData }) => (inputData === 0 ? Promise.reject(new Error('no')) : 0));
    const { open, status } = await run(made);
    expect(status).toBe('failed');
    expect(open.map(({ place, reason }) => [place[0]?.member, reason])).toEqual([
      [2, 'ended-window'],
      [3, 'ended-window'],
    ]);
  });

  test('is which of several bails was first', async () => {
    const { candidates, result } = await run(window(async ({ inputData, bail }) => bail(inputData)));
    expect([result, ...candidates.map((ending) => ending.result)]).toEqual([0, 1, 2, 3]);
  });

  test('is everything, when it is not sure whether the run fails', async () => {
    const made = window(async ({ inputData, bail }) =>
      inputData === 0 ? bail('early') : inputData === 3 ? Promise.reject(new Error('late')) : 0,
    );
    expect((await run(made)).open).toContainEqual(
      expect.objectContaining({ what: 'run', reason: 'fail-or-bail' }),
    );
  });

  test('has a text for each reason', () => {
    for (const text of Object.values(openReasons)) expect(text).toMatch(/^[A-Z].*\.$/);
  });
});
