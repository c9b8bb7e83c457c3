import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/core/graph.ts';
import type { LogEntry } from '../../src/core/history.ts';
import { encodeToken } from '../../src/core/join.ts';
import type { RunHeader, StepRecord } from '../../src/core/records.ts';
import { logCursor } from '../../src/core/stream.ts';
import { noUsage } from '../../src/core/usage.ts';
import { graphOf, header, record, stored, turn } from './builders.ts';
import { eventsOf, only, opened, openingOf, run, settled, state, success } from './log-answers.ts';

const each: Graph = [
  { type: 'step', id: 'list', canSuspend: false },
  { type: 'foreach', step: { id: 'item', canSuspend: true }, concurrency: '1' },
];

/** Of a reader that began in the middle. */
const inTheMiddle = { cursor: logCursor('r1', { next: 4, mark: '', usage: noUsage }) };

function item(number: number, fields: Partial<StepRecord>): StepRecord {
  return { ...record(1, {}), stepId: 'item', ...fields, key: { entry: 1, item: number } };
}

describe('a foreach', () => {
  const names = { id: 'item', stepName: 'item' };
  const list = state({ ...record(0, { ...success, output: stored([1, 2]) }), stepId: 'list' });

  test('starts with its array, tells of its items, and ends', () => {
    const { events } = eventsOf(
      [
        list,
        opened(1, 2),
        state(item(0, success)),
        settled(1, 2, [['success', 0]], 10),
        settled(1, 2, [
          ['success', 0],
          ['failed', 1],
        ]),
        state({ ...record(1, { ...success, output: stored([10]) }), stepId: 'item' }),
      ],
      only(each),
    );
    expect(events.slice(1).map(({ id, payload }) => [id, payload])).toEqual([
      ['r1/workflow-step-start/00001/1.0.0', { ...names, status: 'running', payload: [1, 2], startedAt: 5 }],
      [
        'r1/workflow-step-progress/00001/1/0',
        {
          ...names,
          completedCount: 1,
          totalCount: 2,
          currentIndex: 0,
          iterationStatus: 'success',
          iterationOutput: 10,
        },
      ],
      [
        'r1/workflow-step-progress/00001/1/1',
        { ...names, completedCount: 1, totalCount: 2, currentIndex: 1, iterationStatus: 'failed' },
      ],
      ['r1/workflow-step-result/00001/1.0.0', { ...names, status: 'success', output: [10], endedAt: 20 }],
    ]);
  });

  test('that is suspended says what its first suspended item said', () => {
    const waits = (number: number) =>
      item(number, {
        status: 'suspended',
        suspendedAt: 10 + number,
        startedAt: 1,
        suspendPayload: stored(`item ${number}`),
      });
    const suspended = settled(1, 2, [
      ['suspended', 1],
      ['suspended', 0],
    ]);
    const first = {
      ...names,
      status: 'suspended',
      payload: [1, 2],
      startedAt: 5,
      suspendPayload: 'item 0',
      suspendedAt: 10,
    };
    const hot = eventsOf([list, opened(1, 2), state(waits(1)), state(waits(0)), suspended], only(each));
    expect(hot.events.at(-1)).toMatchObject({
      id: 'r1/workflow-step-suspended/00001/1/1',
      type: 'workflow-step-suspended',
      time: 10,
      payload: first,
    });
    expect(hot.asked).toEqual(['run']);
    const unseen = eventsOf([list, suspended], only(each));
    expect(unseen.events.at(-1)?.payload).toEqual({ ...names, status: 'suspended', payload: [1, 2] });
  });

  test('that is suspended says so to whoever began in the middle, too', () => {
    const waits = (number: number, more: Partial<StepRecord> = {}) =>
      item(number, {
        status: 'suspended',
        suspendedAt: 10 + number,
        suspendPayload: stored(number),
        ...more,
      });
    // Item 0 was resumed before, and item 1 has gone on since.
    const settlements = [
      ['suspended', 1],
      ['suspended', 0],
      ['suspended', 2],
      ['resumed', 0],
      ['success', 0],
    ] as const;
    const entry = settled(1, 3, settlements);
    const records = {
      'r1/i00001#00000': waits(0, success),
      'r1/i00001#00001': waits(1, success),
    };
    const tokens = [...settlements, ['resumed', 1] as const].map(([kind, member]) =>
      encodeToken({ kind, member, generation: 0, hasDelta: false }),
    );
    const known = only(each, { records, opening: { ...openingOf(3), tokens } });
    const { events, asked } = eventsOf([list, entry], known, inTheMiddle);
    expect(events.at(-1)?.payload).toMatchObject({ suspendPayload: 1, suspendedAt: 11, startedAt: 5 });
    expect(events.at(-2)).toMatchObject({
      time: 20,
      payload: { currentIndex: 0, iterationStatus: 'success' },
    });
    expect(asked).toEqual(['run', 'record', 'opening', 'record', 'opening']);
    const removed = eventsOf([list, entry], only(each), inTheMiddle);
    expect(removed.events.at(-1)?.payload).toEqual({ ...names, status: 'suspended', payload: [1, 2] });
    // A time travel has begun item 1 anew.
    const anew = { ...records, 'r1/i00001#00001': item(1, { turn: turn({ epoch: 2 }) }) };
    const past = [state(waits(1)), state(item(1, { turn: turn({ epoch: 2 }), ...success }))];
    const traveled = eventsOf([list, entry], { ...known, records: anew, past }, inTheMiddle);
    expect(traveled.events.at(-1)?.payload).toMatchObject({ suspendPayload: 1, suspendedAt: 11 });
  });

  test('that is resumed goes on with the first item that does', () => {
    const goesOn = item(1, { status: 'due', resumeData: stored('yes'), resumedAt: 12 });
    const waiting = [
      ['suspended', 0],
      ['suspended', 1],
      ['resumed', 1],
    ] as const;
    const entries = [
      state(goesOn),
      settled(1, 2, waiting),
      settled(1, 2, [...waiting, ['resumed', 0] as const]),
    ];
    const resumed = {
      id: 'r1/workflow-step-start/00001/1/2',
      type: 'workflow-step-start',
      time: 12,
      payload: {
        ...names,
        status: 'running',
        payload: [1, 2],
        startedAt: 5,
        resumePayload: 'yes',
        resumedAt: 12,
      },
    };
    const hot = eventsOf([list, opened(1, 2), ...entries], only(each));
    expect(hot.events.slice(2)).toMatchObject([resumed]);
    expect(hot.events[2]?.payload).toEqual(resumed.payload);
    expect(hot.asked).toEqual(['run']);
    const records = { 'r1/i00001#00001': goesOn };
    const known = only(each, { records, opening: { ...openingOf(2), tokens: [] } });
    const cold = eventsOf([list, ...entries.slice(1)], known, inTheMiddle);
    expect(cold.events.slice(1)).toMatchObject([resumed]);
    expect(cold.asked).toEqual(['run', 'record', 'opening']);
    const removed = eventsOf([list, ...entries.slice(1)], only(each));
    expect(removed.events[1]?.payload).toEqual({ ...names, status: 'running', payload: [1, 2] });
  });

  test('an item that a time travel kept is silent', () => {
    const entries = [state(item(0, { ...success, kept: true })), settled(1, 3, [['success', 0]])];
    expect(eventsOf(entries, only(each)).events).toEqual([]);
    const records = { 'r1/i00001#00000': item(0, { ...success, kept: true }) };
    expect(eventsOf(entries.slice(1), only(each, { records }), inTheMiddle).events).toEqual([]);
    // It is the last one that the foreach has waited for in this epoch: now it is known that it waits for the other.
    const last = settled(1, 2, [
      ['suspended', 1],
      ['success', 0],
    ]);
    const waiting = state(item(1, { status: 'suspended', suspendedAt: 11 }));
    const { events } = eventsOf([list, opened(1, 2), waiting, entries[0] ?? last, last], only(each));
    expect(events.slice(2)).toMatchObject([
      { type: 'workflow-step-suspended', time: 11, payload: { ...names, status: 'suspended' } },
    ]);
  });

  test.each([
    ['bailed', undefined, 'success', 1],
    ['canceled', undefined, 'failed', 0],
    // Its body canceled the run, and its own result stands.
    ['canceled', 'own', 'success', 1],
  ] as const)('an item that was %s with the output %s shows as %s', (kind, output, shown, completedCount) => {
    const { events } = eventsOf([settled(1, 2, [[kind, 0]], output)], only(each));
    expect(events[0]?.payload).toMatchObject({ iterationStatus: shown, completedCount });
  });

  test('tells nothing where the graph has none', () => {
    expect(eventsOf([opened(0, 1), settled(0, 1, [['success', 0]])], only(each)).events).toEqual([]);
  });
});

