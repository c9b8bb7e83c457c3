import { describe, expect, test } from 'vitest';
import {
  aheadOf,
  begun,
  dropped,
  entered,
  formatPlaces,
  freshHolders,
  isAbandoned,
  isQueued,
  isQueueFull,
  isTaken,
  left,
  mayLackPlace,
  parsePlaces,
  type Place,
  type Places,
  standing,
  startAllowance,
  suspects,
} from '../../src/core/concurrency.ts';
import { limits } from '../../src/core/limits.ts';
import type { RunHeader, RunStatus } from '../../src/core/records.ts';
import { nextQueuedLook } from '../../src/core/sweep.ts';

const none: Places = { holders: [], waiting: [] };
const place = (runId: string, at = 0, epoch = 1): Place => ({ runId, epoch, at });
const enterAll = (ids: readonly string[], limit: number): Places =>
  ids.reduce((places, id, at) => entered(places, place(id, at), limit), none);
const ids = (places: readonly Place[]): string[] => places.map(({ runId }) => runId);

describe('entering', () => {
  test('the first get places, the others wait in the order in which they came', () => {
    const places = enterAll(['a', 'b', 'c', 'd'], 2);
    expect(ids(places.holders)).toEqual(['a', 'b']);
    expect(ids(places.waiting)).toEqual(['c', 'd']);
    expect(['a', 'c', 'd', 'x'].map((id) => standing(places, id))).toEqual([
      'holder',
      'waiting',
      'waiting',
      undefined,
    ]);
    expect(['c', 'd', 'a'].map((id) => aheadOf(places, id))).toEqual([0, 1, undefined]);
    expect(freshHolders(places)).toEqual([]);
  });

  test('whoever is there stays where it is', () => {
    const places = enterAll(['a', 'b'], 1);
    expect(entered(places, place('a', 9), 1)).toEqual(places);
    expect(entered(places, place('b', 9), 1)).toEqual(places);
  });

  test('a place that is made sure of late is a new one, so that nobody gives it away', () => {
    const places = enterAll(['a', 'b'], 1);
    const sure = entered(places, place('a', 10_001), 1);
    expect(entered(places, place('a', 10_000), 1)).toEqual(places);
    expect(sure.holders).toEqual([place('a', 10_001)]);
    expect(dropped(sure, place('a', 0), 1)).toEqual(sure);
    expect(ids(dropped(places, place('a', 0), 1).holders)).toEqual(['b']);
  });

  test('a later epoch takes the place over, an earlier one changes nothing', () => {
    const places = entered(enterAll(['a', 'b'], 1), place('a', 7, 2), 1);
    expect(places.holders).toEqual([place('a', 7, 2)]);
    expect(entered(places, place('a', 9, 1), 1)).toEqual(places);
    expect(entered(places, place('b', 8, 3), 1).waiting).toEqual([place('b', 8, 3)]);
  });

  test('nobody overtakes those who wait when the limit was raised', () => {
    const places = entered(enterAll(['a', 'b', 'c'], 1), place('d', 9), 3);
    expect(ids(places.holders)).toEqual(['a', 'b', 'c']);
    expect(ids(places.waiting)).toEqual(['d']);
    expect(ids(freshHolders(places))).toEqual(['b', 'c']);
  });

  test('a waiting run that comes again is let in where there is room, and begins itself', () => {
    const places = entered(enterAll(['a', 'b'], 1), place('b', 9), 2);
    expect(places.holders).toEqual([place('a', 0), place('b', 1)]);
  });
});

describe('leaving', () => {
  test('lets in the first who waits, marked as fresh until somebody has begun it', () => {
    const places = left(enterAll(['a', 'b', 'c'], 1), place('a'), 1);
    expect(places).toEqual({ holders: [{ ...place('b', 1), fresh: true }], waiting: [place('c', 2)] });
    expect(begun(places).holders).toEqual([place('b', 1)]);
  });

  test('also of one that waits, and of one that is not there', () => {
    const places = enterAll(['a', 'b', 'c'], 1);
    expect(ids(left(places, place('b'), 1).waiting)).toEqual(['c']);
    expect(left(places, place('x'), 1)).toEqual(places);
  });

  test('the end of an earlier epoch leaves the place to the later one', () => {
    const places = entered(enterAll(['a'], 1), place('a', 5, 2), 1);
    expect(left(places, place('a', 0, 1), 1)).toEqual(places);
    expect(left(places, place('a', 0, 2), 1)).toEqual(none);
  });

  test('a limit that was lowered lets nobody in until there is room', () => {
    const places = left(enterAll(['a', 'b', 'c', 'd'], 3), place('a'), 2);
    expect(ids(places.holders)).toEqual(['b', 'c']);
    expect(ids(left(enterAll(['a', 'b', 'c', 'd'], 3), place('a'), 1).waiting)).toEqual(['d']);
  });

  test('without a limit any more, all are let in', () => {
    const places = left(enterAll(['a', 'b', 'c'], 1), place('a'), Number.POSITIVE_INFINITY);
    expect(ids(places.holders)).toEqual(['b', 'c']);
  });
});

