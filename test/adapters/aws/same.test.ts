import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { isSame } from '../../../src/adapters/aws/same.ts';

const values = [
  undefined,
  null,
  0,
  1,
  '1',
  '',
  true,
  [],
  {},
  [1, 2],
  [2, 1],
  [1, 2, undefined],
  { 0: 1, 1: 2 },
  { S: 'a' },
  { S: 'b' },
  { N: 'a' },
  { S: 'a', N: undefined },
  { M: { r: { S: 'x' }, n: { N: '1' } } },
  { M: { n: { N: '1' }, r: { S: 'x' } } },
  { M: { r: { S: 'x' }, n: { N: '2' } } },
  { L: [{ S: 'a' }, { L: [] }] },
  { L: [{ S: 'a' }, { L: [{}] }] },
];

test('two values are the same when the strict comparison of Node says so', () => {
  for (const one of values) {
    for (const other of values.map((value) => structuredClone(value))) {
      expect([one, other, isSame(one, other)]).toEqual([one, other, isDeepStrictEqual(one, other)]);
    }
  }
});