describe('nested runs', () => {
  const inner = graphOf('step');
  const outer: Graph = [{ type: 'step', id: 'nest', canSuspend: false }];
  const child = (runId: string, parent: string): RunHeader =>
    header({
      runId,
      workflowId: 'inner',
      root: 'r1',
      parent: { runId: parent, key: { entry: 0 }, turn: '0001.000000.000' },
    });
  const graphs = { w: outer, inner };

  test('are told under the steps that lead to them, however deep', () => {
    const headers = { r1: header(), c1: child('c1', 'r1'), c2: child('c2', 'c1') };
    const { events, asked } = eventsOf(
      [
        { kind: 'run', header: headers.c2 },
        state(record(0, { startedAt: 1 }), 0, 'c2'),
        state(record(0, success), 0, 'c2'),
        { kind: 'run', header: { ...headers.c2, status: 'success' } },
      ],
      { graphs, headers },
    );
    expect(events.map(({ runId, payload }) => [runId, payload['id'], payload['stepCallId']])).toEqual([
      ['r1', 'nest.s0.s0', 'c2/00000/1.0'],
      ['r1', 'nest.s0.s0', 'c2/00000/1.0'],
    ]);
    expect(asked).toEqual(['run', 'run']);
  });

  test('that are none of this run, or were removed, are silent', () => {
    const headers = { r1: header(), c1: child('c1', 'r1') };
    const entries = [state(record(0, success), 0, 'r1'), state(record(0, success), 0, 'gone')];
    expect(eventsOf(entries, { graphs, headers }, { runId: 'c1' }).events).toEqual([]);
    const orphan = { c2: child('c2', 'gone') };
    expect(eventsOf([state(record(0, success), 0, 'c2')], { graphs, headers: orphan }).events).toEqual([]);
  });

  test('that pause have their place say so, without an end', () => {
    const place = record(0, { status: 'paused', startedAt: 10, endedAt: 20, childRunId: 'c1' });
    const { events } = eventsOf([state(place, 1)], { graphs, headers: { r1: header() } });
    expect(events).toMatchObject([
      { type: 'workflow-step-result', payload: { status: 'paused', payload: 1 } },
    ]);
    expect(events[0]?.payload).not.toHaveProperty('endedAt');
  });

  test('at a place that the graph lacks are told under the id of their workflow', () => {
    const lost = header({
      runId: 'c1',
      workflowId: 'inner',
      parent: { runId: 'r1', key: { entry: 9 }, turn: '' },
    });
    const { events } = eventsOf([state(record(0, success), 0, 'c1')], {
      graphs,
      headers: { r1: header(), c1: lost },
    });
    expect(events[0]?.payload).toMatchObject({ id: 'inner.s0' });
  });
});

