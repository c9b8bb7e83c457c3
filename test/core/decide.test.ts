import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admit,
  afterFailure,
  afterLostClaim,
  entryDuty,
  memberKey,
  membersOf,
  predecessorStands,
  resumedTurn,
  resumptionOrder,
  settlementOf,
  startVerdict,
  suspensionOrder,
} from '../../src/core/decide.ts';
import { settlementKinds } from '../../src/core/join.ts';
import type { RunStatus, StepRecord, StepStatus } from '../../src/core/records.ts';
import { parseTurn } from '../../src/core/turn.ts';
import { graphOf, header, keyAt, record, stored, turn } from './builders.ts';

const live: readonly RunStatus[] = ['running', 'waiting', 'suspended', 'paused'];
const over: readonly RunStatus[] = ['success', 'failed', 'tripwire', 'canceled'];

describe('whether an event of a record is handled', () => {
  const event = { epoch: 2, key: keyAt(3) };

  test('given no run, then it is dropped', () => {
    expect(admit(undefined, event)).toEqual({ type: 'drop', reason: 'unknown-run' });
  });

  test('given a run in a later epoch, then the event is stale', () => {
    expect(admit(header({ epoch: 3 }), event)).toEqual({ type: 'drop', reason: 'stale-epoch' });
    expect(admit(header({ epoch: 3, status: 'success', endedBy: 3 }), event).type).toBe('drop');
  });

  test('given a run in an earlier epoch, then the event is forged: its turn would beat every real one', () => {
    expect(admit(header({ epoch: 1 }), event)).toEqual({ type: 'drop', reason: 'future-epoch' });
  });

  test('given a run that was not started, then it is dropped', () => {
    expect(admit(header({ epoch: 2, status: 'pending' }), event)).toEqual({
      type: 'drop',
      reason: 'run-pending',
    });
  });

  test.each(live)('given a run that is %s, then it is handled', (status) => {
    expect(admit(header({ epoch: 2, status }), event)).toEqual({ type: 'go' });
  });

  test.each(over)('given a run that is over (%s) by another entry, then it is dropped', (status) => {
    expect(admit(header({ epoch: 2, status, endedBy: 2 }), event)).toEqual({
      type: 'drop',
      reason: 'run-over',
    });
    expect(admit(header({ epoch: 2, status, endedBy: -1 }), event)).toEqual({
      type: 'drop',
      reason: 'run-over',
    });
  });

  test.each(over)('given a run that this entry ended (%s), then its end is announced again', (status) => {
    expect(admit(header({ epoch: 2, status, endedBy: 3 }), event)).toEqual({ type: 'announce-end' });
  });
});

describe('whether the entry before stands', () => {
  const run = header({ epoch: 2, from: [[2, 2, 2]] });

  test('the first entry needs none', () => {
    expect(predecessorStands(run, 0, undefined)).toBe(true);
  });

  test('given none, then the event is early or forged', () => {
    expect(predecessorStands(run, 2, undefined)).toBe(false);
  });

  const others: readonly StepStatus[] = [
    'running',
    'due',
    'child',
    'waiting',
    'suspended',
    'failed',
    'skipped',
    'canceled',
  ];
  test.each(others)('given one that is %s, then it does not', (status) => {
    expect(predecessorStands(run, 2, record(1, { status }))).toBe(false);
  });

  test('given one that succeeded, then it does as long as it counts', () => {
    expect(predecessorStands(run, 2, record(1, { status: 'success' }))).toBe(true);
    expect(predecessorStands(run, 3, record(2, { status: 'success' }))).toBe(false);
    expect(predecessorStands(run, 3, record(2, { status: 'success', turn: { epoch: 2 } }))).toBe(true);
  });
});

