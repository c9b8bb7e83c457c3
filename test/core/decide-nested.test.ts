import { describe, expect, test } from 'vitest';
import { type ChildFollow, entryDuty, followOf } from '../../src/core/decide.ts';
import type { RunStatus } from '../../src/core/records.ts';
import { baseTurn } from '../../src/core/turn.ts';
import { graphOf, header, record, turn } from './builders.ts';

describe('a record that waits for a nested run', () => {
  const child = (status: RunStatus, at = turn({ attempt: 1 })) =>
    header({ status, parent: { runId: 'r1', key: { entry: 0 }, turn: baseTurn(at) } });
  const waits = record(0, { status: 'child', turn: { attempt: 1 } });

  test.each<[RunStatus, ChildFollow]>([
    ['pending', { type: 'none' }],
    ['running', { type: 'none' }],
    ['waiting', { type: 'none' }],
    ['suspended', { type: 'suspend' }],
    ['paused', { type: 'pause' }],
    ['success', { type: 'end', status: 'success' }],
    ['failed', { type: 'end', status: 'failed' }],
    ['tripwire', { type: 'end', status: 'tripwire' }],
    ['canceled', { type: 'end', status: 'canceled' }],
  ])('follows one that is %s', (status, follow) => {
    expect(followOf(waits, child(status))).toEqual(follow);
  });

  test('goes on in the next generation of the same attempt when the run does', () => {
    const suspended = record(0, { status: 'suspended', turn: { attempt: 1 } });
    expect(followOf(suspended, child('suspended'))).toEqual({ type: 'none' });
    for (const status of ['running', 'success'] as const) {
      expect(followOf(suspended, child(status))).toEqual({
        type: 'run',
        nextTurn: turn({ attempt: 1, generation: 1 }),
      });
    }
  });

  test('has nothing to do with the run of another attempt, or when it waits no more', () => {
    expect(followOf(waits, child('success', turn({ attempt: 2 })))).toEqual({ type: 'none' });
    expect(followOf(record(0, { status: 'success', turn: { attempt: 1 } }), child('success'))).toEqual({
      type: 'none',
    });
  });

  test('implies nothing at first, and that the run runs again after a suspension', () => {
    const graph = graphOf('step');
    expect(entryDuty(graph, record(0, { status: 'child' }))).toEqual({ type: 'none' });
    expect(entryDuty(graph, record(0, { status: 'child', turn: { generation: 1 } }))).toEqual({
      type: 'resumed',
    });
    expect(entryDuty(graph, record(0, { status: 'paused' }))).toEqual({ type: 'pause' });
    expect(entryDuty(graph, record(0, { status: 'failed', tripwire: true }))).toEqual({
      type: 'finish',
      status: 'tripwire',
    });
  });
});
