import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/core/graph.ts';
import { type LogEntry, logEntryId, replay } from '../../src/core/history.ts';
import { encodeToken, foldJoin } from '../../src/core/join.ts';
import type { StepRecord } from '../../src/core/records.ts';
import { type HistoryEntry, HistoryProjection } from '../../src/core/run-history.ts';
import { graphOf, header, record, stored, turn } from './builders.ts';
import { answered, type Stored } from './log-answers.ts';

const token = encodeToken({ kind: 'success', member: 0, generation: 0, hasDelta: false });
const opening = { turn: turn(), total: 1, concurrency: 1, openedAt: 5 };

function state(one: StepRecord, runId = 'r1'): LogEntry {
  return { kind: 'step', runId, record: one };
}

const input = { input: stored(1) };
const started: LogEntry = { kind: 'run', header: header(), input };
const ended: LogEntry = { kind: 'run', header: header({ status: 'success' }) };
const opened: LogEntry = { kind: 'opened', runId: 'r1', entry: 1, epoch: 1, opening };
const settled: LogEntry = {
  kind: 'settled',
  runId: 'r1',
  entry: 1,
  epoch: 1,
  token,
  position: 0,
  total: 1,
  after: foldJoin(opening, [token]),
};
const chunk: LogEntry = {
  kind: 'chunk',
  id: 'c1',
  runId: 'r1',
  key: { entry: 0 },
  stepId: 's0',
  custom: false,
  chunk: stored('hi'),
  time: 9,
};

describe('a replay', () => {
  test('gives the last state of each part, whatever is repeated', () => {
    const running = state(record(0, { startedAt: 1 }));
    const done = record(0, { status: 'success', startedAt: 1, endedAt: 2 });
    const item = { ...record(1, { status: 'success' }), key: { entry: 1, item: 0 } };
    const arm = record([2, 1]);
    const runs = replay([
      started,
      running,
      state(done),
      running,
      opened,
      state(item),
      settled,
      opened,
      state(arm),
      chunk,
      ended,
      started,
      settled,
    ]);
    expect(runs.get('r1')).toEqual({
      header: header({ status: 'success' }),
      input,
      records: [done, arm],
      items: new Map([[1, [item]]]),
      joins: [
        { runId: 'r1', entry: 1, epoch: 1, opening, tokens: [token], state: foldJoin(opening, [token]) },
      ],
    });
  });

  test('keeps the runs of a log apart, and leaves out what has no beginning', () => {
    const child = header({ runId: 'c1', root: 'r1' });
    const runs = replay([
      started,
      { kind: 'run', header: child },
      state(record(0), 'c1'),
      state(record(0), 'c2'),
      { ...settled, entry: 3 },
    ]);
    expect([...runs.keys()]).toEqual(['r1', 'c1']);
    expect(runs.get('c1')).toEqual({ header: child, records: [record(0)], items: new Map(), joins: [] });
    expect(runs.get('r1')?.joins).toEqual([]);
  });
});

test('each state has a name of its own', () => {
  const shown = header({ shown: { mark: '1', value: stored(1) } });
  const entries: LogEntry[] = [
    started,
    ended,
    { kind: 'run', header: shown },
    { kind: 'run', header: header({ wakes: 1 }) },
    state(record(0)),
    state(record(0, { status: 'success' })),
    state(record(0, { turn: { attempt: 1 } })),
    state(record(0), 'c1'),
    opened,
    settled,
    { ...settled, position: 1 },
    chunk,
  ];
  expect(new Set(entries.map(logEntryId)).size).toBe(entries.length);
});

const each: Graph = [
  { type: 'step', id: 's0', canSuspend: false },
  { type: 'foreach', step: { id: 'item', canSuspend: false }, concurrency: '1' },
  ...graphOf(['parallel', 2]),
];

function historyOf(entries: readonly LogEntry[], more: Partial<Stored> = {}): HistoryEntry[] {
  const projection = new HistoryProjection('r1', -1);
  const known: Stored = { graphs: { w: each }, headers: { r1: header() }, ...more };
  return entries.flatMap((entry) => answered(projection.project(entry), known));
}

function withoutId({ id: _id, ...entry }: HistoryEntry): object {
  return entry;
}

