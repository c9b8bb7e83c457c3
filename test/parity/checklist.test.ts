import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSources } from '../architecture/read.ts';
import { documentText } from './document.ts';
import { idsIn, linesIn } from './lines.ts';
import { chosenFiles, chosenIn } from './places/deployed/choice.ts';
import { DEPLOYED_PLACE, placeNames } from './places/names.ts';
import { byLine, readRecords } from './records.ts';

/** All lines: D65 and G23 are about the inside of the reference, and are no behaviours. */
const checklist = [...numbered('D', 148, [65]), ...numbered('G', 24, [23]), ...numbered('H', 20)];

/** Rules of the reference that no line of its checklist says. */
const rules = numbered('R', 90);

/** Lines that no test proves, and why. */
const outOfScope: Readonly<Record<string, string>> = {
  D16: "an agent whose model speaks the first version of the reference's protocol: nothing of a workflow is in it",
};

function numbered(letter: string, last: number, without: readonly number[] = []): string[] {
  const numbers = Array.from({ length: last }, (_, n) => n + 1);
  return numbers.filter((n) => !without.includes(n)).map((n) => `${letter}${n}`);
}

const repository = new URL('../..', import.meta.url).pathname;
const tests = readSources(repository, ['test/parity']).filter(({ path }) => path.endsWith('.test.ts'));
const throughShim = tests.filter(({ text }) => text.includes("'../reference-shim/index.ts'"));

function proved(sources: typeof tests): string[] {
  const lines = new Set(sources.flatMap((source) => [...linesIn(source)]));
  return [...lines].filter((id) => checklist.includes(id) || rules.includes(id));
}

describe('the checklist of behaviours', () => {
  test('has 147 lines of the reference, 23 newer ones and 20 of ours', () => {
    expect(checklist).toHaveLength(147 + 23 + 20);
  });

  test('is proved line by line, but for what is out of scope', () => {
    const known = new Set(proved(tests));
    expect([...checklist, ...rules].filter((id) => !known.has(id))).toEqual(Object.keys(outOfScope));
  });

  test('is proved by tests in the form of the reference, for 100 lines at least', () => {
    expect(proved(throughShim).length).toBeGreaterThanOrEqual(100);
  });

  test('has every line that a test names', () => {
    const named = new Set(tests.flatMap((source) => [...linesIn(source)]));
    expect([...named].filter((id) => !checklist.includes(id) && !rules.includes(id))).toEqual([]);
  });
});

describe('what is recorded', () => {
  const records = readRecords();
  const expected = [...checklist, ...rules].filter((id) => !(id in outOfScope));

  test('is of every place', () => {
    expect(records.map(({ place }) => place)).toEqual(placeNames);
  });

  const whole = records.filter(({ place }) => place !== DEPLOYED_PLACE);
  test.each(whole)('of $place is every line: it passes there, or there is a reason', ({ lines }) => {
    expect(Object.keys(lines)).toEqual(expected.toSorted(byLine));
    for (const { passed, not } of Object.values(lines)) expect(passed > 0 || not !== undefined).toBe(true);
  });

  test('of a deployed stack is every line that was chosen: it passes there, and they are a third of all at least', () => {
    const { lines = {} } = records.find(({ place }) => place === DEPLOYED_PLACE) ?? {};
    const chosen = new Set(chosenFiles.flatMap((file) => chosenIn(file).flatMap(idsIn)));
    expect(Object.keys(lines)).toEqual([...chosen].toSorted(byLine));
    expect(Object.values(lines).filter(({ passed, not }) => passed === 0 || not !== undefined)).toEqual([]);
    expect(chosen.size).toBeGreaterThanOrEqual(expected.length / 3);
  });

  test('is what docs/parity.md says', () => {
    expect(readFileSync(join(repository, 'docs/parity.md'), 'utf8')).toBe(documentText(records));
  });
});

describe('lines of tests', () => {
  const linesOf = (text: string) => [...linesIn({ path: 'planted.test.ts', text })];

  test('are those in titles and in tables', () => {
    expect(linesOf("describe.each(places)('D1 in $name', () => { it('D2 G3 does', run); });")).toEqual([
      'D1',
      'D2',
      'G3',
    ]);
    expect(linesOf("it.each([['D4', 'text with D5'], ['D6', 1]])('%s does', run);")).toEqual(['D4', 'D6']);
    expect(linesOf('test(`D7 ${name}`, run);')).toEqual(['D7']);
  });

  test('are not those of tests that do not run, of comments, and of anything else', () => {
    expect(
      linesOf("it.skip('D1', run); test.todo('D2'); describe.skip('D3', () => { it('D4', run); });"),
    ).toEqual([]);
    expect(linesOf("// D5\nexpect('D6').toBe(id);")).toEqual([]);
  });
});
