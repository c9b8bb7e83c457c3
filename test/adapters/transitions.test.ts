import { describe, expect, test } from 'vitest';
import {
  childFollowed,
  claimed,
  committed,
  leaseVoided,
  nested,
  resumed,
  slept,
  withStatus,
  woken,
} from '../../src/adapters/transitions/index.ts';
import type { RunHeader, StepRecord } from '../../src/core/records.ts';
import type { ChildWrite, ClaimWrite, CommitOutcome, NestWrite } from '../../src/ports/index.ts';

const turn = '0001.000000.0000.000';
const laterTurn = '0001.000000.0001.000';
const nextIteration = '0001.000001.0000.000';
const at = { runId: 'run', key: { entry: 2 }, turn };
const value = (inline: string) => ({ inline });

const running: StepRecord = {
  key: { entry: 2 },
  stepId: 'step',
  turn,
  status: 'running',
  owner: 'a/1',
  leaseUntil: 500,
  claims: 3,
  startedAt: 100,
  inputFrom: 1,
  sharedFrom: 0,
};

const claim: ClaimWrite = {
  ...at,
  fresh: false,
  stepId: 'step',
  owner: 'b/1',
  leaseUntil: 900,
  now: 700,
  inputFrom: 7,
  sharedFrom: 6,
};

function commit(outcome: CommitOutcome, stored = running) {
  return committed(stored, { ...at, owner: 'a/1', outcome });
}

describe('a claim', () => {
  test('of a turn that is due keeps when the iteration began and what it reads', () => {
    const { owner: _, leaseUntil: __, ...rest } = running;
    expect(claimed({ ...rest, status: 'due', dueAt: 600 }, claim)).toStrictEqual({
      ...running,
      owner: 'b/1',
      leaseUntil: 900,
      claims: 1,
    });
  });

  test('of a fresh turn keeps nothing of the one before', () => {
    const stored: StepRecord = { ...running, status: 'success', output: value('1'), labels: ['a'] };
    const { sharedFrom: _, ...write } = { ...claim, fresh: true, turn: laterTurn };
    expect(claimed(stored, write)).toStrictEqual({
      key: { entry: 2 },
      stepId: 'step',
      turn: laterTurn,
      status: 'running',
      owner: 'b/1',
      leaseUntil: 900,
      claims: 1,
      startedAt: 700,
      inputFrom: 7,
    });
  });

  test('of a later iteration keeps the output, and the shared data only where it reads them from itself', () => {
    const stored: StepRecord = {
      ...running,
      status: 'success',
      input: value('i'),
      output: value('o'),
      shared: value('s'),
      delta: value('d'),
      again: true,
      endedAt: 650,
    };
    const write = { ...claim, fresh: true, iterates: true, turn: nextIteration, inputFrom: 2 };
    const next = {
      key: { entry: 2 },
      stepId: 'step',
      turn: nextIteration,
      status: 'running',
      owner: 'b/1',
      leaseUntil: 900,
      claims: 1,
      startedAt: 700,
      inputFrom: 2,
      output: value('o'),
    };
    expect(claimed(stored, { ...write, sharedFrom: 2 })).toStrictEqual({
      ...next,
      sharedFrom: 2,
      shared: value('s'),
    });
    expect(claimed(stored, { ...write, sharedFrom: 1 })).toStrictEqual({ ...next, sharedFrom: 1 });
    const { sharedFrom: _, ...without } = write;
    expect(claimed(stored, without)).toStrictEqual(next);
  });

  test.each([
    ['fresh, of a turn that another worker runs', running, true],
    ['fresh, of a turn that is over', { ...running, status: 'success', owner: 'b/1' }, true],
    ['later, of a turn that another worker runs', running, false],
    ['later, of a turn that is suspended', { ...running, status: 'suspended' }, false],
    ['later, of another turn that is due', { ...running, status: 'due', turn: laterTurn }, false],
    ['later, without a record', undefined, false],
  ] as const)('is lost: %s', (_, stored, fresh) => {
    expect(claimed(stored, { ...claim, fresh })).toBeUndefined();
  });
});

