import { describe, expect, test } from 'vitest';
import { nextTurn } from '../../src/adapters/system/index.ts';
import { virtualClock } from '../../src/testing/index.ts';

const START = Date.UTC(2026, 0, 1);

/** A clock, and what its timers have said at which time. */
function noting() {
  const clock = virtualClock();
  const notes: string[] = [];
  const note = (text: string) => () => void notes.push(`${text} at ${clock.now() - START}`);
  return { clock, notes, note };
}

describe('virtual time', () => {
  test('stands still until it is told to pass', async () => {
    const { clock, notes, note } = noting();
    clock.timer(0, note('now'));
    await clock.settle();
    expect(clock.now()).toBe(START);
    expect(notes).toEqual([]);
    await clock.advance(0);
    expect(notes).toEqual(['now at 0']);
  });

  test('starts where it is told to', () => {
    expect(virtualClock({ start: 7 }).now()).toBe(7);
  });

  test('fires timers in order of time, and of setting for the same time, each at its own time', async () => {
    const { clock, notes, note } = noting();
    clock.timer(30, note('c'));
    clock.timer(10, note('a'));
    clock.timer(30, note('d'));
    clock.timer(20, note('b'));
    clock.timer(101, note('late'));
    await clock.advance(100);
    expect(notes).toEqual(['a at 10', 'b at 20', 'c at 30', 'd at 30']);
    expect(clock.now()).toBe(START + 100);
    expect(clock.pending()).toEqual([START + 101]);
  });

  test('fires timers that are set on the way, after promises have gone on', async () => {
    const { clock, notes, note } = noting();
    clock.timer(10, () => {
      void nextTurn()
        .then(() => nextTurn())
        .then(() => clock.timer(5, note('inner')));
    });
    clock.timer(20, note('outer'));
    await clock.advanceTo(START + 20);
    expect(notes).toEqual(['inner at 15', 'outer at 20']);
  });

  test('does not fire a timer that was canceled, and cancels one only', async () => {
    const { clock, notes, note } = noting();
    const cancel = clock.timer(10, note('a'));
    clock.timer(10, note('b'));
    cancel();
    cancel();
    await clock.advance(10);
    cancel();
    expect(notes).toEqual(['b at 10']);
  });

  test('fires a timer of a negative delay now', async () => {
    const { clock, notes, note } = noting();
    clock.timer(-5, note('a'));
    await clock.advance(0);
    expect(notes).toEqual(['a at 0']);
  });

  test('does not go back, nor to no time at all', async () => {
    const clock = virtualClock();
    await expect(async () => clock.advance(-1)).rejects.toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
    await expect(async () => clock.advanceTo(Number.NaN)).rejects.toMatchObject({
      code: 'WORKFLOW_ARGUMENT_INVALID',
    });
  });

  test('is moved by one at a time', async () => {
    const clock = virtualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toMatchObject({ code: 'WORKFLOW_ARGUMENT_INVALID' });
    await first;
    await clock.advance(10);
    expect(clock.now()).toBe(START + 20);
  });
});

describe('running all timers', () => {
  test('goes on until none is left, and counts them', async () => {
    const { clock, notes, note } = noting();
    clock.timer(10, () => clock.timer(1_000_000, note('late')));
    clock.timer(20, note('b'));
    expect(await clock.runAll()).toBe(3);
    expect(notes).toEqual(['b at 20', 'late at 1000010']);
    expect(await clock.runAll()).toBe(0);
  });

  test('gives up on a timer that sets itself for ever', async () => {
    const clock = virtualClock();
    const again = (): void => void clock.timer(1, again);
    again();
    await expect(clock.runAll({ timers: 50 })).rejects.toMatchObject({ code: 'WORKFLOW_LIMIT_EXCEEDED' });
  });

  test('until a promise is settled, and no further', async () => {
    const { clock, notes, note } = noting();
    const promise = new Promise<string>((resolve) => {
      clock.timer(50, () => resolve('done'));
    });
    clock.timer(40, note('before'));
    clock.timer(60, note('after'));
    expect(await clock.runUntil(promise)).toBe('done');
    expect(notes).toEqual(['before at 40']);
    expect(clock.now()).toBe(START + 50);
  });

  test('until a promise rejects', async () => {
    const clock = virtualClock();
    const promise = new Promise<never>((_, reject) => {
      clock.timer(50, () => reject(new Error('no')));
    });
    await expect(clock.runUntil(promise)).rejects.toThrow('no');
  });

  test('gives up on a promise that nothing can settle', async () => {
    const clock = virtualClock();
    const never = new Promise<void>(() => {});
    await expect(clock.runUntil(never)).rejects.toMatchObject({ code: 'WORKFLOW_LIMIT_EXCEEDED' });
    const again = (): void => void clock.timer(1, again);
    again();
    await expect(clock.runUntil(never, { timers: 5 })).rejects.toMatchObject({
      code: 'WORKFLOW_LIMIT_EXCEEDED',
    });
  });
});

test('settling waits for each one that was given', async () => {
  const clock = virtualClock();
  const order: string[] = [];
  clock.settleWith(async () => {
    await nextTurn();
    order.push('first');
  });
  clock.settleWith(async () => void order.push('second'));
  await clock.settle();
  expect(order).toEqual(['first', 'second']);
});
