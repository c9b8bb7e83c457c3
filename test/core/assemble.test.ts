import { describe, expect, test } from 'vitest';
import { assembleResult, assembleState, type RunView } from '../../src/core/assemble.ts';
import { serializedGraph } from '../../src/core/serialized-graph.ts';
import { graphOf, header, record, stored, view } from './builders.ts';

const times = { startedAt: 10, endedAt: 20 };
const input = { input: stored({ n: 1 }) };

function succeeded(
  place: Parameters<typeof record>[0],
  output: unknown,
  inputFrom?: number,
): ReturnType<typeof record> {
  return record(place, {
    ...times,
    status: 'success',
    output: stored(output),
    ...(inputFrom === undefined ? {} : { inputFrom }),
  });
}

/** What `assembleResult` shows of one record. */
function shown(fields: Parameters<typeof record>[1]): unknown {
  const run = view({
    graph: graphOf('step'),
    records: [record(0, { startedAt: 10, inputFrom: -1, ...fields })],
    input,
  });
  return assembleResult(run).steps['s0'];
}

describe('the result of a run', () => {
  test('that succeeded: the output of the entry that ended it, and every step with its input', () => {
    const run = view({
      graph: graphOf('step', 'mapping'),
      header: header({ status: 'success', endedBy: 1 }),
      input,
      records: [succeeded(0, 2, -1), succeeded(1, { out: 3 }, 0)],
    });
    expect(assembleResult(run)).toEqual({
      status: 'success',
      runId: 'r1',
      input: { n: 1 },
      steps: {
        input: { n: 1 },
        s0: { status: 'success', payload: { n: 1 }, output: 2, ...times },
        s1: { status: 'success', payload: 2, output: { out: 3 }, ...times },
      },
      stepExecutionPath: ['s0', 's1'],
      result: { out: 3 },
    });
  });

  test('has a result even when that is undefined, or was never stored', () => {
    const ended = { graph: graphOf('step'), header: header({ status: 'success', endedBy: 0 }) };
    const explicit = assembleResult(view({ ...ended, records: [succeeded(0, undefined)] }));
    expect(explicit).toHaveProperty('result', undefined);
    expect(explicit.steps['s0']).toHaveProperty('output', undefined);
    expect(assembleResult(view({ ...ended, records: [record(0, { status: 'success' })] }))).toHaveProperty(
      'result',
    );
  });

  test('that failed: the error of the entry that ended it', () => {
    const error = Object.assign(new TypeError('no'), { code: 'E1' });
    const run = view({
      graph: graphOf('step', 'step'),
      header: header({ status: 'failed', endedBy: 1 }),
      records: [succeeded(0, 2), record(1, { ...times, status: 'failed', error: stored(error) })],
    });
    const result = assembleResult(run);
    expect(result.error).toBeInstanceOf(TypeError);
    expect(result.error).toMatchObject({ message: 'no', code: 'E1' });
    expect(result.steps['s1']?.error).toBeInstanceOf(TypeError);
    expect(result).not.toHaveProperty('result');
  });

  test('that failed by itself: the error of its header', () => {
    const run = view({
      graph: graphOf('step'),
      header: header({ status: 'failed', endedBy: 0, error: stored(new RangeError('too far')) }),
      records: [succeeded(0, 2)],
    });
    expect(assembleResult(run).error).toBeInstanceOf(RangeError);
  });

  test('that failed and says nothing more has no error', () => {
    const run = view({ graph: graphOf('step'), header: header({ status: 'failed', endedBy: 0 }) });
    expect(assembleResult(run)).not.toHaveProperty('error');
  });

  test('that bailed: the output of the block or step that ended it early', () => {
    const run = view({
      graph: graphOf('step', 'step'),
      header: header({ status: 'success', endedBy: 0 }),
      records: [{ ...succeeded(0, 'enough'), bailed: true }],
    });
    expect(assembleResult(run)).toMatchObject({ result: 'enough', stepExecutionPath: ['s0'] });
  });

  test.each(['canceled', 'paused', 'running', 'waiting', 'pending'] as const)(
    'that is %s has nothing extra',
    (status) => {
      const run = view({
        graph: graphOf('step'),
        header: header({ status, endedBy: -1 }),
        records: [succeeded(0, 1)],
      });
      expect(Object.keys(assembleResult(run))).toEqual([
        'status',
        'runId',
        'input',
        'steps',
        'stepExecutionPath',
      ]);
    },
  );

  const waits = view({
    graph: graphOf('step', ['parallel', 3]),
    header: header({ status: 'suspended' }),
    records: [
      succeeded(0, 2),
      record([1, 0], {
        status: 'suspended',
        suspendedAt: 15,
        suspendPayload: stored({ ask: 1 }),
        labels: ['a', 'b'],
      }),
      succeeded([1, 1], 3),
      record([1, 2], { status: 'suspended', suspendedAt: 16 }),
    ],
  });

  test('that is suspended: a path and the payload of each step that waits', () => {
    expect(assembleResult(waits)).toMatchObject({
      suspended: [['s1.0'], ['s1.2']],
      suspendPayload: { 's1.0': { ask: 1 }, 's1.2': undefined },
    });
    expect(assembleResult(waits)).not.toHaveProperty('resumeLabels');
  });

  test('labels when asked for, and only while it is suspended', () => {
    const labels = { a: { stepId: 's1.0' }, b: { stepId: 's1.0' } };
    expect(assembleResult(waits, { includeResumeLabels: true }).resumeLabels).toEqual(labels);
    const goesOn = { ...waits, header: header({ status: 'running' }) };
    expect(assembleResult(goesOn, { includeResumeLabels: true })).not.toHaveProperty('resumeLabels');
  });
});