describe('what follows when a claim was lost', () => {
  const mine = turn({ generation: 1, attempt: 1 });
  const clock = { now: 100_000, skewMs: 10_000 };
  const at = (fields: Parameters<typeof record>[1]): StepRecord =>
    record(1, { turn: { generation: 1, attempt: 1 }, ...fields });

  test('given no record, then the turn never was', () => {
    expect(afterLostClaim(undefined, mine, clock)).toEqual({ type: 'drop', reason: 'stale-turn' });
  });

  test('given an earlier turn, then this one is not decided yet', () => {
    const image = at({ turn: { generation: 1 }, status: 'due', dueAt: 5 });
    expect(afterLostClaim(image, mine, clock)).toEqual({ type: 'drop', reason: 'stale-turn' });
  });

  test('given a later turn that is due, then that one is published', () => {
    const image = at({ turn: { generation: 1, attempt: 2 }, status: 'due', dueAt: 120_000 });
    expect(afterLostClaim(image, mine, clock)).toEqual({
      type: 'publish-turn',
      turn: turn({ generation: 1, attempt: 2 }),
      dueAt: 120_000,
    });
  });

  test('given this very turn, still due, then it is published again', () => {
    expect(afterLostClaim(at({ status: 'due' }), mine, clock)).toEqual({
      type: 'publish-turn',
      turn: mine,
      dueAt: undefined,
    });
  });

  const rest: readonly StepStatus[] = [
    'running',
    'child',
    'waiting',
    'suspended',
    'success',
    'failed',
    'skipped',
    'canceled',
  ];
  test.each(rest)('given a later turn that is %s, then nothing is left to do for this one', (status) => {
    const image = at({ turn: { generation: 2 }, status, leaseUntil: 0 });
    expect(afterLostClaim(image, mine, clock)).toEqual({ type: 'drop', reason: 'stale-turn' });
  });

  const outcomes: readonly StepStatus[] = [
    'success',
    'failed',
    'suspended',
    'child',
    'waiting',
    'skipped',
    'canceled',
  ];
  test.each(outcomes)('given the outcome of this turn (%s), then its duty is done as a loser', (status) => {
    expect(afterLostClaim(at({ status }), mine, clock)).toEqual({ type: 'duty' });
  });

  test('given a live lease, then it probes at the end of the lease', () => {
    const image = at({ owner: 'other/1', leaseUntil: 130_000 });
    expect(afterLostClaim(image, mine, clock)).toEqual({ type: 'probe', at: 140_001 });
  });

  test('given a lease that ended less than the skew of clocks ago, then it still counts as live', () => {
    const image = at({ owner: 'other/1', leaseUntil: 90_000 });
    expect(afterLostClaim(image, mine, clock)).toEqual({ type: 'probe', at: 100_001 });
  });

  test('given a lease that ended, then the turn is taken over from whom it saw', () => {
    const image = at({ owner: 'other/1', leaseUntil: 89_999 });
    expect(afterLostClaim(image, mine, clock)).toEqual({ type: 'take-over', seenOwner: 'other/1' });
  });

  test('a probe finds a lease that was not renewed ended', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e13 }),
        fc.nat(1e6),
        fc.nat(1e6),
        (leaseUntil, skewMs, before) => {
          const image = at({ owner: 'other/1', leaseUntil });
          const now = leaseUntil + skewMs - before;
          const verdict = afterLostClaim(image, mine, { now, skewMs });
          if (verdict.type !== 'probe') throw new Error('the lease is live');
          expect(verdict.at).toBeGreaterThan(now);
          expect(afterLostClaim(image, mine, { now: verdict.at, skewMs }).type).toBe('take-over');
        },
      ),
    );
  });

  test.each([{ leaseUntil: 0, owner: 'other/1' }, { owner: 'other/1' }])(
    'given a void lease %j, then it is taken over at once, whatever the clocks say',
    (lease) => {
      const verdict = { type: 'take-over', seenOwner: 'other/1' };
      expect(afterLostClaim(at(lease), mine, { now: 0, skewMs: 10_000 })).toEqual(verdict);
      expect(afterLostClaim(at(lease), mine, clock)).toEqual(verdict);
    },
  );

  test('given a record that names no owner, then nobody can have been seen', () => {
    expect(afterLostClaim(at({ leaseUntil: 0 }), mine, clock)).toEqual({ type: 'take-over', seenOwner: '' });
  });
});

