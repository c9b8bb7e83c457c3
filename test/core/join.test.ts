import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  applyToken,
  closingMember,
  decodeToken,
  encodeToken,
  foldJoin,
  type JoinShape,
  type JoinState,
  launchingSettlements,
  membersInFlight,
  openJoin,
  type Settlement,
  type SettlementKind,
  settlementKinds,
} from '../../src/core/join.ts';

function token(kind: SettlementKind, member: number, more: Partial<Settlement> = {}): number {
  return encodeToken({ generation: 0, hasDelta: false, kind, member, ...more });
}

const settlements: fc.Arbitrary<Settlement> = fc.record({
  generation: fc.nat(9_999),
  kind: fc.constantFrom(...settlementKinds),
  hasDelta: fc.boolean(),
  member: fc.nat(16_383),
});

describe('tokens', () => {
  test('are numbers of the stored form', () => {
    expect(token('success', 5)).toBe(5);
    expect(token('failed', 5, { hasDelta: true })).toBe((2 + 1) * 16_384 + 5);
    expect(token('resumed', 5, { generation: 2 })).toBe((2 * 16 + 6) * 16_384 + 5);
  });

  test('are read back', () => {
    fc.assert(
      fc.property(settlements, (settlement) => {
        expect(decodeToken(encodeToken(settlement))).toEqual(settlement);
      }),
    );
  });

  test('differ for different settlements', () => {
    fc.assert(
      fc.property(settlements, settlements, (a, b) => {
        const same = isDeepStrictEqual(a, b);
        expect(encodeToken(a) === encodeToken(b)).toBe(same);
      }),
    );
  });

  test.each([12 * 16_384, 15 * 16_384 + 3, -1, Number.NaN])('%d is refused', (number) => {
    expect(() => decodeToken(number)).toThrow(expect.objectContaining({ code: 'WORKFLOW_RECORD_CORRUPT' }));
  });
});

function fold(
  shape: JoinShape,
  ...tokens: number[]
): { state: JoinState; last: ReturnType<typeof applyToken> } {
  const before = foldJoin(shape, tokens.slice(0, -1));
  const last = applyToken(shape, before, tokens.at(-1) ?? Number.NaN);
  return { state: last.state, last };
}

describe('a block of arms', () => {
  const shape = { total: 3, concurrency: 3 };

  test('begins with all of them in flight', () => {
    expect(openJoin(shape)).toEqual({ next: 3, inFlight: 3, suspended: 0, hasDelta: false });
  });

  test('closes with success when the last one has', () => {
    const { last } = fold(shape, token('success', 2), token('success', 0), token('success', 1));
    expect(last.consequence).toEqual({ launch: { from: 3, count: 0 }, closed: 'success' });
    expect(last.state.closed).toBe('success');
  });

  test('waits for the others when one failed, and fails with the lowest', () => {
    const { last } = fold(shape, token('failed', 2), token('success', 0));
    expect(last.consequence).toEqual({ launch: { from: 3, count: 0 } });
    expect(fold(shape, token('failed', 2), token('success', 0), token('failed', 1)).state).toMatchObject({
      failed: 1,
      closed: 'failed',
    });
    expect(fold(shape, token('failed', 1), token('success', 0), token('failed', 2)).state.failed).toBe(1);
  });

  test('ends with what bailed first', () => {
    const { state } = fold(shape, token('bailed', 2), token('bailed', 0), token('success', 1));
    expect(state).toMatchObject({ bailed: 2, closed: 'bailed' });
  });

  test('is canceled when an arm was', () => {
    expect(fold(shape, token('success', 2), token('canceled', 0), token('success', 1)).state.closed).toBe(
      'canceled',
    );
  });

  test.each([
    [['failed', 'bailed', 'canceled'], 'failed'],
    [['bailed', 'canceled', 'failed'], 'failed'],
    [['bailed', 'suspended', 'canceled'], 'bailed'],
    [['suspended', 'failed', 'success'], 'failed'],
    [['suspended', 'canceled', 'success'], undefined],
    [['canceled', 'success', 'success'], 'canceled'],
  ] as const)('of %j, what weighs most decides: %s', (kinds, closed) => {
    const tokens = kinds.map((kind, member) => token(kind, member));
    expect(fold(shape, ...tokens).state.closed).toBe(closed);
  });

  test('is suspended when nothing is in flight and one waits, and runs again with the resumption', () => {
    const suspended = [token('suspended', 0), token('success', 1), token('success', 2)];
    expect(fold(shape, ...suspended).last.consequence).toEqual({
      launch: { from: 3, count: 0 },
      block: 'suspended',
    });
    const resumed = [...suspended, token('resumed', 0, { generation: 1 })];
    expect(fold(shape, ...resumed).last.consequence).toEqual({
      launch: { from: 3, count: 0 },
      block: 'resumed',
    });
    const ended = fold(shape, ...resumed, token('success', 0, { generation: 1 }));
    expect(ended.last.consequence.closed).toBe('success');
  });

  test('is not resumed by an arm while others run', () => {
    const tokens = [token('suspended', 0), token('resumed', 0, { generation: 1 })];
    expect(fold(shape, ...tokens).last.consequence).toEqual({ launch: { from: 3, count: 0 } });
  });

  test('remembers that a token carried a delta', () => {
    expect(fold(shape, token('success', 0)).state.hasDelta).toBe(false);
    expect(fold(shape, token('success', 0, { hasDelta: true }), token('success', 1)).state.hasDelta).toBe(
      true,
    );
  });

  test('ignores what comes after its end', () => {
    const closed = foldJoin(shape, [token('failed', 0), token('suspended', 1), token('success', 2)]);
    expect(closed.closed).toBe('failed');
    const late = applyToken(shape, closed, token('resumed', 1, { generation: 1 }));
    expect(late).toEqual({ state: closed, consequence: { launch: { from: 0, count: 0 } } });
  });
});

