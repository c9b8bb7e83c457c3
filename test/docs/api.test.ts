import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readDocstring, renderDocstring } from './api/docstring.ts';
import { doorsOf } from './api/doors.ts';
import { gapsOf } from './api/gaps.ts';
import { Modules, packageOf, repository } from './api/modules.ts';
import { apiPages } from './api/pages.ts';
import { planPages } from './api/plan.ts';
import { keyOf } from './api/references.ts';
import { membersOf, signatureOf } from './api/signature.ts';

const modules = new Modules();
const pages = apiPages(modules);
const folder = `${repository}docs/api/`;

/** The modules of a test, by their paths. */
function planted(files: Readonly<Record<string, string>>): Modules {
  return new Modules((path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`no file ${path} is planted`);
    return text;
  });
}

/** What is declared by a name in the one file of a test. */
function signatureIn(text: string, name: string): string {
  const plantedHere = planted({ 'a.ts': text });
  const [declaration] = plantedHere.declarationsOf({ path: 'a.ts', name });
  if (!declaration) throw new Error(`${name} is not declared`);
  return signatureOf(plantedHere.at('a.ts').source, declaration.node).replace(/\s+/gu, ' ');
}

describe('docs/api', () => {
  test('is what `npm run docs:api` writes now', () => {
    expect(readdirSync(folder).toSorted()).toEqual([...pages.keys()].toSorted());
    const changed = [...pages].filter(([name, text]) => readFileSync(`${folder}${name}`, 'utf8') !== text);
    expect(changed.map(([name]) => `${name} is not up to date: npm run docs:api`)).toEqual([]);
  });

  test('has a place for all that the doors export', () => {
    const plan = planPages(modules);
    const doors = doorsOf(modules);
    expect(doors.length).toBeGreaterThanOrEqual(9);
    for (const { name, page, exports } of doors) {
      expect(exports.size, `${name} exports nothing`).toBeGreaterThan(0);
      const headings = headingsOf(pages.get(page) ?? '');
      for (const [exported, target] of exports) {
        if (packageOf(target) !== undefined) continue;
        const entry = plan.entries.get(keyOf(target));
        expect(entry, `${exported} of ${name} has no place`).toBeDefined();
        if (entry?.page === page) expect(headings, `${exported} of ${name}`).toContain(entry.name);
      }
    }
  });

  test('has no link that leads nowhere', () => {
    const anchors = new Map([...pages].map(([name, text]) => [name, anchorsOf(text)]));
    const links = [...pages].flatMap(([page, text]) =>
      [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/gu)]
        .filter(([, file = '']) => !file.includes('://'))
        .map(([, file = '', anchor]) => ({ page, file: file === '' ? page : file, anchor })),
    );
    expect(links.length).toBeGreaterThan(100);
    const dead = links.filter(({ file, anchor }) => {
      const there = anchors.get(file);
      return !there || (anchor !== undefined && !there.has(anchor));
    });
    expect(dead).toEqual([]);
  });

  test('leaves nothing unsaid: every export has a docstring, and every option its default', () => {
    expect(gapsOf(modules, planPages(modules))).toEqual([]);
  });
});

/** Headings outside of code. */
function headingsOf(page: string): string[] {
  return [...page.replace(/```[^]*?```/gu, '').matchAll(/^#+ (.*)$/gmu)].map(([, heading = '']) => heading);
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const heading of headingsOf(page)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/gu, '')
      .replaceAll(' ', '-');
    let unused = anchor;
    for (let count = 1; anchors.has(unused); count += 1) unused = `${anchor}-${count}`;
    anchors.add(unused);
  }
  return anchors;
}