describe('what follows an attempt that failed', () => {
  const again = { nonRetryable: false, now: 1_000 };

  test('given attempts are left, then the next one is due after the delay', () => {
    const failed = parseTurn(turn({ iteration: 3, generation: 1, attempt: 1 }));
    expect(afterFailure(failed, { retries: 2, delayMs: 500 }, again)).toEqual({
      type: 'retry',
      nextTurn: turn({ iteration: 3, generation: 1, attempt: 2 }),
      dueAt: 1_500,
    });
  });

  test('given it was the last one, then the step fails', () => {
    const failed = parseTurn(turn({ attempt: 2 }));
    expect(afterFailure(failed, { retries: 2, delayMs: 0 }, again)).toEqual({ type: 'fail' });
    expect(afterFailure(parseTurn(turn()), { retries: 0, delayMs: 0 }, again)).toEqual({ type: 'fail' });
  });

  test('given the error forbids it, then there is no retry', () => {
    const failure = { nonRetryable: true, now: 1_000 };
    expect(afterFailure(parseTurn(turn()), { retries: 2, delayMs: 0 }, failure)).toEqual({ type: 'fail' });
  });

  test('given more retries than a turn can count, then the last one it can count fails the step', () => {
    const last = parseTurn(turn({ attempt: 999 }));
    expect(afterFailure(last, { retries: Number.POSITIVE_INFINITY, delayMs: 0 }, again)).toEqual({
      type: 'fail',
    });
  });
});

describe('the turn of a resumption', () => {
  test('is the next generation, whose attempts start anew', () => {
    expect(resumedTurn(turn({ epoch: 2, iteration: 3, generation: 1, attempt: 4 }))).toBe(
      turn({ epoch: 2, iteration: 3, generation: 2 }),
    );
  });

  test('beats every attempt of the one before', () => {
    expect(resumedTurn(turn({ attempt: 5 })) > turn({ attempt: 999 })).toBe(true);
  });

  test('is refused when no more can be counted', () => {
    expect(() => resumedTurn(turn({ generation: 9_999 }))).toThrow(
      expect.objectContaining({ code: 'WORKFLOW_LIMIT_EXCEEDED' }),
    );
  });
});

