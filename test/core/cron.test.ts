import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronText, readCron } from '../../src/core/cron.ts';
import { crons, cronsOfSeconds } from './crons.ts';

/** What an expression means; a problem fails the test. */
function meaning(text: string) {
  const reading = readCron(text);
  if ('problem' in reading) throw new TypeError(reading.problem);
  return reading.cron;
}

function problem(text: string): string {
  const reading = readCron(text);
  return 'problem' in reading ? reading.problem : `means ${cronText(reading.cron)}`;
}

/** Names of days and months in upper case, which croner wants, or in lower case. */
const from = new Date('2026-01-01T00:00:00Z');

function timesOf(text: string): number[] {
  return new Cron(text, { paused: true, timezone: 'UTC' }).nextRuns(12, from).map((date) => date.getTime());
}

describe('an expression', () => {
  test('that is no text is a mistake of who reads it, and not of who wrote it', () => {
    expect(() => readCron(undefined as unknown as string)).toThrow(TypeError);
  });

  test('means what another reader of cron expressions finds in it', () => {
    fc.assert(
      fc.property(fc.oneof(crons, cronsOfSeconds), (text) => {
        const reading = readCron(text);
        const times = timesOf(text);
        if ('problem' in reading) expect([text, times]).toEqual([text, []]);
        else expect([text, timesOf(cronText(reading.cron))]).toEqual([text, times]);
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['5 4 * * *', '0 5 4 * 1,2,3,4,5,6,7,8,9,10,11,12 * *'],
    ['  0\t12  1,15 */6 ? ', '0 0 12 1,15 1,7 * *'],
    ['0 9-17/4 * JAN-mar Mon-FRI', '0 0 9,13,17 * 1,2,3 1,2,3,4,5 *'],
    ['0 0 * 1 7', '0 0 0 * 1 0 *'],
    ['0 0 * 1 FRI-SUN', '0 0 0 * 1 0,5,6 *'],
    ['0 0 * 1 5-7', '0 0 0 * 1 0,5,6 *'],
    ['0 0 * 1 */2', '0 0 0 * 1 0,2,4,6 *'],
    [
      '0 0 1-31 1 0-7',
      '0 0 0 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31 1 0,1,2,3,4,5,6 *',
    ],
    ['07 01 1 1 *', '0 7 1 1 1 * *'],
    ['30 0 0 1 1 *', '30 0 0 1 1 * *'],
    ['0 0 0 1 1 * 2027-2029', '0 0 0 1 1 * 2027,2028,2029'],
    ['@yearly', '0 0 0 1 1 * *'],
    ['@annually', '0 0 0 1 1 * *'],
    ['@Weekly', '0 0 0 * 1,2,3,4,5,6,7,8,9,10,11,12 0 *'],
    ['@monthly', '0 0 0 1 1,2,3,4,5,6,7,8,9,10,11,12 * *'],
    // Either day is enough, so it comes.
    ['0 0 30 2 1', '0 0 0 30 2 1 *'],
  ])('%s', (text, all) => {
    expect(cronText(meaning(text))).toBe(all);
  });

  test('@daily is each midnight, @hourly each hour', () => {
    expect(meaning('@daily')).toEqual(meaning('0 0 * * *'));
    expect(meaning('@midnight')).toEqual(meaning('0 0 * * *'));
    expect(meaning('@hourly')).toEqual(meaning('0 * * * *'));
  });
});

describe('what is no expression', () => {
  test.each([
    ['', 'it has 0 fields: write minute'],
    ['* * * *', 'it has 4 fields'],
    ['* * * * * * * *', 'it has 8 fields'],
    ['@never', 'it has 1 fields'],
    ['60 * * * *', "the minute '60' has 60: write 0 to 59"],
    ['* 24 * * *', "the hour '24' has 24: write 0 to 23"],
    ['* * 0 * *', "the day of the month '0' has 0: write 1 to 31"],
    ['* * * 13 *', "the month '13' has 13: write 1 to 12"],
    ['* * * * 8', "the day of the week '8' has 8: write 0 to 7"],
    ['99 * * * * *', "the second '99' has 99"],
    ['0 * * * * * 1969', "the year '1969' has 1969: write 1970 to 2199"],
    ['20-10 * * * *', "the minute '20-10' ends before it begins: write two ranges, '20-59,0-10'"],
    ['* * * * SAT-MON', "the day of the week 'SAT-MON' ends before it begins: write two ranges, '6-6,0-1'"],
    ['*/0 * * * *', "the minute '*/0' has a step of 0: write 1 to 59"],
    ['*/60 * * * *', "the minute '*/60' has a step of 60"],
    ['5/15 * * * *', "the minute '5/15' cannot be read"],
    ['1,,2 * * * *', "the minute '' cannot be read: write '*', or 0 to 59, ranges of them"],
    ['1/2/3 * * * *', "the minute '1/2/3' cannot be read"],
    ['-1 * * * *', "the minute '-1' cannot be read"],
    ['1.5 * * * *', "the minute '1.5' cannot be read"],
    ['1e1 * * * *', "the minute '1e1' cannot be read"],
    ['00001 * * * *', "the minute '00001' cannot be read"],
    ['* * L * *', "the day of the month 'L' cannot be read"],
    ['* * * JANUARY *', "the month 'JANUARY' cannot be read: write '*', or 1 to 12 or JAN to DEC"],
    ['* * * * FRI#2', "the day of the week 'FRI#2' cannot be read"],
    ['0 0 30 2 *', "no month of '2' has a day '30': write a day that comes"],
    ['0 0 31 4,6,SEP,11 *', "no month of '4,6,SEP,11' has a day '31'"],
    [`${'1,'.repeat(600)}1 * * * *`, 'it has 1209 characters: write 1000 at most'],
  ])('%s', (text, message) => {
    expect(problem(text)).toContain(message);
  });

  test('is refused whatever it is, and never thrown at', () => {
    fc.assert(fc.property(fc.string(), (text) => void readCron(text)));
  });
});
