import { describe, expect, test } from 'vitest';
import { settlementOf } from '../../src/core/decide.ts';
import { encodeToken, type Settlement } from '../../src/core/join.ts';
import type { StepRecord } from '../../src/core/records.ts';
import {
  frontierEntry,
  itemsToSweep,
  needsWork,
  nextLook,
  planSweep,
  standsStill,
  stuckAfter,
  type SweepView,
} from '../../src/core/sweep.ts';
import { graphOf, header, item, keyAt, record, turn } from './builders.ts';

/** Pauses between two looks at a run that does not change, ms. */
const pause = { shortest: 120_000, longest: 3_600_000 };
const now = 10_000_000;
const clock = { now, skewMs: 10_000 };
const soon = now + pause.shortest;
const graph = graphOf('step', 'step', 'step');

function plan(fields: Partial<SweepView>): ReturnType<typeof planSweep> {
  return planSweep({ header: header(), records: [], graph, ...fields }, clock);
}

function tokensOf(...records: readonly StepRecord[]): number[] {
  return records.flatMap((one) => {
    const settlement = settlementOf(one);
    return settlement === undefined ? [] : [encodeToken(settlement)];
  });
}

const done = record(0, { status: 'success', endedAt: now });

describe('where a run stands', () => {
  test('at the first entry that has not succeeded', () => {
    expect(frontierEntry({ header: header(), records: [] })).toBe(0);
    expect(frontierEntry({ header: header(), records: [done, record(1)] })).toBe(1);
    expect(frontierEntry({ header: header(), records: [done, record([1, 0], { status: 'success' })] })).toBe(
      1,
    );
  });

  test('by what counts in its epoch', () => {
    const records = [done, record(1, { status: 'success' })];
    expect(frontierEntry({ header: header({ epoch: 2, from: [[2, 1, 1]] }), records })).toBe(1);
  });
});

describe('a run that is over', () => {
  test('has its end announced, ever more seldom, until somebody has done what it implies', () => {
    for (const status of ['success', 'failed', 'tripwire', 'canceled'] as const) {
      const plans = [now, now - 600_000, now - 7_200_000].map((endedAt) =>
        plan({ header: header({ status, endedAt }), records: [done] }),
      );
      expect(plans.map(({ actions }) => actions)).toEqual(
        Array.from({ length: 3 }, () => [{ type: 'announce-end' }]),
      );
      expect(plans.map(({ again }) => again)).toEqual([soon, now + 600_000, now + pause.longest]);
    }
  });
});

describe('a run that executes one entry', () => {
  const perStep = { perStep: true } as const;

  test('pauses when that is done', () => {
    expect(plan({ header: header(perStep), records: [done] }).actions).toEqual([
      { type: 'duty', record: done },
    ]);
    const traveled = header({ ...perStep, epoch: 2, from: [[2, 1, 1]] });
    const second = record(1, { status: 'success', turn: { epoch: 2 } });
    expect(plan({ header: traveled, records: [done, second] }).actions).toEqual([
      { type: 'duty', record: second },
    ]);
  });

  test('does not before it has begun, and not while it is in a block', () => {
    expect(plan({ header: header(perStep) }).actions).toEqual([
      { type: 'run', key: { entry: 0 }, turn: turn() },
    ]);
    const traveled = header({ ...perStep, epoch: 2, from: [[2, 1, 1]] });
    expect(plan({ header: traveled, records: [done] }).actions).toEqual([
      { type: 'run', key: { entry: 1 }, turn: turn({ epoch: 2 }) },
    ]);
    const join = { turn: turn(), total: 1, concurrency: 1, openedAt: 0, tokens: [] };
    expect(
      plan({ header: header(perStep), records: [done], graph: graphOf('step', ['parallel', 1]), join })
        .actions,
    ).toEqual([{ type: 'run', key: keyAt([1, 0]), turn: turn() }]);
  });

  test('pauses before the next arm of a block begins, and looks after one that has begun', () => {
    const first = record([1, 0], { status: 'success', turn: { epoch: 2 } });
    const later = record([1, 1], { status: 'success' });
    const token = encodeToken({ generation: 0, kind: 'success', hasDelta: false, member: 0 });
    const join = { total: 2, concurrency: 1, perStep: true, openedAt: 0, tokens: [token] };
    const at = (records: readonly StepRecord[]) =>
      plan({
        header: header({ ...perStep, epoch: 2, from: [[2, 1, 1]] }),
        records: [done, first, ...records],
        graph: graphOf('step', ['parallel', 2]),
        join: { ...join, turn: turn({ epoch: 2 }) },
      }).actions;
    for (const records of [[], [later]]) expect(at(records)).toEqual([{ type: 'duty', record: first }]);
    const due = record([1, 1], { status: 'due', turn: { epoch: 2 } });
    expect(at([due])).toEqual([{ type: 'run', key: keyAt([1, 1]), turn: turn({ epoch: 2 }) }]);
  });

  test('is left alone when it has paused', () => {
    const paused = header({ ...perStep, status: 'paused' });
    expect(plan({ header: paused, records: [done] })).toEqual({ actions: [], again: undefined });
  });
});

