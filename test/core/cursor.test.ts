import { describe, expect, test } from 'vitest';
import { cursorParts, formatCursor, markOfRun } from '../../src/core/cursor.ts';
import { lifecycleEvents } from '../../src/core/lifecycle.ts';
import { historyCursor, historyPosition } from '../../src/core/run-history.ts';
import { logCursor, logPosition } from '../../src/core/stream.ts';
import { noUsage } from '../../src/core/usage.ts';
import { graphOf, record, view } from './builders.ts';

const invalid = expect.objectContaining({ code: 'WORKFLOW_CURSOR_INVALID' }) as unknown;
const beginning = { next: -1, mark: '', usage: noUsage };
const position = { next: 7, mark: '0001/00000.000000.0000001', usage: { ...noUsage, inputTokens: 1 } };
const ofRecords = lifecycleEvents(view({ graph: graphOf('step'), records: [record(0)] })).cursor;

test('what is no cursor has no parts', () => {
  expect(cursorParts(formatCursor(['a', 1]))).toEqual(['a', 1]);
  for (const text of ['*', 'x', 'e30', 'bnVsbA']) expect(cursorParts(text)).toBeUndefined();
});

describe('a cursor of a log', () => {
  test('gives its position back', () => {
    for (const one of [position, beginning, { ...position, usage: noUsage }]) {
      const text = logCursor('r1', one);
      expect(encodeURIComponent(text)).toBe(text);
      expect(logPosition('r1', text)).toEqual(one);
    }
  });

  test.each([undefined, '', ofRecords])('%s means the beginning', (text) => {
    expect(logPosition('r1', text)).toEqual(beginning);
  });

  const run = markOfRun('r1');
  test.each([
    ['another run', logCursor('r2', position)],
    ['a history', historyCursor('r1', 3)],
    ['nothing', 'x'],
    ['no number', formatCursor([2, run, 'x', ''])],
    ['no mark', formatCursor([2, run, 1, 2])],
    ['half a usage', formatCursor([2, run, 1, '', { inputTokens: 1 }])],
    ['an odd usage', formatCursor([2, run, 1, '', { ...noUsage, inputTokens: 'x' }])],
    ['no usage', formatCursor([2, run, 1, '', null])],
  ])('of %s is refused', (_, text) => {
    expect(() => logPosition('r1', text)).toThrow(invalid);
  });
});

describe('a cursor of a history', () => {
  test('gives its place back; none means the beginning', () => {
    expect(historyPosition('r1', historyCursor('r1', 3))).toBe(3);
    expect(historyPosition('r1', historyCursor('r1', -1))).toBe(-1);
    expect(historyPosition('r1', undefined)).toBe(-1);
    expect(historyPosition('r1', '')).toBe(-1);
  });

  test.each([
    ['another run', historyCursor('r2', 3)],
    ['a log', logCursor('r1', position)],
    ['nothing', 'x'],
    ['no place', formatCursor([3, markOfRun('r1'), 'x'])],
  ])('of %s is refused', (_, text) => {
    expect(() => historyPosition('r1', text)).toThrow(invalid);
  });
});
