/** Names of the places in which the tests of this folder run, separated by semicolons. */
export const PLACES_VARIABLE = 'PARITY_PLACES';

/** The places that need nothing but this machine. A name has at most 40 characters: Vitest cuts longer ones in those of tests. */
export const localNames = {
  memory: 'memory',
  readAhead: 'memory, read ahead',
  hostileBus: 'memory, hostile bus',
  sqlite: 'sqlite',
  newRuntimes: 'sqlite, a new runtime for each call',
  otherProcess: 'sqlite, steps in another process',
} as const;

/** The place that needs DynamoDB Local. */
export const AWS_PLACE = 'dynamodb, eventbridge and sqs';

/** The place that needs a stack, and in which some of the tests run: see `deployed/chosen.ts`. */
export const DEPLOYED_PLACE = 'a deployed stack, over http';

/** All of them, in the order of the document's columns. */
export const placeNames: readonly string[] = [...Object.values(localNames), AWS_PLACE, DEPLOYED_PLACE];

/** The place that a test's name says it runs in: the longest one, since the names of some begin with those of others. */
export function placeIn(testName: string): string | undefined {
  return placeNames
    .filter((name) => testName.includes(` in ${name}`))
    .toSorted((one, other) => other.length - one.length)[0];
}
