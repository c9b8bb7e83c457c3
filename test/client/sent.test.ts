import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sentText } from '../../src/client/sent.ts';
import { toWire } from '../../src/http/wire.ts';
import { shownValues, valuesOfEveryKind } from '../parity/values.ts';

test('values are sent as they would be shown', () => {
  expect(JSON.parse(sentText(valuesOfEveryKind()) ?? '')).toEqual(shownValues);
});

test('whatever JSON can have is sent by the same table', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(JSON.parse(sentText([value]) ?? '')).toEqual(JSON.parse(JSON.stringify(toWire([value]))));
    }),
  );
});

test('cycles are refused, also those through maps', () => {
  const map = new Map<string, unknown>();
  map.set('self', map);
  const list: unknown[] = [];
  list.push(list);
  for (const cycle of [map, list]) expect(() => sentText(cycle)).toThrow();
});