describe('what the pages are made of', () => {
  test('re-exports are followed to what declares a name', () => {
    const files = planted({
      'door.ts': "export { a as b } from './x.ts';\nexport type * from './y.ts';\nexport * from './z.ts';",
      'x.ts': "import { a } from './deep.ts';\nexport { a };",
      'deep.ts': '/** Says it. */\nexport const a: number = 1;',
      'y.ts': 'interface Own {}\nexport type { Own as Renamed };',
      'z.ts': 'export function b(): void {}\nexport function c(): void {}',
    });
    expect([...files.exportsOf('door.ts')]).toEqual([
      ['b', { path: 'deep.ts', name: 'a' }],
      ['Renamed', { path: 'y.ts', name: 'Own' }],
      ['c', { path: 'z.ts', name: 'c' }],
    ]);
    expect(files.declarationsOf({ path: 'deep.ts', name: 'a' })[0]?.docstring).toBe('Says it.');
  });

  test('what a package gives stays with the package', () => {
    const files = planted({
      'door.ts': "export { a } from './x.ts';\nexport type { B } from 'pkg/b';",
      'x.ts': "export { c as a } from 'pkg';",
    });
    expect([...files.exportsOf('door.ts').values()].map(packageOf)).toEqual(['pkg', 'pkg/b']);
  });

  test('a re-export of what is not there is an error', () => {
    const files = planted({ 'door.ts': "export { a } from './x.ts';", 'x.ts': '' });
    expect(() => files.exportsOf('door.ts')).toThrow('x.ts exports no a that is declared in the sources');
  });

  test.each([
    [
      'a default makes a parameter optional',
      'export function a(b = 1, { c }: O = {}, ...d: X[]): void { b; }',
      'function a(b?: number, options?: O, ...d: X[]): void;',
    ],
    ['a constant with a type shows no value', 'export const a: A = f();', 'declare const a: A;'],
    ['a constant without one shows it', "export const a = ['b'] as const;", "const a = ['b'] as const;"],
    ['an arrow is a function', 'export const a = <T>(b: T): T => b;', 'function a<T>(b: T): T;'],
    [
      'an interface keeps no docstrings and no brands',
      'interface a { /** Doc. */ readonly b: B; [brand]: 1; c(): void }',
      'interface a { readonly b: B; c(): void }',
    ],
    [
      'a class has no bodies, no privates and no values',
      'class a extends E { #b = 1; private c = 2; readonly d = 3; override e(f: F): G { return f; } get h(): H { return 1; } }',
      'declare class a extends E { readonly d: number; e(f: F): G; get h(): H; }',
    ],
  ])('%s', (_, text, expected) => {
    expect(signatureIn(text, 'a').replaceAll('{ ', '{ ').replaceAll('; ;', ';')).toBe(expected);
  });

  test('a new door has a page; what two doors export is described once', () => {
    const door = (path: string) => ({ 'evented-workflows-source': path, types: 'x', import: 'x' });
    const files = planted({
      'package.json': JSON.stringify({
        name: 'p',
        exports: { '.': door('./a.ts'), './b/c': door('./b.ts'), './package.json': './package.json' },
      }),
      'a.ts': "/** First. */\nexport type { Shared } from './shared.ts';",
      'b.ts': "/** Second. */\nexport { type Shared, make } from './shared.ts';",
      'shared.ts': [
        '/** What {@link make} makes. */',
        'export interface Shared extends Base {',
        '  /** How many. @default 3 */',
        '  readonly count?: number;',
        '}',
        'interface Base { readonly id: string }',
        '/** Makes a {@link Shared}. */',
        'export function make(count = 3): Shared { return { id: String(count) }; }',
      ].join('\n'),
    });
    const made = apiPages(files);
    expect([...made.keys()]).toEqual(['README.md', 'p.md', 'b-c.md']);
    expect(made.get('p.md')?.split('\n').slice(2)).toEqual([
      '# p',
      '',
      'First.',
      '',
      '[All doors](README.md)',
      '',
      '## Interfaces',
      '',
      '### Shared',
      '',
      '```ts',
      'interface Shared extends Base {',
      '  readonly count?: number;',
      '}',
      '```',
      '',
      'What [`make`](b-c.md#make) makes.',
      '',
      '- **`count?`**: How many. Default: `3`.',
      '',
      'Mentions [`Base`](#base).',
      '',
      '## Types behind these',
      '',
      'Not exported under a name of their own; signatures above mention them.',
      '',
      '### Base',
      '',
      '```ts',
      'interface Base {',
      '  readonly id: string;',
      '}',
      '```',
      '',
    ]);
    expect(made.get('b-c.md')).toContain('described there: [`Shared`](p.md#shared).');
    expect(made.get('b-c.md')).toContain('function make(count?: number): Shared;');
    expect(made.get('README.md')).toContain('- Functions: [`make`](b-c.md#make)');
  });

  test.each([
    ['no docstring', 'export const a: A = 1;', 'a has no docstring (a.ts:1)'],
    [
      'an overload without one',
      '/** A. */\nexport function a(b: 1): 1;\nexport function a(b: 2): 2;\nexport function a(b: 1 | 2): 1 | 2 { return b; }',
      'a has no docstring (a.ts:3)',
    ],
    ['an inferred result', '/** A. */\nexport const a = () => 1;', 'a has no declared result (a.ts:2)'],
    [
      'an option without a default',
      '/** A. */\nexport interface AOptions {\n  readonly b: 1;\n  /** B. */\n  readonly c?: 1;\n}',
      'AOptions.c? says no @default (a.ts:5)',
    ],
    [
      'an option in a part of a type',
      '/** A. */\nexport type AOptions = B & {\n  c?: 1;\n};',
      'AOptions.c? says no @default (a.ts:3)',
    ],
    [
      'a link to nothing',
      '/** A, {@link B.c}. */\nexport type A = 1;',
      'A links B.c, which is nowhere (a.ts:2)',
    ],
  ])('%s is found', (_, text, gap) => {
    const files = planted({
      'package.json': JSON.stringify({
        name: 'p',
        exports: { '.': { 'evented-workflows-source': './a.ts' } },
      }),
      'a.ts': text,
    });
    expect(gapsOf(files, planPages(files))).toEqual([`p: ${gap}`]);
  });

  test('a docstring belongs to what follows it at once', () => {
    const files = planted({
      'a.ts': '/** Doc. */\nconst b = 1;\nexport interface A { c?: 1; /** D. @default 2 */ d?: 2 }',
    });
    const [declaration] = files.declarationsOf({ path: 'a.ts', name: 'A' });
    expect(declaration?.docstring).toBeUndefined();
    const members = declaration ? membersOf(files.at('a.ts').source, declaration.node) : [];
    expect(members.map(({ label, docstring }) => [label, docstring])).toEqual([
      ['c?', undefined],
      ['d?', 'D. @default 2'],
    ]);
  });

  test('tags are told from scopes of packages', () => {
    expect(readDocstring('Of @aws-sdk/client. @default none\n@typeParam A b')).toEqual({
      text: 'Of @aws-sdk/client.',
      tags: [
        { name: 'default', text: 'none' },
        { name: 'typeParam', text: 'A b' },
      ],
    });
  });

  test.each([
    ['See {@link A}. @default 256', 'See [`A`](#a). Default: `256`.'],
    ['{@link A that} and {@link B}, `{@link A}` <b>', '[that](#a) and `B`, `{@link A}` &lt;b>'],
    ['Either\n- one\n- two\n@default - one', 'Either\n- one\n- two\n\nDefault: one.'],
    ['A. @typeParam B C. @default 1', 'A.\n\nType parameters:\n\n- `B`: C. Default: `1`.'],
    ['@deprecated Use b.', '**Deprecated.** Use b.'],
    ['Makes it. @example a();', 'Makes it.\n\nExample:\n\n```ts\na();\n```'],
  ])('%s', (docstring, markdown) => {
    expect(renderDocstring(docstring, (name) => (name === 'A' ? '#a' : undefined))).toBe(markdown);
  });
});
