import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { check, render } from './architecture/check.ts';
import { LAYERS } from './architecture/layers.ts';
import { readSources } from './architecture/read.ts';
import { MAX_FILE_LINES, MAX_FUNCTION_LINES } from './architecture/style.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

/** Far below what there is, far above what a checker sees that looks in the wrong place. */
const MINIMUM = { src: 50, lib: 4, lambdas: 3, bin: 1, examples: 1, test: 20 };

/** The violations in files that a test makes up, as `rule path:line`. */
function planted(files: Readonly<Record<string, string>>): string[] {
  const texts = Object.entries(files).map(([path, text]) => ({ path, text }));
  return check(texts, {}).map(({ rule, path, line }) => `${rule} ${path}:${line}`);
}

/** The violations in one file. */
function plantedAt(path: string, text: string): string[] {
  return planted({ [path]: text });
}

test('the repository keeps its rules', () => {
  const roots = ['src', 'lib', 'lambdas', 'bin', 'examples', 'studio', 'bench', 'scripts', 'test'];
  expect(render(check(readSources(REPOSITORY, roots), MINIMUM))).toEqual([]);
});

describe('the checker itself', () => {
  test('fails when it sees too few files', () => {
    expect(render(check([{ path: 'src/core/a.ts', text: '' }], { src: 2 }))).toEqual([
      'src:0 [too-few-files] has 1 files; at least 2 expected',
    ]);
    expect(check(readSources(REPOSITORY, ['no-such-directory']), { src: 1 })).toHaveLength(1);
  });

  test('fails on a file that it cannot read', () => {
    expect(plantedAt('src/core/a.ts', 'export const = 1;')[0]).toBe('unreadable src/core/a.ts:1');
  });

  test('names only layers that exist', () => {
    const names = new Set(LAYERS.map((layer) => layer.name));
    const named = LAYERS.flatMap((layer) => [
      ...layer.may,
      ...(layer.mayAsTypes ?? []),
      ...(layer.mayLazily ?? []),
    ]);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });

  test('points to the line', () => {
    expect(plantedAt('src/core/a.ts', "// é𝒳\n\nimport '../ports/b.ts';\n")).toEqual([
      'import-direction src/core/a.ts:3',
    ]);
  });
});