describe('one step', () => {
  const suspension = { suspendedAt: 15, suspendPayload: stored('why'), suspendOutput: stored('so far') };
  const shownSuspension = { suspendedAt: 15, suspendPayload: 'why', suspendOutput: 'so far' };
  const resumption = { resumedAt: 17, resumeData: stored({ ok: true }) };

  test.each([
    ['running', { status: 'running' }, { status: 'running', startedAt: 10 }],
    ['to be tried again', { status: 'due', turn: { attempt: 1 } }, { status: 'running', startedAt: 10 }],
    ['waiting for a child', { status: 'child' }, { status: 'running', startedAt: 10 }],
    ['sleeping', { status: 'waiting' }, { status: 'waiting', startedAt: 10 }],
    ['not claimed yet', { status: 'due', startedAt: undefined }, { status: 'running' }],
    [
      'suspended',
      { status: 'suspended', ...suspension },
      { status: 'suspended', startedAt: 10, ...shownSuspension },
    ],
    [
      'suspended without a payload',
      { status: 'suspended', suspendedAt: 15 },
      { status: 'suspended', startedAt: 10, suspendedAt: 15 },
    ],
    [
      'resumed',
      { status: 'running', turn: { generation: 1 }, ...suspension, ...resumption },
      { status: 'running', startedAt: 10, ...shownSuspension, resumedAt: 17, resumePayload: { ok: true } },
    ],
    [
      'successful after a resumption',
      { status: 'success', output: stored(1), endedAt: 20, ...suspension, ...resumption },
      {
        status: 'success',
        output: 1,
        ...times,
        ...shownSuspension,
        resumedAt: 17,
        resumePayload: { ok: true },
      },
    ],
    ['skipped', { status: 'skipped', endedAt: 20 }, { status: 'skipped', ...times }],
    ['canceled', { status: 'canceled', endedAt: 20 }, { status: 'canceled', ...times }],
    ['canceled before it could end', { status: 'canceled' }, { status: 'canceled', startedAt: 10 }],
    [
      'running again, with the end of its first attempt',
      { status: 'running', endedAt: 20 },
      { status: 'running', startedAt: 10 },
    ],
  ] as const)('%s', (_name, fields, expected) => {
    const { startedAt, ...rest } = { startedAt: 10, ...fields };
    const given = startedAt === undefined ? rest : { startedAt, ...rest };
    const run = view({ graph: graphOf('step'), records: [record(0, { inputFrom: -1, ...given })], input });
    expect(assembleResult(run).steps['s0']).toEqual({ payload: { n: 1 }, ...expected });
  });

  test('failed: its error, and whether that forbids retries', () => {
    const fields = { status: 'failed', endedAt: 20, error: stored(new Error('no')) } as const;
    expect(shown(fields)).toEqual({
      payload: { n: 1 },
      status: 'failed',
      ...times,
      error: expect.any(Error) as Error,
    });
    expect(shown({ ...fields, nonRetryable: true })).toMatchObject({ nonRetryable: true });
  });

  test('an error of an attempt before is not shown', () => {
    expect(
      shown({ status: 'success', output: stored(1), error: stored(new Error('no')) }),
    ).not.toHaveProperty('error');
  });

  test('its own input when validation made it another one', () => {
    expect(shown({ input: stored({ n: 1, filledIn: 2 }) })).toMatchObject({ payload: { n: 1, filledIn: 2 } });
  });

  test('no payload when nothing says where it is', () => {
    const run = view({ graph: graphOf('step', 'step'), records: [record(0), record(1, { inputFrom: 7 })] });
    expect(assembleResult(run).steps).toEqual({
      input: undefined,
      s0: { status: 'running', payload: undefined },
      s1: { status: 'running', payload: undefined },
    });
  });
});