describe('a window over items', () => {
  const shape = { total: 5, concurrency: 2 };

  test('begins with as many as may be in flight', () => {
    expect(openJoin(shape)).toMatchObject({ next: 2, inFlight: 2 });
    expect(openJoin({ total: 1, concurrency: 2 })).toMatchObject({ next: 1, inFlight: 1 });
    expect(openJoin({ total: 0, concurrency: 2 })).toMatchObject({ next: 0, inFlight: 0 });
  });

  test('each success launches the next one', () => {
    expect(fold(shape, token('success', 1)).last.consequence.launch).toEqual({ from: 2, count: 1 });
    expect(fold(shape, token('success', 1), token('success', 0)).last.consequence.launch).toEqual({
      from: 3,
      count: 1,
    });
  });

  test('launches none beyond the last', () => {
    const four = [0, 1, 2].map((member) => token('success', member));
    expect(fold(shape, ...four, token('success', 3)).last.consequence.launch.count).toBe(0);
  });

  test.each(['failed', 'bailed', 'canceled'] as const)('stops launching when one has %s', (kind) => {
    const { last } = fold(shape, token(kind, 0), token('success', 1));
    expect(last.consequence.launch.count).toBe(0);
    expect(last.consequence.closed).toBe(kind);
  });

  test('a suspension holds the window shut, and its end opens it wide', () => {
    const wide = { total: 6, concurrency: 3 };
    const held = [token('suspended', 0), token('success', 1)];
    expect(fold(wide, ...held).last.consequence).toEqual({ launch: { from: 3, count: 0 } });
    const resumed = fold(wide, ...held, token('resumed', 0, { generation: 1 }));
    expect(resumed.last.consequence.launch).toEqual({ from: 3, count: 1 });
    expect(resumed.state.inFlight).toBe(3);
  });

  test('the resumption that runs the block again launches what was held back', () => {
    const tokens = [token('suspended', 0), token('success', 1), token('resumed', 0, { generation: 1 })];
    expect(fold(shape, ...tokens).last.consequence).toEqual({
      launch: { from: 2, count: 1 },
      block: 'resumed',
    });
  });
});

describe('members in flight', () => {
  test('are those launched that neither settled nor wait', () => {
    const shape = { total: 5, concurrency: 3 };
    expect(membersInFlight(shape, [])).toEqual([0, 1, 2]);
    expect(membersInFlight(shape, [token('success', 1)])).toEqual([0, 2, 3]);
    expect(membersInFlight(shape, [token('suspended', 1)])).toEqual([0, 2]);
    expect(membersInFlight(shape, [token('suspended', 1), token('resumed', 1, { generation: 1 })])).toEqual([
      0, 1, 2,
    ]);
  });

  test('go by the arms that take part', () => {
    const shape = { total: 2, concurrency: 2 };
    expect(membersInFlight(shape, [token('success', 4)], [1, 4])).toEqual([1]);
  });
});

/** What can happen to a member, as a walk over legal settlements. */
const walks = fc.record({
  total: fc.integer({ min: 1, max: 12 }),
  concurrency: fc.integer({ min: 1, max: 12 }),
  choices: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 40 }),
});

