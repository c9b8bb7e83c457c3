import { expect, test } from 'vitest';
import { serviceLimits } from '../../src/adapters/aws/config.ts';
import { itemBytes } from '../../src/adapters/aws/item-size.ts';
import { check, watch } from './dynamodb-limits.ts';

/** What the watch over the large runs makes of a transaction; the emulators take more than AWS does. */

/** A record of so many bytes. */
function recordOf(bytes: number) {
  const key = { pk: { S: 'run' }, sk: { S: 'B#00000' } };
  const rest = bytes - itemBytes({ ...key, v: { S: '' } });
  return { ...key, v: { S: 'x'.repeat(rest) } };
}

function watched(...bytes: number[]) {
  const seen = watch();
  const puts = bytes.map((each) => ({ Put: { Item: recordOf(each) } }));
  check('TransactWriteItemsCommand', { TransactItems: [{}, ...puts] }, {}, seen);
  return seen;
}

test('the records that a transaction puts are weighed', () => {
  const seen = watched(2_000, serviceLimits.itemBytes);
  expect(seen.violations).toEqual([]);
  expect(seen.largest.get('record')).toBe(serviceLimits.itemBytes);
  expect(watched(serviceLimits.itemBytes + 1).violations).toEqual([
    'TransactWriteItemsCommand: bytes of an item is 409601, of at most 409600',
  ]);
});

test('and all of them together', () => {
  const each = serviceLimits.transactionBytes / 16;
  const full = Array.from({ length: 16 }, () => each);
  expect(watched(...full).violations).toEqual([]);
  expect(watched(...full.slice(1), each + 1).violations).toEqual([
    'TransactWriteItemsCommand: bytes of a transaction is 4194305, of at most 4194304',
  ]);
});
