import { describe, expect, test } from 'vitest';
import {
  callbackClaimed,
  callbackFinished,
  childStarted,
  restarted,
  snapshotShown,
  traveled,
} from '../../src/adapters/transitions/index.ts';
import { type RunHeader, runStatuses } from '../../src/core/records.ts';
import type { ChildStartWrite, TravelWrite } from '../../src/ports/index.ts';

const value = (inline: string) => ({ inline });

const running: RunHeader = {
  format: 1,
  runId: 'run',
  workflowId: 'workflow',
  status: 'running',
  epoch: 1,
  position: '1',
  sweepAt: 50,
  wakes: 4,
  graphHash: 'graph',
  inputHash: 'input',
  from: [],
  createdAt: 0,
  startedAt: 1,
  updatedAt: 2,
};
const over: RunHeader = { ...running, status: 'failed', endedAt: 9, endedBy: 3, error: value('e') };

describe('the start of a nested run', () => {
  const parent = { runId: 'parent', key: { entry: 2 }, turn: '0001.000001.000' };
  const write: ChildStartWrite = {
    header: { ...running, parent, createdAt: 70, wakes: 0 },
    from: 2,
    begun: 3,
  };

  test('of none puts the header as it is, but where it begins in the middle', () => {
    expect(childStarted(undefined, { ...write, from: 0 })).toStrictEqual(write.header);
    expect(childStarted(undefined, write)).toStrictEqual({ ...write.header, from: [[1, 2, 3]] });
  });

  test('of one that an earlier turn started begins the next epoch, and forgets its end', () => {
    const stored: RunHeader = {
      ...over,
      parent: { ...parent, turn: '0001.000000.009' },
      epoch: 3,
      from: [
        [2, 0, 1],
        [3, 1, 1],
      ],
    };
    expect(childStarted(stored, write)).toStrictEqual({
      ...write.header,
      epoch: 4,
      wakes: 5,
      createdAt: 0,
      from: [...stored.from, [4, 2, 3]],
    });
  });

  test('of one that has no parent takes any turn for a later one', () => {
    expect(childStarted(running, write)).toHaveProperty('epoch', 2);
  });

  test.each(['0001.000001.000', '0001.000001.001', '0002.000000.000'])('is lost to turn %s', (turn) => {
    expect(childStarted({ ...running, parent: { ...parent, turn } }, write)).toBeUndefined();
  });
});

describe('a time travel', () => {
  const write: TravelWrite = {
    runId: 'run',
    epoch: 1,
    wakes: 4,
    start: [2, 1, 3],
    parameters: value('p'),
    graphHash: 'new graph',
    perStep: false,
    now: 100,
    sweepAt: 200,
  };

  test('forgets the end of the epoch before', () => {
    const { endedAt: _, endedBy: __, error: ___, ...kept } = over;
    expect(traveled({ ...over, perStep: true }, write)).toStrictEqual({
      ...kept,
      status: 'running',
      epoch: 2,
      position: '',
      wakes: 5,
      from: [[2, 1, 3]],
      graphHash: 'new graph',
      updatedAt: 100,
      sweepAt: 200,
    });
  });

  test('goes by steps when it is asked to, and has the hash of its own input', () => {
    const next = traveled(over, { ...write, perStep: true, input: { input: value('i') }, inputHash: 'i' });
    expect(next).toMatchObject({ perStep: true, inputHash: 'i', startedAt: 1 });
  });

  test('of a pending run starts it', () => {
    const { startedAt: _, ...pending } = running;
    expect(traveled({ ...pending, status: 'pending' }, write)).toHaveProperty('startedAt', 100);
  });

  test('is won unless the run is at work', () => {
    const winners = runStatuses.filter((status) => traveled({ ...running, status }, write) !== undefined);
    expect(winners).toEqual(runStatuses.filter((status) => status !== 'running' && status !== 'waiting'));
  });

  test('is lost to another epoch, and to nothing', () => {
    expect(traveled({ ...over, epoch: 2 }, write)).toBeUndefined();
    expect(traveled(undefined, write)).toBeUndefined();
  });
});

