import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesFromBase64, bytesToBase64 } from '../../src/core/codec-bytes.ts';
import { lifecycleEvents } from '../../src/core/lifecycle.ts';
import { graphOf, header, record, view } from './builders.ts';
import { histories, play, readAll } from './lifecycle-history.ts';

const graph = graphOf('step', 'step');

describe('a cursor', () => {
  const run = view({ graph, records: [record(0, { startedAt: 10 })] });
  const { cursor } = lifecycleEvents(run);
  const invalid = expect.objectContaining({ code: 'WORKFLOW_CURSOR_INVALID' }) as unknown;

  function forged(...parts: unknown[]): string {
    return bytesToBase64(Uint8Array.from(Buffer.from(JSON.stringify(parts))));
  }

  function partsOf(text: string): unknown[] {
    const bytes = bytesFromBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(Buffer.from(bytes).toString()) as unknown[];
  }

  test('is safe in a URL', () => {
    for (const text of [
      cursor,
      ...histories(5).flatMap(({ snapshots }) => snapshots.map((one) => lifecycleEvents(one).cursor)),
    ]) {
      expect(encodeURIComponent(text)).toBe(text);
    }
  });

  test('an empty one is none', () => {
    expect(lifecycleEvents(run, '')).toEqual(lifecycleEvents(run));
  });

  test('of another run is refused, although it looks alike', () => {
    const other = { ...run, header: header({ runId: 'r2' }) };
    expect(() => lifecycleEvents(other, cursor)).toThrow(invalid);
    expect(() => lifecycleEvents(run, lifecycleEvents(other).cursor)).toThrow(invalid);
  });

  test('of an epoch that the run has not reached is refused', () => {
    const later = lifecycleEvents({ ...run, header: header({ epoch: 2, from: [[2, 0, 0]] }) });
    expect(() => lifecycleEvents(run, later.cursor)).toThrow(invalid);
  });

  test.each(['x', '*', 'bnVsbA', 'e30', 'W10', 'MQ'])('%s is refused', (text) => {
    expect(() => lifecycleEvents(run, text)).toThrow(invalid);
  });

  const [format, mark] = partsOf(cursor);
  test.each([
    ['another version', [4, mark, 1, 1, '', 0, {}]],
    ['no run', [format, 7, 1, 1, '', 0, {}]],
    ['an odd epoch', [format, mark, 'x', 1, '', 0, {}]],
    ['an odd entry', [format, mark, 1, 1, '', -1, {}]],
    ['odd counts', [format, mark, 1, 1, '', 0, { '00000': 0.5 }]],
    ['no counts', [format, mark, 1, 1, '', 0, null]],
    ['other counts', [format, mark, 1, 1, '', 0, 1]],
    ['an odd stop', [format, mark, 1, 1, 0, 0, {}]],
  ])('with %s is refused', (_name, parts) => {
    expect(() => lifecycleEvents(run, forged(...parts))).toThrow(invalid);
  });

  test('the same parts make a cursor that counts', () => {
    expect(lifecycleEvents(run, forged(format, mark, 1, 1, '', 0, { '00000': 1 })).events).toEqual([]);
  });
});

describe('over any snapshots of a growing run', () => {
  const reads = fc.record({
    choices: fc.array(fc.nat(), { maxLength: 60 }),
    looks: fc.array(fc.nat(60), { maxLength: 12 }),
  });

  test('every event is told exactly once, and a start before its end', () => {
    fc.assert(
      fc.property(reads, ({ choices, looks }) => {
        const { snapshots, told } = play(choices);
        const at = [...new Set(looks.map((look) => look % snapshots.length)), snapshots.length - 1];
        const chosen = at.toSorted((a, b) => a - b).flatMap((index) => snapshots[index] ?? []);
        const { events } = readAll(chosen);
        const ids = events.map(({ id }) => id);
        expect(ids.toSorted()).toEqual(told.toSorted());
        for (const [index, id] of ids.entries()) {
          const start = id.replace(/-(?:result|suspended)\//, '-start/');
          expect(ids.indexOf(start)).toBeLessThanOrEqual(index);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('no page depends on what was read before it, but for what it leaves out', () => {
    fc.assert(
      fc.property(reads, ({ choices }) => {
        const { snapshots } = play(choices);
        const step = readAll(snapshots).events.map(({ id }) => id);
        const whole = readAll(snapshots.slice(-1)).events.map(({ id }) => id);
        expect(whole.toSorted()).toEqual(step.toSorted());
      }),
    );
  });
});
