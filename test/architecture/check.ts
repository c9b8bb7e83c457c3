import { ambient } from './ambient.ts';
import { bareErrors, executeCalls } from './calls.ts';
import { importDirection } from './direction.ts';
import { authoringDoor } from './door.ts';
import { parse, type Source, type SourceText, type Violation } from './source.ts';
import { anyTypes, fileLength, functionLength, leftovers } from './style.ts';

/** How many files there must at least be under a directory. */
export type Minimum = Readonly<Record<string, number>>;

const RULES: readonly ((source: Source) => Violation[])[] = [
  importDirection,
  ambient,
  executeCalls,
  bareErrors,
  fileLength,
  functionLength,
  anyTypes,
  leftovers,
];

/** Applies every rule to every file. A check that sees fewer files than it should is not a check that passed. */
export function check(texts: readonly SourceText[], minimum: Minimum): Violation[] {
  const sources = texts.map(parse);
  return [
    ...tooFew(texts, minimum),
    ...sources.flatMap(unreadable),
    ...sources.flatMap((source) => RULES.flatMap((rule) => rule(source))),
    ...authoringDoor(sources),
  ];
}

function tooFew(texts: readonly SourceText[], minimum: Minimum): Violation[] {
  return Object.entries(minimum).flatMap(([root, least]) => {
    const seen = texts.filter((text) => text.path.startsWith(`${root}/`)).length;
    if (seen >= least) return [];
    return [
      {
        rule: 'too-few-files',
        path: root,
        line: 0,
        message: `has ${seen} files; at least ${least} expected`,
      },
    ];
  });
}

function unreadable(source: Source): Violation[] {
  return source.parseErrors.map((message) => ({ rule: 'unreadable', path: source.path, line: 1, message }));
}

/** One line for each violation, as an editor can follow it. */
export function render(violations: readonly Violation[]): string[] {
  return violations.map(({ rule, path, line, message }) => `${path}:${line} [${rule}] ${message}`);
}
