import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Bytes } from '../../src/core/utf8.ts';

test.each([
  '',
  'a',
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
])('counts %j as Node encodes it', (text) => {
  expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
});

test.each([
  '\ud800',
  '\udc00',
  '\ud800a',
  '\ud800\ud800',
  '\udc00\ud800',
  '\ud800\ud83d\ude00',
  '\ud83d\ude00\udc00',
  '\ud800\ue000',
])('counts a lone surrogate in %j as its replacement', (text) => {
  expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
});

test('agrees with Node for any string', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => utf8Bytes(text) === Buffer.byteLength(text)),
  );
});

test('agrees with Node for any sequence of code units', () => {
  const units = fc.array(fc.oneof(fc.integer({ min: 0xd7f0, max: 0xe00f }), fc.nat(0xffff)));
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
    }),
  );
});