describe('imports go one way', () => {
  test.each([
    ['core stays alone', 'src/core/a.ts', "import { b } from '../ports/b.ts';"],
    ['core, by a re-export', 'src/core/a.ts', "export * from '../ports/b.ts';"],
    ['core, by a named re-export', 'src/core/a.ts', "export { b } from '../ports/b.ts';"],
    ['core, by a type', 'src/core/a.ts', "export type A = import('../ports/b.ts').B;"],
    ['core, by a dynamic import', 'src/core/a.ts', "export const a = () => import('../ports/b.ts');"],
    ['core, by require', 'src/core/a.ts', "export const a = require('../ports/b.ts');"],
    ['core, by a template', 'src/core/a.ts', 'export const a = import(`../ports/b.ts`);'],
    ['core, by a computed name', 'src/core/a.ts', 'export const a = (name: string) => import(name);'],
    ['core without Node', 'src/core/a.ts', "import { join } from 'node:path';"],
    ['core without packages', 'src/core/a.ts', "import type { z } from 'zod';"],
    ['core, schema types as values', 'src/core/a.ts', "import { type S } from '@standard-schema/spec';"],
    ['core, out of the sources', 'src/core/a.ts', "import '../../test/b.ts';"],
    ['core, out of the repository', 'src/core/a.ts', "import '../../../../b.ts';"],
    ['ports import core only', 'src/ports/a.ts', "import type { B } from '../runtime/b.ts';"],
    ['ports without Node', 'src/ports/a.ts', "import type { Readable } from 'node:stream';"],
    ['sdk imports core only', 'src/sdk/a.ts', "import type { B } from '../ports/b.ts';"],
    ['runtime knows no adapter', 'src/runtime/a.ts', "import { b } from '../adapters/memory/b.ts';"],
    ['runtime knows no http', 'src/runtime/a.ts', "import { b } from '../http/b.ts';"],
    ['adapters know no runtime', 'src/adapters/sqlite/a.ts', "import { b } from '../../runtime/b.ts';"],
    ['adapters do not know each other', 'src/adapters/aws/a.ts', "import '../memory/b.ts';"],
    ['what adapters share knows none of them', 'src/adapters/segments/a.ts', "import '../memory/b.ts';"],
    ['transitions know no store', 'src/adapters/transitions/a.ts', "import '../sqlite/b.ts';"],
    ['transitions have no Node', 'src/adapters/transitions/a.ts', "import 'node:crypto';"],
    ['the list cursor knows no store', 'src/adapters/list-cursor.ts', "import './memory/b.ts';"],
    ['AWS has transitions of its own', 'src/adapters/aws/a.ts', "import '../transitions/b.ts';"],
    ['the system adapter knows no store', 'src/adapters/system/a.ts', "import '../sqlite/b.ts';"],
    ['memory knows no AWS', 'src/adapters/memory/a.ts', "import '@aws-sdk/client-sqs';"],
    ['the shared AWS names load no client', 'src/adapters/aws/config.ts', "import './store.ts';"],
    ['http is platform free', 'src/http/a.ts', "import { readFile } from 'node:fs/promises';"],
    ['http knows no adapter', 'src/http/a.ts', "import '../adapters/memory/b.ts';"],
    ['the interpreter knows no core', 'src/testing/interpreter/a.ts', "import { b } from '../../core/b.ts';"],
    [
      'the interpreter, by a type',
      'src/testing/interpreter/a.ts',
      "import type { B } from '../../core/b.ts';",
    ],
    ['the interpreter knows no runtime', 'src/testing/interpreter/a.ts', "import '../../runtime/b.ts';"],
    [
      'the interpreter knows no sdk',
      'src/testing/interpreter/a.ts',
      "import type { B } from '../../sdk/b.ts';",
    ],
    ['the interpreter knows no simulator', 'src/testing/interpreter/a.ts', "import '../simulator/b.ts';"],
    ['the interpreter goes through no door', 'src/testing/interpreter/a.ts', "import '../index.ts';"],
    ['testing knows no SQLite', 'src/testing/a.ts', "import '../adapters/sqlite/b.ts';"],
    ['testing knows no test framework', 'src/testing/a.ts', "import { test } from 'vitest';"],
    ['local knows no AWS', 'src/local/a.ts', "import '../adapters/aws/b.ts';"],
    ['the client has types of core only', 'src/client/a.ts', "import { b } from '../core/b.ts';"],
    ['the client, inline types', 'src/client/a.ts', "import { type B } from '../core/b.ts';"],
    ['the client has no Node', 'src/client/a.ts', "import 'node:crypto';"],
    ['the cli goes through client and local', 'src/cli/a.ts', "import '../runtime/b.ts';"],
    ['the studio knows the client only', 'studio/a.ts', "import '../src/http/b.ts';"],
    ['lib meets src in one file', 'lib/a.ts', "import { b } from '../src/adapters/aws/store.ts';"],
    ['lib, by a type', 'lib/a.ts', "import type { B } from '../src/core/b.ts';"],
    ['bin goes through lib', 'bin/a.ts', "import '../src/adapters/aws/config.ts';"],
    ['lambdas know no SQLite', 'lambdas/a.ts', "import '../src/adapters/sqlite/b.ts';"],
    ['lambdas know no CDK', 'lambdas/a.ts', "import 'aws-cdk-lib';"],
    ['examples use the public name', 'examples/a.ts', "import { b } from '../src/index.ts';"],
    ['the door reaches the runtime lazily only', 'src/index.ts', "import { b } from './runtime/b.ts';"],
    ['the door, by a type', 'src/index.ts', "import type { B } from './runtime/b.ts';"],
    ['the door reaches memory lazily only', 'src/index.ts', "export * from './adapters/memory/b.ts';"],
    ['the door reaches no other adapter', 'src/index.ts', "void import('./adapters/sqlite/b.ts');"],
    ['no part of the sources is left out', 'src/somewhere/a.ts', 'export const a = 1;'],
  ])('%s', (_, path, text) => {
    expect(plantedAt(path, text)).toEqual([`import-direction ${path}:1`]);
  });

  test.each([
    ['src/core/a.ts', "import { b } from './deep/b.ts';"],
    ['src/core/a.ts', "import type { StandardSchemaV1 } from '@standard-schema/spec';"],
    ['src/ports/a.ts', "import { b } from '../core/b.ts';"],
    ['src/runtime/a.ts', "import '../core/b.ts'; import '../ports/b.ts';"],
    [
      'src/adapters/aws/a.ts',
      "import './config.ts'; import '@aws-sdk/client-sqs'; import '../../ports/b.ts';",
    ],
    ['src/adapters/sqlite/a.ts', "import '../system/b.ts'; import 'node:sqlite'; import '../../core/b.ts';"],
    ['src/adapters/memory/a.ts', "import '../segments/b.ts'; import '../../ports/b.ts';"],
    ['src/adapters/memory/a.ts', "import '../transitions/index.ts'; import '../list-cursor.ts';"],
    ['src/adapters/sqlite/a.ts', "import '../transitions/index.ts'; import '../list-cursor.ts';"],
    ['src/http/a.ts', "import 'hono'; import 'hono/cors'; import 'zod'; import '../runtime/b.ts';"],
    ['src/testing/a.ts', "import '../runtime/b.ts'; import '../adapters/memory/b.ts';"],
    [
      'src/local/a.ts',
      "import '../http/b.ts'; import '../adapters/sqlite/b.ts'; void import(process.argv[1]!);",
    ],
    ['src/client/a.ts', "import type { B } from '../core/b.ts';"],
    ['src/cli/a.ts', "import '../client/b.ts'; import '../local/b.ts';"],
    [
      'src/index.ts',
      "import './sdk/b.ts'; void import('./runtime/b.ts'); void import('./adapters/memory/b.ts');",
    ],
    ['studio/a.ts', "import '../src/client/b.ts';"],
    ['lib/a.ts', "import { b } from '../src/adapters/aws/config.ts'; import 'aws-cdk-lib/aws-sqs';"],
    ['bin/a.ts', "import '../lib/b.ts'; import 'aws-cdk-lib';"],
    [
      'lambdas/a.ts',
      "import '../src/adapters/aws/b.ts'; import '../src/http/b.ts'; import '../src/runtime/b.ts';",
    ],
    [
      'examples/a.ts',
      "import 'evented-workflows'; import 'evented-workflows/local'; import './b.ts'; import 'zod';",
    ],
  ])('%s may: %s', (path, text) => {
    expect(plantedAt(path, text)).toEqual([]);
  });
});

