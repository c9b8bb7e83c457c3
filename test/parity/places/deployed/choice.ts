import { join, relative } from 'node:path';
import type { CurrentTest } from '../current.ts';
import { chosen } from './chosen.ts';

/** What is recorded of nowhere: such a test has no cell in the table. */
export const NOT_CHOSEN = 'not chosen';

const folder = join(import.meta.dirname, '../..');

/** The files with chosen tests, from test/parity. */
export const chosenFiles: readonly string[] = Object.keys(chosen);

/** The chosen tests of a file. */
export function chosenIn(file: string): readonly string[] {
  return chosen[file] ?? [];
}

/** The name of a file as the choice has it. */
export function chosenName(file: string): string {
  return relative(folder, file);
}

type Named = Pick<CurrentTest, 'file' | 'name'>;

/** Whether a test is one of those that run on the stack. */
export function isChosen({ file, name }: Named): boolean {
  return chosenIn(chosenName(file)).includes(name);
}

/** What the ids of a test's workflows begin with on the stack: those of several tests are the same. `number`: of the test in its file. */
export function prefixOf(file: string, number: number): string {
  return `${file.replace(/\.test\.ts$/, '').replaceAll(/[^a-z]+/g, '-')}-${number}--`;
}
