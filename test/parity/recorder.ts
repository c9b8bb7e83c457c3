import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { documentText } from './document.ts';
import { idsIn } from './lines.ts';
import { chosenFiles, chosenIn, chosenName, isChosen } from './places/deployed/choice.ts';
import { DEPLOYED_PLACE, placeIn, PLACES_VARIABLE } from './places/names.ts';
import { byLine, fileOf, type PlaceRecord, readRecords, type RecordedLine, recordText } from './records.ts';

/** Writes what the tests came to instead of comparing it. */
const RECORD_VARIABLE = 'PARITY_RECORD';

const documentFile = join(import.meta.dirname, '../../docs/parity.md');

/**
 * Compares what the tests came to in each place with what is recorded of it, or records it when `PARITY_RECORD` is set, and
 * writes docs/parity.md by all records. Says nothing about a run of some of the tests only.
 */
export class ParityRecorder implements Reporter {
  #isWhole = true;

  onTestRunStart(specifications: readonly { readonly project: { readonly config: object } }[]): void {
    const config = specifications[0]?.project.config as { testNamePattern?: RegExp } | undefined;
    this.#isWhole = config?.testNamePattern === undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    if (!this.#isWhole || !isAll(modules)) return;
    const inPlaces = tests.filter((test) => {
      const place = placeIn(test.fullName);
      const counts = place === DEPLOYED_PLACE ? isChosen(named(test)) : place !== undefined;
      return counts && idsIn(test.name).length > 0;
    });
    if (inPlaces.some((test) => test.result().state === 'failed')) return;
    if (isOnStack() && !isChoiceWhole(inPlaces)) return;
    const records = recordsOf(inPlaces);
    if (process.env[RECORD_VARIABLE] === undefined) {
      for (const record of records) compare(record);
      return;
    }
    for (const record of records) writeFileSync(fileOf(record.place), recordText(record));
    writeFileSync(documentFile, documentText(readRecords()));
  }
}

/** Whether the tests run on a deployed stack, and so nowhere else. */
function isOnStack(): boolean {
  return process.env[PLACES_VARIABLE] === DEPLOYED_PLACE;
}

/** Whether these are all files with tests of the place, or of the places. */
function isAll(modules: readonly TestModule[]): boolean {
  const files = new Set(modules.map(({ moduleId }) => chosenName(moduleId)));
  return (isOnStack() ? chosenFiles : ['checklist.test.ts']).every((file) => files.has(file));
}

function named({ module, name }: TestCase): { readonly file: string; readonly name: string } {
  return { file: module.moduleId, name };
}

/** Whether each chosen test has passed. Fails the run otherwise: one that runs no longer would not be missed. */
function isChoiceWhole(tests: readonly TestCase[]): boolean {
  const passed = new Set(
    tests
      .filter((test) => placeIn(test.fullName) === DEPLOYED_PLACE && test.result().state === 'passed')
      .map((test) => `${chosenName(test.module.moduleId)} > ${test.name}`),
  );
  const all = chosenFiles.flatMap((file) => chosenIn(file).map((name) => `${file} > ${name}`));
  const missing = all.filter((test) => !passed.has(test));
  if (missing.length === 0) return true;
  console.error(`Chosen for the place "${DEPLOYED_PLACE}", but not passed there:\n${missing.join('\n')}`);
  process.exitCode = 1;
  return false;
}

function compare(record: PlaceRecord): void {
  const file = fileOf(record.place);
  if (existsSync(file) && readFileSync(file, 'utf8') === recordText(record)) return;
  console.error(
    `What is recorded of the place "${record.place}" is not what its tests came to: run them with ${RECORD_VARIABLE}=1, and commit test/parity/recorded and docs/parity.md`,
  );
  process.exitCode = 1;
}

function recordsOf(tests: readonly TestCase[]): PlaceRecord[] {
  const byPlace = Map.groupBy(tests, ({ fullName }) => placeIn(fullName));
  return [...byPlace].flatMap(([place, ran]) =>
    place === undefined ? [] : [{ place, lines: linesOf(ran) }],
  );
}

function linesOf(tests: readonly TestCase[]): Record<string, RecordedLine> {
  const found = tests.flatMap((test) => idsIn(test.name).map((id) => ({ id, test })));
  const byId = [...Map.groupBy(found, ({ id }) => id)].toSorted(([one], [other]) => byLine(one, other));
  return Object.fromEntries(byId.map(([id, of]) => [id, lineOf(of.map(({ test }) => test))]));
}

function lineOf(tests: readonly TestCase[]): RecordedLine {
  const says = tests.map(({ name }) => name.replace(/^(?:[DGHR]\d+ )+/, ''));
  const not = tests.flatMap((test) => {
    const result = test.result();
    return result.state === 'skipped' ? [result.note ?? 'skipped'] : [];
  });
  return {
    says: [...new Set(says)].toSorted(),
    passed: tests.length - not.length,
    ...(not.length === 0 ? {} : { not: [...new Set(not)].toSorted() }),
  };
}
