import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, type EncodeOptions } from '../../src/core/codec.ts';
import { limits } from '../../src/core/limits.ts';

function through(value: unknown, options?: EncodeOptions): unknown {
  return decode(encode(value, options));
}

function codeOf(code: string, message?: RegExp): unknown {
  return expect.objectContaining({
    code,
    ...(message === undefined ? {} : { message: expect.stringMatching(message) }),
  });
}

describe('what cannot be stored is refused with its path', () => {
  const cycle: { list: unknown[] } = { list: [1] };
  cycle.list.push({ back: cycle });
  const around = new Map<string, unknown>();
  around.set('self', around);

  test.each<[string, unknown, string]>([
    ['a function', () => 1, 'value is a function'],
    ['a function in an object', { a: { b: () => 1 } }, 'value.a.b is a function'],
    ['a class in an array', [1, [Date]], 'value[1][0] is a function'],
    ['a symbol', { s: Symbol('x') }, 'value.s is a symbol'],
    ['a boxed symbol', [Object(Symbol('x'))], 'value[0] is a symbol'],
    ['a promise', { p: Promise.resolve(1) }, 'value.p is a Promise, which cannot be stored: await it first'],
    ['a WeakMap', [new WeakMap()], 'value[0] is a WeakMap'],
    ['a WeakSet', [new WeakSet()], 'value[0] is a WeakSet'],
    ['a WeakRef', [new WeakRef({})], 'value[0] is a WeakRef'],
    ['shared memory', { m: new SharedArrayBuffer(1) }, 'value.m is a SharedArrayBuffer'],
    ['a cycle', cycle, 'value.list[1].back is a cycle'],
    ['a cycle in a Map', around, 'value[0][1] is a cycle'],
    ['a function in a Set', new Set([() => 1]), 'value[0] is a function'],
    ['a function as a key', new Map([[() => 1, 1]]), 'value[0][0] is a function'],
    ['a function in an Error', new Error('x', { cause: [() => 1] }), 'value.cause[0] is a function'],
  ])('%s', (_name, value, message) => {
    expect(() => encode(value)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_VALUE_NOT_STORABLE',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('the message names the value and the remedy', () => {
    expect(() => encode({ a: () => 1 }, { name: 'output of step "x"' })).toThrow(
      'output of step "x".a is a function, which cannot be stored: store data only, and rebuild functions from it',
    );
  });

  const thrown = new TypeError('not now');
  const refuse = (): never => {
    throw thrown;
  };

  test.each<[string, unknown, string]>([
    [
      'an accessor',
      {
        a: [
          {
            get b() {
              return refuse();
            },
          },
        ],
      },
      'value.a[0].b',
    ],
    ['a toJSON', { a: 1, b: { toJSON: refuse } }, 'value.b'],
    [
      'an accessor of an Error',
      { e: Object.defineProperty(new Error('x'), 'name', { get: refuse }) },
      'value.e',
    ],
  ])('%s that throws', (_name, value, path) => {
    expect(() => encode(value)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_VALUE_NOT_STORABLE',
        message: `${path} is a value that throws when it is read, which cannot be stored: store plain data, whose accessors and toJSON return`,
        cause: thrown,
      }),
    );
  });

  test('a value that throws nothing at all, or one of our errors, is refused the same', () => {
    for (const value of [undefined, (): unknown => decode('')]) {
      const toJSON = (): never => {
        if (typeof value === 'function') value();
        throw value;
      };
      expect(() => encode({ toJSON })).toThrow(
        codeOf('WORKFLOW_VALUE_NOT_STORABLE', /^value is a value that throws/),
      );
    }
  });
});

