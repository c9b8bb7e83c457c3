import { describe, expect, test } from 'vitest';
import {
  compact,
  displayWidth,
  duration,
  nearest,
  printable,
  printableLines,
  safeJson,
  shellWord,
  shortened,
  shortenedInMiddle,
  wrapped,
} from '../../src/cli/text.ts';

describe('what authors wrote reaches no terminal as a command', () => {
  test.each([
    ['colour', 'a\u001B[31mb', 'ab'],
    ['title of the window', 'a\u001B]0;owned\u0007b', 'ab'],
    ['C1 introducer', 'a\u009B2Jb', 'ab'],
    ['a lone escape', 'a\u001Bb', 'a b'],
    ['carriage return and bell', 'safe\r\u0007evil', 'safe evil'],
    ['text turned around', 'a\u202Eb\u2066c', 'a b c'],
    ['line separators', 'a\u2028b\nc', 'a b c'],
  ])('%s', (_name, text, expected) => {
    const shown = printable(text);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(shown).toBe(expected);
  });

  test('a lone surrogate becomes the replacement character', () => {
    expect(printable('a\uD800b')).toBe('a\uFFFDb');
  });

  test('JSON stays JSON, with escapes for what JSON itself leaves', () => {
    const value = { a: '\u001B[31m\u009B2J\u007F\u202E\n\u2028', b: [1, null] };
    for (const text of [safeJson(value), safeJson(value, 2), compact(value)]) {
      expect(JSON.parse(text)).toEqual(value);
      // oxlint-disable-next-line no-control-regex -- these are what must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
    }
  });

  test('lines of a message are kept', () => {
    expect(printableLines('a\r\nb\tc\u001B[2J\nd')).toEqual(['a', 'b  c', 'd']);
  });
});

describe('columns', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['日本語', 6],
    ['é', 1],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['✓ ok', 4],
    ['├─', 2],
    ['한글', 4],
    ['Ａ', 2],
  ])('%j takes %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('colours take none', () => {
    expect(displayWidth('\u001B[31mred\u001B[39m')).toBe(3);
  });

  test.each([
    ['abcdefghij', 5, 'abcd…', 'ab…ij'],
    ['abcdefghij', 10, 'abcdefghij', 'abcdefghij'],
    ['日本語日本語', 6, '日本…', '日…語'],
    ['abc', 1, '…', '…'],
    ['abc', 0, '', ''],
    ['👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 5, '👩‍👩‍👧👩‍👩‍👧…', '👩‍👩‍👧…👩‍👩‍👧'],
  ])('%j in %i columns', (text, width, end, middle) => {
    expect(shortened(text, width)).toBe(end);
    expect(shortenedInMiddle(text, width)).toBe(middle);
    expect(displayWidth(shortened(text, width))).toBeLessThanOrEqual(width);
    expect(displayWidth(shortenedInMiddle(text, width))).toBeLessThanOrEqual(width);
  });

  test('words are wrapped behind an indent, and a long one stands alone', () => {
    expect(wrapped('one two three-is-long four', 9, '  ')).toEqual([
      '  one two',
      '  three-is-long',
      '  four',
    ]);
    expect(wrapped('', 10)).toEqual([]);
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [59_949, '59.9 s'],
  [59_950, '1 m 00 s'],
  [3_599_000, '59 m 59 s'],
  [3_600_000, '1 h 00 m'],
  [47 * 3_600_000, '47 h 00 m'],
  [50 * 3_600_000, '2 d 2 h'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  ['plain-1.2_3', 'plain-1.2_3'],
  ['', "''"],
  ['two words', "'two words'"],
  ["it's", "'it'\\''s'"],
  ['$(rm)', "'$(rm)'"],
  ['日本', "'日本'"],
  ["a\u001B[31m\n'", "$'a\\x1b[31m\\x0a\\''"],
])('%j is the word %s', (text, word) => {
  expect(shellWord(text)).toBe(word);
});

test.each([
  ['strat', 'start'],
  ['time', 'time-travel'],
  ['shwo', 'show'],
  ['xyz', undefined],
  ['zzzzzzzzz', undefined],
])('near %s is %s', (given, name) => {
  expect(nearest(given, ['start', 'show', 'time-travel', 'resume'])).toBe(name);
});
