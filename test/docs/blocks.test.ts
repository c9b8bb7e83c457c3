import { beforeAll, describe, expect, test } from 'vitest';
import { jsonProblems, shellProblems, unknownCommands, unknownScripts } from './commands.ts';
import { allDocuments, type Block, blocksOf } from './documents.ts';
import { compilerErrors, outputsOf, writePrograms } from './programs.ts';

/** Languages that blocks may have: those that are checked, and what only people read. */
const CHECKED = ['ts', 'json', 'sh'];
const READ_ONLY = ['', 'text', 'mermaid', 'diff'];

/** How many blocks may say that they are no whole program. */
const FRAGMENTS = 8;

/** Not docs/api: its blocks are signatures, which are written from the sources. */
const withPrograms = /^(README\.md|docs\/(?!api\/).*\.md|examples\/[^/]+\/README\.md)$/;
const documents = allDocuments().filter(({ path }) => withPrograms.test(path));
const blocks = documents.flatMap(blocksOf);
const whole = blocks.filter(({ fragment }) => fragment === undefined);

function named(block: Block, problem: string): string {
  return `${block.document}:${block.line}: ${problem}`;
}

function problems(language: string, of: (block: Block) => string[]): string[] {
  const those = whole.filter((block) => block.language === language);
  return those.flatMap((block) => of(block).map((problem) => named(block, problem)));
}

/** Text that the block after this one says it prints; undefined when none does. */
function promised(block: Block): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.document === block.document && next.language === 'text' ? next.text : undefined;
}

/** A document of the checks themselves, to show that they find something. */
function planted(text: string): Block {
  const [block] = blocksOf({ path: 'planted.md', text });
  if (block === undefined) throw new Error('there is no block in the planted document');
  return block;
}

describe('blocks of code in the documents', () => {
  test('are in languages that are checked, or for people only', () => {
    const others = blocks.filter(({ language }) => ![...CHECKED, ...READ_ONLY].includes(language));
    expect(others.map((block) => named(block, `language "${block.language}"`))).toEqual([]);
    expect(blocks.length).toBeGreaterThan(20);
  });

  test('are whole, all but a few', () => {
    expect(blocks.length - whole.length).toBeLessThanOrEqual(FRAGMENTS);
    expect(planted('<!-- fragment: of a stack -->\n```ts\nx\n```\n').fragment).toBe('of a stack');
  });

  test('are JSON where they say so', () => {
    expect(problems('json', jsonProblems)).toEqual([]);
    expect(jsonProblems({ text: '{ "a": }' })).toHaveLength(1);
  });

  test('name scripts, programs, commands and files that there are', () => {
    expect(problems('sh', shellProblems)).toEqual([]);
    const text = 'npm run nope\nnpx nope\nnpx evented nope\nevented runs\ncat examples/nope/a.ts test/docs\n';
    expect(shellProblems({ text })).toEqual([
      'no script "nope" in package.json',
      'no program "nope" in node_modules/.bin',
      'no command "nope" of evented',
      'no file examples/nope/a.ts',
    ]);
  });

  test('and prose name scripts and commands that there are', () => {
    const missing = allDocuments().flatMap((document) => [
      ...unknownScripts(document).map((name) => `${document.path}: npm run ${name}`),
      ...unknownCommands(document).map((name) => `${document.path}: evented ${name}`),
    ]);
    expect(missing).toEqual([]);
    expect(unknownCommands({ text: 'call `evented nope` or `evented runs`' })).toEqual(['nope']);
  });
});

describe('programs in the documents', () => {
  const programs = whole.filter(({ language }) => language === 'ts');
  const run = programs.filter(({ isRun }) => isRun);
  const wrong = planted("```ts\nconst n: number = 'text';\n```\n");
  const throws = planted("```ts run file=throws.ts\nconsole.log(1);\nthrow new TypeError('no');\n```\n");
  let errors: string[] = [];
  let outputs: string[] = [];

  beforeAll(async () => {
    writePrograms([...programs, wrong, throws]);
    [errors, outputs] = await Promise.all([compilerErrors(), outputsOf([...run, throws])]);
    // Seconds on two free cores, and many more where others work on them.
  }, 120_000);

  test('compile against the sources', () => {
    const found = errors.filter((line) => line.includes('planted-md'));
    expect(found.join()).toContain(`TS2322: Type 'string' is not assignable to type 'number'`);
    expect(errors.filter((line) => !found.includes(line))).toEqual([]);
  });

  test('are on every page of the guide', () => {
    const pages = documents.filter(({ path }) => /^docs\/guide\/(?!README)/.test(path));
    const without = pages.filter(({ path }) => !run.some(({ document }) => document === path));
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test('print what the text after them says', () => {
    const shown = (of: (block: Block, place: number) => string | undefined): string[] =>
      run.map((block, place) => named(block, `prints\n${of(block, place) ?? '(no text block follows)'}`));
    expect(shown((_, place) => outputs[place])).toEqual(shown(promised));
    expect(outputs.at(-1)).toMatch(/^1\nTypeError: no\n/);
  });
});
