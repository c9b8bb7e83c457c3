import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appendToSegments,
  foldSegments,
  readSegments,
  type Segment,
  type SegmentKey,
  type SegmentTable,
} from '../../src/adapters/segments/index.ts';
import { applyToken, encodeToken, foldJoin, openJoin, type SettlementKind } from '../../src/core/join.ts';
import type { AppendResult, JoinOpening } from '../../src/ports/index.ts';

const at = { runId: 'run', entry: 2, epoch: 1 };
const turn = '0001.000000.0000.000';

/** Holds a call back until the test lets it happen. */
type Gate = () => Promise<void>;

/** Segments in an array; each call happens at once, after its gate. */
function tableOf(opening: JoinOpening, gate: Gate = async () => {}) {
  const segments: Segment[] = [{ opening, carry: openJoin(opening), tokens: [] }];
  const calls: string[] = [];
  let newest = 0;
  const table: SegmentTable = {
    async append({ segment }, { token, turn: wanted, size }) {
      await gate();
      calls.push(`append ${segment}`);
      const image = segments[segment];
      if (image === undefined) return { appended: false };
      if (image.opening.turn !== wanted || image.tokens.length >= size || image.tokens.includes(token)) {
        return { appended: false, image };
      }
      const next = { ...image, tokens: [...image.tokens, token] };
      segments[segment] = next;
      return { appended: true, image: next };
    },
    async open({ segment }, { opening: shape, carry }) {
      await gate();
      calls.push(`open ${segment}`);
      segments[segment] ??= { opening: shape, carry, tokens: [] };
    },
    async hint(_, segment) {
      await gate();
      newest = Math.max(newest, segment);
    },
    async read({ segment }: SegmentKey) {
      await gate();
      calls.push(`read ${segment}`);
      return segments[segment];
    },
  };
  return { table, segments, calls, newest: () => newest };
}

function openingOf(total: number, concurrency = total): JoinOpening {
  return { turn, total, concurrency, openedAt: 5 };
}

function tokenOf(member: number, kind: SettlementKind = 'success', generation = 0): number {
  return encodeToken({ generation, kind, hasDelta: false, member });
}

function appends(table: SegmentTable, size: number, tokens: readonly number[]): Promise<AppendResult[]> {
  return Promise.all(
    tokens.map((one) => appendToSegments(table, { ...at, turn, token: one, fromSegment: 0 }, size)),
  );
}

/** A table whose calls happen one at a time, in the order that fast-check chooses. */
function scheduled(scheduler: fc.Scheduler, opening: JoinOpening) {
  return tableOf(opening, () => scheduler.schedule(Promise.resolve()));
}

const program = fc.record({
  size: fc.constantFrom(1, 2, 3, 100),
  total: fc.integer({ min: 1, max: 12 }),
  window: fc.integer({ min: 1, max: 12 }),
  copies: fc.integer({ min: 1, max: 3 }),
});

