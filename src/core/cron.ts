/**
 * Standard cron expressions, read into the numbers that they mean. Times are found by those who have a calendar; here is
 * what an author may write, with a message for everything else.
 */

/** What an expression means. Each list is ascending and has no number twice. */
export interface Cron {
  /** 0 to 59. */
  readonly seconds: readonly number[];
  /** 0 to 59. */
  readonly minutes: readonly number[];
  /** 0 to 23. */
  readonly hours: readonly number[];
  /** 1 to 31; undefined for `*`. */
  readonly days: readonly number[] | undefined;
  /** 1 to 12. */
  readonly months: readonly number[];
  /** 0 to 6, from Sunday; undefined for `*`. Where both this and `days` are there, a day that is in either counts. */
  readonly weekdays: readonly number[] | undefined;
  /** Undefined for every year. */
  readonly years: readonly number[] | undefined;
}

/** An expression that was read, or what is wrong with it and what to write. */
export type CronReading = { readonly cron: Cron } | { readonly problem: string };

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** What stands for `least` and the numbers after it. */
  readonly names?: readonly string[];
}

const weekdayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

const second: Field = { name: 'second', least: 0, most: 59 };
const minute: Field = { name: 'minute', least: 0, most: 59 };
const hour: Field = { name: 'hour', least: 0, most: 23 };
const day: Field = { name: 'day of the month', least: 1, most: 31 };
const month: Field = { name: 'month', least: 1, most: 12, names: monthNames };
/** 7 is Sunday as well. */
const weekday: Field = { name: 'day of the week', least: 0, most: 7, names: weekdayNames };
/** The years that EventBridge Scheduler knows (EventBridge Scheduler user guide, "Cron-based schedules"). */
const year: Field = { name: 'year', least: 1970, most: 2199 };

/** The longest expression that is read: each number of each field once is shorter. */
const longestExpression = 1_000;

const shortForms: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** The days that each month has at most. */
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

class Unreadable extends Error {}

/**
 * Reads an expression: minute, hour, day of the month, month and day of the week; a second before them, and after them a year,
 * may be added. A field is `*` or a list of numbers, names and ranges, each of the ranges (and `*`) with a step; `?` is `*`.
 * One that no day fulfils is refused.
 */
export function readCron(text: string): CronReading {
  try {
    return { cron: parsed(text) };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

function parsed(text: string): Cron {
  if (text.length > longestExpression) {
    throw new Unreadable(`it has ${text.length} characters: write ${longestExpression} at most`);
  }
  const expression = text.trim();
  const short = shortForms.get(expression.toLowerCase());
  const fields = (short ?? expression).split(/\s+/);
  if (fields.length < 5 || fields.length > 7) {
    throw new Unreadable(
      `it has ${expression === '' ? 0 : fields.length} fields: write minute, hour, day of the month, month and day of the ` +
        "week, such as '30 6 * * MON-FRI'; a second may come before them, and then a year after them",
    );
  }
  const [seconds = '0', minutes = '', hours = '', days = '', months = '', weekdays = '', years = '*'] =
    fields.length === 5 ? ['0', ...fields] : fields;
  const cron = {
    seconds: numbersOf(second, seconds),
    minutes: numbersOf(minute, minutes),
    hours: numbersOf(hour, hours),
    days: isAny(days) ? undefined : numbersOf(day, days),
    months: numbersOf(month, months),
    weekdays: isAny(weekdays) ? undefined : weekdaysOf(weekdays),
    years: isAny(years) ? undefined : numbersOf(year, years),
  };
  if (cron.weekdays === undefined && !hasDay(cron.days, cron.months)) {
    throw new Unreadable(`no month of '${months}' has a day '${days}': write a day that comes`);
  }
  return cron;
}

/** The expression in seven fields of numbers, which any reader of cron expressions takes in the same way. */
export function cronText({ seconds, minutes, hours, days, months, weekdays, years }: Cron): string {
  const fields = [seconds, minutes, hours, days, months, weekdays, years];
  return fields.map((numbers) => numbers?.join(',') ?? '*').join(' ');
}

/** Whether any of the days is one of any of the months. */
export function hasDay(days: Cron['days'], months: readonly number[]): boolean {
  if (days === undefined) return true;
  const first = Math.min(...days);
  return monthDays.some((most, at) => first <= most && months.includes(at + 1));
}

function isAny(text: string): boolean {
  return text === '*' || text === '?';
}

function weekdaysOf(text: string): readonly number[] {
  return sorted(numbersOf(weekday, text).map((number) => number % 7));
}

function sorted(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

/** The numbers that a field means. */
function numbersOf(field: Field, text: string): readonly number[] {
  return sorted(text.split(',').flatMap((part) => rangeOf(field, part)));
}

function rangeOf(field: Field, part: string): number[] {
  const match = /^(?:(?<any>[*?])|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/.exec(part);
  const { any, from, to, step = '1' } = match?.groups ?? {};
  if (match === null || (step !== '1' && any === undefined && to === undefined)) throw malformed(field, part);
  const every = Number(step);
  if (every < 1 || every > field.most) {
    throw new Unreadable(`the ${field.name} '${part}' has a step of ${step}: write 1 to ${field.most}`);
  }
  // A week has seven days: its second Sunday is for ranges that end with it.
  const last = field === weekday ? 6 : field.most;
  const first = from === undefined ? field.least : numberOf(field, from, part);
  const end = any === undefined ? (to === undefined ? first : numberOf(field, to, part)) : last;
  // 'FRI-SUN' and '5-0' end with the Sunday after, which is 7.
  const most = field === weekday && end === 0 && first > 0 ? 7 : end;
  if (most < first) {
    throw new Unreadable(
      `the ${field.name} '${part}' ends before it begins: write two ranges, '${first}-${last},${field.least}-${most}'`,
    );
  }
  const numbers: number[] = [];
  for (let number = first; number <= most; number += every) numbers.push(number);
  return numbers;
}

function numberOf(field: Field, text: string, part: string): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return field.least + named;
  if (!/^\d{1,4}$/.test(text)) throw malformed(field, part);
  const number = Number(text);
  if (number >= field.least && number <= field.most) return number;
  throw new Unreadable(`the ${field.name} '${part}' has ${number}: write ${field.least} to ${field.most}`);
}

function malformed({ name, least, most, names }: Field, part: string): Unreadable {
  const example =
    names === undefined ? '' : ` or ${names.slice(0, 1).join('')} to ${names.slice(-1).join('')}`;
  return new Unreadable(
    `the ${name} '${part}' cannot be read: write '*', or ${least} to ${most}${example}, ranges of them, and steps of a range, ` +
      'with commas between',
  );
}