describe('limits', () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level += 1) value = { a: [value] };
    return value;
  };

  test('the depth counts objects and arrays', () => {
    expect(through(nested(2), { maxDepth: 4 })).toStrictEqual(nested(2));
    expect(() => encode(nested(2), { maxDepth: 3 })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_LIMIT_EXCEEDED',
        message: 'value.a[0].a is nested deeper than 3 levels: flatten it, or raise the limit valueDepth',
        details: { limit: 'valueDepth', allowed: 3, path: 'value.a[0].a' },
      }),
    );
  });

  test('the default depth', () => {
    expect(through(nested(limits.valueDepth / 2))).toStrictEqual(nested(limits.valueDepth / 2));
    expect(() => encode(nested(limits.valueDepth / 2 + 1))).toThrow(codeOf('WORKFLOW_LIMIT_EXCEEDED'));
  });

  test('the size counts bytes of the text in UTF-8', () => {
    expect(through('äöü', { maxBytes: 8 })).toBe('äöü');
    expect(() => encode('äöü', { maxBytes: 7, name: 'input' })).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_LIMIT_EXCEEDED',
        message:
          'input takes more than 7 bytes: keep large data elsewhere and pass a reference, or raise the limit valueBytes',
        details: { limit: 'valueBytes', allowed: 7, path: 'input' },
      }),
    );
  });

  test.each<[string, () => unknown]>([
    ['a string', () => 'x'.repeat(2_000)],
    ['a list', () => Array.from({ length: 600 }, () => 1)],
    ['an object', () => Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key${index}`, 1]))],
    ['bytes', () => new Uint8Array(1_001)],
  ])('%s over the size', (_name, value) => {
    expect(() => encode(value(), { maxBytes: 1_000 })).toThrow(codeOf('WORKFLOW_LIMIT_EXCEEDED'));
  });

  test('a few objects that refer to each other many times are refused before their text is made', () => {
    let value: unknown = 'x';
    for (let level = 0; level < 60; level += 1) value = [value, value];
    expect(() => encode(value, { maxBytes: 100_000 })).toThrow(codeOf('WORKFLOW_LIMIT_EXCEEDED'));
  });

  test('so is an array that is long and empty', () => {
    const list: unknown[] = [];
    list.length = 2 ** 32 - 1;
    expect(() => encode(list, { maxBytes: 100_000 })).toThrow(codeOf('WORKFLOW_LIMIT_EXCEEDED'));
  });
});

describe('a text that cannot be read', () => {
  test.each([
    '',
    '{',
    'undefined',
    '[1,]',
    '{"~":"bigint","v":"x"}',
    '{"~":"bigint","v":""}',
    '{"~":"bigint","v":7}',
    '{"~":"number","v":"7"}',
    '{"~":"number"}',
    '{"~":"Date"}',
    '{"~":"Date","v":"2020-01-01"}',
    '{"~":"Map"}',
    '{"~":"Map","v":[1]}',
    '{"~":"Map","v":[{"~":"hole"}]}',
    '{"~":"Set","v":"ab"}',
    '{"~":"RegExp","v":["("," "]}',
    '{"~":"RegExp","v":["a"]}',
    '{"~":"RegExp","v":[1,""]}',
    '{"~":"URL","v":"no url"}',
    '{"~":"URL","v":1}',
    '{"~":"Object"}',
    '{"~":"Object","v":null}',
    '{"~":"Object","v":[]}',
    '{"~":"Error","v":"x"}',
    '{"~":"Uint8Array","v":"*"}',
    '{"~":"Uint8Array","v":[1]}',
    '{"~":"Float64Array","v":"AQID"}',
    '{"~":"hole"}',
    '{"a":{"~":"hole"}}',
  ])('%s', (text) => {
    expect(() => decode(text)).toThrow(codeOf('WORKFLOW_RECORD_CORRUPT'));
  });

  test.each([
    '{"~":"Temporal","v":"AQID"}',
    '{"~":"Temporal","v":{"a":1}}',
    '{"~":"toString","v":"AQID"}',
    '{"~":7}',
  ])('of a kind that a newer version wrote: %s', (text) => {
    expect(() => decode(text)).toThrow(
      codeOf('WORKFLOW_RECORD_CORRUPT', /unknown kind ".*": a newer version/),
    );
  });

  test('that is nested beyond all measure', () => {
    const levels = 200_000;
    const text = `${'['.repeat(levels)}{"~":"undefined"}${']'.repeat(levels)}`;
    expect(() => decode(text)).toThrow(codeOf('WORKFLOW_RECORD_CORRUPT'));
  });

  test('is never taken for a value that it is not, and gives no other error', () => {
    const kind = fc.constantFrom(
      'number',
      'bigint',
      'Date',
      'Map',
      'Set',
      'RegExp',
      'URL',
      'Object',
      'Error',
      'DataView',
      'x',
    );
    fc.assert(
      fc.property(kind, fc.jsonValue(), (name, value) => {
        const text = JSON.stringify({ '~': name, v: value });
        let back: unknown;
        try {
          back = decode(text);
        } catch (error) {
          expect(error).toEqual(codeOf('WORKFLOW_RECORD_CORRUPT'));
          return;
        }
        expect(isDeepStrictEqual(through(back), back)).toBe(true);
      }),
    );
  });
});