describe('blocks', () => {
  test('show their arms, and neither an entry of their own nor a place in the path', () => {
    const run = view({
      graph: graphOf(['parallel', 2], 'step'),
      records: [
        record(0, { ...times, stepId: 'parallel_0', status: 'success', output: stored({}) }),
        succeeded([0, 0], 1),
        succeeded([0, 1], 2),
        record(1, { inputFrom: 0 }),
      ],
    });
    expect(Object.keys(assembleResult(run).steps)).toEqual(['input', 's0.0', 's0.1', 's1']);
    expect(assembleResult(run)).toMatchObject({ stepExecutionPath: ['s1'], steps: { s1: { payload: {} } } });
    expect(assembleState(run).activeStepsPath).toEqual({ s1: [1] });
  });

  test('of a parallel, arms that nobody has claimed yet are running', () => {
    const run = view({
      graph: graphOf(['parallel', 3]),
      input,
      records: [record([0, 1], { startedAt: 10, inputFrom: -1 })],
    });
    expect(assembleResult(run).steps).toEqual({
      input: { n: 1 },
      's0.0': { status: 'running', payload: { n: 1 } },
      's0.1': { status: 'running', payload: { n: 1 }, startedAt: 10 },
      's0.2': { status: 'running', payload: { n: 1 } },
    });
  });

  test('of a branch, only arms that were taken show', () => {
    const run = view({ graph: graphOf(['conditional', 3]), records: [record([0, 1])] });
    expect(Object.keys(assembleResult(run).steps)).toEqual(['input', 's0.1']);
  });

  test('that have not begun show nothing', () => {
    const run = view({ graph: graphOf('step', ['parallel', 2]), records: [record(0)] });
    expect(Object.keys(assembleResult(run).steps)).toEqual(['input', 's0']);
  });

  test('a step used twice shows what it did last', () => {
    const records = [succeeded(0, 'first'), { ...succeeded(1, 'second'), stepId: 's0' }];
    expect(assembleResult(view({ graph: graphOf('step', 'step'), records })).steps['s0']?.output).toBe(
      'second',
    );
  });

  test('a record at a place that the graph no longer has is shown under its own id', () => {
    const run = view({ graph: graphOf('step'), records: [record(0), record(1)] });
    expect(Object.keys(assembleResult(run).steps)).toEqual(['input', 's0', 's1']);
  });
});

test('after a time travel, results at and after its target are gone', () => {
  const run = view({
    graph: graphOf('step', 'step', 'step'),
    header: header({ epoch: 2, from: [[2, 1, 1]] }),
    records: [succeeded(0, 1), record(1, { turn: { epoch: 2 } }), succeeded(2, 3)],
  });
  expect(Object.keys(assembleResult(run).steps)).toEqual(['input', 's0', 's1']);
  expect(assembleState(run).stepExecutionPath).toEqual(['s0', 's1']);
});

