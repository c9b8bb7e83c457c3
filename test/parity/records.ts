import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeNames } from './places/names.ts';

/** What the tests of one line came to in a place. */
export interface RecordedLine {
  /** What they say, without the line. */
  readonly says: readonly string[];
  /** How many passed. */
  readonly passed: number;
  /** Why others did not run there. @default all ran */
  readonly not?: readonly string[];
}

/** What the tests came to in a place, by line. */
export interface PlaceRecord {
  readonly place: string;
  readonly lines: Readonly<Record<string, RecordedLine>>;
}

const folder = join(import.meta.dirname, 'recorded');

/** The file of a place's record. */
export function fileOf(place: string): string {
  return join(folder, `${place.replaceAll(/[^a-z]+/g, '-')}.json`);
}

/** The records that are kept, in the order of the places. */
export function readRecords(): PlaceRecord[] {
  const kept = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as PlaceRecord,
  );
  return kept.toSorted((one, other) => placeNames.indexOf(one.place) - placeNames.indexOf(other.place));
}

/** As it is written. */
export function recordText(record: PlaceRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** Sorts lines by letter, then by number. */
export function byLine(one: string, other: string): number {
  const order = 'DGHR';
  const letters = order.indexOf(one[0] ?? '') - order.indexOf(other[0] ?? '');
  return letters === 0 ? Number(one.slice(1)) - Number(other.slice(1)) : letters;
}
