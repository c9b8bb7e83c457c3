import { describe, expect, test } from 'vitest';
import { assembleSnapshot, assembleState } from '../../src/core/assemble.ts';
import { deadlineFrom, isOverdue, sweepByDeadline } from '../../src/core/deadline.ts';
import { type RunHeader, type RunStatus, runStatuses, terminalStatuses } from '../../src/core/records.ts';
import { needsWork, planSweep, standsStill, stuckAfter } from '../../src/core/sweep.ts';
import { graphOf, header, record, view } from './builders.ts';

const at = (deadlineAt: number | undefined, status: RunStatus = 'running') =>
  header({ status, ...(deadlineAt === undefined ? {} : { deadlineAt }) });

test('a deadline is counted from the beginning of an epoch', () => {
  expect(deadlineFrom(5_000, 1_000)).toEqual({ deadlineAt: 6_000 });
  expect(deadlineFrom(undefined, 1_000)).toEqual({});
});

test('a run is overdue from its deadline on, whatever it does, until it is over', () => {
  expect(isOverdue(at(6_000), 5_999)).toBe(false);
  expect(isOverdue(at(undefined), Number.MAX_SAFE_INTEGER)).toBe(false);
  for (const status of runStatuses) {
    expect([status, isOverdue(at(6_000, status), 6_000)]).toEqual([status, !terminalStatuses.has(status)]);
  }
});

test('a run that is not over is looked at soon after its deadline, also when nothing else asks for it', () => {
  expect(sweepByDeadline(at(6_000, 'suspended'), null, 100)).toBe(6_100);
  expect(sweepByDeadline(at(6_000), 9_000, 100)).toBe(6_100);
  expect(sweepByDeadline(at(6_000), 2_000, 100)).toBe(2_000);
  expect(sweepByDeadline(at(undefined), null, 100)).toBeNull();
  expect(sweepByDeadline(at(undefined), 9_000, 100)).toBe(9_000);
  expect(sweepByDeadline(at(6_000, 'failed'), null, 100)).toBeNull();
});

const now = 10_000_000;

function plan(of: RunHeader): ReturnType<typeof planSweep> {
  const records = [record(0, { status: 'success', endedAt: now })];
  return planSweep({ header: of, records, graph: graphOf('step', 'step') }, { now, skewMs: 10_000 });
}

describe('a run whose deadline has passed', () => {
  const actions = [{ type: 'time-out' }];

  test('is ended, whatever else there is to do', () => {
    for (const status of ['running', 'waiting', 'suspended', 'paused'] as const) {
      const overdue = header({ status, deadlineAt: now });
      expect(plan(overdue)).toEqual({ actions, again: now + 120_000 });
      expect(plan({ ...overdue, deadlineAt: now + 1 }).actions).not.toEqual(actions);
    }
    expect(needsWork([{ type: 'time-out' }])).toBe(true);
  });

  test('has not been stuck before that', () => {
    const since = (deadlineAt: number) =>
      standsStill({ header: header({ updatedAt: 0, deadlineAt }), records: [] }, now);
    expect(since(now)).toBe(false);
    expect(since(now - stuckAfter)).toBe(true);
    expect(since(now + 1)).toBe(true);
  });
});

test('shows until when a run has time, as a date to callers and as a number in lists', () => {
  const limited = view({ graph: graphOf('step'), header: header({ deadlineAt: 5_000 }), records: [] });
  expect(assembleState(limited).deadlineAt).toEqual(new Date(5_000));
  expect(assembleSnapshot(limited).deadlineAt).toBe(5_000);
  const unlimited = view({ graph: graphOf('step'), records: [] });
  expect(assembleState(unlimited)).not.toHaveProperty('deadlineAt');
  expect(assembleSnapshot(unlimited)).not.toHaveProperty('deadlineAt');
});
