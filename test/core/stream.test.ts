import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/core/graph.ts';
import type { LogEntry } from '../../src/core/history.ts';
import { encodeToken, foldJoin } from '../../src/core/join.ts';
import type { RunHeader, StepRecord } from '../../src/core/records.ts';
import { logCursor } from '../../src/core/stream.ts';
import { TripWire } from '../../src/core/tripwire.ts';
import { noUsage } from '../../src/core/usage.ts';
import { graphOf, header, record, stored, turn } from './builders.ts';
import { lines } from './lifecycle-history.ts';
import { eventsOf, type Stored } from './log-answers.ts';

const graph = graphOf('step', 'step');

function only(one: Graph, more: Partial<Stored> = {}): Stored {
  return { graphs: { w: one }, headers: { r1: header() }, ...more };
}

function run(fields: Partial<RunHeader> = {}, input?: unknown): LogEntry {
  return {
    kind: 'run',
    header: header(fields),
    ...(input === undefined ? {} : { input: { input: stored(input) } }),
  };
}

function state(one: StepRecord, input?: unknown, runId = 'r1'): LogEntry {
  return {
    kind: 'step',
    runId,
    record: one,
    ...(input === undefined ? {} : { input: stored(input) }),
  };
}

const success = { status: 'success', endedAt: 20, startedAt: 10 } as const;

describe('events of the run', () => {
  test('a start, and a finish with what it came to', () => {
    const { events } = eventsOf(
      [run({}, 1), run({ status: 'success', position: '', endedAt: 9, endedBy: 1 })],
      only(graph),
    );
    expect(events).toEqual([
      {
        id: 'r1/workflow-start/1',
        type: 'workflow-start',
        runId: 'r1',
        from: 'WORKFLOW',
        time: 1_000,
        payload: { workflowId: 'w' },
      },
      {
        id: 'r1/workflow-finish/1',
        type: 'workflow-finish',
        runId: 'r1',
        from: 'WORKFLOW',
        time: 9,
        payload: { workflowStatus: 'success', metadata: {}, output: { usage: noUsage } },
      },
    ]);
  });

  test('none of a pending run, nor of what changes no status', () => {
    const pending = header({ status: 'pending' });
    const { startedAt: _, ...never } = pending;
    const position = '00000.000000.0000001';
    const { events } = eventsOf(
      [
        { kind: 'run', header: never },
        run(),
        run({ wakes: 1 }),
        run({ status: 'waiting', position: '00000.000000.0000000' }),
        run({ status: 'suspended', position }),
        run({ status: 'suspended', position, wakes: 1 }),
        run({ status: 'running', position: '00000.000000.0000002' }),
        // What was told before comes again.
        run({ status: 'suspended', position }),
      ],
      only(graph),
    );
    expect(lines(events)).toEqual(['workflow-start', 'workflow-finish']);
    expect(events[1]).toMatchObject({
      id: `r1/workflow-finish/1/${position}`,
      payload: { workflowStatus: 'suspended' },
    });
  });

  test('a cancel, also of a run that was never started', () => {
    const canceled = header({ status: 'canceled', endedBy: -1, endedAt: 5 });
    const { startedAt: _, ...never } = canceled;
    expect(lines(eventsOf([{ kind: 'run', header: never }], only(graph)).events)).toEqual([
      'workflow-canceled',
      'workflow-finish',
    ]);
  });

  test('a pause, and a start of each epoch', () => {
    const { events } = eventsOf(
      [
        run(),
        run({ status: 'paused', position: '00000.000000.9999999' }),
        run({ epoch: 2, from: [[2, 1, 1]] }),
      ],
      only(graph),
    );
    expect(events.map(({ id }) => id)).toEqual([
      'r1/workflow-start/1',
      'r1/workflow-paused/1/00000.000000.9999999',
      'r1/workflow-finish/1/00000.000000.9999999',
      'r1/workflow-start/2',
    ]);
  });

  test('why it failed, when no step did', () => {
    const error = stored(new RangeError('too long'));
    const { events } = eventsOf([run({ status: 'failed', endedBy: 0, error })], only(graph));
    expect(events[0]?.payload).toMatchObject({
      workflowStatus: 'failed',
      metadata: { error: new RangeError('too long'), errorMessage: 'too long' },
    });
  });

  test('what tripped it: said by its step, by itself, or by a step that was read before', () => {
    const trip = stored(new TripWire('rude', { retry: true }));
    const tripped = record(0, { status: 'failed', error: trip, tripwire: true, endedAt: 20 });
    const end = run({ status: 'tripwire', endedBy: 0 });
    const told = { workflowStatus: 'tripwire', metadata: {}, tripwire: { reason: 'rude', retry: true } };
    const [result, finish] = eventsOf([state(tripped), end], only(graph)).events;
    expect(result?.payload).toMatchObject({ status: 'failed', tripwire: { reason: 'rude' } });
    expect(finish?.payload).toMatchObject(told);
    const cold = eventsOf([end], only(graph, { records: { 'r1/00000': tripped } }));
    expect(cold.events[0]?.payload).toMatchObject(told);
    expect(cold.asked).toEqual(['record']);
    const own = eventsOf([run({ status: 'tripwire', endedBy: 0, error: trip })], only(graph));
    expect(own.events[0]?.payload).toMatchObject(told);
    expect(eventsOf([run({ status: 'tripwire', endedBy: 0 })], only(graph)).events[0]?.payload).toEqual({
      workflowStatus: 'tripwire',
      metadata: {},
      output: { usage: noUsage },
    });
  });
});