test('a run is looked at after those nested in it, and not at once', () => {
  expect(nextLook(now + 1_000, now)).toBe(soon + 1_000);
  expect(nextLook(now - 1_000, now)).toBe(soon);
});

describe('an entry without a record', () => {
  test('is published', () => {
    expect(plan({})).toEqual({ actions: [{ type: 'run', key: keyAt(0), turn: turn() }], again: soon });
    expect(plan({ records: [done] }).actions).toEqual([{ type: 'run', key: keyAt(1), turn: turn() }]);
  });

  test('or with one of an earlier epoch is published for the new one', () => {
    const run = {
      header: header({ epoch: 2, from: [[2, 1, 1]] }),
      records: [done, record(1, { status: 'failed' })],
    };
    expect(plan(run).actions).toEqual([{ type: 'run', key: keyAt(1), turn: turn({ epoch: 2 }) }]);
  });
});

describe('an entry with a record', () => {
  const at = (fields: Parameters<typeof record>[1]): ReturnType<typeof planSweep> =>
    plan({ records: [done, record(1, fields)] });
  const run = { type: 'run', key: keyAt(1), turn: turn() } as const;

  test('under a live lease is left alone until that has ended', () => {
    expect(at({ leaseUntil: now + 60_000 })).toEqual({ actions: [], again: soon + 70_000 });
    expect(at({ leaseUntil: now - 10_000 })).toEqual({ actions: [], again: soon });
  });

  test('whose lease has ended is published again', () => {
    expect(at({ leaseUntil: now - 10_001, startedAt: now })).toEqual({ actions: [run], again: soon });
    expect(at({ startedAt: now }).actions).toEqual([run]);
  });

  test('that is due later is left alone until then', () => {
    expect(at({ status: 'due', dueAt: now + 5_000 })).toEqual({ actions: [], again: soon + 5_000 });
  });

  test('that is due is published', () => {
    expect(at({ status: 'due', dueAt: now, startedAt: now })).toEqual({ actions: [run], again: soon });
    expect(at({ status: 'due', turn: { generation: 1 }, resumedAt: now }).actions).toEqual([
      { ...run, turn: turn({ generation: 1 }) },
    ]);
  });

  test('that is suspended has that made effective, and waits for nobody but people', () => {
    const suspended = record(1, { status: 'suspended' });
    expect(plan({ records: [done, suspended] })).toEqual({
      actions: [{ type: 'duty', record: suspended }],
      again: undefined,
    });
  });

  test('that failed has its duty done', () => {
    const failed = record(1, { status: 'failed', endedAt: now });
    expect(plan({ records: [done, failed] })).toEqual({
      actions: [{ type: 'duty', record: failed }],
      again: soon,
    });
  });

  test('that ended the run has its duty done', () => {
    const last = record(2, { status: 'success', endedAt: now });
    expect(plan({ records: [last] })).toEqual({ actions: [{ type: 'duty', record: last }], again: soon });
    const bailed = record(0, { status: 'success', bailed: true, endedAt: now });
    expect(plan({ records: [bailed] })).toEqual({ actions: [{ type: 'duty', record: bailed }], again: soon });
  });

  test.each([
    [0, pause.shortest],
    [pause.shortest + 5, pause.shortest + 5],
    [pause.longest + 5, pause.longest],
  ])('that has been standing still for %d ms is looked at again after %d', (still, after) => {
    expect(at({ status: 'failed', endedAt: now - still }).again).toBe(now + after);
    expect(at({ status: 'due', dueAt: now - still }).again).toBe(now + after);
  });
});