describe('the text', () => {
  test('comes back as it was, and is none when nobody is there', () => {
    const places = left(enterAll(['a', 'b', 'c'], 1), place('a'), 1);
    expect(parsePlaces(formatPlaces(places))).toEqual(places);
    expect(formatPlaces(none)).toBeUndefined();
    expect(parsePlaces(undefined)).toEqual(none);
  });

  test.for([
    '1',
    'null',
    '{}',
    '{"holders":[]}',
    '{"holders":1,"waiting":[]}',
    '{"holders":[["a","1",2]],"waiting":[]}',
    '{"holders":[{}],"waiting":[]}',
  ])('of another kind is refused: %s', (text) => {
    expect(() => parsePlaces(text)).toThrow(expect.objectContaining({ code: 'WORKFLOW_RECORD_CORRUPT' }));
  });
});

describe('room', () => {
  test('is taken when all places are, or when somebody waits', () => {
    expect(isTaken(enterAll(['a'], 2), 2)).toBe(false);
    expect(isTaken(enterAll(['a', 'b'], 2), 2)).toBe(true);
    expect(isTaken({ holders: [], waiting: [place('a')] }, 2)).toBe(true);
  });

  test('in the queue ends at its longest, and at the size of a text', () => {
    const waiting = Array.from({ length: limits.waitingRuns }, (_, i) => place(String(i)));
    expect(isQueueFull(none)).toBe(false);
    expect(isQueueFull({ holders: [], waiting: waiting.slice(1) })).toBe(false);
    expect(isQueueFull({ holders: [], waiting })).toBe(true);
    const long = waiting.slice(0, 600).map((one) => ({ ...one, runId: '語'.repeat(200) }));
    expect(isQueueFull({ holders: [], waiting: long })).toBe(true);
  });
});

describe('abandoned places', () => {
  const late = { name: 'limit:k', now: startAllowance + 1 };
  const soon = { name: 'limit:k', now: startAllowance };
  const header = (status: RunStatus, epoch = 1, limit: string | undefined = 'limit:k') => ({
    status,
    epoch,
    ...(limit === undefined ? {} : { limit }),
  });

  test('a run that is over holds none, unless it is about to begin anew', () => {
    expect(isAbandoned(place('a'), header('success'), soon)).toBe(true);
    expect(isAbandoned(place('a', 0, 2), header('failed'), soon)).toBe(false);
    expect(isAbandoned(place('a', 0, 2), header('failed'), late)).toBe(true);
  });

  test.for(['running', 'waiting', 'suspended', 'paused'] as const)('one that is %s holds its', (status) => {
    expect(isAbandoned(place('a'), header(status), late)).toBe(false);
    expect(isAbandoned(place('a', 0, 2), header(status), late)).toBe(false);
  });

  test('one that was not started loses it after a while', () => {
    for (const found of [
      undefined,
      { status: 'pending', epoch: 1 } as const,
      header('running', 1, 'other'),
    ]) {
      expect(isAbandoned(place('a'), found, soon)).toBe(false);
      expect(isAbandoned(place('a'), found, late)).toBe(true);
    }
  });

  test('of many holders some are looked at, others each minute, and all in turn', () => {
    const few = enterAll(['a', 'b'], 2);
    expect(suspects(few, 0)).toEqual(few.holders);
    const holders = Array.from({ length: 40 }, (_, i) => place(String(i)));
    const looks = [0, 1, 2, 3].map((minute) => ids(suspects({ holders, waiting: [] }, minute * 60_000)));
    expect(looks.map((look) => look.length)).toEqual([16, 16, 8, 16]);
    expect(looks.slice(0, 3).flat()).toEqual(ids(holders));
  });
});

test('a run is queued, or may lack its place, until something shows that it was let in', () => {
  const run = (status: RunStatus, position = '', limit: string | undefined = 'limit:k') =>
    ({ status, position, ...(limit === undefined ? {} : { limit }) }) as RunHeader;
  expect(isQueued(run('waiting'))).toBe(true);
  expect(isQueued(run('waiting', '00001.000000.0000000'))).toBe(false);
  expect(isQueued(run('running'))).toBe(false);
  expect(isQueued({ ...run('waiting'), limit: undefined } as unknown as RunHeader)).toBe(false);
  expect(mayLackPlace(run('waiting'))).toBe(true);
  expect(mayLackPlace(run('running'))).toBe(true);
  expect(mayLackPlace(run('running', '0'))).toBe(false);
  expect(mayLackPlace(run('pending'))).toBe(false);
  expect(mayLackPlace(run('success'))).toBe(false);
  expect(mayLackPlace({ status: 'running', position: '' } as RunHeader)).toBe(false);
});

test('a run that waits is looked at the later, the longer it has waited', () => {
  const header = { startedAt: 1_000 } as RunHeader;
  expect([1_000, 601_000, 90_001_000].map((now) => nextQueuedLook(header, now) - now)).toEqual([
    120_000, 600_000, 3_600_000,
  ]);
});