describe('state', () => {
  const shared = (state: object): ReturnType<typeof stored> => stored({ state, requestContext: {} });
  const graph = graphOf('step', 'step', 'step');
  const stateOf = (run: Partial<RunView>): unknown =>
    assembleResult(view({ graph, ...run }), { includeState: true }).state;

  test('only when asked for', () => {
    expect(assembleResult(view({ graph }))).not.toHaveProperty('state');
  });

  test('of a run that was given none', () => {
    expect(stateOf({})).toEqual({});
    expect(stateOf({ input })).toEqual({});
    expect(stateOf({ records: [record(0, { sharedFrom: 7 })] })).toEqual({});
  });

  test('that it was started with, until a step changes it', () => {
    const started = { input: { ...input, shared: shared({ n: 0 }) } };
    expect(stateOf(started)).toEqual({ n: 0 });
    expect(stateOf({ ...started, records: [record(0, { sharedFrom: -1 })] })).toEqual({ n: 0 });
  });

  test('of the entry that the last one points to', () => {
    const records = [
      record(0, { shared: shared({ n: 1 }), sharedFrom: 0 }),
      record(1, { sharedFrom: 0 }),
      record([2, 0], { sharedFrom: 9 }),
    ];
    expect(stateOf({ records })).toEqual({ n: 1 });
    expect(assembleState(view({ graph, records })).initialState).toEqual({ n: 1 });
    expect(stateOf({ records, openDelta: { state: { m: 2 } } })).toEqual({ n: 1, m: 2 });
    const restarts = { at: 5, value: stored([{ at: 5, requestContext: { user: 'new' } }]) };
    expect(assembleState(view({ graph, records, header: header({ restarts }) }))).toMatchObject({
      requestContext: { user: 'new' },
      initialState: { n: 1 },
    });
  });
});

describe('the stored run', () => {
  test('with everything in it', () => {
    const graph = graphOf('step', ['parallel', 3], 'step');
    const run = view({
      graph,
      header: header({ status: 'running', resourceId: 'tenant', createdAt: 5, updatedAt: 12 }),
      input,
      records: [
        succeeded(0, 2, -1),
        record([1, 0], { status: 'suspended', suspendedAt: 30, labels: ['a'] }),
        record([1, 1], { status: 'waiting', resumedAt: 25 }),
        record([1, 2], { status: 'due', turn: { attempt: 1 } }),
      ],
    });
    expect(assembleState(run)).toEqual({
      runId: 'r1',
      workflowName: 'w',
      resourceId: 'tenant',
      createdAt: new Date(5),
      updatedAt: new Date(30),
      status: 'running',
      payload: { n: 1 },
      steps: {
        s0: { status: 'success', payload: { n: 1 }, output: 2, ...times },
        's1.0': { status: 'suspended', payload: undefined, suspendedAt: 30 },
        's1.1': { status: 'waiting', payload: undefined, resumedAt: 25 },
        's1.2': { status: 'running', payload: undefined },
      },
      activeStepsPath: { 's1.2': [1, 2] },
      suspendedPaths: { 's1.0': [1, 0] },
      waitingPaths: { 's1.1': [1, 1] },
      resumeLabels: { a: { stepId: 's1.0' } },
      requestContext: {},
      serializedStepGraph: serializedGraph(graph),
      stepExecutionPath: ['s0'],
    });
  });

  test('while pending has neither input nor steps', () => {
    const state = assembleState(view({ graph: graphOf('step'), header: header({ status: 'pending' }) }));
    expect(state).toMatchObject({ status: 'pending', steps: {}, updatedAt: new Date(1_000) });
    for (const field of ['payload', 'resourceId', 'initialState', 'result', 'error'])
      expect(state).not.toHaveProperty(field);
  });

  test('that is over: its result, and nothing that could be resumed', () => {
    const run = view({
      graph: graphOf(['parallel', 2]),
      header: header({ status: 'success', endedBy: 0 }),
      records: [
        record(0, { status: 'success', bailed: true, output: stored('enough') }),
        record([0, 0], { status: 'success', bailed: true, output: stored('enough') }),
        record([0, 1], { status: 'suspended', labels: ['a'] }),
      ],
    });
    expect(assembleState(run)).toMatchObject({
      result: 'enough',
      suspendedPaths: {},
      resumeLabels: {},
      steps: { 's0.1': { status: 'suspended' } },
    });
  });
});
