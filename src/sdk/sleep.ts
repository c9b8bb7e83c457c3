import type { ReadContext, SleepTime } from '../core/definition.ts';
import { describe, invalid } from './describe.ts';

/** Longest fixed sleep, ms: no Date is further from 1970 (ECMAScript, section Time Values and Time Range). */
const longest = 8_640_000_000_000_000;

type TimeFunction = (context: ReadContext) => unknown;

/** What `.sleep` was given, checked: milliseconds, or a function that will say them. */
export function sleepFor(duration: unknown, of: string): SleepTime {
  if (typeof duration === 'function') return { type: 'sleep', duration: duration as TimeFunction };
  if (typeof duration === 'number' && duration >= 0 && duration <= longest)
    return { type: 'sleep', duration };
  throw invalid(
    `${of} was given ${describe(duration)}: give milliseconds from 0 to ${longest}, or a function that returns them`,
  );
}

/** What `.sleepUntil` was given, checked: a date, which is copied because dates can change, or a function. */
export function sleepUntil(date: unknown, of: string): SleepTime {
  if (typeof date === 'function') return { type: 'sleepUntil', date: date as TimeFunction };
  const isDate = date instanceof Date;
  if (isDate && !Number.isNaN(date.getTime())) return { type: 'sleepUntil', date: new Date(date.getTime()) };
  throw invalid(
    `${of} was given ${isDate ? 'an invalid date' : describe(date)}: give a Date, or a function that returns one`,
  );
}

/** The time as a graph shows it. */
export function shownTime(time: SleepTime): string {
  const given = time.type === 'sleep' ? time.duration : time.date;
  if (typeof given === 'function') return Function.prototype.toString.call(given);
  return typeof given === 'number' ? String(given) : given.toISOString();
}