describe('a block', () => {
  const block = graphOf('step', ['parallel', 2], 'step');
  const shape = { total: 2, concurrency: 2, turn: turn(), openedAt: 0 };
  const arm = (number: number, fields: Parameters<typeof record>[1] = {}): StepRecord =>
    record([1, number], fields);

  /** A block whose log holds the newest settlement of each of `logged`. */
  function planBlock(
    records: readonly StepRecord[],
    tokens: readonly number[],
  ): ReturnType<typeof planSweep> {
    return plan({ graph: block, records: [done, ...records], join: { ...shape, tokens } });
  }

  test('that was not opened is published', () => {
    expect(plan({ graph: block, records: [done] })).toEqual({
      actions: [{ type: 'run', key: keyAt(1), turn: turn() }],
      again: soon,
    });
  });

  test('that no arm takes part in is published, to be closed', () => {
    const join = { ...shape, total: 0, concurrency: 0, tokens: [], taken: [] };
    expect(plan({ graph: block, records: [done], join })).toEqual({
      actions: [{ type: 'run', key: keyAt(1), turn: turn() }],
      again: soon,
    });
  });

  test('has its arms without a record published', () => {
    const live = arm(0, { leaseUntil: now + 60_000 });
    expect(planBlock([live], [])).toEqual({
      actions: [{ type: 'run', key: keyAt([1, 1]), turn: turn() }],
      again: soon,
    });
  });

  test('has those of an earlier epoch published for the new one', () => {
    const run = {
      header: header({ epoch: 2, from: [[2, 1, 1]] }),
      graph: block,
      join: { ...shape, tokens: [] },
    };
    expect(
      plan({
        ...run,
        records: [done, arm(0, { status: 'success' }), arm(1, { turn: { epoch: 2 }, leaseUntil: now })],
      }),
    ).toEqual({
      actions: [{ type: 'run', key: keyAt([1, 0]), turn: turn({ epoch: 2 }) }],
      again: soon,
    });
  });

  test('of a branch, only arms that were taken are published', () => {
    const branch = graphOf('step', ['conditional', 3]);
    const join = { ...shape, total: 1, concurrency: 1, tokens: [], taken: [2] };
    expect(plan({ graph: branch, records: [done], join }).actions).toEqual([
      { type: 'run', key: keyAt([1, 2]), turn: turn() },
    ]);
  });

  test('has a settlement that is not in its log done again', () => {
    const settled = arm(0, { status: 'success' });
    const live = arm(1, { leaseUntil: now + 60_000 });
    expect(planBlock([settled, live], [])).toEqual({
      actions: [{ type: 'duty', record: settled }],
      again: soon,
    });
  });

  test('leaves alone what is settled and logged, and looks when a lease ends', () => {
    const settled = arm(0, { status: 'success' });
    const live = arm(1, { leaseUntil: now + 60_000 });
    expect(planBlock([settled, live], tokensOf(settled))).toEqual({ actions: [], again: soon + 70_000 });
  });

  test('has an arm published whose lease has ended', () => {
    const settled = arm(0, { status: 'success' });
    const dead = arm(1, { leaseUntil: 1, startedAt: now });
    expect(planBlock([settled, dead], tokensOf(settled)).actions).toEqual([
      { type: 'run', key: keyAt([1, 1]), turn: turn() },
    ]);
  });

  test('that is suspended has that made effective, and waits for nobody but people', () => {
    const waits = arm(0, { status: 'suspended' });
    const settled = arm(1, { status: 'success' });
    expect(planBlock([waits, settled], tokensOf(settled, waits))).toEqual({
      actions: [{ type: 'duty', record: waits }],
      again: undefined,
    });
    expect(planBlock([waits, settled], tokensOf(waits, settled))).toEqual({
      actions: [{ type: 'duty', record: settled }],
      again: undefined,
    });
  });

  test.each([
    ['success', arm(1, { status: 'success' })],
    ['a failure', arm(1, { status: 'failed' })],
  ])(
    'whose last settlement closed it by %s is closed, and the run looked at again: its next event can be lost too',
    (_name, last) => {
      const first = arm(0, { status: 'success' });
      expect(planBlock([first, last], tokensOf(first, last))).toEqual({
        actions: [{ type: 'duty', record: last }],
        again: soon,
      });
    },
  );

  test('that a suspension closed, because another arm had failed, is closed too', () => {
    const failed = arm(0, { status: 'failed' });
    const waits = arm(1, { status: 'suspended' });
    expect(planBlock([failed, waits], tokensOf(failed, waits))).toEqual({
      actions: [{ type: 'duty', record: waits }],
      again: soon,
    });
  });

  test('whose last settlement is of a record that is not to be seen has its arms published only', () => {
    const first = arm(0, { status: 'success' });
    const absent = arm(1, { status: 'success' });
    expect(planBlock([first], tokensOf(first, absent))).toEqual({
      actions: [{ type: 'run', key: keyAt([1, 1]), turn: turn() }],
      again: soon,
    });
  });
});