describe('a commit', () => {
  const { leaseUntil: _, ...ended } = running;

  test('of a success says whether the body ended the run, and only then', () => {
    const outcome = { status: 'success', output: value('1'), now: 800 } as const;
    const success = { ...ended, status: 'success', output: value('1'), endedAt: 800 };
    expect(commit({ ...outcome, bailed: true })).toStrictEqual({ ...success, bailed: true });
    expect(commit(outcome)).toStrictEqual(success);
  });

  test('of a success says whether an iteration follows and whether the body aborted, and only then', () => {
    const outcome = { status: 'success', output: value('1'), now: 800 } as const;
    expect(commit({ ...outcome, again: true })).toStrictEqual({ ...commit(outcome), again: true });
    expect(commit({ ...outcome, aborted: true })).toStrictEqual({ ...commit(outcome), aborted: true });
  });

  test('shows no error of an attempt before', () => {
    const stored: StepRecord = { ...running, error: value('e') };
    expect(commit({ status: 'suspended', now: 800 }, stored)).toStrictEqual({
      ...ended,
      status: 'suspended',
      suspendedAt: 800,
    });
  });

  test('keeps the suspension before, but for another suspension', () => {
    const suspension = { suspendPayload: value('p'), suspendOutput: value('o'), labels: ['a'] };
    const stored: StepRecord = { ...running, ...suspension };
    expect(commit({ status: 'failed', error: value('e'), now: 800 }, stored)).toMatchObject(suspension);
    const again = commit({ status: 'suspended', labels: ['b'], now: 800 }, stored);
    expect(again).toStrictEqual({ ...ended, status: 'suspended', labels: ['b'], suspendedAt: 800 });
  });

  test('keeps what every outcome can carry, when it is not given again', () => {
    const carried = { input: value('i'), delta: value('d'), shared: value('s'), fromSegment: 4 };
    const next = commit(
      { status: 'due', nextTurn: laterTurn, dueAt: 900, error: value('e'), delta: value('n'), now: 800 },
      { ...running, ...carried },
    );
    expect(next).toStrictEqual({
      ...ended,
      ...carried,
      delta: value('n'),
      status: 'due',
      turn: laterTurn,
      dueAt: 900,
      error: value('e'),
    });
  });
});

describe('a sleep', () => {
  const sleep = { ...at, stepId: 'nap', now: 700, dueAt: 5_000, inputFrom: 1 };
  const asleep = {
    key: { entry: 2 },
    stepId: 'nap',
    turn,
    status: 'waiting',
    startedAt: 700,
    dueAt: 5_000,
    inputFrom: 1,
  } as const;

  test('begins a new record, whatever an earlier turn left', () => {
    expect(slept(undefined, sleep)).toStrictEqual(asleep);
    const stored: StepRecord = { ...running, turn: '0000.000000.0000.000', shared: value('s') };
    expect(slept(stored, { ...sleep, sharedFrom: 1 })).toStrictEqual({ ...asleep, sharedFrom: 1 });
  });

  test.each(['waiting', 'success', 'failed'] as const)('does not begin twice: %s', (status) => {
    expect(slept({ ...asleep, status }, sleep)).toBeUndefined();
    expect(slept({ ...asleep, status, turn: laterTurn }, sleep)).toBeUndefined();
  });

  test('ends with what it passes on, once', () => {
    const { dueAt: _, ...rest } = asleep;
    const wake = { ...at, now: 5_001, output: value('o') };
    const awake = { ...rest, status: 'success', endedAt: 5_001, output: value('o') } as const;
    expect(woken(asleep, wake)).toStrictEqual(awake);
    expect(woken(awake, wake)).toBeUndefined();
    expect(woken({ ...asleep, turn: laterTurn }, wake)).toBeUndefined();
    expect(woken(running, wake)).toBeUndefined();
    expect(woken(undefined, wake)).toBeUndefined();
  });
});

