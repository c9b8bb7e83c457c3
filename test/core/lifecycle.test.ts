import { describe, expect, test } from 'vitest';
import { lifecycleEvents } from '../../src/core/lifecycle.ts';
import type { RunEvent } from '../../src/core/snapshot.ts';
import { noUsage } from '../../src/core/usage.ts';
import { graphOf, header, record, stored, view } from './builders.ts';
import { lines, readAll } from './lifecycle-history.ts';

const input = { input: stored({ n: 1 }) };
const graph = graphOf('step', 'step');
const over = header({ status: 'success', endedBy: 1, endedAt: 40 });

test('an arm that a time travel kept is told of from its resumption on', () => {
  const parallel = graphOf(['parallel', 2]);
  const kept = (parts: object, fields: object) =>
    record([0, 0], { kept: true, turn: { epoch: 2, ...parts }, startedAt: 10, ...fields });
  const told = (records: ReturnType<typeof record>[]) =>
    lines(lifecycleEvents(view({ graph: parallel, header: header({ epoch: 2 }), records })).events);
  expect(told([kept({}, { status: 'success', endedAt: 20 })])).toEqual(['workflow-start']);
  const resumed = kept({ generation: 1 }, { suspendedAt: 20, resumedAt: 30 });
  expect(told([resumed])).toEqual(['workflow-start', 'workflow-step-start s0.0']);
});

describe('the events of a run', () => {
  const first = record(0, {
    status: 'success',
    startedAt: 10,
    endedAt: 20,
    inputFrom: -1,
    output: stored(2),
  });
  const second = record(1, {
    status: 'success',
    startedAt: 20,
    endedAt: 40,
    inputFrom: 0,
    output: stored(3),
  });

  test('of two steps: start, start and result of each, finish', () => {
    const { events, cursor, done } = lifecycleEvents(
      view({ graph, header: over, input, records: [first, second] }),
    );
    const names = (id: string, entry: string): object => ({ id, stepName: id, stepCallId: `${entry}/1.0` });
    expect(events).toEqual([
      event('r1/workflow-start/1', 'workflow-start', 1_000, { workflowId: 'w' }),
      event('r1/workflow-step-start/00000/1.0.0', 'workflow-step-start', 10, {
        status: 'running',
        payload: { n: 1 },
        startedAt: 10,
        ...names('s0', '00000'),
      }),
      event('r1/workflow-step-result/00000/1.0.0', 'workflow-step-result', 20, {
        status: 'success',
        payload: { n: 1 },
        output: 2,
        startedAt: 10,
        endedAt: 20,
        ...names('s0', '00000'),
      }),
      event('r1/workflow-step-start/00001/1.0.0', 'workflow-step-start', 20, {
        status: 'running',
        payload: 2,
        startedAt: 20,
        ...names('s1', '00001'),
      }),
      event('r1/workflow-step-result/00001/1.0.0', 'workflow-step-result', 40, {
        status: 'success',
        payload: 2,
        output: 3,
        startedAt: 20,
        endedAt: 40,
        ...names('s1', '00001'),
      }),
      event('r1/workflow-finish/1', 'workflow-finish', 40, {
        workflowStatus: 'success',
        metadata: {},
        output: { usage: noUsage },
      }),
    ]);
    expect(done).toBe(true);
    expect(
      lifecycleEvents(view({ graph, header: over, input, records: [first, second] }), cursor).events,
    ).toEqual([]);
  });

  test('come as they happen', () => {
    const running = record(1, { startedAt: 20, inputFrom: 0 });
    const { pages, done } = readAll([
      view({ graph, header: header({ status: 'pending', startedAt: undefined as never }) }),
      view({ graph }),
      view({ graph, records: [record(0, { startedAt: 10 })] }),
      view({ graph, records: [first, running] }),
      view({ graph, records: [first, running] }),
      view({ graph, records: [first, second] }),
      view({ graph, header: over, records: [first, second] }),
    ]);
    expect(pages).toEqual([
      [],
      ['workflow-start'],
      ['workflow-step-start s0'],
      ['workflow-step-result s0', 'workflow-step-start s1'],
      [],
      ['workflow-step-result s1'],
      ['workflow-finish'],
    ]);
    expect(done).toEqual([false, false, false, false, false, false, true]);
  });

  test('of an entry come after those of the one before, also when that was read before it ended', () => {
    const { pages } = readAll([
      view({ graph, records: [record(0, { startedAt: 10 }), record(1, { startedAt: 20, inputFrom: 0 })] }),
      view({ graph, records: [first, second] }),
    ]);
    expect(pages).toEqual([
      ['workflow-start', 'workflow-step-start s0'],
      ['workflow-step-result s0', 'workflow-step-start s1', 'workflow-step-result s1'],
    ]);
  });

  test('of a step that failed carry its error', () => {
    const failed = record(0, {
      status: 'failed',
      startedAt: 10,
      endedAt: 20,
      error: stored(new TypeError('no')),
    });
    const { events } = lifecycleEvents(
      view({ graph, header: header({ status: 'failed', endedBy: 0 }), records: [failed] }),
    );
    expect(events[2]?.payload['error']).toBeInstanceOf(TypeError);
    // Without the time of the end, the last change of the header is the best there is.
    expect(events[3]).toMatchObject({ time: 1_000, payload: { workflowStatus: 'failed' } });
  });

  test('an attempt that failed is none of them', () => {
    const { pages } = readAll([
      view({ graph, records: [record(0, { startedAt: 10 })] }),
      view({ graph, records: [record(0, { status: 'due', turn: { attempt: 1 }, startedAt: 10 })] }),
      view({ graph, records: [record(0, { turn: { attempt: 1 }, startedAt: 10 })] }),
      view({ graph, records: [{ ...first, turn: record(0, { turn: { attempt: 1 } }).turn }] }),
    ]);
    expect(pages.slice(1)).toEqual([[], [], ['workflow-step-result s0']]);
  });

  test('a step that waits, for a time or a child, has begun', () => {
    for (const status of ['waiting', 'child'] as const) {
      const run = view({ graph, records: [record(0, { status, startedAt: 10 })] });
      expect(lines(lifecycleEvents(run).events)).toEqual(['workflow-start', 'workflow-step-start s0']);
    }
  });

  test('of one entry all come before those of the next one, whatever the clocks of their machines say', () => {
    const early = { ...second, startedAt: 5, endedAt: 6 };
    const { events } = lifecycleEvents(view({ graph, header: over, records: [first, early] }));
    expect(lines(events)).toEqual([
      'workflow-start',
      'workflow-step-start s0',
      'workflow-step-result s0',
      'workflow-step-start s1',
      'workflow-step-result s1',
      'workflow-finish',
    ]);
  });

  test('no record of a place that the graph no longer has is told', () => {
    const { events } = lifecycleEvents(view({ graph: graphOf('step'), records: [first, second] }));
    expect(lines(events)).toEqual(['workflow-start', 'workflow-step-start s0', 'workflow-step-result s0']);
  });
});