describe('chunks', () => {
  function chunk(value: unknown, custom = false): LogEntry {
    const key = { entry: 0 };
    return {
      kind: 'chunk',
      id: `c/${JSON.stringify(value)}`,
      runId: 'r1',
      key,
      stepId: 's0',
      custom,
      chunk: stored(value),
      time: 3,
    };
  }
  const finish = { type: 'finish', usage: { inputTokens: 2, outputTokens: 3 } };

  test('are outputs of their step, or events as they are; each is told once', () => {
    const note = { type: 'data-note', data: 1 };
    const { events } = eventsOf([chunk('hi'), chunk('hi'), chunk(note, true)], only(graphOf('step')));
    expect(events).toEqual([
      {
        id: 'c/"hi"',
        type: 'workflow-step-output',
        runId: 'r1',
        from: 'USER',
        time: 3,
        payload: { output: 'hi', runId: 'r1', stepName: 's0' },
      },
      expect.objectContaining({ type: 'custom', from: 'WORKFLOW', payload: note }),
    ]);
  });

  test('of agents add to what the finish says they used, also for a reader who comes back', () => {
    const used = { ...noUsage, inputTokens: 2, outputTokens: 3 };
    const first = eventsOf([chunk(finish)], only(graphOf('step')));
    const position = first.projection.position(4);
    expect(position).toMatchObject({ next: 4, usage: used });
    const cursor = logCursor('r1', position);
    const end = run({ status: 'success', endedBy: 1 });
    const { events, projection } = eventsOf([end], only(graphOf('step')), { cursor });
    expect(events[0]?.payload).toMatchObject({ output: { usage: used } });
    expect(projection.position(5).next).toBe(5);
    expect([first.projection.isOver, projection.isOver]).toEqual([false, true]);
  });
});