describe('the log of a join, in segments', () => {
  test('equals the fold, however appends interleave', async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.scheduler(), async ({ size, total, window, copies }, scheduler) => {
        const opening = openingOf(total, Math.min(window, total));
        const { table, segments } = scheduled(scheduler, opening);
        const members = Array.from({ length: total }, (_, member) => tokenOf(member));
        const all = Array.from({ length: copies }, () => members).flat();
        const pending = appends(table, size, all);
        const [results] = await Promise.all([pending, scheduler.waitFor(pending)]);

        const log = segments.flatMap((segment) => segment.tokens);
        expect(log.toSorted((a, b) => a - b)).toEqual(members);
        expect(segments.slice(0, -1).every((segment) => segment.tokens.length === size)).toBe(true);
        expect(foldSegments(segments, size)?.state).toEqual(foldJoin(opening, log));
        for (const [index, one] of all.entries()) {
          const position = log.indexOf(one);
          const { state, consequence } = applyToken(opening, foldJoin(opening, log.slice(0, position)), one);
          expect(results[index]).toMatchObject({ position, consequence, after: state, opening });
        }
        expect(results.filter((result) => result.won)).toHaveLength(total);
      }),
      { numRuns: 300 },
    );
  });

  test('puts each settlement of a member that suspends and resumes, in segments of one', async () => {
    const { table, segments, newest } = tableOf(openingOf(1));
    const tokens = [tokenOf(0, 'suspended'), tokenOf(0, 'resumed', 1), tokenOf(0, 'success', 1)];
    const found: unknown[] = [];
    for (const one of tokens) found.push(...(await appends(table, 1, [one])));
    expect(found).toMatchObject([
      { position: 0, consequence: { block: 'suspended' } },
      { position: 1, consequence: { block: 'resumed' } },
      { position: 2, consequence: { closed: 'success' }, after: { closed: 'success' } },
    ]);
    expect(segments).toHaveLength(3);
    expect(newest()).toBe(2);
  });

  test('reads before it writes from the second segment on', async () => {
    const { table, calls } = tableOf(openingOf(6));
    await appends(table, 2, [tokenOf(0), tokenOf(1)]);
    await appends(table, 2, [tokenOf(2), tokenOf(3)]);
    calls.length = 0;
    await appends(table, 2, [tokenOf(4)]);
    expect(calls).toEqual(['append 0', 'read 1', 'read 2', 'append 2', 'open 2', 'append 2']);
  });

  test('starts at the stored segment, and finds what is there', async () => {
    const { table, calls } = tableOf(openingOf(6));
    await appends(table, 2, [tokenOf(0), tokenOf(1)]);
    await appends(table, 2, [tokenOf(2)]);
    calls.length = 0;
    const write = { ...at, turn, token: tokenOf(3), fromSegment: 1 };
    expect(await appendToSegments(table, write, 2)).toMatchObject({ won: true, position: 3 });
    expect(await appendToSegments(table, write, 2)).toMatchObject({ won: false, position: 3 });
    expect(calls).toEqual(['append 1', 'append 1']);
  });

  test('opens the segment that a full one made the next', async () => {
    const { table } = tableOf(openingOf(6));
    await appends(table, 2, [tokenOf(0), tokenOf(1)]);
    const write = { ...at, turn, token: tokenOf(2), fromSegment: 1 };
    expect(await appendToSegments(table, write, 2)).toMatchObject({ won: true, position: 2 });
  });

  test('refuses a segment that was never reached, for going back would put a token twice', async () => {
    const { table } = tableOf(openingOf(6));
    await appends(table, 2, [tokenOf(0)]);
    const write = { ...at, turn, token: tokenOf(1), fromSegment: 1 };
    await expect(appendToSegments(table, write, 2)).rejects.toMatchObject({
      code: 'WORKFLOW_RECORD_CORRUPT',
    });
  });

  test('refuses a block that was never opened, and one of another turn', async () => {
    const { table, segments } = tableOf(openingOf(2));
    const other = { ...at, turn: '0001.000001.0000.000', token: tokenOf(0), fromSegment: 0 };
    await expect(appendToSegments(table, other)).rejects.toMatchObject({ code: 'WORKFLOW_RECORD_CORRUPT' });
    segments.length = 0;
    await expect(appendToSegments(table, { ...other, turn })).rejects.toMatchObject({
      code: 'WORKFLOW_RECORD_CORRUPT',
    });
  });

  test('refuses another segment size than that of the store', async () => {
    const { table } = tableOf(openingOf(6));
    await appends(table, 2, [tokenOf(0), tokenOf(1)]);
    await appends(table, 2, [tokenOf(2)]);
    const strict: SegmentTable = {
      ...table,
      append: (key, write) => table.append(key, { ...write, size: 1 }),
    };
    const write = { ...at, turn, token: tokenOf(3), fromSegment: 1 };
    await expect(appendToSegments(strict, write, 2)).rejects.toMatchObject({
      code: 'WORKFLOW_RECORD_CORRUPT',
    });
  });

  test('holds 100 tokens in a segment by default', async () => {
    const { table, segments } = tableOf(openingOf(101));
    for (let member = 0; member <= 100; member += 1) {
      await appendToSegments(table, { ...at, turn, token: tokenOf(member), fromSegment: 0 });
    }
    expect(segments.map((segment) => segment.tokens.length)).toEqual([100, 1]);
  });
});

describe('reading the segments', () => {
  const opening = openingOf(4, 2);
  const full = (tokens: readonly number[], before: readonly number[]): Segment => ({
    opening,
    carry: foldJoin(opening, before),
    tokens,
  });

  test('leaves out what follows a segment that was not full as read', () => {
    const late = full([tokenOf(2)], [tokenOf(0), tokenOf(1)]);
    expect(foldSegments([full([tokenOf(0)], []), late], 2)).toMatchObject({
      tokens: [tokenOf(0)],
      state: foldJoin(opening, [tokenOf(0)]),
    });
  });

  test('folds the last segment over its carry', () => {
    const segments = [full([tokenOf(0), tokenOf(1)], []), full([tokenOf(2)], [tokenOf(0), tokenOf(1)])];
    const tokens = [tokenOf(0), tokenOf(1), tokenOf(2)];
    expect(foldSegments(segments, 2)).toEqual({ ...opening, tokens, state: foldJoin(opening, tokens) });
  });

  test('reads on only while segments are full, and consistently', async () => {
    const { table, calls } = tableOf(opening);
    await appends(table, 2, [tokenOf(0), tokenOf(1)]);
    await appends(table, 2, [tokenOf(2)]);
    calls.length = 0;
    const consistent: unknown[] = [];
    const log = await readSegments(
      { read: (key, options) => (consistent.push(options.consistent), table.read(key, options)) },
      at,
      2,
    );
    expect(log?.tokens).toEqual([tokenOf(0), tokenOf(1), tokenOf(2)]);
    expect(calls).toEqual(['read 0', 'read 1']);
    expect(consistent).toEqual([true, true]);
  });

  test('finds nothing of a block that was never opened', async () => {
    const { table, segments } = tableOf(opening);
    segments.length = 0;
    expect(await readSegments(table, at, 2)).toBeUndefined();
    expect(foldSegments([])).toBeUndefined();
  });
});
