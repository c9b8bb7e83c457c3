import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyToken,
  closingMember,
  encodeToken,
  foldJoin,
  type JoinConsequence,
  type JoinShape,
  type JoinState,
  membersInFlight,
  membersOpen,
  openJoin,
  type SettlementKind,
  settledCount,
} from '../../src/core/join.ts';

/** How a settlement comes about: which of the members that may settle, and which kind of end. */
interface Choice {
  readonly who: number;
  readonly kind: SettlementKind;
}

/** Blocks with more items than may be in flight at once, and what happens to them until nothing can. */
function blocks(...kinds: fc.WeightedArbitrary<SettlementKind>[]): fc.Arbitrary<{
  shape: JoinShape;
  choices: Choice[];
}> {
  const choice = fc.record({ who: fc.nat(), kind: fc.oneof(...kinds) });
  return fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 12 }))
    .chain(([concurrency, more]) =>
      fc.record({
        shape: fc.constant({ total: concurrency + more, concurrency }),
        // Enough for each item to be suspended and resumed a few times on its way.
        choices: fc.array(choice, { minLength: 100, maxLength: 100 }),
      }),
    );
}

const often = (kind: SettlementKind, weight: number): fc.WeightedArbitrary<SettlementKind> => ({
  weight,
  arbitrary: fc.constant(kind),
});
/** Everything that can happen; what stops a block comes seldom enough for windows to move. */
const anything = blocks(
  often('success', 12),
  often('suspended', 4),
  often('failed', 1),
  often('bailed', 1),
  often('canceled', 1),
);
/** Nothing that stops a block for good. */
const unstopped = blocks(often('success', 3), often('suspended', 1));

/** One settlement, with what the block was like before and after it. */
interface Played {
  readonly member: number;
  readonly kind: SettlementKind;
  readonly token: number;
  readonly before: JoinState;
  readonly after: JoinState;
  readonly consequence: JoinConsequence;
}

/** Where an item is. */
type Place = 'waiting' | 'in flight' | 'suspended' | 'over';

/**
 * Plays a block to its end, or to the last choice. It keeps where each item is by what was launched and what happened to it,
 * and never asks the fold for it.
 */
function play({ shape, choices }: { shape: JoinShape; choices: Choice[] }): {
  played: Played[];
  places: Place[];
} {
  const places: Place[] = Array.from({ length: shape.total }, (_, item) =>
    item < shape.concurrency ? 'in flight' : 'waiting',
  );
  const generations = places.map(() => 0);
  const played: Played[] = [];
  let state = openJoin(shape);
  for (const { who, kind: wanted } of choices) {
    const open = [...places.keys()].filter(
      (item) => places[item] === 'in flight' || places[item] === 'suspended',
    );
    const member = open[who % Math.max(1, open.length)];
    if (member === undefined || state.closed !== undefined) break;
    const kind = places[member] === 'suspended' ? 'resumed' : wanted;
    if (kind === 'resumed') generations[member] = (generations[member] ?? 0) + 1;
    const token = encodeToken({ generation: generations[member] ?? 0, hasDelta: false, kind, member });
    const { state: after, consequence } = applyToken(shape, state, token);
    played.push({ member, kind, token, before: state, after, consequence });
    places[member] = kind === 'resumed' ? 'in flight' : kind === 'suspended' ? 'suspended' : 'over';
    for (const item of launchedBy(consequence)) places[item] = 'in flight';
    state = after;
  }
  return { played, places };
}

function launchedBy({ launch }: JoinConsequence): number[] {
  return Array.from({ length: launch.count }, (_, offset) => launch.from + offset);
}

const ends: ReadonlySet<SettlementKind> = new Set(['success', 'failed', 'bailed', 'canceled']);
const stops: ReadonlySet<SettlementKind> = new Set(['failed', 'bailed', 'canceled']);

