import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertReadable,
  formatKey,
  formatPosition,
  isVisible,
  logOf,
  pathOf,
  recordFormat,
  sameKey,
} from '../../src/core/records.ts';
import { keyAt } from './builders.ts';

test('the history of a run is in the log of the outermost one, when it has one', () => {
  expect(logOf({ runId: 'r' })).toBeUndefined();
  expect(logOf({ runId: 'r', history: 'full' })).toBe('r');
  expect(logOf({ runId: 'child', root: 'r', history: 'full' })).toBe('r');
});

describe('visibility', () => {
  test('in a run without time travel everything counts', () => {
    expect(isVisible(1, 0, { epoch: 1, from: [] })).toBe(true);
    expect(isVisible(1, 99_999, { epoch: 1, from: [] })).toBe(true);
  });

  test('after a time travel to entry 2, older records count before it only', () => {
    const header = { epoch: 2, from: [[2, 2, 2]] } as const;
    expect([0, 1, 2, 3].map((entry) => isVisible(1, entry, header))).toEqual([true, true, false, false]);
    expect([0, 1, 2, 3].map((entry) => isVisible(2, entry, header))).toEqual([true, true, true, true]);
  });

  test('the earliest target of all later epochs decides', () => {
    const header = {
      epoch: 4,
      from: [
        [2, 3, 3],
        [3, 1, 1],
        [4, 2, 2],
      ],
    } as const;
    expect([0, 1, 2].map((entry) => isVisible(1, entry, header))).toEqual([true, false, false]);
    expect([0, 1, 2].map((entry) => isVisible(2, entry, header))).toEqual([true, false, false]);
    expect([0, 1, 2].map((entry) => isVisible(3, entry, header))).toEqual([true, true, false]);
    expect([0, 1, 2].map((entry) => isVisible(4, entry, header))).toEqual([true, true, true]);
  });

  test('epochs above that of the header do not count yet', () => {
    expect(isVisible(1, 5, { epoch: 1, from: [[2, 0, 0]] })).toBe(true);
  });

  test('agrees with its definition: before the target of every epoch in between', () => {
    const targets = fc.array(fc.nat(5), { maxLength: 5 });
    fc.assert(
      fc.property(targets, fc.nat(6), fc.nat(6), (entries, recordEpoch, entry) => {
        const from = entries.map((target, index) => [index + 2, target, target] as const);
        const epoch = entries.length + 1;
        const between = entries.filter((_, index) => index + 2 > recordEpoch);
        expect(isVisible(recordEpoch, entry, { epoch, from })).toBe(
          between.every((target) => entry < target),
        );
      }),
    );
  });
});

describe('keys', () => {
  test('their text has the widths of the stored form', () => {
    expect(formatKey({ entry: 7 })).toBe('00007');
    expect(formatKey({ entry: 7, arm: 3 })).toBe('00007#03');
  });

  const keys = fc
    .tuple(fc.nat(99_999), fc.option(fc.nat(99), { nil: undefined }))
    .map(([entry, arm]) => (arm === undefined ? { entry } : { entry, arm }));

  test('their text sorts like the graph: a block before its arms, and those before the next entry', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const before = a.entry - b.entry || (a.arm ?? -1) - (b.arm ?? -1);
        expect(formatKey(a) < formatKey(b)).toBe(before < 0);
        expect(formatKey(a) === formatKey(b)).toBe(sameKey(a, b));
      }),
    );
  });

  test('an entry is not its arm', () => {
    expect(sameKey(keyAt(1), keyAt([1, 0]))).toBe(false);
    expect(sameKey(keyAt([1, 0]), keyAt([1, 0]))).toBe(true);
    expect(sameKey(keyAt([1, 0]), keyAt([2, 0]))).toBe(false);
  });

  test('are shown as execution paths', () => {
    expect(pathOf(keyAt(4))).toEqual([4]);
    expect(pathOf(keyAt([4, 0]))).toEqual([4, 0]);
  });
});

describe('positions', () => {
  test('text order is the order of entry, iteration and k', () => {
    const parts = fc.tuple(fc.nat(99_999), fc.nat(999_999), fc.nat(9_999_999));
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const before = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
        expect(formatPosition(...a) < formatPosition(...b)).toBe(before < 0);
      }),
    );
  });

  test('that of a new epoch comes before any other', () => {
    expect('' < formatPosition(0, 0, 0)).toBe(true);
  });
});

describe('the format of a run', () => {
  test('that of this version is readable', () => {
    expect(() => assertReadable({ format: recordFormat, runId: 'r' })).not.toThrow();
  });

  test('that of a newer one is refused, and the error says what to do', () => {
    expect(() => assertReadable({ format: recordFormat + 1, runId: 'r' })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_RECORD_CORRUPT',
        message: expect.stringContaining('upgrade the package'),
        details: { runId: 'r', format: recordFormat + 1 },
      }),
    );
  });
});
