import { expect, test } from 'vitest';
import { RequestContext } from '../../src/core/request-context.ts';

test.each([
  ['nothing', new RequestContext(), {}],
  ['an object', new RequestContext({ locale: 'de' }), { locale: 'de' }],
  [
    'pairs',
    new RequestContext([
      ['locale', 'de'],
      ['tenant', 7],
    ]),
    { locale: 'de', tenant: 7 },
  ],
  ['a map', new RequestContext(new Map([['locale', 'de']])), { locale: 'de' }],
  ['another context', new RequestContext(new RequestContext({ locale: 'de' })), { locale: 'de' }],
])('begins with %s', (_name, context, entries) => {
  expect(context.toJSON()).toEqual(entries);
});

test('gives, sets and removes by key', () => {
  const context = new RequestContext({ locale: 'de' });
  context.set('tenant', 7);
  expect(context.get('tenant')).toBe(7);
  expect(context.get('absent')).toBeUndefined();
  expect(context.has('locale')).toBe(true);
  expect(context.delete('locale')).toBe(true);
  expect(context.delete('locale')).toBe(false);
  expect(context.has('locale')).toBe(false);
  expect(context.size).toBe(1);
});

test('lists keys, values and pairs in the order in which they were set', () => {
  const context = new RequestContext<Record<string, number>>([['b', 1]]);
  context.set('a', 2);
  context.set('b', 3);
  expect([...context.keys()]).toEqual(['b', 'a']);
  expect([...context.values()]).toEqual([3, 2]);
  expect([...context.entries()]).toEqual([
    ['b', 3],
    ['a', 2],
  ]);
  expect([...context]).toEqual([...context.entries()]);
  expect(JSON.stringify(context)).toBe('{"b":3,"a":2}');
});

test('what it was made from is not changed by it', () => {
  const initial = { locale: 'de' };
  const context = new RequestContext(initial);
  context.set('locale', 'fr');
  expect(initial).toEqual({ locale: 'de' });
});

test('takes any key as data', () => {
  const context = new RequestContext(
    JSON.parse('{"__proto__": 1, "constructor": 2}') as Record<string, unknown>,
  );
  expect(context.get('__proto__')).toBe(1);
  expect(Object.keys(context.toJSON())).toEqual(['__proto__', 'constructor']);
});
