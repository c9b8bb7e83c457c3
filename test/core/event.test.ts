import { describe, expect, test } from 'vitest';
import {
  deadlineEvent,
  eventTypes,
  keyOfPath,
  runEvent,
  stepEvent,
  suspendedAt,
} from '../../src/core/event.ts';
import type { Graph } from '../../src/core/graph.ts';
import { limits } from '../../src/core/limits.ts';
import { keyAt, turn } from './builders.ts';

const base = { workflowId: 'w', runId: 'r1', epoch: 2, hop: 3, time: 1_000 };
const at = { key: keyAt([4, 1]), turn: turn({ epoch: 2 }), stepId: 'ask' };

describe('the event of a step', () => {
  test('says what happened where, and nothing else', () => {
    expect(stepEvent(base, 'workflow.step.run', at)).toEqual({
      format: 1,
      id: 'r1/workflow.step.run/00004#01/0002.000000.0000.000',
      type: 'workflow.step.run',
      work: true,
      workflowId: 'w',
      runId: 'r1',
      epoch: 2,
      path: [4, 1],
      turn: '0002.000000.0000.000',
      stepId: 'ask',
      hop: 3,
      time: 1_000,
    });
  });

  test('carries status, predecessor and due time when it has them', () => {
    const prev = { path: [3], status: 'success' } as const;
    expect(stepEvent(base, 'workflow.step.run', { ...at, prev, dueAt: 2_000 })).toMatchObject({
      prev,
      dueAt: 2_000,
    });
    expect(stepEvent(base, 'workflow.step.end', { ...at, status: 'failed' })).toMatchObject({
      id: 'r1/workflow.step.end/00004#01/0002.000000.0000.000/failed',
      status: 'failed',
      work: false,
    });
    expect(stepEvent(base, 'workflow.step.run', { ...at, dueAt: undefined })).not.toHaveProperty('dueAt');
    expect(stepEvent(base, 'workflow.step.run', { ...at, restartedAt: 7 })).toMatchObject({ restartedAt: 7 });
  });
});

describe('the event of a run', () => {
  test('has no place', () => {
    expect(runEvent(base, 'workflow.end', 'success')).toEqual({
      format: 1,
      id: 'r1/workflow.end/2',
      type: 'workflow.end',
      work: false,
      workflowId: 'w',
      runId: 'r1',
      epoch: 2,
      path: [],
      status: 'success',
      hop: 3,
      time: 1_000,
    });
  });

  test('is told from others of its kind in the same epoch by a mark', () => {
    const [first, second] = ['00001.000000.0000001', '00001.000000.0000003'].map((position) =>
      runEvent(base, 'workflow.suspend', 'suspended', { mark: position }),
    );
    expect(first?.id).toBe('r1/workflow.suspend/2/00001.000000.0000001');
    expect(second?.id).not.toBe(first?.id);
  });

  test('says at which position the run was suspended, and nothing of the kind otherwise', () => {
    const mark = '00001.000000.0000001';
    expect(suspendedAt(runEvent(base, 'workflow.suspend', 'suspended', { mark }))).toBe(mark);
    expect(suspendedAt(runEvent(base, 'workflow.suspend', 'suspended'))).toBeUndefined();
    expect(suspendedAt(runEvent(base, 'workflow.suspend', 'paused', { mark }))).toBeUndefined();
    expect(suspendedAt(runEvent(base, 'workflow.end', 'success', { mark }))).toBeUndefined();
  });

  test('only what a worker has to do goes to the work queue', () => {
    const types = [
      'workflow.start',
      'workflow.suspend',
      'workflow.end',
      'workflow.fail',
      'workflow.cancel',
      'workflow.resume',
    ] as const;
    expect(types.filter((type) => runEvent(base, type, 'running').work)).toEqual(['workflow.cancel']);
    const steps = ['workflow.step.run', 'workflow.step.end'] as const;
    expect(steps.filter((type) => stepEvent(base, type, at).work)).toEqual(['workflow.step.run']);
    expect(deadlineEvent(base, 9_000)).toMatchObject({
      type: 'workflow.timeout',
      work: true,
      dueAt: 9_000,
      path: [],
    });
    expect(new Set([...types, ...steps, 'workflow.timeout'])).toEqual(new Set(eventTypes));
  });

  test('what somebody has to do something about, or a nested run tells its parent', () => {
    expect(runEvent(base, 'workflow.end', 'success', { work: true })).toMatchObject({ work: true });
    const parent = { runId: 'r0', path: [1] };
    expect(runEvent(base, 'workflow.suspend', 'suspended', { parent })).toMatchObject({
      work: true,
      parent,
    });
  });
});

describe('the id of an event', () => {
  test('is the same whoever publishes the fact, and when', () => {
    const again = { ...base, hop: 9, time: 5_000 };
    expect(stepEvent(again, 'workflow.step.run', at).id).toBe(stepEvent(base, 'workflow.step.run', at).id);
    expect(runEvent(again, 'workflow.start', 'running').id).toBe(
      runEvent(base, 'workflow.start', 'running').id,
    );
  });

  test('differs between facts', () => {
    const ids = [
      stepEvent(base, 'workflow.step.run', at),
      stepEvent({ ...base, runId: 'r2' }, 'workflow.step.run', at),
      stepEvent(base, 'workflow.step.run', { ...at, to: 9 }),
      runEvent(base, 'workflow.resume', 'running'),
      stepEvent(base, 'workflow.step.run', { ...at, key: keyAt(4) }),
      stepEvent(base, 'workflow.step.run', { ...at, turn: turn({ epoch: 2, attempt: 1 }) }),
      stepEvent(base, 'workflow.step.end', { ...at, status: 'success' }),
      stepEvent(base, 'workflow.step.end', { ...at, status: 'suspended' }),
      runEvent(base, 'workflow.start', 'running'),
      runEvent({ ...base, epoch: 3 }, 'workflow.start', 'running'),
    ].map((event) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('an event stays under 2 KB with the longest ids and numbers', () => {
  const wide = {
    workflowId: 'w'.repeat(limits.idLength),
    runId: 'r'.repeat(limits.idLength),
    epoch: limits.epochs,
    hop: limits.hops,
    time: 9_999_999_999_999,
  };
  const largest = stepEvent(wide, 'workflow.step.run', {
    key: { entry: limits.entries - 1, arm: limits.arms - 1 },
    turn: turn({ epoch: 9_999, iteration: 999_999, generation: 9_999, attempt: 999 }),
    stepId: 's'.repeat(limits.idLength),
    status: 'suspended',
    prev: { path: [99_998, 99], status: 'suspended' },
    dueAt: 9_999_999_999_999,
  });
  expect(Buffer.byteLength(JSON.stringify(largest))).toBeLessThan(2_048);
});

describe('the record that a path means', () => {
  const graph: Graph = [{ type: 'foreach', step: { id: 'each', canSuspend: false }, concurrency: '1' }];

  test.each([
    [[3], { entry: 3 }],
    [[3, 0], { entry: 3, arm: 0 }],
    [[0, 7], { entry: 0, item: 7 }],
  ])('%j', (path, key) => {
    expect(keyOfPath(path, graph)).toEqual(key);
  });

  test.each([[[]], [[1, 2, 3]], [[-1]], [[0.5]], [[Number.NaN]], [[1, -1]], [[1, 1.5]], [['1']]])(
    'none for %j',
    (path) => {
      expect(keyOfPath(path as number[], graph)).toBeUndefined();
    },
  );
});
