import { describe, expect, test } from 'vitest';
import {
  assembleResult,
  assembleSnapshot,
  assembleState,
  entryCount,
  type RunView,
} from '../../src/core/assemble.ts';
import { encodeError } from '../../src/core/codec.ts';
import { serializedGraph } from '../../src/core/serialized-graph.ts';
import { suspendedPlaces } from '../../src/core/suspended-places.ts';
import { TripWire, tripwireOf } from '../../src/core/tripwire.ts';
import { graphOf, header, item, record, stored, turn, view } from './builders.ts';

const input = { input: stored([1, 2, 3]) };
const opening = { turn: turn(), total: 3, concurrency: 2, openedAt: 50 };

/** A run that stands at a foreach. */
function atForeach(fields: Partial<RunView> = {}): RunView {
  const items = [
    item(0, 1, { status: 'suspended', suspendPayload: stored('who?'), suspendedAt: 60, labels: ['l'] }),
  ];
  return view({
    graph: graphOf('foreach'),
    header: header({ status: 'suspended' }),
    input,
    open: { entry: 0, opening, items },
    ...fields,
  });
}

describe('a foreach that is open', () => {
  test('shows whom it waits for, with the whole array as its payload', () => {
    expect(assembleResult(atForeach(), { includeResumeLabels: true })).toMatchObject({
      steps: {
        s0: {
          status: 'suspended',
          payload: [1, 2, 3],
          startedAt: 50,
          suspendPayload: 'who?',
          suspendedAt: 60,
        },
      },
      suspended: [['s0']],
      suspendPayload: { s0: 'who?' },
      resumeLabels: { l: { stepId: 's0', foreachIndex: 1 } },
      stepExecutionPath: [],
    });
    expect(assembleState(atForeach())).toMatchObject({ suspendedPaths: { s0: [0] }, activeStepsPath: {} });
  });

  test('shows the payload of the first item that it waits for', () => {
    const items = [0, 1].map((number) =>
      item(0, number, { stepId: 's0', status: 'suspended', suspendPayload: stored(`item ${number}`) }),
    );
    const result = assembleResult(atForeach({ open: { entry: 0, opening, items } }));
    expect(result).toMatchObject({
      suspendPayload: { s0: 'item 0' },
      steps: { s0: { suspendPayload: 'item 0' } },
    });
  });

  test('is running while anything of it is, and canceled when the run is over', () => {
    const running = atForeach({ header: header({ status: 'running' }) });
    expect(assembleState(running)).toMatchObject({
      steps: { s0: { status: 'running', payload: [1, 2, 3], startedAt: 50 } },
      activeStepsPath: { s0: [0] },
    });
    const over = atForeach({ header: header({ status: 'canceled', endedAt: 90 }) });
    const paused = atForeach({ header: header({ status: 'paused' }) });
    const shown = { status: 'paused', payload: [1, 2, 3], startedAt: 50 };
    expect(assembleResult(paused).steps['s0']).toEqual(shown);
    expect(assembleResult(over).steps['s0']).toEqual({
      status: 'canceled',
      payload: [1, 2, 3],
      startedAt: 50,
      endedAt: 90,
    });
    const unknown = atForeach({ header: header({ status: 'canceled' }) });
    expect(assembleResult(unknown).steps['s0']).not.toHaveProperty('endedAt');
    expect(suspendedPlaces(over)).toEqual([]);
  });

  test('is not shown where the graph has another entry', () => {
    expect(assembleState(atForeach({ graph: graphOf('step') })).steps).toEqual({});
  });
});

describe('arms that nobody has claimed yet', () => {
  const run = view({
    graph: graphOf(['parallel', 3]),
    input,
    records: [record([0, 1], { inputFrom: -1 })],
  });

  test('do not run when the run is over, when their block is closed, and when it was entered at another arm', () => {
    expect(assembleResult(run).steps).toHaveProperty(['s0.0'], { status: 'running', payload: [1, 2, 3] });
    const over = { ...run, header: header({ status: 'canceled' }) };
    const closed = { ...run, records: [...run.records, record(0, { status: 'success' })] };
    const entered = {
      ...run,
      header: header({ epoch: 2, from: [[2, 0, 1]] }),
      records: run.records.map((arm) => ({ ...arm, turn: turn({ epoch: 2 }) })),
    };
    for (const one of [over, closed, entered]) {
      expect(Object.keys(assembleResult(one).steps)).toEqual(['input', 's0.1']);
    }
  });
});

