import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/core/graph.ts';
import { TripWire } from '../../src/core/tripwire.ts';
import { noUsage } from '../../src/core/usage.ts';
import { graphOf, header, record, stored, turn } from './builders.ts';
import { lines } from './lifecycle-history.ts';
import { eventsOf, only, opened, run, settled, state, success } from './log-answers.ts';

const graph = graphOf('step', 'step');

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
    expect(asked).toEqual(['run', 'record', 'input', 'run']);
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