describe('the authoring door loads no schema library', () => {
  test('at any distance', () => {
    const files = {
      'src/index.ts': "export * from './sdk/a.ts';",
      'src/sdk/a.ts': "import '../core/b.ts';",
      'src/core/b.ts': "import '../http/c.ts';",
      'src/http/c.ts': "import 'zod';",
    };
    expect(planted(files)).toContain('authoring-door src/http/c.ts:1');
  });

  test.each(['zod', 'zod/mini', 'valibot', 'arktype'])('%s', (name) => {
    expect(plantedAt('src/sdk/a.ts', `import '${name}';`)).toContain('authoring-door src/sdk/a.ts:1');
  });

  test('but may name its types, and load it later', () => {
    const files = {
      'src/index.ts': "void import('./runtime/a.ts');",
      'src/runtime/a.ts': "import 'zod';",
      'src/sdk/a.ts': "import type { z } from 'zod';",
    };
    expect(planted(files).filter((line) => line.startsWith('authoring-door'))).toEqual([]);
  });
});

describe('time, timers, randomness and environment come in as arguments', () => {
  const DIRECTORIES = ['src/core', 'src/ports', 'src/sdk', 'src/runtime', 'src/http', 'src/testing'];

  test.each([
    'Date.now()',
    'globalThis.Date.now()',
    "Date['now']()",
    'const clock = Date.now;',
    'const { now } = Date;',
    'new Date()',
    'new Date',
    'Date()',
    'performance.now()',
    'globalThis.performance.timeOrigin',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'setImmediate(f)',
    'globalThis.setTimeout(f, 1)',
    'start({ later: setTimeout })',
    'AbortSignal.timeout(5)',
    'Math.random()',
    'crypto.randomUUID()',
    'globalThis.crypto.getRandomValues(a)',
    'const { randomUUID } = crypto;',
    'process.env',
    "process['env'].HOME",
    'import.meta.env',
    'process.hrtime()',
  ])('%s', (text) => {
    expect(plantedAt('src/runtime/a.ts', text)).toEqual(['ambient src/runtime/a.ts:1']);
  });

  test.each([
    "import { randomBytes } from 'node:crypto';",
    "import { setTimeout as wait } from 'node:timers/promises';",
    "import { performance as p } from 'node:perf_hooks';",
    "import { env } from 'node:process';",
  ])('%s', (text) => {
    expect(plantedAt('src/runtime/a.ts', text)).toEqual(['ambient src/runtime/a.ts:1']);
  });

  test.each([...DIRECTORIES.map((directory) => `${directory}/a.ts`), 'src/index.ts'])('in %s', (path) => {
    expect(plantedAt(path, 'Date.now();')).toEqual([`ambient ${path}:1`]);
  });

  test.each([
    ['a given time', 'src/runtime/a.ts', 'new Date(ms); Date.UTC(2026, 1); Date.parse(text);'],
    ['a given clock', 'src/runtime/a.ts', 'clock.now(); timers.setTimeout(f, 1); x.process.env;'],
    ['a type', 'src/runtime/a.ts', 'type T = typeof setTimeout; interface A { performance: number }'],
    ['a hash', 'src/runtime/a.ts', "import { createHash } from 'node:crypto';"],
    ['an adapter', 'src/adapters/sqlite/a.ts', 'Date.now(); setTimeout(f, 1); crypto.randomUUID();'],
    ['the local server', 'src/local/a.ts', 'process.env.PORT; setInterval(f, 1);'],
    ['a function', 'lambdas/a.ts', 'process.env.TABLE;'],
  ])('not: %s', (_, path, text) => {
    expect(plantedAt(path, text)).toEqual([]);
  });
});