describe('a foreach with fewer items in flight than it has', () => {
  test('launches its items in their order, each once', () => {
    fc.assert(
      fc.property(anything, (block) => {
        const { played } = play(block);
        const first = Array.from({ length: openJoin(block.shape).next }, (_, item) => item);
        const launched = [...first, ...played.flatMap(({ consequence }) => launchedBy(consequence))];
        expect(launched).toEqual(launched.map((_, place) => place));
        expect(launched.length).toBe(played.at(-1)?.after.next ?? first.length);
        expect(launched.length).toBeLessThanOrEqual(block.shape.total);
      }),
    );
  });

  test('launches nothing after a stop', () => {
    fc.assert(
      fc.property(anything, (block) => {
        const { played } = play(block);
        const stop = played.findIndex(({ kind }) => stops.has(kind));
        fc.pre(stop !== -1);
        expect(played.slice(stop).flatMap(({ consequence }) => launchedBy(consequence))).toEqual([]);
      }),
    );
  });

  test('launches nothing while an item is suspended', () => {
    fc.assert(
      fc.property(anything, (block) => {
        for (const { after, consequence } of play(block).played) {
          if (after.suspended > 0) expect(consequence.launch.count).toBe(0);
        }
      }),
    );
  });

  test('fills its window again with the settlement after which none is suspended', () => {
    fc.assert(
      fc.property(anything, (block) => {
        const { total, concurrency } = block.shape;
        let stopped = false;
        let over = 0;
        for (const { kind, after } of play(block).played) {
          stopped ||= stops.has(kind);
          over += ends.has(kind) ? 1 : 0;
          if (!stopped && after.suspended === 0) {
            expect(after.inFlight).toBe(Math.min(concurrency, total - over));
          }
        }
      }),
    );
  });

  test('holds back what a suspension kept from being launched until the last resumption', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 12 }), (concurrency, more) => {
        const shape = { total: concurrency + more, concurrency };
        const settle = (kind: SettlementKind, generation: number): number[] =>
          Array.from({ length: concurrency }, (_, member) =>
            encodeToken({ generation, hasDelta: false, kind, member }),
          );
        const suspended = foldJoin(shape, settle('suspended', 0));
        expect(suspended).toMatchObject({ next: concurrency, inFlight: 0, suspended: concurrency });
        let state = suspended;
        for (const token of settle('resumed', 1)) {
          const { state: after, consequence } = applyToken(shape, state, token);
          expect(consequence.launch.count).toBe(0);
          expect(consequence.block).toBe(state === suspended ? 'resumed' : undefined);
          state = after;
        }
        expect(state).toMatchObject({ next: concurrency, inFlight: concurrency, suspended: 0 });
      }),
    );
  });

  test('settles every item exactly once when nothing stops it', () => {
    fc.assert(
      fc.property(unstopped, (block) => {
        const { played } = play(block);
        fc.pre(played.at(-1)?.after.closed !== undefined);
        const over = played.filter(({ kind }) => ends.has(kind)).map(({ member }) => member);
        expect(over.toSorted((a, b) => a - b)).toEqual([...over.keys()]);
        expect(over).toHaveLength(block.shape.total);
        expect(played.at(-1)?.after).toMatchObject({ closed: 'success', inFlight: 0, suspended: 0 });
      }),
    );
  });

  test('is not closed by a stop before every item in flight has settled', () => {
    fc.assert(
      fc.property(anything, (block) => {
        const { played, places } = play(block);
        for (const { after } of played.slice(0, -1)) expect(after.closed).toBeUndefined();
        const last = played.at(-1);
        fc.pre(last?.after.closed !== undefined && last.after.closed !== 'success');
        expect(places).not.toContain('in flight');
        const over = played.filter(({ kind }) => ends.has(kind)).map(({ member }) => member);
        expect(new Set(over).size).toBe(over.length);
        // What was not launched before the stop never is.
        expect(places.indexOf('waiting')).toBe(
          last?.after.next === block.shape.total ? -1 : last?.after.next,
        );
      }),
    );
  });

  test('closes as the weightiest of its settlements says', () => {
    fc.assert(
      fc.property(anything, (block) => {
        const { played } = play(block);
        const last = played.at(-1);
        fc.pre(last?.after.closed !== undefined);
        const of = (wanted: SettlementKind): number[] =>
          played.filter(({ kind }) => kind === wanted).map(({ member }) => member);
        const failed = of('failed');
        const expected =
          failed.length > 0
            ? { closed: 'failed', failed: Math.min(...failed) }
            : of('bailed').length > 0
              ? { closed: 'bailed', bailed: of('bailed')[0] }
              : { closed: of('canceled').length > 0 ? 'canceled' : 'success' };
        expect(last?.after).toMatchObject(expected);
        expect(last?.consequence.closed).toBe(expected.closed);
      }),
    );
  });

  test('closes with its last item in flight, unless a suspended one can still change what comes of it', () => {
    fc.assert(
      fc.property(anything, (block) => {
        let decided = false;
        for (const { kind, after } of play(block).played) {
          decided ||= kind === 'failed' || kind === 'bailed';
          const isOver = after.inFlight === 0 && (decided || after.suspended === 0);
          expect(after.closed !== undefined).toBe(isOver);
        }
      }),
    );
  });

  test('changes no more once it is closed, and tells nobody anything', () => {
    fc.assert(
      fc.property(anything, fc.nat(20), fc.nat(20), (block, who, what) => {
        const { played } = play(block);
        const closed = played.at(-1)?.after;
        fc.pre(closed?.closed !== undefined);
        const kinds: SettlementKind[] = ['success', 'failed', 'suspended', 'resumed', 'bailed', 'canceled'];
        const late = encodeToken({
          generation: 1,
          hasDelta: true,
          kind: kinds[what % kinds.length] ?? 'success',
          member: who % block.shape.total,
        });
        if (closed === undefined) return;
        expect(applyToken(block.shape, closed, late)).toEqual({
          state: closed,
          consequence: { launch: { from: 0, count: 0 } },
        });
        const tokens = played.map(({ token }) => token);
        expect(closingMember(block.shape, [...tokens, late])).toBe(played.at(-1)?.member);
      }),
    );
  });

  test('is suspended as a whole, and runs again, exactly when its last item in flight goes and the first comes', () => {
    fc.assert(
      fc.property(anything, (block) => {
        for (const { before, after, consequence } of play(block).played) {
          const quiet = (state: JoinState): boolean => state.inFlight === 0 && state.closed === undefined;
          const expected = quiet(after) ? 'suspended' : quiet(before) ? 'resumed' : undefined;
          expect(consequence.block).toBe(expected);
        }
      }),
    );
  });

  test('counts what is in flight, suspended and settled as its items are', () => {
    fc.assert(
      fc.property(anything, (block) => {
        const { played, places } = play(block);
        const tokens = played.map(({ token }) => token);
        const at = (...wanted: Place[]): number[] =>
          [...places.keys()].filter((item) => wanted.includes(places[item] ?? 'waiting'));
        const state = foldJoin(block.shape, tokens);
        expect(state).toMatchObject({ inFlight: at('in flight').length, suspended: at('suspended').length });
        expect(settledCount(state)).toBe(at('suspended', 'over').length);
        expect(membersInFlight(block.shape, tokens)).toEqual(at('in flight'));
        expect(membersOpen({ ...block.shape, turn: '', openedAt: 0 }, tokens)).toEqual(
          at('in flight', 'suspended'),
        );
      }),
    );
  });

  test('executes one after the other where one at a time is allowed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), (total) => {
        const shape = { total, concurrency: 1 };
        let state = openJoin(shape);
        for (let member = 0; member < total; member += 1) {
          expect(state).toMatchObject({ next: member + 1, inFlight: 1 });
          const token = encodeToken({ generation: 0, hasDelta: false, kind: 'success', member });
          const { state: after, consequence } = applyToken(shape, state, token);
          expect(launchedBy(consequence)).toEqual(member + 1 < total ? [member + 1] : []);
          state = after;
        }
        expect(state.closed).toBe('success');
      }),
    );
  });
});