test('a restart is won exactly when the run is at work', () => {
  const write = { runId: 'run', now: 100, sweepAt: 200 };
  expect(restarted(running, write)).toStrictEqual({ ...running, wakes: 5, updatedAt: 100, sweepAt: 200 });
  const winners = runStatuses.filter((status) => restarted({ ...running, status }, write) !== undefined);
  expect(winners).toEqual(['running', 'waiting']);
  expect(restarted(undefined, write)).toBeUndefined();
});

test('a restart of a nested run is also won by one that waits to be gone on with', () => {
  const write = { runId: 'run', now: 100, sweepAt: 200, suspended: true };
  const winners = runStatuses.filter((status) => restarted({ ...running, status }, write) !== undefined);
  expect(winners).toEqual(['running', 'waiting', 'suspended', 'paused']);
});

test('a restart brings what it brings in the same write, unless somebody else came first', () => {
  const restarts = { at: 90, value: value('brought') };
  const write = { runId: 'run', now: 100, sweepAt: 200, restarts, wakes: running.wakes };
  const won = restarted(running, write);
  expect(won).toMatchObject({ restarts, wakes: running.wakes + 1 });
  expect(restarted(won, write)).toBeUndefined();
  // One that brings nothing keeps it.
  expect(restarted(won, { runId: 'run', now: 110, sweepAt: 200 })).toMatchObject({ restarts });
});

describe('callbacks', () => {
  const write = { runId: 'run', mark: '5', owner: 'b', leaseUntil: 900, now: 500 };
  const claimed = { mark: '5', owner: 'b', leaseUntil: 900 };
  const theirs = { mark: '5', owner: 'a', leaseUntil: 499 };

  test.each([
    ['nobody claimed any', undefined],
    ['those of an earlier mark were claimed', { ...theirs, mark: '4', leaseUntil: 999 }],
    ['those of an earlier mark are done', { ...theirs, mark: '4', done: true }],
    ['the lease has ended', theirs],
  ])('are claimed when %s', (_, callback) => {
    const stored = callback === undefined ? running : { ...running, callback };
    expect(callbackClaimed(stored, write)).toStrictEqual({ ...running, callback: claimed });
  });

  test.each([
    ['they are done', { ...theirs, done: true }],
    ['the lease ends now', { ...theirs, leaseUntil: 500 }],
    ['those of a later mark were claimed', { ...theirs, mark: '6' }],
  ])('are not claimed when %s', (_, callback) => {
    expect(callbackClaimed({ ...running, callback }, write)).toBeUndefined();
  });

  test('are finished by their owner, who may move the sweep', () => {
    const stored = { ...running, callback: claimed };
    const end = { runId: 'run', mark: '5', owner: 'b' };
    const done = { ...stored, callback: { ...claimed, done: true } };
    const { sweepAt: _, ...unswept } = done;
    expect(callbackFinished(stored, end)).toStrictEqual(done);
    expect(callbackFinished(stored, { ...end, sweepAt: 99 })).toStrictEqual({ ...done, sweepAt: 99 });
    expect(callbackFinished(stored, { ...end, sweepAt: null })).toStrictEqual(unswept);
    expect(callbackFinished(stored, { ...end, owner: 'a' })).toBeUndefined();
    expect(callbackFinished(stored, { ...end, mark: '4' })).toBeUndefined();
    expect(callbackFinished(running, end)).toBeUndefined();
  });

  test('of no run are nobody’s', () => {
    expect(callbackClaimed(undefined, write)).toBeUndefined();
    expect(callbackFinished(undefined, write)).toBeUndefined();
  });
});

test('a snapshot is shown unless there is one of its mark or a later one', () => {
  const write = { runId: 'run', mark: '5', snapshot: value('s') };
  const shown = { ...running, shown: { mark: '5', value: value('s') } };
  expect(snapshotShown(running, write)).toStrictEqual(shown);
  expect(snapshotShown({ ...running, shown: { mark: '4', value: value('r') } }, write)).toStrictEqual(shown);
  expect(snapshotShown(shown, write)).toBeUndefined();
  expect(snapshotShown(shown, { ...write, mark: '4' })).toBeUndefined();
  expect(snapshotShown(undefined, write)).toBeUndefined();
});
