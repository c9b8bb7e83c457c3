import { type Cron, hasDay, readCron } from '../../core/cron.ts';

export { isTimezone, longestScheduleName, scheduleName } from '../../core/schedule.ts';

/**
 * Standard cron expressions as EventBridge Scheduler writes them: minute, hour, day of the month, month, day of the week (1-7
 * from Sunday) and year, of which one of the two days is `?` (EventBridge Scheduler user guide, "Cron-based schedules").
 */

/** The expressions whose times together are those of the given one, or what is wrong with it and what to write. */
export type SchedulerCron = { readonly expressions: readonly string[] } | { readonly problem: string };

/** Longest expression (EventBridge Scheduler API reference, CreateSchedule, ScheduleExpression). */
const longestExpression = 256;

/**
 * The Scheduler's form of an expression. Where it restricts both days, of which either is enough, they are two: a time that
 * both have is the same tick.
 */
export function schedulerCron(text: string): SchedulerCron {
  const reading = readCron(text);
  if ('problem' in reading) return reading;
  const { cron } = reading;
  if (cron.seconds.length !== 1 || cron.seconds[0] !== 0) {
    return { problem: 'EventBridge Scheduler knows no seconds: leave the field out, or write 0' };
  }
  const expressions = daysOf(cron).map((days) => expressionOf(cron, days));
  const tooLong = expressions.find(({ length }) => length > longestExpression);
  return tooLong === undefined
    ? { expressions }
    : {
        problem: `it takes ${tooLong.length} characters in EventBridge Scheduler, which reads ${longestExpression}: make two schedules of it`,
      };
}

interface Days {
  readonly days: readonly number[] | undefined;
  readonly weekdays: readonly number[] | undefined;
}

/** What restricts the days, for each expression that it takes. */
function daysOf({ days, weekdays, months }: Cron): readonly Days[] {
  if (days === undefined || weekdays === undefined) return [{ days, weekdays }];
  // Either is enough: with every one of one kind, each day counts.
  if (days.length === 31 || weekdays.length === 7) return [{ days: undefined, weekdays: undefined }];
  const ofWeek = { days: undefined, weekdays };
  return hasDay(days, months) ? [{ days, weekdays: undefined }, ofWeek] : [ofWeek];
}

function expressionOf({ minutes, hours, months, years }: Cron, { days, weekdays }: Days): string {
  const fields = [
    listed(minutes, 60),
    listed(hours, 24),
    weekdays === undefined ? (days === undefined ? '*' : listed(days, 31)) : '?',
    listed(months, 12),
    weekdays === undefined
      ? '?'
      : listed(
          weekdays.map((number) => number + 1),
          7,
        ),
    years === undefined ? '*' : listed(years, Infinity),
  ];
  return `cron(${fields.join(' ')})`;
}

/** Ascending numbers as short as they get: `*` for all of them, and ranges for those that follow each other. */
function listed(numbers: readonly number[], all: number): string {
  if (numbers.length === all) return '*';
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}