describe('events of a step', () => {
  const names = { id: 's0', stepName: 's0', stepCallId: '00000/1.0' };

  test('a start with what it executes, and a result', () => {
    const { events, asked } = eventsOf(
      [
        run({}, 'in'),
        state(record(0, { startedAt: 10, inputFrom: -1 }), 'in'),
        state(record(0, { ...success, inputFrom: -1, output: stored('out') })),
        state(record(1, { startedAt: 30, inputFrom: 0 })),
      ],
      only(graph),
    );
    expect(events.slice(1).map(({ id, time }) => [id, time])).toEqual([
      ['r1/workflow-step-start/00000/1.0.0', 10],
      ['r1/workflow-step-result/00000/1.0.0', 20],
      ['r1/workflow-step-start/00001/1.0.0', 30],
    ]);
    expect(events[1]?.payload).toEqual({ ...names, status: 'running', payload: 'in', startedAt: 10 });
    expect(events[2]?.payload).toEqual({
      ...names,
      status: 'success',
      payload: 'in',
      output: 'out',
      startedAt: 10,
      endedAt: 20,
    });
    expect(events[3]?.payload).toMatchObject({ payload: 'out' });
    expect(asked).toEqual([]);
  });

  test('what a reader needs that began in the middle', () => {
    const { events, asked } = eventsOf(
      [
        state(record(1, { ...success, inputFrom: 0, output: stored(2) })),
        state(record(0, { ...success, inputFrom: -1, output: stored(1) })),
      ],
      only(graph, {
        records: { 'r1/00000': record(0, { output: stored('before') }) },
        inputs: { r1: { input: stored('start') } },
      }),
    );
    expect(events.map(({ payload }) => payload['payload'])).toEqual(['before', 'start']);
    expect(asked).toEqual(['run', 'record', 'input']);
    const nothing = eventsOf([state(record(0, success)), state(record(1, { inputFrom: 0 }))], only(graph));
    expect(nothing.events.map(({ payload }) => payload['payload'])).toEqual([undefined, undefined]);
  });

  test('attempts, what is due and a place that the graph lacks are silent', () => {
    const { events } = eventsOf(
      [
        state(record(0, { status: 'due', turn: { attempt: 1 } })),
        state(record(0, { turn: { attempt: 1 } })),
        state(record(1, { status: 'waiting' })),
        state(record(7, {})),
        state({ ...record(0, {}), key: { entry: 0, item: 1 } }),
      ],
      only(graph),
    );
    expect(events).toEqual([]);
  });

  test('a suspension, a resumption and a failure with their values', () => {
    const asked = record(0, {
      status: 'suspended',
      startedAt: 10,
      suspendedAt: 15,
      input: stored('in'),
      suspendPayload: stored('why'),
      suspendOutput: stored('so far'),
    });
    const resumed = {
      ...asked,
      turn: turn({ generation: 1 }),
      status: 'running',
      resumedAt: 18,
      resumeData: stored('go'),
    } as const;
    const failed = {
      ...resumed,
      status: 'failed',
      error: stored(new TypeError('no')),
      nonRetryable: true,
      endedAt: 20,
    } as const;
    const { events } = eventsOf([state(asked), state(resumed), state(failed)], only(graph));
    const begun = { ...names, payload: 'in', startedAt: 10 };
    const suspension = { suspendPayload: 'why', suspendOutput: 'so far', suspendedAt: 15 };
    const resumption = { resumePayload: 'go', resumedAt: 18 };
    expect(events.map(({ type, time, payload }) => [type, time, payload])).toEqual([
      ['workflow-step-suspended', 15, { ...begun, status: 'suspended', ...suspension }],
      ['workflow-step-start', 18, { ...begun, status: 'running', ...resumption }],
      [
        'workflow-step-result',
        20,
        {
          ...begun,
          ...suspension,
          ...resumption,
          status: 'failed',
          error: new TypeError('no'),
          nonRetryable: true,
          endedAt: 20,
        },
      ],
    ]);
    expect(events.map(({ id }) => id)).toEqual([
      'r1/workflow-step-suspended/00000/1.0.0',
      'r1/workflow-step-start/00000/1.0.1',
      'r1/workflow-step-result/00000/1.0.1',
    ]);
  });

  test('a bail is no ordinary success', () => {
    const bailed = record(0, { ...success, bailed: true, output: stored(1) });
    expect(eventsOf([state(bailed)], only(graph)).events[0]?.payload).toMatchObject({
      status: 'bailed',
      output: 1,
    });
  });

  test('each iteration of a loop by itself, whose input is the output of the one before', () => {
    const loop = graphOf('loop');
    const later = record(0, {
      ...success,
      turn: { iteration: 1 },
      input: stored(1),
      output: stored(2),
      inputFrom: 0,
    });
    const { events } = eventsOf(
      [
        state(record(0, { ...success, inputFrom: -1, output: stored(1) }), 0),
        state(record(0, { turn: { iteration: 1 }, inputFrom: 0 }), 1),
        state(later),
      ],
      only(loop),
    );
    expect(
      events.map(({ payload }) => [payload['stepCallId'], payload['metadata'], payload['payload']]),
    ).toEqual([
      ['00000/1.0', { iterationCount: 1 }, 0],
      ['00000/1.1', { iterationCount: 2 }, 1],
      ['00000/1.1', { iterationCount: 2 }, 1],
    ]);
  });

  test.each(['sleep', 'sleepUntil'] as const)('a %s waits and ends, without a call', (type) => {
    const sleeping: Graph = [{ type, id: 's0', time: '5' }];
    const { events } = eventsOf(
      [
        state(record(0, { status: 'waiting', startedAt: 10 }), 'in'),
        state(record(0, { ...success, output: stored('in') })),
      ],
      only(sleeping),
    );
    const own = { id: 's0', stepName: 's0' };
    expect(events.map(({ type: told, payload }) => [told, payload])).toEqual([
      ['workflow-step-waiting', { ...own, status: 'waiting', payload: 'in', startedAt: 10 }],
      ['workflow-step-result', { ...own, status: 'success', output: 'in', endedAt: 20 }],
    ]);
  });

  test('a block is silent, its arms are not', () => {
    const block = graphOf(['parallel', 2]);
    const { events } = eventsOf(
      [
        opened(0, 2),
        state(record([0, 1], { startedAt: 1 }), 0),
        settled(0, 2, [['success', 1]]),
        state(record(0, { ...success, stepId: 'parallel_0' })),
      ],
      only(block),
    );
    expect(lines(events)).toEqual(['workflow-step-start s0.1']);
  });

  test('what a time travel keeps is not told again, until it is resumed', () => {
    const kept = record(0, { ...success, turn: { epoch: 2 }, kept: true, output: stored(1) });
    const resumed = record(0, { turn: { epoch: 2, generation: 1 }, kept: true });
    const { events } = eventsOf([state(kept), state(resumed)], only(graph));
    expect(lines(events)).toEqual(['workflow-step-start s0']);
  });
});