describe('a nested run', () => {
  const nest: NestWrite = {
    ...at,
    fresh: true,
    stepId: 'nested',
    childRunId: 'child',
    now: 700,
    inputFrom: 1,
    log: 'root',
    executesWith: value('i'),
  };
  const child: StepRecord = {
    key: { entry: 2 },
    stepId: 'nested',
    turn,
    status: 'child',
    startedAt: 700,
    inputFrom: 1,
    childRunId: 'child',
    log: 'root',
  };

  test('has a record of its own, whatever an earlier turn left', () => {
    expect(nested(undefined, nest)).toStrictEqual(child);
    const stored: StepRecord = { ...running, status: 'success', output: value('o'), shared: value('s') };
    const later = { ...nest, turn: nextIteration, input: value('i'), fromSegment: 2, seesCell: true };
    expect(nested(stored, later)).toStrictEqual({
      ...child,
      turn: nextIteration,
      input: value('i'),
      fromSegment: 2,
      seesCell: true,
    });
    expect(nested(stored, { ...later, iterates: true })).toHaveProperty('output', value('o'));
  });

  test('keeps what a retried turn began with, and shows no error of the attempt before', () => {
    const due: StepRecord = { ...child, status: 'due', turn: laterTurn, dueAt: 600, error: value('e') };
    const again = { ...nest, fresh: false, turn: laterTurn, now: 900 };
    expect(nested(due, again)).toStrictEqual({ ...child, turn: laterTurn });
    expect(nested({ ...due, status: 'child' }, again)).toBeUndefined();
    expect(nested({ ...due, turn }, again)).toBeUndefined();
    expect(nested(undefined, again)).toBeUndefined();
  });

  test.each([turn, laterTurn])('does not begin over turn %s', (stored) => {
    expect(nested({ ...running, turn: stored, status: 'failed' }, nest)).toBeUndefined();
  });

  test('is followed to its end', () => {
    const follow = (outcome: ChildWrite['outcome'], stored: StepRecord | undefined = child) =>
      childFollowed(stored, { ...at, seen: 'child', outcome });
    const success = { status: 'success', output: value('o'), now: 800 } as const;
    expect(follow(success)).toStrictEqual({ ...child, status: 'success', output: value('o'), endedAt: 800 });
    for (const status of ['canceled', 'paused'] as const) {
      expect(follow({ status, now: 800 })).toStrictEqual({ ...child, status, endedAt: 800 });
    }
    expect(follow(success, { ...child, turn: laterTurn })).toBeUndefined();
    expect(follow(success, { ...child, status: 'suspended' })).toBeUndefined();
    expect(childFollowed(undefined, { ...at, seen: 'child', outcome: success })).toBeUndefined();
  });

  test('that was suspended goes on in the next generation', () => {
    const suspended: StepRecord = { ...child, status: 'suspended', suspendPayload: value('p') };
    const outcome = { status: 'child', nextTurn: laterTurn, now: 900 } as const;
    expect(childFollowed(suspended, { ...at, seen: 'suspended', outcome })).toStrictEqual({
      ...suspended,
      status: 'child',
      turn: laterTurn,
      resumedAt: 900,
    });
    expect(childFollowed(child, { ...at, seen: 'suspended', outcome })).toBeUndefined();
  });
});

test('a lease is voided as it was seen only', () => {
  const write = { ...at, seenOwner: 'a/1' };
  expect(leaseVoided(running, write)).toStrictEqual({ ...running, leaseUntil: 0 });
  expect(leaseVoided(running, { ...write, seenOwner: 'b/1' })).toBeUndefined();
  expect(leaseVoided(running, { ...write, turn: laterTurn })).toBeUndefined();
  expect(leaseVoided({ ...running, status: 'due' }, write)).toBeUndefined();
  expect(leaseVoided(undefined, write)).toBeUndefined();
});

test('a resumption replaces the data of the one before', () => {
  const stored: StepRecord = {
    ...running,
    status: 'suspended',
    resumeData: value('1'),
    resumeContext: value('c'),
  };
  const write = { ...at, nextTurn: laterTurn, request: 'r', now: 800, sweepAt: 900, runs: [] };
  const { resumeData: _, resumeContext: __, ...rest } = stored;
  expect(resumed(stored, write)).toStrictEqual({
    ...rest,
    turn: laterTurn,
    status: 'due',
    resumeRequest: 'r',
    resumedAt: 800,
  });
});

test('a status leaves the sweep, moves it, or takes it away', () => {
  const header: RunHeader = {
    format: 1,
    runId: 'run',
    workflowId: 'workflow',
    status: 'running',
    epoch: 1,
    position: '1',
    sweepAt: 50,
    wakes: 0,
    graphHash: 'graph',
    inputHash: 'input',
    from: [],
    createdAt: 0,
    updatedAt: 0,
  };
  const write = { runId: 'run', epoch: 1, status: 'suspended', position: '2', now: 10 } as const;
  expect(withStatus(header, write)).toHaveProperty('sweepAt', 50);
  expect(withStatus(header, { ...write, sweepAt: 60 })).toHaveProperty('sweepAt', 60);
  expect(withStatus(header, { ...write, sweepAt: null })).not.toHaveProperty('sweepAt');
});