function event(id: string, type: RunEvent['type'], time: number, payload: object): object {
  return { id, type, runId: 'r1', from: 'WORKFLOW', time, payload };
}

describe('a block', () => {
  const block = graphOf(['parallel', 2], 'step');

  test('tells its arms by their times, and has no events of its own', () => {
    const run = view({
      graph: block,
      records: [
        record(0, { stepId: 'parallel_0', status: 'success', startedAt: 9, endedAt: 40 }),
        record([0, 0], { status: 'success', startedAt: 10, endedAt: 30 }),
        record([0, 1], { status: 'success', startedAt: 11, endedAt: 20 }),
        record(1, { startedAt: 41 }),
      ],
    });
    expect(lines(lifecycleEvents(run).events)).toEqual([
      'workflow-start',
      'workflow-step-start s0.0',
      'workflow-step-start s0.1',
      'workflow-step-result s0.1',
      'workflow-step-result s0.0',
      'workflow-step-start s1',
    ]);
  });

  test('that has ended is not counted any more', () => {
    const arms = [0, 1].map((arm) => record([0, arm], { status: 'success', startedAt: 10, endedAt: 30 }));
    const open = lifecycleEvents(view({ graph: block, records: arms }));
    const closed = lifecycleEvents(
      view({ graph: block, records: [record(0, { status: 'success' }), ...arms] }),
      open.cursor,
    );
    expect(closed.events).toEqual([]);
    expect(closed.cursor.length).toBeLessThan(open.cursor.length);
  });
});