const each: Graph = [
  { type: 'step', id: 'list', canSuspend: false },
  { type: 'foreach', step: { id: 'item', canSuspend: true }, concurrency: '1' },
];

function opened(entry: number, total: number): LogEntry {
  const opening = { turn: turn(), total, concurrency: 1, openedAt: 5 };
  return { kind: 'opened', runId: 'r1', entry, epoch: 1, opening };
}

/** The last of these settlements. */
function settled(
  entry: number,
  total: number,
  settlements: readonly (readonly [Parameters<typeof encodeToken>[0]['kind'], number])[],
  output?: unknown,
): LogEntry {
  const tokens = settlements.map(([kind, member]) =>
    encodeToken({ kind, member, generation: 0, hasDelta: false }),
  );
  return {
    kind: 'settled',
    runId: 'r1',
    entry,
    epoch: 1,
    token: tokens.at(-1) ?? 0,
    position: tokens.length - 1,
    total,
    after: foldJoin({ total, concurrency: total }, tokens),
    ...(output === undefined ? {} : { output: stored(output) }),
  };
}

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
      startedAt: 1,
      suspendPayload: 'item 0',
      suspendedAt: 10,
    };
    const hot = eventsOf([list, state(waits(1)), state(waits(0)), suspended], only(each));
    expect(hot.events.at(-1)).toMatchObject({
      id: 'r1/workflow-step-suspended/00001/1/1',
      type: 'workflow-step-suspended',
      time: 10,
      payload: first,
    });
    expect(hot.asked).not.toContain('items');
    const gone = { ...waits(0), status: 'success' } as const;
    const cold = eventsOf([list, suspended], only(each, { items: [gone, waits(1), item(2, success)] }));
    expect(cold.events.at(-1)?.payload).toEqual(first);
    expect(cold.asked).toContain('items');
    const removed = eventsOf([list, suspended], only(each));
    expect(removed.events.at(-1)?.payload).toEqual({ ...names, status: 'suspended', payload: [1, 2] });
  });

  test('an item that goes on, and one that a time travel kept, are silent', () => {
    const { events } = eventsOf(
      [
        state(item(0, { ...success, kept: true })),
        settled(1, 3, [['success', 0]]),
        settled(1, 3, [
          ['suspended', 1],
          ['resumed', 1],
        ]),
      ],
      only(each),
    );
    expect(events).toEqual([]);
  });

  test.each([
    ['bailed', 'success'],
    ['canceled', 'failed'],
  ] as const)('an item that was %s shows as %s', (kind, shown) => {
    const { events } = eventsOf([settled(1, 2, [[kind, 0]])], only(each));
    expect(events[0]?.payload).toMatchObject({ iterationStatus: shown });
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
    const { events } = eventsOf([chunk('hi'), chunk('hi'), chunk(note, true)], only(graph));
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
    const first = eventsOf([chunk(finish)], only(graph));
    const position = first.projection.position(4);
    expect(position).toMatchObject({ next: 4, usage: used });
    const cursor = logCursor('r1', position);
    const end = run({ status: 'success', endedBy: 1 });
    const { events, projection } = eventsOf([end], only(graph), { cursor });
    expect(events[0]?.payload).toMatchObject({ output: { usage: used } });
    expect(projection.position(5).next).toBe(5);
  });
});
