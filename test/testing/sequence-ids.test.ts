import { expect, test } from 'vitest';
import { sequenceIds } from '../../src/testing/index.ts';

test('ids count up and look like UUIDs', () => {
  const ids = sequenceIds();
  expect([ids.unique(), ids.unique()]).toEqual([
    '00000001-0000-4000-8000-000000000001',
    '00000001-0000-4000-8000-000000000002',
  ]);
});

test('sources of different series never give the same id', () => {
  expect(sequenceIds({ series: 7 }).unique()).toBe('00000007-0000-4000-8000-000000000001');
});
