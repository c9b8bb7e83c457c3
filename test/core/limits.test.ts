import { describe, expect, test } from 'vitest';
import { encode } from '../../src/core/codec.ts';
import { defaultRunLimits, limits } from '../../src/core/limits.ts';
import { encodeToken } from '../../src/core/join.ts';
import { formatKey, formatPosition } from '../../src/core/records.ts';
import { formatTurn } from '../../src/core/turn.ts';

describe('the widths of stored keys', () => {
  test('hold the caps', () => {
    expect(formatKey({ entry: limits.entries - 1, arm: limits.arms - 1 })).toBe('99999#99');
    expect(formatPosition(limits.entries - 1, limits.iterations, 9_999_999)).toBe('99999.999999.9999999');
    const last = {
      epoch: limits.epochs,
      iteration: limits.iterations,
      generation: limits.generations,
      attempt: limits.attempts,
    };
    expect(formatTurn(last)).toBe('9999.999999.9999.999');
  });

  test('the largest token is an exact number', () => {
    const token = encodeToken({
      generation: limits.generations,
      kind: 'canceled',
      hasDelta: true,
      member: limits.joinMembers - 1,
    });
    expect(Number.isSafeInteger(token)).toBe(true);
  });

  test('a full join segment stays under 1 KB, as DynamoDB counts numbers', () => {
    const token = encodeToken({
      generation: 99,
      kind: 'canceled',
      hasDelta: true,
      member: limits.joinMembers - 1,
    });
    // About a byte for two digits, one more for each number and one for each element of a list.
    const perToken = Math.ceil(String(token).length / 2) + 2;
    expect(limits.segmentTokens * perToken).toBeLessThan(1024);
  });
});

test('the defaults that a runtime may override are those of the table', () => {
  expect(defaultRunLimits).toEqual({ hops: 1_000_000, valueBytes: 67_108_864, valueDepth: 500, claims: 5 });
});

test('a value of the default depth neither exhausts the stack nor is refused', () => {
  let value: unknown = 1;
  for (let level = 0; level < limits.valueDepth; level += 1) value = [value];
  expect(encode(value)).toHaveLength(2 * limits.valueDepth + 1);
});
