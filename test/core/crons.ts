import fc from 'fast-check';

/** Cron expressions of every form, most of which come. */

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

function part(least: number, most: number, names: readonly string[]): fc.Arbitrary<string> {
  const number = fc.integer({ min: least, max: most });
  const text = fc.tuple(number, fc.boolean()).map(([value, named]) => {
    const name = names[value - least];
    return named && name !== undefined ? name : String(value);
  });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: Math.min(most, 20) });
  return fc.oneof(
    { weight: 3, arbitrary: text },
    range,
    fc.tuple(range, step).map(([of, by]) => `${of}/${by}`),
    step.map((by) => `*/${by}`),
  );
}

function field(least: number, most: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const list = fc.array(part(least, most, names), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    fc.constant('*'),
    list.map((parts) => parts.join(',')),
  );
}

/** Expressions of five fields. */
export const crons: fc.Arbitrary<string> = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, months), field(0, 7, weekdays))
  .map((fields) => fields.join(' '));

/** The same with a second before them. */
export const cronsOfSeconds: fc.Arbitrary<string> = fc
  .tuple(field(0, 59), crons)
  .map((fields) => fields.join(' '));
