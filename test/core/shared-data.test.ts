import { describe, expect, test } from 'vitest';
import {
  addRestart,
  applyDelta,
  applyDeltas,
  changeIn,
  deltaOf,
  mergeDeltas,
  noShared,
  restartsAfter,
  withChange,
  withRestarts,
} from '../../src/core/shared-data.ts';

describe('applying what a step changed', () => {
  test('sets keys of the state and of the request context', () => {
    const base = { state: { a: 1, b: 1 }, requestContext: { x: 1 } };
    expect(applyDelta(base, { state: { b: 2, c: 2 }, requestContext: { y: 2 } })).toEqual({
      state: { a: 1, b: 2, c: 2 },
      requestContext: { x: 1, y: 2 },
    });
  });

  test('removes keys of the request context', () => {
    const base = { state: { x: 1 }, requestContext: { x: 1, y: 1 } };
    expect(applyDelta(base, { removed: ['x', 'absent'] })).toEqual({
      state: { x: 1 },
      requestContext: { y: 1 },
    });
  });

  test('what was removed and set again is set', () => {
    expect(
      applyDelta({ state: {}, requestContext: { x: 1 } }, { removed: ['x'], requestContext: { x: 2 } })
        .requestContext,
    ).toEqual({ x: 2 });
  });

  test('changes nothing in place', () => {
    applyDelta(noShared, { state: { a: 1 }, requestContext: { b: 1 } });
    expect(noShared).toEqual({ state: {}, requestContext: {} });
  });

  test('takes any key as data', () => {
    const delta = { state: JSON.parse('{"__proto__": {"a": 1}}') as Record<string, unknown> };
    const { state } = applyDelta(noShared, delta);
    expect(Object.keys(state)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
  });

  test('several apply in their order', () => {
    const merged = applyDeltas(noShared, [
      { state: { a: 1, b: 1 }, requestContext: { x: 1 } },
      { state: { a: 2 } },
      { removed: ['x'] },
    ]);
    expect(merged).toEqual({ state: { a: 2, b: 1 }, requestContext: {} });
    expect(applyDeltas(merged, [])).toBe(merged);
  });
});

describe('two changes in one', () => {
  const base = { state: { a: 0 }, requestContext: { x: 0, y: 0, z: 0 } };
  const first = { state: { a: 1, b: 1 }, requestContext: { x: 1, v: 1 }, removed: ['y'] };

  test.each([
    {},
    { state: { b: 2 } },
    { requestContext: { y: 2 } },
    { removed: ['x', 'v'] },
    { requestContext: { y: 2, w: 2 }, removed: ['z', 'x'] },
  ])('do what the first and then %j do', (second) => {
    expect(applyDelta(base, mergeDeltas(first, second))).toEqual(applyDeltas(base, [first, second]));
    expect(mergeDeltas({}, second)).toMatchObject(second);
  });
});

describe('what a member changed', () => {
  const base = { state: { a: 0 }, requestContext: { x: 0, y: 0, z: 0 } };
  const first = { state: { a: 1, b: 1 }, requestContext: { x: 1, v: 1 }, removed: ['y'] };
  const [one, two] = ['0002.000000.0000.001', '0002.000000.0001.000'];

  test.each([
    { state: {} },
    { state: { b: 2 } },
    { requestContext: { y: 2 } },
    { removed: ['x', 'v'] },
    { requestContext: { y: 2, w: 2 }, removed: ['z', 'x'] },
  ])('is what it changed first and then %j', (second) => {
    const changes = withChange(withChange([], one, first), two, second);
    expect(applyDeltas(base, changes)).toEqual(applyDeltas(base, [first, second]));
    expect(changeIn(changes, { epoch: 2, generation: 1 })).toMatchObject(second);
    const names = changes.flatMap(({ state, requestContext, removed }) => [
      ...Object.keys(state ?? {}),
      ...Object.keys(requestContext ?? {}),
      ...(removed ?? []),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('is asked for by the generation, and of another epoch it is nothing', () => {
    const changes = withChange([], one, first);
    expect(changeIn(changes, { epoch: 2, generation: 0 })).toMatchObject(first);
    expect(changeIn(changes, { epoch: 2, generation: 1 })).toBeUndefined();
    expect(changeIn(changes, { epoch: 3, generation: 0 })).toBeUndefined();
  });

  test('keeps nothing of what was changed again as a whole', () => {
    const changes = withChange(withChange([], one, { state: { a: 1 } }), two, { state: { a: 2 } });
    expect(changes).toEqual([{ turn: two, state: { a: 2 } }]);
    const removed = withChange(withChange([], one, { removed: ['x'] }), two, { requestContext: { x: 2 } });
    expect(removed).toEqual([{ turn: two, requestContext: { x: 2 } }]);
  });
});

describe('what a body changed', () => {
  const texts = (entries: Record<string, string>): Map<string, string> => new Map(Object.entries(entries));

  test('nothing', () => {
    expect(deltaOf(undefined, texts({ a: '1' }), texts({ a: '1' }), { a: 1 })).toBeUndefined();
  });

  test('its state, also when that was set to no keys', () => {
    expect(deltaOf({ n: 1 }, texts({}), texts({}), {})).toEqual({ state: { n: 1 } });
    expect(deltaOf({}, texts({}), texts({}), {})).toEqual({ state: {} });
  });

  test('keys that are new or have another text', () => {
    const before = texts({ a: '1', b: '2' });
    const after = texts({ a: '1', b: '3', c: '4' });
    expect(deltaOf(undefined, before, after, { a: 1, b: 3, c: 4 })).toEqual({
      requestContext: { b: 3, c: 4 },
    });
  });

  test('keys that are gone', () => {
    expect(deltaOf(undefined, texts({ a: '1', b: '2' }), texts({ b: '2' }), { b: 2 })).toEqual({
      removed: ['a'],
    });
  });

  test('applied to what was before it gives what was after', () => {
    const delta = deltaOf({ n: 2 }, texts({ a: '1', b: '2' }), texts({ b: '3', c: '4' }), { b: 3, c: 4 });
    expect(applyDelta({ state: { n: 1 }, requestContext: { a: 1, b: 2 } }, delta ?? {})).toEqual({
      state: { n: 2 },
      requestContext: { b: 3, c: 4 },
    });
  });
});

describe('what restarts brought', () => {
  const first = { at: 5, requestContext: { x: 5, y: 5 } };
  const second = { at: 9, requestContext: { x: 9 } };
  const base = { state: { a: 1 }, requestContext: { x: 0, z: 0 } };

  test('wins over what was there, the later over the earlier', () => {
    expect(withRestarts(base, [first, second])).toEqual({
      state: { a: 1 },
      requestContext: { x: 9, y: 5, z: 0 },
      restartedAt: 9,
    });
    expect(withRestarts(base, [])).toBe(base);
  });

  test('is not applied to what holds it already', () => {
    const held = { ...base, restartedAt: 5 };
    expect(withRestarts(held, [first])).toBe(held);
    expect(withRestarts(held, [first, second]).requestContext).toEqual({ x: 9, z: 0 });
    expect(restartsAfter([first, second], held)).toEqual([second]);
    expect(restartsAfter([first, second], base)).toEqual([first, second]);
  });

  test('is kept by key, in an order that no clock turns round', () => {
    expect(addRestart([], first)).toEqual([first]);
    expect(addRestart([first], second)).toEqual([{ at: 5, requestContext: { y: 5 } }, second]);
    expect(addRestart([second], { at: 3, requestContext: { x: 3 } })).toEqual([
      { at: 10, requestContext: { x: 3 } },
    ]);
  });

  test('comes before what a step changed that saw it', () => {
    const set = { restarts: [first], requestContext: { x: 'set' }, removed: ['y'] };
    expect(applyDelta(base, set)).toEqual({
      state: { a: 1 },
      requestContext: { x: 'set', z: 0 },
      restartedAt: 5,
    });
    // Another member of the block has brought it, and changed it.
    const changed = applyDelta(base, { restarts: [first], requestContext: { x: 'other' } });
    expect(applyDelta(changed, { restarts: [first], state: { b: 1 } })).toEqual({
      state: { a: 1, b: 1 },
      requestContext: { x: 'other', y: 5, z: 0 },
      restartedAt: 5,
    });
  });

  test.each([
    [{}],
    [{ requestContext: { x: 1, z: 1 } }],
    [{ removed: ['x', 'z'] }],
    [{ restarts: [first], requestContext: { x: 1, y: 1 } }],
    [{ restarts: [first], removed: ['y', 'x'] }],
  ])('of two changes in one stands between them: %j', (before) => {
    for (const after of [{}, { requestContext: { x: 2 } }, { removed: ['x', 'y'] }]) {
      const change = { ...after, restarts: [second] };
      expect(applyDelta(base, mergeDeltas(before, change))).toEqual(
        applyDelta(applyDelta(base, before), change),
      );
    }
  });
});

describe('what a member changes after a restart', () => {
  const [first, second] = ['0001.000000.0000.000', '0001.000000.0001.000'];
  const restart = { at: 5, requestContext: { brought: 1 } };

  test('keeps what the restart brought, and takes the place of what was set before it', () => {
    const earlier = withChange([], first, {
      requestContext: { brought: 'old', kept: 'k' },
      restarts: [restart],
    });
    const later = { at: 9, requestContext: { brought: 2, kept: 3 } };
    const changes = withChange(earlier, second, { state: { s: 1 }, restarts: [later] });
    expect(changes).toEqual([
      { turn: first, state: {}, requestContext: {}, removed: [], restarts: [restart] },
      { turn: second, state: { s: 1 }, restarts: [later] },
    ]);
    expect(applyDeltas(noShared, changes)).toMatchObject({
      state: { s: 1 },
      requestContext: { brought: 2, kept: 3 },
      restartedAt: 9,
    });
  });
});
