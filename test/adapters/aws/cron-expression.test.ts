import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schedulerCron } from '../../../src/adapters/aws/cron-expression.ts';
import { crons } from '../../core/crons.ts';

/** The expressions; a problem fails the test. */
function expressions(cron: string): readonly string[] {
  const read = schedulerCron(cron);
  if ('problem' in read) throw new TypeError(read.problem);
  return read.expressions;
}

function problem(cron: string): string {
  const read = schedulerCron(cron);
  return 'problem' in read ? read.problem : `is ${read.expressions.join()}`;
}

/** Whether a field of the Scheduler's, as its user guide describes them, has a number. */
function has(field: string, number: number): boolean {
  if (field === '*' || field === '?') return true;
  return field.split(',').some((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) throw new TypeError(`${part} is no part of a field`);
    return number >= Number(match[1]) && number <= Number(match[2] ?? match[1]);
  });
}

/** Whether the Scheduler starts something in the minute that begins at `time`, in UTC. */
function isDue(expression: string, time: Date): boolean {
  const fields = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression)?.slice(1) ?? [];
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields;
  // It refuses an expression of which not exactly one of the days is open.
  if ((day === '?') === (weekday === '?')) throw new TypeError(`${expression} has no ?, or two`);
  return (
    has(minute, time.getUTCMinutes()) &&
    has(hour, time.getUTCHours()) &&
    has(day, time.getUTCDate()) &&
    has(month, time.getUTCMonth() + 1) &&
    // From 1 for Sunday.
    has(weekday, time.getUTCDay() + 1) &&
    has(year, time.getUTCFullYear())
  );
}

const from = Date.UTC(2026, 0, 1);

describe('the expressions of the Scheduler', () => {
  test('have the times of the standard one, and no others', () => {
    fc.assert(
      fc.property(crons, fc.integer({ min: 0, max: 2 * 366 * 24 }), (cron, hours) => {
        const read = schedulerCron(cron);
        const start = from + hours * 3_600_000;
        const times = new Cron(cron, { paused: true, timezone: 'UTC' }).nextRuns(5, new Date(start - 1));
        if ('problem' in read) {
          expect([cron, times]).toEqual([cron, []]);
          return;
        }
        const due = (time: Date): boolean => read.expressions.some((expression) => isDue(expression, time));
        for (const time of times) expect([cron, time, due(time)]).toEqual([cron, time, true]);
        // In the minutes of the day that begins there, and of the hour of the first time, they agree both ways.
        const expected = new Set(times.map((time) => time.getTime()));
        const last = times.at(-1)?.getTime() ?? Infinity;
        const near = (times[0]?.getTime() ?? start) - 30 * 60_000;
        for (const begin of [start, Math.max(start, near)]) {
          for (let at = begin; at < begin + 60 * 60_000 && at <= last; at += 60_000) {
            expect([cron, at, due(new Date(at))]).toEqual([cron, at, expected.has(at)]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('fit into what it reads', () => {
    fc.assert(
      fc.property(crons, (cron) => {
        const read = schedulerCron(cron);
        const lengths = 'problem' in read ? [] : read.expressions.map(({ length }) => length);
        expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(256);
      }),
    );
  });

  test.each([
    ['* * * * *', ['cron(* * * * ? *)']],
    ['30 6 * * MON-FRI', ['cron(30 6 ? * 2-6 *)']],
    ['0 0 * * 0', ['cron(0 0 ? * 1 *)']],
    ['0 0 * * 7', ['cron(0 0 ? * 1 *)']],
    ['0 0 * * 6,7', ['cron(0 0 ? * 1,7 *)']],
    ['*/15 8-18/2 * * *', ['cron(0,15,30,45 8,10,12,14,16,18 * * ? *)']],
    ['0 0 1,15-17 jan,MAR *', ['cron(0 0 1,15-17 1,3 ? *)']],
    ['0 0 13 * FRI', ['cron(0 0 13 * ? *)', 'cron(0 0 ? * 6 *)']],
    // Every day is one of the month, or one of the week.
    ['0 0 1-31 * FRI', ['cron(0 0 * * ? *)']],
    ['0 0 13 * 0-6', ['cron(0 0 * * ? *)']],
    // There is no such day, and the Scheduler refuses what never comes.
    ['0 0 30 2 FRI', ['cron(0 0 ? 2 6 *)']],
    ['0 5 4 * * *', ['cron(5 4 * * ? *)']],
    ['0 5 4 * * * 2027,2029-2031', ['cron(5 4 * * ? 2027,2029-2031)']],
    ['@daily', ['cron(0 0 * * ? *)']],
  ])('%s', (cron, all) => {
    expect(expressions(cron)).toEqual(all);
  });

  test.each([
    ['*/10 * * * * *', 'knows no seconds: leave the field out, or write 0'],
    ['30 0 0 * * *', 'knows no seconds'],
    ['0 0 * *', 'it has 4 fields'],
    [
      `0 0 0 1 1 * ${Array.from({ length: 60 }, (_, at) => 1970 + 2 * at).join(',')}`,
      'characters in EventBridge Scheduler, which reads 256',
    ],
  ])('%s has none', (cron, message) => {
    expect(problem(cron)).toContain(message);
  });
});