/** Plays a block: each choice settles a member in flight, or resumes a suspended one. */
function play({
  total,
  concurrency,
  choices,
}: {
  total: number;
  concurrency: number;
  choices: [number, number][];
}): {
  shape: JoinShape;
  tokens: number[];
  states: JoinState[];
} {
  const shape = { total, concurrency };
  const flying = Array.from({ length: openJoin(shape).next }, (_, member) => member);
  const generations = new Map<number, number>();
  const suspended = new Set<number>();
  const tokens: number[] = [];
  const states = [openJoin(shape)];
  for (const [who, what] of choices) {
    const state = states.at(-1) ?? openJoin(shape);
    const candidates = [...flying, ...suspended];
    const member = candidates[who % Math.max(1, candidates.length)];
    if (member === undefined || state.closed !== undefined) break;
    const kinds = settlementKinds.filter((kind) => (kind === 'resumed') === suspended.has(member));
    const kind = kinds[what % kinds.length] ?? 'success';
    if (kind === 'resumed') generations.set(member, (generations.get(member) ?? 0) + 1);
    const made = token(kind, member, { generation: generations.get(member) ?? 0, hasDelta: what % 7 === 0 });
    tokens.push(made);
    const step = applyToken(shape, state, made);
    states.push(step.state);
    if (kind === 'resumed') flying.push(member);
    else flying.splice(flying.indexOf(member), 1);
    if (kind === 'suspended') suspended.add(member);
    else suspended.delete(member);
    const { from, count } = step.consequence.launch;
    flying.push(...Array.from({ length: count }, (_, offset) => from + offset));
  }
  return { shape, tokens, states };
}

describe('for any order of settlements', () => {
  test('never more than the window is in flight or suspended', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        for (const { inFlight, suspended, next } of play(walk).states) {
          expect(inFlight + suspended).toBeLessThanOrEqual(walk.concurrency);
          expect(Math.min(inFlight, suspended)).toBeGreaterThanOrEqual(0);
          expect(next).toBeLessThanOrEqual(walk.total);
        }
      }),
    );
  });

  test('the fold is the same step by step, whole, and from any carry', () => {
    fc.assert(
      fc.property(walks, fc.nat(), (walk, cut) => {
        const { shape, tokens, states } = play(walk);
        const at = cut % (tokens.length + 1);
        expect(foldJoin(shape, tokens)).toEqual(states.at(-1));
        expect(foldJoin(shape, tokens.slice(at), foldJoin(shape, tokens.slice(0, at)))).toEqual(
          states.at(-1),
        );
      }),
    );
  });

  test('a carry survives its stored form', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        for (const state of play(walk).states) expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
    );
  });

  test('no settlement makes the same token twice', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const { tokens } = play(walk);
        expect(new Set(tokens).size).toBe(tokens.length);
      }),
    );
  });

  test('as many members are in flight as the state counts', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const { shape, tokens, states } = play(walk);
        expect(membersInFlight(shape, tokens)).toHaveLength(states.at(-1)?.inFlight ?? Number.NaN);
      }),
    );
  });

  test('each member is launched once, and a block with nothing in flight is closed or suspended', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const { shape, tokens } = play(walk);
        let state = openJoin(shape);
        let launched = state.next;
        for (const one of tokens) {
          const step = applyToken(shape, state, one);
          expect(step.consequence.launch.from).toBe(launched);
          launched += step.consequence.launch.count;
          state = step.state;
          expect(state.inFlight === 0).toBe(
            state.closed !== undefined || step.consequence.block === 'suspended',
          );
        }
      }),
    );
  });

  test('the member whose settlement closed a block is known for good', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const { shape, tokens, states } = play(walk);
        const closing = states.findIndex((state) => state.closed !== undefined);
        const last = tokens[closing - 1];
        expect(closingMember(shape, tokens)).toBe(last === undefined ? undefined : decodeToken(last).member);
      }),
    );
  });
});

describe('the settlements that launch members', () => {
  const opening = { turn: 't', total: 6, concurrency: 2, openedAt: 0 };
  const ok = (member: number) => encodeToken({ generation: 0, kind: 'success', hasDelta: true, member });

  test('are found by what the log up to them launches', () => {
    const tokens = [ok(1), ok(0), ok(3)];
    expect(launchingSettlements(opening, tokens, [2, 4])).toEqual([
      { generation: 0, kind: 'success', hasDelta: true, member: 1, position: 0 },
      { generation: 0, kind: 'success', hasDelta: true, member: 3, position: 2 },
    ]);
    expect(launchingSettlements(opening, tokens, [0, 1, 5])).toEqual([]);
  });

  test('name the arms that a branch takes by their own numbers', () => {
    const taken = { ...opening, total: 3, concurrency: 1, taken: [1, 4, 7] };
    expect(launchingSettlements(taken, [ok(1)], [4])).toMatchObject([{ member: 1, position: 0 }]);
    expect(launchingSettlements(taken, [ok(1)], [7])).toEqual([]);
  });
});
