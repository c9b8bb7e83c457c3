import { describe, expect, test } from 'vitest';
import { checkPredecessors, type TravelParameters, travelTarget } from '../../src/core/travel.ts';
import { pinsBefore, storedAt } from '../../src/core/travel-pins.ts';
import { graphOf, header, record, stored } from './builders.ts';

const run = { runId: 'r1', workflowId: 'w' };
const inner = graphOf('step', ['nested', graphOf('step', 'step')]);
const graph = graphOf('step', ['parallel', 2], ['nested', inner], ['conditional', 2], 'foreach', 'step');

describe('the target of a time travel', () => {
  test.each<[string | string[], object]>([
    ['s0', { key: { entry: 0 }, inner: [], path: ['s0'] }],
    ['s1.1', { key: { entry: 1, arm: 1 }, inner: [], path: ['s1.1'] }],
    [['s2', 's1', 's0'], { key: { entry: 2 }, inner: ['s1', 's0'], path: ['s2', 's1', 's0'] }],
    ['s2.s1.s0', { key: { entry: 2 }, inner: ['s1', 's0'], path: ['s2', 's1', 's0'] }],
    ['s4', { key: { entry: 4 }, inner: [], path: ['s4'] }],
  ])('%j', (step, target) => {
    expect(travelTarget(graph, step, run)).toEqual(target);
  });

  test.each([['x'], [['s2', 'x']], [['s0', 's0']], [[]]])('%j is nowhere', (step) => {
    expect(() => travelTarget(graph, step, run)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_ARGUMENT_INVALID',
        message: expect.stringContaining('does not exist in the current execution graph'),
      }),
    );
  });

  test('is refused when steps before it are unknown, but for arms of a branch', () => {
    const target = travelTarget(graph, 's5', run);
    const check = (...known: string[]) => {
      checkPredecessors(graph, target, (id) => known.includes(id), run);
    };
    expect(() => check('s0', 's1.0', 's4')).toThrow(
      "step(s) 's1.1', 's2' precede the target in the current execution graph but were not recorded",
    );
    expect(() => check('s0', 's1.0', 's1.1', 's2', 's4')).not.toThrow();
    expect(() => checkPredecessors([], target, () => false, run)).not.toThrow();
  });
});

describe('what is put before the target', () => {
  const parameters: TravelParameters = {
    path: ['s5'],
    hasInput: false,
    hasResume: false,
    shared: { state: {}, requestContext: {} },
    context: {},
    nestedStepsContext: {},
  };
  const done = (place: Parameters<typeof record>[0]) =>
    record(place, { status: 'success', output: stored(1) });
  const chain = { header: header({ epoch: 2, from: [[2, 2, 3]] }), graph: graphOf('step', 'step', 'step') };

  test('of entries that succeeded only the last one, which holds the state', () => {
    const view = { ...chain, records: [done(0), done(1)] };
    expect(pinsBefore(view, 2, parameters)).toEqual([
      {
        key: { entry: 1 },
        stepId: 's1',
        stored: done(1),
        given: undefined,
        output: { from: 'stored' },
        hasShared: true,
      },
    ]);
    expect(pinsBefore(view, 0, parameters)).toEqual([]);
  });

  test('what the caller gave, and entries that had not succeeded', () => {
    const view = { ...chain, records: [record(0, { status: 'failed' }), done(1)] };
    const pins = pinsBefore(view, 2, {
      ...parameters,
      hasInput: true,
      inputData: 'in',
      context: { s0: { output: 'given' } },
    });
    expect(pins).toMatchObject([
      { stepId: 's0', output: { from: 'value', value: 'given' }, hasShared: false },
      { stepId: 's1', output: { from: 'value', value: 'in' }, hasShared: true },
    ]);
    expect(pinsBefore(view, 2, { ...parameters, context: { s0: { payload: 1 } } })[0]?.output).toEqual({
      from: 'stored',
    });
  });

  test('arms that the caller gave, and their block anew', () => {
    const blocks = { ...chain, graph: graphOf(['parallel', 2], 'step', 'step') };
    const records = [done([0, 0]), done([0, 1]), done(0), done(1)];
    expect(pinsBefore({ ...blocks, records }, 2, parameters)).toMatchObject([{ stepId: 's1' }]);
    expect(
      pinsBefore({ ...blocks, records }, 2, { ...parameters, context: { 's0.1': { output: 9 } } }),
    ).toMatchObject([
      { key: { entry: 0, arm: 1 }, output: { from: 'value', value: 9 } },
      { key: { entry: 0 }, output: { from: 'arms' }, hasShared: false },
      { stepId: 's1' },
    ]);
    expect(pinsBefore({ ...blocks, records }, 1, parameters)).toMatchObject([
      { key: { entry: 0 }, output: { from: 'stored' }, hasShared: true },
    ]);
    expect(
      pinsBefore({ ...blocks, records }, 1, { ...parameters, hasInput: true, inputData: 5 }),
    ).toMatchObject([{ output: { from: 'value', value: 5 } }]);
    expect(pinsBefore({ ...blocks, records: [] }, 1, parameters)).toMatchObject([
      { output: { from: 'arms' } },
    ]);
  });

  test('nothing of an epoch that no longer counts', () => {
    const view = { ...chain, records: [done(2)] };
    expect(storedAt(view, { entry: 2 })).toBeUndefined();
    expect(storedAt({ ...view, records: [done(1)] }, { entry: 1 })).toEqual(done(1));
  });
});