describe('a foreach', () => {
  const each = graphOf('foreach');
  const shape = { total: 4, concurrency: 2, turn: turn(), openedAt: 0 };
  const token = (member: number, kind: Settlement['kind'], generation = 0): number =>
    encodeToken({ generation, kind, hasDelta: false, member });

  test('has its items looked at that may still move, and those that decided', () => {
    const tokens = [token(0, 'success'), token(1, 'suspended')];
    expect(itemsToSweep({ ...shape, tokens })).toEqual([1, 2]);
    const closed = { ...shape, total: 2, tokens: [token(1, 'success'), token(0, 'failed')] };
    expect(itemsToSweep(closed)).toEqual([0]);
    expect(itemsToSweep({ ...shape, tokens: [] })).toEqual([0, 1]);
  });

  test('has an item without a record launched, and a resumption that is not in the log done again', () => {
    const resumed = item(0, 1, { status: 'due', turn: { generation: 1 }, resumeRequest: 'q' });
    const live = item(0, 2, { leaseUntil: now + 60_000 });
    const tokens = [token(0, 'success'), token(1, 'suspended')];
    const planned = plan({ graph: each, records: [resumed, live], join: { ...shape, tokens } });
    expect(planned.actions).toEqual([{ type: 'duty', record: resumed }]);
    const missing = plan({ graph: each, records: [], join: { ...shape, tokens: [] } });
    expect(missing.actions).toEqual([
      { type: 'run', key: { entry: 0, item: 0 }, turn: turn() },
      { type: 'run', key: { entry: 0, item: 1 }, turn: turn() },
    ]);
  });

  test('has an item that waits for a nested run looked at again', () => {
    const waits = item(0, 0, { status: 'child', childRunId: 'c' });
    const join = { ...shape, total: 1, concurrency: 1 };
    const planned = plan({ graph: each, records: [waits], join: { ...join, tokens: [] } });
    expect(planned.actions).toEqual([{ type: 'duty', record: waits }]);
    const suspended = item(0, 0, { status: 'suspended', childRunId: 'c' });
    const quiet = plan({
      graph: each,
      records: [suspended],
      join: { ...join, tokens: [token(0, 'suspended')] },
    });
    expect(quiet.actions).toContainEqual({ type: 'duty', record: suspended });
    expect(quiet.again).toBeUndefined();
  });
});

describe('a run that is stuck', () => {
  const old = now - stuckAfter;

  test('has not changed for a quarter of an hour: neither its header nor any record', () => {
    const at = (fields: Omit<Partial<StepRecord>, 'turn'>, updatedAt = old): boolean =>
      standsStill({ header: header({ updatedAt }), records: [record(0, fields)] }, now);
    expect(at({})).toBe(true);
    expect(at({}, old + 1)).toBe(false);
    for (const field of ['startedAt', 'endedAt', 'resumedAt', 'dueAt', 'leaseUntil'] as const) {
      expect(at({ [field]: old })).toBe(true);
      expect(at({ [field]: old + 1 })).toBe(false);
    }
    // What an earlier epoch waited for does not count.
    const records = [record(0, { dueAt: now })];
    expect(standsStill({ header: header({ updatedAt: old, epoch: 2 }), records }, now)).toBe(true);
  });

  test('has something to do itself, and does not look after a nested run or wait for somebody', () => {
    expect(needsWork([])).toBe(false);
    expect(needsWork([{ type: 'announce-end' }])).toBe(true);
    expect(needsWork([{ type: 'run', key: { entry: 0 }, turn: turn() }])).toBe(true);
    for (const [status, needs] of [
      ['success', true],
      ['child', false],
      ['suspended', false],
    ] as const) {
      expect(needsWork([{ type: 'duty', record: record(0, { status }) }])).toBe(needs);
    }
  });
});