/** A run whose second entry is nested, and that nested run. */
function nestedViews(status: 'suspended' | 'success') {
  const leaf = view({
    graph: graphOf('step'),
    header: header({ runId: 'child', status }),
    records: [
      record(0, {
        status,
        ...(status === 'suspended'
          ? { suspendPayload: stored('ask'), labels: ['inner'] }
          : { output: stored('out') }),
      }),
    ],
  });
  const container = record(1, {
    status,
    childRunId: 'child',
    suspendPayload: stored('ask'),
    ...(status === 'success' ? { output: stored('out') } : {}),
  });
  const outer = view({
    graph: graphOf('step', ['nested', graphOf('step')]),
    header: header({ status }),
    records: [record(0, { status: 'success', output: stored(1) }), container],
  });
  return { leaf, outer };
}

describe('a nested run', () => {
  test('gives paths, labels and steps of its own', () => {
    const { leaf, outer } = nestedViews('suspended');
    const whole = { ...outer, children: new Map([['child', leaf]]) };
    expect(assembleResult(whole, { includeResumeLabels: true })).toMatchObject({
      suspended: [['s1', 's0']],
      suspendPayload: { s1: 'ask' },
      resumeLabels: { inner: { stepId: 's1.s0' } },
      steps: { s1: { status: 'suspended' } },
    });
    expect(assembleState(whole)).toMatchObject({
      steps: { s1: { status: 'running' }, 's1.s0': { status: 'suspended' } },
      suspendedPaths: { s1: [1] },
    });
    expect(suspendedPlaces(whole)).toMatchObject([{ runId: 'child', path: ['s1', 's0'] }]);
  });

  test('is no longer shown as going on when the run around it is over', () => {
    const { leaf, outer } = nestedViews('suspended');
    const canceled = header({ status: 'canceled', endedAt: 90 });
    const waited = { ...outer, header: canceled, children: new Map([['child', leaf]]) };
    expect(assembleState(waited).steps).toMatchObject({ s1: { status: 'suspended' } });
    const records = [record(0), record(1, { status: 'child', childRunId: 'child' })];
    const worked = { ...waited, records };
    expect(assembleResult(worked).steps['s1']).toMatchObject({ status: 'canceled', endedAt: 90 });
    const unknown = { ...worked, header: header({ status: 'canceled' }) };
    expect(assembleResult(unknown).steps['s1']).not.toHaveProperty('endedAt');
    const done = record(1, { status: 'success', output: stored('given'), childRunId: 'child' });
    const passed = { ...waited, records: [record(0), done], header: header({ status: 'success' }) };
    expect(Object.keys(assembleState(passed).steps)).toEqual(['s0', 's1']);
    const active = { ...worked, header: header({ status: 'running' }) };
    expect(assembleResult(active).steps['s1']).toMatchObject({ status: 'running' });
  });

  test('that was not loaded stands for what waits in it', () => {
    const { outer } = nestedViews('suspended');
    expect(assembleResult(outer).suspended).toEqual([['s1']]);
    expect(assembleState(outer).steps).toMatchObject({ s1: { status: 'suspended' } });
  });

  test('that is over shows its steps beside its entry, with the number of the item that executed it', () => {
    const { leaf, outer } = nestedViews('success');
    const whole = { ...outer, children: new Map([['child', leaf]]) };
    expect(assembleState(whole).steps).toMatchObject({ s1: { output: 'out' }, 's1.s0': { output: 'out' } });
    const each = view({
      graph: graphOf('foreach'),
      records: [record(0, { status: 'success', output: stored(['out']) })],
      items: [item(0, 4, { status: 'success', childRunId: 'child' })],
      children: new Map([['child', leaf]]),
    });
    expect(assembleState(each).steps).toMatchObject({ 's0[4].s0': { output: 'out' } });
  });

  test('of a record whose own run still goes on has places that wait', () => {
    const { leaf, outer } = nestedViews('suspended');
    const [first, second] = outer.records;
    const running = { ...outer, records: [first, { ...second, status: 'child' as const }] } as RunView;
    const whole = { ...running, children: new Map([['child', leaf]]) };
    expect(suspendedPlaces(whole)).toHaveLength(1);
    expect(suspendedPlaces(running)).toEqual([]);
  });
});

