import { runInThisContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reads } from '../../src/core/definition.ts';
import { readsOfSource, unionOfReads } from '../../src/core/reads.ts';

const lean = { steps: [], init: false };

describe('a body that can only read its input', () => {
  test.each([
    '() => 1',
    'async () => 1',
    'function () {}',
    'async function* body() {}',
    'execute() {}',
    'async execute() {}',
    'async() {}',
    "'quoted name'() {}",
    'async 12() {}',
    'get name() {}',
    '({ inputData }) => inputData',
    'async ({ inputData, state: { count } }) => {}',
    'execute({ inputData }) {}',
    'async execute({ inputData }, more) {}',
    'function ({ inputData: { a = 1, b = -2.5e3, c = "}", d = f({ x: "..." }) } }) {}',
    '/* ( */ async // {\n ( /* ...rest */ { // getStepResult\n inputData /* } */ } /**/ ) => {}',
    "({ 'inputData': x, \"state\": y = '}' }) => x",
    '({ inputData, x = () => !(1 && 2) }) => x',
    '({ inputData }) => other.getStepResult(inputData)',
    '({ getStepResults, notGetInitData }) => 1',
    '({}) => 1',
    '( ) => 1',
    'ünïcode$({ $a, _b }) {}',
    '#private({ a }) {}',
  ])('%s', (source) => {
    expect(readsOfSource(source)).toEqual(lean);
  });
});

describe('a body that may read earlier results, or that is not understood', () => {
  test.each([
    'context => context',
    'async context => context',
    '(context) => context',
    'function body(context) {}',
    '({ getStepResult }) => getStepResult(step)',
    '({ getInitData: init }) => init()',
    "({ 'getStepResult': read }) => read(step)",
    "({ '\\x67etStepResult': read }) => read(step)",
    '({ get\\u0053tepResult: read }) => read(step)',
    '({ [key]: read }) => read(step)',
    '({ ["get" + "InitData"]: read }) => read()',
    '({ inputData, ...rest }) => rest',
    '({ inputData: { ...rest } }) => rest',
    '(...args) => args[0]',
    '([first]) => first',
    '({ inputData } = {}) => inputData',
    '({ x = `}` }) => x',
    '({ x = /}/ }) => x',
    '({ x = 1 <!-- 2 }) => x',
    '({ x = 1 > 2 }) => x',
    'function () { return arguments[0].getInitData(); }',
    'function ({ inputData }) { return eval("argu" + "ments")[0]; }',
    'function () { [native code] }',
    'class A extends f({ a }) { constructor() {} }',
    '["computed"]() {}',
    "({ x = 'it\\'s' }) => x",
    '({ a: (b }) => 1',
    '({ a) => 1',
    '({ inputData }',
    '({ inputData',
    '({ /* never closed }) => 1',
    'no function at all',
    '',
  ])('%s', (source) => {
    expect(readsOfSource(source)).toBe('all');
  });
});

/** A piece of source that may stand between any two tokens. */
const gap = fc.constantFrom(
  '',
  ' ',
  '\n',
  '/**/',
  '/* } */',
  '/* ) => */',
  '// {\n',
  '/* ...c */',
  "/* ' */",
);
const value = fc.constantFrom(
  '1',
  '"}"',
  "'{'",
  '"\\""',
  '`}${1}`',
  '/[}/]/',
  '{}',
  '[]',
  '(() => ({}))()',
  '3 / 1',
  '-1',
);
const member = fc.oneof(
  fc.constantFrom(
    'inputData',
    'state',
    'getStepResult',
    'getInitData',
    'unknown',
    "'state'",
    "'getInitData'",
  ),
  fc.constantFrom("['getStepResult']", '"\\x67etInitData"', 'get\\u0049nitData'),
);

/** Destructuring patterns; each name that is bound is its own, as a pattern may bind a name once. */
const pattern = fc
  .record({
    parts: fc.array(fc.tuple(member, gap, fc.option(value), gap), { maxLength: 4 }),
    rest: fc.boolean(),
  })
  .map(({ parts, rest }) => {
    const texts = parts.map(
      ([name, before, fallback, after], index) =>
        `${before}${name}${after}:${before}v${index}${fallback === null ? '' : ` =${after}${fallback}`}${after}`,
    );
    const names = [...parts.map((_, index) => `v${index}`), ...(rest ? ['others'] : [])];
    return { text: `{${[...texts, ...(rest ? ['...others'] : [])].join(',')}}`, names };
  });

const body = fc.oneof(
  pattern.map(({ text, names }) => ({ parameter: text, uses: `[${names.join(', ')}]` })),
  fc.constantFrom(
    { parameter: '', uses: '[]' },
    { parameter: '', uses: 'Array.from(arguments)' },
    { parameter: 'context', uses: '[context]' },
    { parameter: '...all', uses: 'all' },
    { parameter: '[...all]', uses: 'all' },
  ),
);

const form = fc.constantFrom(
  (parameter: string, text: string, space: string) => `(${space}${parameter}${space}) =>${space} (${text})`,
  (parameter: string, text: string, space: string) =>
    `function${space} (${parameter}) {${space} return ${text}; }`,
  (parameter: string, text: string, space: string) =>
    `({ m(${parameter}${space}) {${space} return ${text}; } }).m`,
);

/** Whether a body gets hold of the functions that read earlier results, by any name. */
function reaches(run: (context: object) => unknown): boolean {
  const context = { inputData: 1, state: {}, getStepResult: () => null, getInitData: () => null };
  const readers: unknown[] = [context.getStepResult, context.getInitData];
  const seen = run(Object.assign(context, { [Symbol.iterator]: () => [context].values() }));
  const values = (Array.isArray(seen) ? seen : []) as unknown[];
  const inside = (found: unknown): unknown[] =>
    typeof found === 'object' && found ? Object.values(found) : [];
  return values.flatMap((found) => [found, ...inside(found)]).some((found) => readers.includes(found));
}

test('whatever is judged lean reaches no earlier result', () => {
  let judgedLean = 0;
  fc.assert(
    fc.property(body, form, gap, ({ parameter, uses }, make, space) => {
      const run = runInThisContext(`(${make(parameter, uses, space)})`) as (context: object) => unknown;
      const source = Function.prototype.toString.call(run);
      if (readsOfSource(source) === 'all') return;
      judgedLean += 1;
      expect({ source, reached: reaches(run) }).toEqual({ source, reached: false });
    }),
    { numRuns: 5000 },
  );
  expect(judgedLean).toBeGreaterThan(100);
});

test('any text gets a verdict', () => {
  const tricky = fc.array(
    fc.constantFrom(
      '(',
      ')',
      '{',
      '}',
      ',',
      '...',
      'async',
      ' ',
      '=>',
      "'",
      '"',
      '/*',
      '*/',
      'a',
      '=',
      '\\',
      '`',
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        tricky.map((parts) => parts.join('')),
      ),
      (source) => {
        expect(['all', lean]).toContainEqual(readsOfSource(source));
      },
    ),
  );
});

describe('several functions together read', () => {
  test.each<[string, Reads[], Reads]>([
    ['nothing', [], lean],
    [
      'what each of them reads, once',
      [
        { steps: ['a', 'b'], init: false },
        { steps: ['b', 'c'], init: true },
        { steps: [], init: false },
      ],
      { steps: ['a', 'b', 'c'], init: true },
    ],
    ['anything as soon as one does', [{ steps: ['a'], init: true }, 'all'], 'all'],
  ])('%s', (_, several, expected) => {
    expect(unionOfReads(several)).toEqual(expected);
  });
});