describe('a suspension', () => {
  const waits = record(0, {
    status: 'suspended',
    startedAt: 10,
    suspendedAt: 20,
    suspendPayload: stored('why'),
    suspendOutput: stored('so far'),
    inputFrom: -1,
  });
  const resumed = {
    ...waits,
    status: 'running',
    turn: record(0, { turn: { generation: 1 } }).turn,
    resumedAt: 30,
    resumeData: stored('go'),
  } as const;
  const ended = { ...resumed, status: 'success', endedAt: 40, output: stored(2) } as const;

  test('and its resumption are told with their values', () => {
    const { events } = readAll(
      [waits, resumed, ended].map((one) => view({ graph: graphOf('step'), input, records: [one] })),
    );
    expect(events.slice(1).map(({ type, time, payload }) => [type, time, payload['status']])).toEqual([
      ['workflow-step-start', 10, 'running'],
      ['workflow-step-suspended', 20, 'suspended'],
      ['workflow-step-start', 30, 'running'],
      ['workflow-step-result', 40, 'success'],
    ]);
    expect(events[2]?.payload).toMatchObject({
      suspendPayload: 'why',
      suspendOutput: 'so far',
      suspendedAt: 20,
      startedAt: 10,
    });
    expect(events[3]?.payload).toEqual({
      status: 'running',
      payload: { n: 1 },
      startedAt: 10,
      resumePayload: 'go',
      resumedAt: 30,
      id: 's0',
      stepName: 's0',
      stepCallId: '00000/1.0',
    });
  });

  test('that was resumed before the reader came is told with its values: they are still there', () => {
    const all = readAll(
      [waits, resumed, ended].map((one) => view({ graph: graphOf('step'), input, records: [one] })),
    );
    const late = readAll([view({ graph: graphOf('step'), input, records: [ended] })]);
    expect(late.events.map(({ id, time }) => [id, time])).toEqual(
      all.events.map(({ id, time }) => [id, time]),
    );
    expect(late.events[2]?.payload).toEqual(all.events[2]?.payload);
  });

  test('that was claimed by a resumption is over, the resumption not begun', () => {
    const due = { ...resumed, status: 'due' } as const;
    const { pages } = readAll(
      [waits, due, resumed].map((one) => view({ graph: graphOf('step'), records: [one] })),
    );
    expect(pages.slice(1)).toEqual([[], ['workflow-step-start s0']]);
  });

  test('whose values were overwritten since is told without them, before what came later', () => {
    const again = {
      ...waits,
      turn: record(0, { turn: { generation: 2 } }).turn,
      suspendedAt: 50,
      resumedAt: 45,
      resumeData: stored('third'),
    };
    const { events } = lifecycleEvents(view({ graph: graphOf('step'), input, records: [again] }));
    expect(events.slice(1).map(({ type, time }) => [type, time])).toEqual([
      ['workflow-step-start', 10],
      ['workflow-step-suspended', 10],
      ['workflow-step-start', 10],
      ['workflow-step-suspended', 10],
      ['workflow-step-start', 45],
      ['workflow-step-suspended', 50],
    ]);
    const names = { id: 's0', stepName: 's0', stepCallId: '00000/1.0' };
    expect(events[2]?.payload).toEqual({ status: 'suspended', ...names });
    expect(events[3]?.payload).toEqual({ status: 'running', ...names });
    expect(events[4]?.payload).toEqual({ status: 'suspended', ...names });
    expect(events[5]?.payload).toMatchObject({ resumePayload: 'third', resumedAt: 45 });
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });
});

describe('a canceled run', () => {
  const canceled = header({ status: 'canceled', endedBy: -1, endedAt: 50 });

  test('says so, and that it is over', () => {
    const page = lifecycleEvents(view({ graph, header: canceled, records: [record(0, { startedAt: 10 })] }));
    expect(lines(page.events)).toEqual([
      'workflow-start',
      'workflow-step-start s0',
      'workflow-canceled',
      'workflow-finish',
    ]);
    expect(page).toMatchObject({ done: true });
    expect(page.events.at(-1)).toMatchObject({ time: 50, payload: { workflowStatus: 'canceled' } });
  });

  test('that was never started ends all the same', () => {
    const { startedAt: _never, ...pending } = canceled;
    const { pages, done } = readAll([view({ graph, header: pending }), view({ graph, header: pending })]);
    expect(pages).toEqual([['workflow-canceled', 'workflow-finish'], []]);
    expect(done).toEqual([true, true]);
  });

  test('tells the result of a step that did not heed the cancel to whoever asks again', () => {
    const { pages } = readAll([
      view({ graph, header: canceled, records: [record(0, { startedAt: 10 })] }),
      view({
        graph,
        header: canceled,
        records: [record(0, { status: 'success', startedAt: 10, endedAt: 60 })],
      }),
    ]);
    expect(pages[1]).toEqual(['workflow-step-result s0']);
  });
});

describe('after a time travel', () => {
  const three = graphOf('step', 'step', 'step');
  const old = [0, 1, 2].map((entry) =>
    record(entry, { status: 'success', startedAt: entry, endedAt: entry + 1 }),
  );
  const before = view({
    graph: three,
    header: header({ status: 'success', endedBy: 2, endedAt: 9 }),
    records: old,
  });
  const travelled = header({ epoch: 2, from: [[2, 1, 1]] });

  test('what counts again is told under its own ids, and nothing that is executed again is missed', () => {
    const again = (entry: number, status: 'running' | 'success'): ReturnType<typeof record> =>
      record(entry, { status, turn: { epoch: 2 }, startedAt: 20 + entry, endedAt: 21 + entry });
    const [first, second, third] = old;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('there are three');
    const { pages, events } = readAll([
      before,
      view({ graph: three, header: travelled, records: [first, second, third] }),
      view({ graph: three, header: travelled, records: [first, again(1, 'running'), third] }),
      view({ graph: three, header: travelled, records: [first, again(1, 'success'), again(2, 'success')] }),
    ]);
    expect(pages.slice(1)).toEqual([
      ['workflow-start', 'workflow-step-start s0', 'workflow-step-result s0'],
      ['workflow-step-start s1'],
      ['workflow-step-result s1', 'workflow-step-start s2', 'workflow-step-result s2'],
    ]);
    const repeated = events.filter(({ id }, index) => events.findIndex((one) => one.id === id) !== index);
    expect(lines(repeated)).toEqual(['workflow-step-start s0', 'workflow-step-result s0']);
  });
});
