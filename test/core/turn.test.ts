import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstTurn, formatTurn, isTurnOf, parseTurn, type Turn } from '../../src/core/turn.ts';

const turns: fc.Arbitrary<Turn> = fc.record({
  epoch: fc.nat(9_999),
  iteration: fc.nat(999_999),
  generation: fc.nat(9_999),
  attempt: fc.nat(999),
});

function order(turn: Turn): number[] {
  return [turn.epoch, turn.iteration, turn.generation, turn.attempt];
}

describe('the text of a turn', () => {
  test('holds epoch, iteration, generation and attempt, padded', () => {
    expect(formatTurn({ epoch: 2, iteration: 34, generation: 5, attempt: 6 })).toBe('0002.000034.0005.006');
    expect(formatTurn(firstTurn(3))).toBe('0003.000000.0000.000');
  });

  test('is read back', () => {
    fc.assert(
      fc.property(turns, (turn) => {
        expect(parseTurn(formatTurn(turn))).toEqual(turn);
      }),
    );
  });

  test('sorts like the turns themselves', () => {
    fc.assert(
      fc.property(turns, turns, (a, b) => {
        const difference = order(a)
          .map((part, index) => part - (order(b)[index] ?? 0))
          .find((part) => part !== 0);
        const [left, right] = [formatTurn(a), formatTurn(b)];
        expect(left < right).toBe((difference ?? 0) < 0);
        expect(left === right).toBe(difference === undefined);
      }),
    );
  });

  test.each([
    ['epoch', 10_000, 9_999],
    ['iteration', 1_000_000, 999_999],
    ['generation', 10_000, 9_999],
    ['attempt', 1_000, 999],
    ['attempt', -1, 999],
    ['generation', 0.5, 9_999],
    ['iteration', Number.NaN, 999_999],
  ] as const)('refuses %s %d', (name, value, allowed) => {
    expect(() => formatTurn({ ...firstTurn(1), [name]: value })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_LIMIT_EXCEEDED',
        message: `${name} ${value} is outside 0 to ${allowed}: end this run and start another one`,
        details: { limit: name, allowed },
      }),
    );
  });

  test.each([
    '',
    '1.0.0.0',
    '0001.000000.0000.0000',
    '0001.000000.0000.000\n',
    'x0001.000000.0000.000',
    '-001.000000.0000.000',
  ])('refuses to read %j', (text) => {
    expect(() => parseTurn(text)).toThrow(expect.objectContaining({ code: 'WORKFLOW_RECORD_CORRUPT' }));
  });
});

describe('a turn of an epoch', () => {
  test.each([
    ['0002.000001.0003.004', 2, true],
    ['0002.000001.0003.004', 1, false],
    ['2.1.3.4', 2, false],
    ['', 0, false],
  ])('%j in epoch %i: %s', (text, epoch, expected) => {
    expect(isTurnOf(text, epoch)).toBe(expected);
  });
});