describe('what the record of an entry implies', () => {
  const graph = graphOf('step', 'step');

  test.each([
    [record(0, { status: 'success' }), { type: 'advance', to: 1 }],
    [record(1, { status: 'success' }), { type: 'finish', status: 'success' }],
    [record(0, { status: 'success', bailed: true }), { type: 'finish', status: 'success' }],
    [record(0, { status: 'failed' }), { type: 'finish', status: 'failed' }],
    [record(0, { status: 'canceled' }), { type: 'finish', status: 'canceled' }],
    [record(0, { status: 'suspended' }), { type: 'suspend', k: 1 }],
    [record(0, { status: 'suspended', turn: { generation: 3 } }), { type: 'suspend', k: 7 }],
    [
      record(0, { status: 'due', dueAt: 9, turn: { attempt: 1 } }),
      { type: 'run', turn: turn({ attempt: 1 }), dueAt: 9 },
    ],
    [
      record(0, { status: 'due', turn: { generation: 1 } }),
      { type: 'run', turn: turn({ generation: 1 }), dueAt: undefined },
    ],
    [record(0, { status: 'running' }), { type: 'none' }],
    [record(0, { status: 'waiting' }), { type: 'wait', dueAt: 0 }],
    [record(0, { status: 'waiting', dueAt: 9 }), { type: 'wait', dueAt: 9 }],
    [record(0, { status: 'success', aborted: true }), { type: 'finish', status: 'canceled' }],
    [
      record(0, { status: 'success', again: true, turn: { iteration: 3, generation: 2, attempt: 1 } }),
      { type: 'iterate', turn: turn({ iteration: 4 }) },
    ],
    [record(0, { status: 'child' }), { type: 'none' }],
  ])('%j', (image, duty) => {
    expect(entryDuty(graph, image)).toEqual(duty);
  });

  test('suspensions and resumptions of an entry are ordered as they happen', () => {
    const ks = [0, 1, 2].flatMap((generation) => [
      resumptionOrder(turn({ generation })),
      suspensionOrder(turn({ generation })),
    ]);
    expect(ks).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('the newest settlement of a member', () => {
  const resumed = { resumeRequest: 'q' };
  test.each([
    [record([1, 2], { status: 'success' }), { generation: 0, kind: 'success', hasDelta: false, member: 2 }],
    [record([1, 2], { status: 'failed' }), { generation: 0, kind: 'failed', hasDelta: false, member: 2 }],
    [record([1, 2], { status: 'canceled' }), { generation: 0, kind: 'canceled', hasDelta: false, member: 2 }],
    [
      record([1, 2], { status: 'success', bailed: true }),
      { generation: 0, kind: 'bailed', hasDelta: false, member: 2 },
    ],
    [
      record([1, 0], { status: 'suspended', turn: { generation: 2 }, delta: stored({ state: {} }) }),
      { generation: 2, kind: 'suspended', hasDelta: true, member: 0 },
    ],
    [
      record([1, 0], { status: 'due', turn: { generation: 1 }, ...resumed, delta: stored({ state: {} }) }),
      { generation: 1, kind: 'resumed', hasDelta: false, member: 0 },
    ],
    [
      record([1, 0], { status: 'running', turn: { generation: 1, attempt: 2 }, ...resumed }),
      { generation: 1, kind: 'resumed', hasDelta: false, member: 0 },
    ],
    [
      record([1, 0], { status: 'child', turn: { generation: 1 }, childRunId: 'c' }),
      { generation: 1, kind: 'resumed', hasDelta: false, member: 0 },
    ],
    // A time travel gave it what it was to be resumed with: nobody has seen it suspended in this epoch.
    [record([1, 0], { status: 'due', turn: { generation: 1 } }), undefined],
    [record([1, 0], { status: 'running' }), undefined],
    [record([1, 0], { status: 'due', turn: { attempt: 1 } }), undefined],
    [record([1, 0], { status: 'waiting' }), undefined],
    [record([1, 0], { status: 'child' }), undefined],
    [record([1, 0], { status: 'skipped' }), undefined],
    [record(1, { status: 'success' }), { generation: 0, kind: 'success', hasDelta: false, member: 0 }],
  ])('%j', (image, settlement) => {
    expect(settlementOf(image)).toEqual(settlement);
  });

  test('is one of those that a token can hold', () => {
    const statuses: readonly StepStatus[] = ['running', 'due', 'suspended', 'success', 'failed', 'canceled'];
    const kinds = statuses.map(
      (status) => settlementOf(record([0, 0], { status, turn: { generation: 1 }, ...resumed }))?.kind,
    );
    expect(settlementKinds).toEqual(expect.arrayContaining(kinds));
  });
});

describe('the members of a block', () => {
  test('all of them, or those that a branch took', () => {
    expect(membersOf({ total: 3 })).toEqual([0, 1, 2]);
    expect(membersOf({ total: 2, taken: [0, 2] })).toEqual([0, 2]);
    expect(membersOf({ total: 0, taken: [] })).toEqual([]);
    expect(membersOf({ total: 3 }, { from: 1, count: 5 })).toEqual([1, 2]);
    expect(membersOf({ total: 3 }, { from: 4, count: 1 })).toEqual([]);
    expect(membersOf({ total: 2, taken: [3, 5] }, { from: 1, count: 1 })).toEqual([5]);
  });

  test('are items of a foreach and arms of any other block', () => {
    const graph = graphOf('foreach', ['parallel', 2]);
    expect(memberKey(graph, 0, 7)).toEqual({ entry: 0, item: 7 });
    expect(memberKey(graph, 1, 1)).toEqual({ entry: 1, arm: 1 });
  });
});

describe('a request to start a run that is there already', () => {
  const run = { owner: 'me', inputHash: 'h', workflowId: 'w', epoch: 1 };

  test('by its owner with the same input is the same', () => {
    expect(startVerdict(run, { ...run })).toBe('same');
    const open = { inputHash: 'h', workflowId: 'w', epoch: 1 };
    expect(startVerdict(open, open)).toBe('same');
  });

  test('with another input, or of another workflow, is a conflict', () => {
    expect(startVerdict(run, { ...run, inputHash: 'x' })).toBe('conflict');
    expect(startVerdict(run, { ...run, workflowId: 'x' })).toBe('conflict');
  });

  test('that has traveled in time since is the same whatever it was started with', () => {
    expect(startVerdict({ ...run, epoch: 2 }, { ...run, inputHash: 'x' })).toBe('same');
    expect(startVerdict({ ...run, epoch: 2 }, { ...run, workflowId: 'x' })).toBe('conflict');
  });

  test('by anybody else is forbidden, and tells nothing more', () => {
    expect(startVerdict(run, { ...run, owner: 'you' })).toBe('forbidden');
    expect(startVerdict(run, { ...run, owner: 'you', inputHash: 'x' })).toBe('forbidden');
    expect(startVerdict(run, { inputHash: 'h', workflowId: 'w' })).toBe('forbidden');
  });
});