describe('a history', () => {
  const own = { runId: 'r1', within: '' };

  test('has every state of the run and of its steps, each once', () => {
    const asked = record(0, {
      status: 'suspended',
      startedAt: 1,
      suspendedAt: 2,
      inputFrom: -1,
      suspendPayload: stored('why'),
      owner: 'p/1',
    });
    const resumed = {
      ...asked,
      status: 'due',
      turn: turn({ generation: 1 }),
      resumedAt: 3,
      resumeData: stored('go'),
    } as const;
    const failed = {
      ...resumed,
      status: 'failed',
      endedAt: 4,
      error: stored(new TypeError('no')),
    } as const;
    const over = header({ status: 'failed', endedAt: 5, error: stored(new TypeError('no')) });
    const entries = historyOf([
      started,
      state(record(0, { startedAt: 1, owner: 'p/1' })),
      state(asked),
      state(resumed),
      state(failed),
      state(asked),
      { kind: 'run', header: over },
    ]);
    const step = {
      ...own,
      type: 'step',
      stepId: 's0',
      path: [0],
      epoch: 1,
      iteration: 0,
      resumptions: 0,
      attempt: 0,
    };
    const waited = { payload: 1, suspendPayload: 'why' };
    const later = { ...step, ...waited, resumptions: 1, resumePayload: 'go' };
    expect(entries.map(withoutId)).toEqual([
      { ...own, type: 'run', status: 'running', epoch: 1, workflowId: 'w', time: 1_000, input: 1 },
      { ...step, status: 'running', time: 1, owner: 'p/1' },
      { ...step, ...waited, status: 'suspended', time: 2 },
      { ...later, status: 'due', time: 3 },
      { ...later, status: 'failed', time: 4, error: new TypeError('no') },
      {
        ...own,
        type: 'run',
        status: 'failed',
        epoch: 1,
        workflowId: 'w',
        time: 5,
        error: new TypeError('no'),
      },
    ]);
  });

  test('says what a time travel kept, what is nested, and when a sleep ends', () => {
    const [kept, nested, sleeping] = historyOf([
      state(record(0, { status: 'success', turn: { epoch: 2 }, kept: true, endedAt: 1, output: stored(1) })),
      state(record(0, { status: 'child', childRunId: 'c1', startedAt: 2, turn: { epoch: 3 } })),
      state(record(0, { status: 'waiting', dueAt: 9, startedAt: 3, turn: { epoch: 4 } })),
    ]);
    expect(kept).toMatchObject({ kept: true, epoch: 2, time: 1, output: 1 });
    expect(nested).toMatchObject({ nestedRunId: 'c1', time: 2 });
    expect(sleeping).toMatchObject({ dueAt: 9, time: 3 });
  });

  test('has blocks, their members and what steps wrote', () => {
    const branch: LogEntry = { ...opened, entry: 2, opening: { ...opening, taken: [1] } };
    const entries = historyOf([
      opened,
      settled,
      branch,
      { ...settled, entry: 2 },
      chunk,
      { ...opened, entry: 7 },
    ]);
    expect(entries.map(withoutId)).toEqual([
      { ...own, type: 'block', time: 5, stepId: 'item', path: [1], epoch: 1, total: 1, concurrency: 1 },
      { ...own, type: 'member', stepId: 'item', path: [1, 0], epoch: 1, settled: 'success', position: 0 },
      {
        ...own,
        type: 'block',
        time: 5,
        stepId: 'parallel_2',
        path: [2],
        epoch: 1,
        total: 1,
        concurrency: 1,
        taken: [1],
      },
      { ...own, type: 'member', stepId: 's0.0', path: [2, 0], epoch: 1, settled: 'success', position: 0 },
      { ...own, type: 'output', time: 9, stepId: 's0', path: [0], custom: false, output: 'hi' },
      { ...own, type: 'block', time: 5, stepId: '', path: [7], epoch: 1, total: 1, concurrency: 1 },
    ]);
  });

  test('has nested runs under the steps that lead to them, and no others', () => {
    const child = header({
      runId: 'c1',
      workflowId: 'inner',
      parent: { runId: 'r1', key: { entry: 0 }, turn: '' },
    });
    const graphs = { w: each, inner: graphOf('step') };
    const entries = historyOf(
      [{ kind: 'run', header: child }, state(record(0), 'c1'), state(record(0), 'gone')],
      {
        graphs,
      },
    );
    expect(entries).toMatchObject([
      { type: 'run', runId: 'c1', within: 's0' },
      { type: 'step', runId: 'c1', within: 's0', stepId: 's0' },
    ]);
  });
});
