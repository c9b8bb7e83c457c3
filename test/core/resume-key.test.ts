import { describe, expect, test } from 'vitest';
import type { RunHeader, StepRecord } from '../../src/core/records.ts';
import {
  formatKeyState,
  holderStatus,
  isSameHolder,
  isWaitedFor,
  type KeyHolder,
  type KeyRequest,
  parseKeyState,
  withoutHolder,
  withRequest,
} from '../../src/core/resume-key.ts';
import { baseTurn } from '../../src/core/turn.ts';
import { header, item, record, turn } from './builders.ts';

const holder: KeyHolder = { runId: 'r1', key: { entry: 1 }, stepId: 'ask', turn: turn(), owner: 'p/1' };
const request: KeyRequest = { ...holder, request: 'one' };
const never = { holder: () => false, request: () => false };

describe('what is stored under a key', () => {
  test.each([
    { holder },
    { holder: { ...holder, key: { entry: 1, arm: 2 } } },
    { holder: { ...holder, key: { entry: 1, item: 0 } } },
    { requests: [request] },
    { holder, requests: [request, { ...request, request: 'two' }] },
  ])('comes back as it was', (state) => {
    expect(parseKeyState(formatKeyState(state))).toEqual(state);
  });

  test('has the same text for the same holder, whatever else the object has', () => {
    const other = { owner: 'p/1', turn: turn(), status: 'x', stepId: 'ask', key: { entry: 1 }, runId: 'r1' };
    expect(formatKeyState({ holder: other })).toBe(formatKeyState({ holder, requests: [] }));
  });

  test('is nothing without a holder and requests', () => {
    expect(formatKeyState({ requests: [] })).toBeUndefined();
    expect(parseKeyState(undefined)).toEqual({});
  });

  test('remembers the last 20 requests', () => {
    const state = Array.from({ length: 21 }, (_, number) => ({ ...request, request: `${number}` })).reduce(
      withRequest,
      { holder },
    );
    expect(state.holder).toBe(holder);
    expect(state.requests?.map((one) => one.request)).toEqual(
      Array.from({ length: 20 }, (_, at) => `${at + 1}`),
    );
  });

  test('loses the holder and the requests that are over', () => {
    const state = { holder, requests: [request, { ...request, runId: 'r2' }] };
    expect(withoutHolder(state, never)).toEqual(state);
    expect(withoutHolder({}, never)).toEqual({ requests: [] });
    const isFirst = (one: KeyHolder): boolean => one.runId === 'r1';
    expect(withoutHolder(state, { holder: isFirst, request: isFirst })).toEqual({
      requests: [{ ...request, runId: 'r2' }],
    });
  });
});

test('holders are the same execution by run, turn and claim', () => {
  expect(isSameHolder(holder, { ...holder })).toBe(true);
  expect(isSameHolder(holder, { ...holder, runId: 'r2' })).toBe(false);
  expect(isSameHolder(holder, { ...holder, turn: turn({ attempt: 1 }) })).toBe(false);
  expect(isSameHolder(holder, { ...holder, owner: 'p/2' })).toBe(false);
});

const waits = record(1, { status: 'suspended', owner: 'p/1', resumeKeys: ['other', 'k'] });

describe('a holder', () => {
  test.each<[string, RunHeader | undefined, StepRecord | undefined, string]>([
    ['is suspended', header({ status: 'suspended' }), waits, 'waiting'],
    ['is suspended beside a step that runs', header(), waits, 'waiting'],
    ['is suspended in a run that has paused', header({ status: 'paused' }), waits, 'waiting'],
    ['has not stored its suspension yet', header(), { ...waits, status: 'running' }, 'working'],
    ['is in a run that was removed', undefined, waits, 'gone'],
    ['is in a run that was canceled', header({ status: 'canceled' }), waits, 'gone'],
    ['is in a run that failed', header({ status: 'failed' }), waits, 'gone'],
    ['is in an epoch that is over', header({ epoch: 2 }), waits, 'gone'],
    ['has no record', header(), undefined, 'gone'],
    ['was resumed', header(), { ...waits, status: 'due', turn: turn({ generation: 1 }) }, 'gone'],
    ['lost its turn to another worker', header(), { ...waits, status: 'running', owner: 'p/2' }, 'gone'],
    ['was suspended by another worker', header(), { ...waits, owner: 'p/2' }, 'gone'],
    ['was suspended without the key', header(), { ...waits, resumeKeys: ['other'] }, 'gone'],
    ['was suspended without keys', header(), { ...record(1, { status: 'suspended', owner: 'p/1' }) }, 'gone'],
    ['did not suspend', header(), { ...waits, status: 'success' }, 'gone'],
  ])('that %s', (_name, run, at, status) => {
    expect(holderStatus(holder, 'k', run, at)).toBe(status);
  });
});

describe('a nested run', () => {
  const child = header({ runId: 'c', parent: { runId: 'r1', key: { entry: 1 }, turn: baseTurn(turn()) } });
  const place = record(1, { status: 'child', childRunId: 'c' });

  test.each<[string, StepRecord]>([
    ['runs', place],
    ['is suspended', { ...place, status: 'suspended', turn: turn({ generation: 3 }) }],
    ['has paused', { ...place, status: 'paused' }],
    ['is an item', { ...item(1, 4), status: 'child', childRunId: 'c' }],
  ])('is waited for when its place %s', (_name, at) => {
    expect(isWaitedFor(child, header(), at)).toBe(true);
  });

  test.each<[string, RunHeader | undefined, StepRecord | undefined]>([
    ['the run above is gone', undefined, place],
    ['the run above is over', header({ status: 'canceled' }), place],
    ['the run above began a new epoch', header({ epoch: 2 }), place],
    ['its place has no record', header(), undefined],
    ['its place is over', header(), { ...place, status: 'success' }],
    ['its place waits for another run', header(), { ...place, childRunId: 'd' }],
    ['its place tries again', header(), { ...place, turn: turn({ attempt: 1 }) }],
  ])('is not waited for when %s', (_name, above, at) => {
    expect(isWaitedFor(child, above, at)).toBe(false);
  });
});