describe('one place calls the body of a step', () => {
  test.each([
    'step.execute(context);',
    'execute(context);',
    'step?.execute?.(context);',
    "step['execute'](context);",
    'step.execute.call(step, context);',
    '(step.execute as Execute)(context);',
    'step.execute!(context);',
    '(0, step.execute)(context);',
  ])('%s', (text) => {
    expect(plantedAt('src/runtime/a.ts', text)).toEqual(['execute src/runtime/a.ts:1']);
  });

  test('not: the place itself, a definition, a mention', () => {
    expect(plantedAt('src/runtime/step-executor.ts', 'step.execute(context);')).toEqual([]);
    expect(plantedAt('src/sdk/a.ts', 'make({ execute() {}, other: config.execute });')).toEqual([]);
    expect(plantedAt('lib/a.ts', 'change.execute();')).toEqual([]);
  });
});

describe('errors have codes', () => {
  test.each([
    "throw new Error('no');",
    "throw Error('no');",
    "throw new TypeError('no');",
    "throw new globalThis.RangeError('no');",
    "throw (new Error('no') as never);",
    "Promise.reject(new Error('no'));",
    "new Promise((_, reject) => reject(new Error('no')));",
  ])('%s', (text) => {
    expect(plantedAt('src/runtime/a.ts', text)).toEqual(['bare-error src/runtime/a.ts:1']);
    expect(plantedAt('lib/a.ts', text)).toEqual(['bare-error lib/a.ts:1']);
    expect(plantedAt('lambdas/a.ts', text)).toEqual(['bare-error lambdas/a.ts:1']);
  });

  test('not: one with a code, one that is passed on, one that is made without being thrown', () => {
    const text = "throw new WorkflowError('code'); throw error; decoded = new Error(message);";
    expect(plantedAt('src/runtime/a.ts', text)).toEqual([]);
  });
});

describe('size and style', () => {
  test('a file has a limited length', () => {
    const text = '// x\n'.repeat(MAX_FILE_LINES);
    expect(plantedAt('src/core/a.ts', text)).toEqual([]);
    expect(plantedAt('src/core/a.ts', `${text}// x\n`)).toEqual(['file-length src/core/a.ts:1']);
    expect(plantedAt('test/a.test.ts', `${text}// x\n`)).toEqual(['file-length test/a.test.ts:1']);
  });

  test.each([
    ['a function', 'function f() {', '}'],
    ['a function in a variable', 'const f = () => {', '};'],
    ['a method', 'class A { f() {', '} }'],
    ['a method of an object', 'const a = { f() {', '} };'],
    ['an async generator', 'export async function* f() {', '}'],
  ])('%s has a limited length', (_, head, tail) => {
    const body = '  g();\n'.repeat(MAX_FUNCTION_LINES - 2);
    expect(plantedAt('src/core/a.ts', `${head}\n${body}${tail}\n`)).toEqual([]);
    expect(plantedAt('src/core/a.ts', `${head}\n  g();\n${body}${tail}\n`)).toEqual([
      'function-length src/core/a.ts:1',
    ]);
    expect(plantedAt('test/a.test.ts', `${head}\n  g();\n${body}${tail}\n`)).toEqual([]);
  });

  test.each([
    'export const a = b as any;',
    'export function f(a: any) {}',
    'export type A = Record<string, any>;',
    'export const a = <any>b;',
  ])('%s', (text) => {
    expect(plantedAt('src/core/a.ts', text)).toEqual(['any src/core/a.ts:1']);
    expect(plantedAt('test/a.ts', text)).toEqual(['any test/a.ts:1']);
  });

  test.each(['TODO', 'FIXME'])('no %s', (word) => {
    expect(plantedAt('src/core/a.ts', `// ${word}: later`)).toEqual(['leftover src/core/a.ts:1']);
    expect(plantedAt('test/a.ts', `/* a\n ${word} */`)).toEqual(['leftover test/a.ts:1']);
  });

  test('the words alone are no violation', () => {
    expect(plantedAt('src/core/a.ts', "// any order\nexport const any = 'to do';")).toEqual([]);
  });
});
