import { afterEach, describe, expect, test, vi } from 'vitest';
import { nextTurn, noMetrics, systemClock, uuidSource } from '../../src/adapters/system/index.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('the clock of the system', () => {
  test('fires once, at the delay', () => {
    vi.useFakeTimers();
    const times: number[] = [];
    const start = systemClock.now();
    systemClock.timer(1_000, () => times.push(systemClock.now() - start));
    vi.advanceTimersByTime(999);
    expect(times).toEqual([]);
    vi.advanceTimersByTime(5_000);
    expect(times).toEqual([1_000]);
  });

  test('waits for a year, which is longer than any timer of Node', () => {
    vi.useFakeTimers();
    const year = 365 * 86_400_000;
    let fired = 0;
    systemClock.timer(year, () => {
      fired += 1;
    });
    vi.advanceTimersByTime(year - 1);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
  });

  test('is not kept from firing by a wall clock that is set back', () => {
    vi.useFakeTimers();
    let fired = 0;
    systemClock.timer(1_000, () => {
      fired += 1;
    });
    vi.setSystemTime(Date.now() - 86_400_000);
    vi.advanceTimersByTime(1_000);
    expect(fired).toBe(1);
  });

  test('does not fire what was canceled, also after it was set again', () => {
    vi.useFakeTimers();
    let fired = 0;
    const count = (): void => {
      fired += 1;
    };
    const [short, long] = [systemClock.timer(10, count), systemClock.timer(3 * 2 ** 31, count)];
    vi.advanceTimersByTime(5);
    short();
    vi.advanceTimersByTime(2 ** 32);
    long();
    vi.advanceTimersByTime(2 ** 34);
    expect(fired).toBe(0);
  });

  test('leaves nothing that keeps the process alive', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const cancel = systemClock.timer(3_600_000, () => {});
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
    cancel();
  });
});

test('ids are UUIDs, each another one', () => {
  const ids = Array.from({ length: 100 }, () => uuidSource.unique());
  expect(new Set(ids).size).toBe(100);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('promises go on before the next turn', async () => {
  const order: string[] = [];
  const turn = nextTurn().then(() => order.push('turn'));
  await Promise.resolve();
  order.push('promise');
  await turn;
  expect(order).toEqual(['promise', 'turn']);
});

test('metrics that count nothing take any count', () => {
  expect(noMetrics.count('run.started', { workflow: 'w' })).toBeUndefined();
});
