import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromText, toText } from '../../../src/adapters/sqlite/text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '\0', '\u0001', '\u0001d800', '\ud800', 'a\0b', '\ud83d\ude00'),
);

test('every text comes back from SQLite as it was', () => {
  const database = new DatabaseSync(':memory:');
  const echo = database.prepare('SELECT ? AS text');
  fc.assert(
    fc.property(anyText, (text) => {
      expect(fromText(String(echo.get(toText(text))?.['text']))).toBe(text);
    }),
  );
  database.close();
});

test('plain text is stored as it is, and no two texts are stored alike', () => {
  expect(toText('run-1 é 😀')).toBe('run-1 é 😀');
  expect(toText('\u0001d800')).not.toBe(toText('\ud800'));
});
