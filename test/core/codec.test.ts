import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesFromBase64, bytesToBase64, viewKinds, viewOf } from '../../src/core/codec-bytes.ts';
import { decode, encode, type EncodeOptions } from '../../src/core/codec.ts';

function through(value: unknown, options?: EncodeOptions): unknown {
  return decode(encode(value, options));
}

/** Stricter than `toStrictEqual` (prototypes, holes, -0), and not misled by data under the key `constructor`. */
const isSame = isDeepStrictEqual;

function sparse(length: number, items: Readonly<Record<number, unknown>> = {}): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return Object.assign(list, items);
}

const own = (text: string): unknown => JSON.parse(text);

describe('a value comes back as it was', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['true', true],
    ['false', false],
    ['undefined', undefined],
    ['a number', 1.5],
    ['a huge number', 1e300],
    ['a tiny number', 5e-324],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['-0', -0],
    ['a bigint', 2n ** 70n],
    ['a negative bigint', -7n],
    ['a string', 'text "quoted" \n \u2028'],
    ['a lone surrogate', '\ud800'],
    ['the tag itself', '~'],
    ['a Date', new Date(0)],
    ['an invalid Date', new Date(Number.NaN)],
    ['a RegExp', /a\/"(\p{L})$/giu],
    ['a URL', new URL('https://example.org/a?b=%22#c')],
    ['an empty Map', new Map()],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ key: true }, new Map([[Number.NaN, undefined]])],
      ]),
    ],
    ['a Set', new Set<unknown>([1, '1', undefined, new Set([2n])])],
    ['an array', [1, [undefined, null], 'x']],
    ['an array of undefined', [undefined, undefined]],
    ['an object', { a: { b: undefined }, c: [] }],
    ['an object with the tag as key', { '~': 'Date', v: 3 }],
    ['such objects within each other', { '~': { '~': { '~': 'undefined' } } }],
    ['a tag in an array', ['~', { '~': 1 }]],
    ['an empty ArrayBuffer', new ArrayBuffer(0)],
    ['an ArrayBuffer', Uint8Array.of(1, 2, 255).buffer],
  ])('%s', (_name, value) => {
    expect(through(value)).toStrictEqual(value);
  });

  test.each([
    ['at the end', sparse(4, { 0: 1, 2: 3 })],
    ['only', sparse(3)],
    ['around undefined', sparse(3, { 1: undefined })],
    ['in an array of an object', { list: sparse(2, { 1: 1 }) }],
  ])('holes %s', (_name, value) => {
    expect(through(value)).toStrictEqual(value);
  });

  test('an array tells a hole from undefined', () => {
    const back = through(sparse(2, { 1: undefined })) as unknown[];
    expect([0 in back, 1 in back, back.length]).toEqual([false, true, 2]);
  });

  test.each(viewKinds)('%s', (kind) => {
    const buffer = new ArrayBuffer(16);
    new Uint8Array(buffer).set([1, 128, 255, 0, 64]);
    const view = viewOf(kind, buffer);
    const back = through(view);
    expect(back).toStrictEqual(view);
    expect(Object.prototype.toString.call(back)).toBe(`[object ${kind}]`);
  });

  test('a view holds its own part of a buffer only', () => {
    const view = new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2);
    const back = through(view) as Uint8Array;
    expect([...back]).toEqual([2, 3]);
    expect(back.buffer.byteLength).toBe(2);
  });

  test('bytes of any length', () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256);
    expect(through(bytes)).toStrictEqual(bytes);
    expect(new Uint8Array(bytesFromBase64(bytesToBase64(bytes)))).toStrictEqual(bytes);
  });

  test('__proto__ and constructor are keys like any other', () => {
    const value = own('{"__proto__": {"a": 1}, "constructor": {"prototype": 2}, "toString": 3}');
    for (const back of [
      through(value),
      (through([value, 1n]) as unknown[])[0],
      through({ '~': 1, v: value }),
    ]) {
      const plain = (back as { v?: unknown }).v ?? back;
      expect(Object.keys(plain as object)).toEqual(['__proto__', 'constructor', 'toString']);
      expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
      expect(JSON.stringify(plain)).toBe(JSON.stringify(value));
    }
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  test('the same object twice is no cycle', () => {
    const shared = { a: 1 };
    expect(through([shared, shared])).toStrictEqual([{ a: 1 }, { a: 1 }]);
  });
});