describe('the snapshot', () => {
  test('has the stored form', () => {
    const { outer } = nestedViews('success');
    const run = view({
      ...outer,
      input: { input: stored('in'), shared: stored({ state: { n: 1 }, requestContext: { who: 'ada' } }) },
      records: [
        record(0, { status: 'success', output: stored(1), sharedFrom: -1, endedAt: 70 }),
        record(1, { status: 'running' }),
      ],
      header: header({ status: 'running' }),
    });
    expect(assembleSnapshot(run)).toEqual({
      runId: 'r1',
      status: 'running',
      value: { n: 1 },
      context: {
        input: 'in',
        s0: { status: 'success', payload: undefined, output: 1, endedAt: 70 },
        s1: { status: 'running', payload: undefined },
      },
      activePaths: [1],
      activeStepsPath: { s1: [1] },
      stepExecutionPath: ['s0', 's1'],
      serializedStepGraph: serializedGraph(run.graph),
      suspendedPaths: {},
      waitingPaths: {},
      resumeLabels: {},
      requestContext: { who: 'ada' },
      timestamp: 1_000,
    });
    expect(assembleSnapshot(view({ graph: graphOf('step') })).activePaths).toEqual([]);
  });
});

test('the execution path goes on through every epoch', () => {
  const run = view({
    graph: graphOf('step', 'loop', 'step', 'sleep'),
    header: header({
      epoch: 3,
      from: [
        [2, 2, 3],
        [3, 0, 4],
      ],
    }),
    records: [record(0, { turn: { epoch: 3 } })],
  });
  expect(assembleResult(run).stepExecutionPath).toEqual(['s0', 's2', 's2', 's3', 's0']);
  expect(entryCount(run)).toBe(1);
});

test('what a run has cost is shown where the place counts it', () => {
  const cost = {
    dollars: 0.000_005,
    events: 2,
    requests: 3,
    invocations: 1,
    gbSeconds: 0.03,
    writeUnits: 2,
    readUnits: 1,
    objectWrites: 0,
    objectReads: 0,
    schedules: 0,
    bytes: 962,
  };
  expect(assembleState({ ...view({ graph: graphOf('step') }), cost }).cost).toEqual(cost);
  expect(assembleState(view({ graph: graphOf('step') }))).not.toHaveProperty('cost');
});

describe('a tripwire', () => {
  const error = { inline: encodeError(new TripWire('stop', { metadata: { by: 'guard' } })) };

  test('ends a run with what it says, and no error', () => {
    const run = view({
      graph: graphOf('step'),
      header: header({ status: 'tripwire', endedBy: 0 }),
      records: [record(0, { status: 'failed', tripwire: true, error })],
    });
    const result = assembleResult(run);
    const tripwire = { reason: 'stop', metadata: { by: 'guard' } };
    expect(result).toMatchObject({ status: 'tripwire', tripwire, steps: { s0: { tripwire } } });
    expect(result).not.toHaveProperty('error');
  });

  test('is nothing when its error was lost, or is another one', () => {
    const tripped = header({ status: 'tripwire', endedBy: 0 });
    const lost = view({ graph: graphOf('step'), header: tripped, records: [] });
    expect(assembleResult(lost)).not.toHaveProperty('tripwire');
    const other = { inline: encodeError(new Error('plain')) };
    const records = [record(0, { status: 'failed', tripwire: true, error: other })];
    expect(assembleResult(view({ graph: graphOf('step'), header: tripped, records }))).not.toHaveProperty(
      'tripwire',
    );
    const text = [record(0, { status: 'failed', tripwire: true, error: stored('no error') })];
    expect(
      assembleResult(view({ graph: graphOf('step'), header: tripped, records: text })),
    ).not.toHaveProperty('tripwire');
  });

  test('is known by its name and what it says', () => {
    expect(tripwireOf(new TripWire('a'))).toEqual({ reason: 'a' });
    expect(tripwireOf(Object.assign(new Error('b'), { name: 'TripWire' }))).toBeUndefined();
    expect(tripwireOf(Object.assign(new Error('b'), { name: 'TripWire', tripwire: 1 }))).toBeUndefined();
  });
});
