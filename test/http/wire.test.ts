import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WorkflowError } from '../../src/core/errors.ts';
import { toWire, wireDepth } from '../../src/http/index.ts';

class Money {
  readonly cents = 250;
  get text(): string {
    return '2.50';
  }
}

const table: readonly (readonly [string, unknown, unknown])[] = [
  ['a date', new Date('2030-01-31T12:00:00Z'), '2030-01-31T12:00:00.000Z'],
  ['an invalid date', new Date(Number.NaN), null],
  [
    'a map',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ k: 2 }, new Set([3])],
    ]),
    [
      ['a', 1],
      [{ k: 2 }, [3]],
    ],
  ],
  ['a set', new Set(['a', 2n]), ['a', '2']],
  ['a bigint', 12345678901234567890n, '12345678901234567890'],
  [
    'numbers that JSON lacks',
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
    [null, null, null, -0],
  ],
  ['undefined properties', { a: undefined, b: 1 }, { b: 1 }],
  ['undefined items', [undefined, 1], [null, 1]],
  ['a sparse array', Object.assign([], { 1: 'x' }), [null, 'x']],
  ['functions and symbols', { f: () => 1, s: Symbol('s'), list: [() => 1] }, { list: [null] }],
  ['bytes', new Uint8Array([1, 2, 255]), 'AQL/'],
  ['a part of a buffer', new Uint8Array([9, 1, 2, 255, 9]).subarray(1, 4), 'AQL/'],
  ['wide numbers', new Uint16Array([1]), 'AQA='],
  ['a buffer', new Uint8Array([1, 2, 255]).buffer, 'AQL/'],
  ['a view', new DataView(new Uint8Array([1, 2, 255]).buffer), 'AQL/'],
  ['a pattern and an address', [/a+/gu, new URL('http://x.test/a?b=1')], ['/a+/gu', 'http://x.test/a?b=1']],
  ['an instance', new Money(), { cents: 250 }],
  ['toJSON', { toJSON: () => ({ at: new Date(0) }) }, { at: '1970-01-01T00:00:00.000Z' }],
  ['the top', undefined, null],
];

test.each(table)('%s', (_name, value, expected) => {
  expect(toWire(value)).toStrictEqual(expected);
});

describe('errors', () => {
  test('have name, message, cause, code and own properties, and no stack', () => {
    const cause = new TypeError('inner');
    const error = Object.assign(new RangeError('outer', { cause }), { at: new Date(0), code: 'E_OUTER' });
    expect(toWire({ error })).toStrictEqual({
      error: {
        name: 'RangeError',
        message: 'outer',
        cause: { name: 'TypeError', message: 'inner' },
        code: 'E_OUTER',
        at: '1970-01-01T00:00:00.000Z',
      },
    });
  });

  test('of this package show their code and details', () => {
    const error = new WorkflowError('WORKFLOW_RUN_CONFLICT', 'taken', { details: { runId: 'r' } });
    expect(toWire(error)).toStrictEqual({
      name: 'WorkflowError',
      message: 'taken',
      code: 'WORKFLOW_RUN_CONFLICT',
      details: { runId: 'r' },
    });
  });

  test('show what an AggregateError holds', () => {
    expect(toWire(new AggregateError([new Error('a')], 'all'))).toStrictEqual({
      name: 'AggregateError',
      message: 'all',
      errors: [{ name: 'Error', message: 'a' }],
    });
  });
});

describe('what could throw', () => {
  test('cycles, also through errors and maps', () => {
    const error = new Error('loop');
    error.cause = error;
    const map = new Map<string, unknown>();
    map.set('self', map);
    const object: Record<string, unknown> = { error, map };
    object['self'] = object;
    expect(toWire(object)).toStrictEqual({
      error: { name: 'Error', message: 'loop', cause: null },
      map: [['self', null]],
      self: null,
    });
  });

  test('the same value twice is no cycle', () => {
    const shared = { a: 1 };
    expect(toWire([shared, shared])).toStrictEqual([{ a: 1 }, { a: 1 }]);
  });

  test('getters, toJSON methods and revoked proxies', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const value = {
      get broken(): never {
        throw new Error('no');
      },
      json: {
        toJSON: () => {
          throw new Error('no');
        },
      },
      proxy,
      kept: 1,
    };
    expect(toWire(value)).toStrictEqual({ broken: null, json: null, proxy: null, kept: 1 });
  });

  test('depth', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 100_000; i += 1) deep = { deep };
    let shown = toWire(deep);
    let levels = 0;
    while (shown !== null && typeof shown === 'object' && 'deep' in shown) {
      levels += 1;
      shown = shown.deep;
    }
    expect([levels, shown]).toEqual([wireDepth, null]);
    expect(JSON.stringify(toWire(deep))).toContain('null');
  });

  test('keys that mean something to JavaScript stay keys', () => {
    const given = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}') as object;
    expect(JSON.stringify(toWire(given))).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('anything at all', () => {
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
        const wire = toWire(value);
        // JSON has no -0.
        expect(JSON.parse(JSON.stringify(wire))).toEqual(JSON.parse(JSON.stringify(toWire(wire))));
      }),
    );
  });
});