describe('a value that comes back as data', () => {
  test('an instance of a class gives its own enumerable properties', () => {
    class Point {
      x = 1;
      readonly #secret = 2;
      get sum(): number {
        return this.x + this.#secret;
      }
    }
    expect(through(new Point())).toStrictEqual({ x: 1 });
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(through(bare)).toStrictEqual({ a: 1 });
  });

  test('toJSON speaks for an object, on its class or its own', () => {
    class Money {
      readonly cents = 5;
      toJSON(): unknown {
        return { amount: BigInt(this.cents) };
      }
    }
    expect(through(new Money())).toStrictEqual({ amount: 5n });
    expect(through({ toJSON: () => [1] })).toStrictEqual([1]);
    expect(through({ toJSON: 'no function' })).toStrictEqual({ toJSON: 'no function' });
  });

  test('a toJSON that returns the object itself adds nothing', () => {
    class Self {
      readonly '~' = 'Date';
      readonly v = 'no date';
      toJSON(): unknown {
        return this;
      }
    }
    expect(through(new Self())).toStrictEqual({ '~': 'Date', v: 'no date' });
  });

  test.each<[string, unknown, unknown]>([
    ['a number', Object(5), 5],
    ['a string', Object('ab'), 'ab'],
    ['a boolean', Object(false), false],
    ['a bigint', Object(3n), 3n],
  ])('boxed, %s is unboxed', (_name, value, plain) => {
    expect(through(value)).toBe(plain);
  });

  test('symbols as keys are no data', () => {
    expect(through({ [Symbol('key')]: 1, a: 2 })).toStrictEqual({ a: 2 });
  });

  test('a Buffer is a Uint8Array, a view of shared memory one of its own', () => {
    expect(through(Buffer.from('ab'))).toStrictEqual(Uint8Array.of(97, 98));
    expect(through(new Uint8Array(new SharedArrayBuffer(2)))).toStrictEqual(new Uint8Array(2));
  });

  test('a subclass of a view is a view, whatever it calls itself', () => {
    class Odd extends Float32Array {
      override get [Symbol.toStringTag](): 'Float32Array' {
        return 'Odd' as 'Float32Array';
      }
    }
    expect(through(Odd.of(1.5))).toStrictEqual(Float32Array.of(1.5));
  });
});

describe('canonical', () => {
  test('texts are equal for equal values, whatever the order of their keys', () => {
    const a = { x: 1, y: { b: [1n], a: new Map([['k', { q: 1, p: 2 }]]) } };
    const b = { y: { a: new Map([['k', { p: 2, q: 1 }]]), b: [1n] }, x: 1 };
    expect(encode(a, { canonical: true })).toBe(encode(b, { canonical: true }));
    expect(encode(a)).not.toBe(encode(b));
    expect(through(a, { canonical: true })).toStrictEqual(a);
  });

  test('texts differ for different values', () => {
    const texts = [
      {},
      { a: undefined },
      [],
      null,
      undefined,
      '',
      0,
      -0,
      0n,
      new Date(0),
      '0',
      new Map(),
      new Set(),
    ].map((value) => encode(value, { canonical: true }));
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('the order of keys of any value does not matter', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
        return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, item]) => [key, shuffled(item)]),
      );
    };
    fc.assert(
      fc.property(fc.object(), (value) => {
        expect(encode(shuffled(value), { canonical: true })).toBe(encode(value, { canonical: true }));
      }),
    );
  });
});

describe('any value', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    key: fc.oneof(
      fc.string(),
      fc.constantFrom('~', 'v', '__proto__', 'constructor', 'toString', 'name', '0'),
    ),
    values: [
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom<unknown>(
        null,
        undefined,
        Number.NaN,
        -0,
        '~',
        '"~"',
        /x/g,
        new URL('https://example.org'),
      ),
    ],
  });

  test('comes back equal', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(isSame(through(value), value)).toBe(true);
        expect(isSame(through(value, { canonical: true }), value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('has one text: encoding what came back gives it again', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(encode(through(value))).toBe(encode(value));
      }),
    );
  });
});
