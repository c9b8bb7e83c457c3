import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunction } from '../../lib/bundle.ts';

/** Functions with an entry that does nothing: sizes, of which none depends on time. */

const repository = join(import.meta.dirname, '../..');
mkdirSync(join(repository, '.cache'), { recursive: true });
const folder = mkdtempSync(join(repository, '.cache', 'size-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As Lambda counts. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const kilobyte = 1024;

/** What an author's module imports of this package, at least. */
const importing = `import { createWorkflow } from 'evented-workflows';
  export const workflows = [createWorkflow];`;

type Output = esbuild.Metafile['outputs'][string];

/** Outputs that are JavaScript, by their path, without the author's. */
async function outputsOf(name: string, author: string): Promise<ReadonlyMap<string, Output>> {
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, author);
  const module = join(repository, `lambdas/${name}.ts`);
  const { functions, later } = await bundleFunction(esbuild, { module, entry, outdir: join(folder, name) });
  const outputs = { ...functions.outputs, ...later.outputs };
  return new Map(Object.entries(outputs).filter(([path]) => path.endsWith('.mjs')));
}

/** What is evaluated before the first event: what is imported by nothing but `import()` is not. */
function atStart(outputs: ReadonlyMap<string, Output>): Output[] {
  const found = new Set<string>();
  // The author's part imports the package.
  const open = [...outputs.keys()].filter((path) => /\/(?:index|evented-workflows)\.mjs$/.test(path));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const { path: next, kind, external } of outputs.get(path)?.imports ?? []) {
      if (kind !== 'dynamic-import' && external !== true) open.push(next);
    }
  }
  return [...found].flatMap((path) => outputs.get(path) ?? []);
}

function bytes(outputs: Iterable<Output>): number {
  return [...outputs].reduce((sum, output) => sum + output.bytes, 0);
}

function inputs(outputs: Iterable<Output>): string[] {
  return [...outputs].flatMap((output) => Object.keys(output.inputs));
}

describe.each([
  { name: 'processor', whole: 1024 * kilobyte, start: 650 * kilobyte },
  // It has the schemas of the HTTP API and what routes it as well.
  { name: 'api', whole: 1100 * kilobyte, start: 800 * kilobyte },
])('the bundle of the $name', ({ name, whole, start }) => {
  let outputs: ReadonlyMap<string, Output>;
  beforeAll(async () => {
    outputs = await outputsOf(name, importing);
  }, 120_000);

  test('stays small as a whole', () => {
    expect(outputs.size).toBeGreaterThan(5);
    expect(bytes(outputs.values())).toBeLessThan(whole);
  });

  test('evaluates little before the first event', () => {
    expect(bytes(atStart(outputs))).toBeLessThan(start);
  });

  test('loads the clients of S3 and the Scheduler, and what signs links, on first use', () => {
    const late = /@aws-sdk\/(?:client-s3|client-scheduler|s3-request-presigner|middleware-sdk-s3)\//;
    expect(inputs(outputs.values()).filter((path) => late.test(path))).not.toEqual([]);
    const first = inputs(atStart(outputs));
    expect(first.filter((path) => path.includes('@aws-sdk/client-dynamodb/'))).not.toEqual([]);
    expect(first.filter((path) => late.test(path))).toEqual([]);
  });

  test('has whatever its files import as they are loaded', () => {
    const imported = [...outputs.values()].flatMap((output) => output.imports);
    const absent = imported.filter(
      ({ path, kind, external }) =>
        external === true && kind !== 'dynamic-import' && !isBuiltin(path) && !/^\.\/[\w-]+\.mjs$/.test(path),
    );
    expect(absent).toEqual([]);
  });

  // Both parts would have functions of a workflow of their own, and errors that the other does not know.
  test('has this package once', () => {
    const all = inputs(outputs.values());
    expect(all.filter((path) => path.endsWith('src/core/errors.ts'))).toHaveLength(1);
  });
});

test("the processor without an author's imports is below 1 MB, loads schemas with the first message that needs them, and never what knows crons", async () => {
  const outputs = await outputsOf('processor', 'export const workflows = [];');
  expect(bytes(outputs.values())).toBeLessThan(1_000_000);
  const of = (name: string, some: Iterable<Output>): string[] =>
    inputs(some).filter((path) => path.includes(`node_modules/${name}/`));
  expect(of('zod', outputs.values())).not.toEqual([]);
  expect(of('zod', atStart(outputs))).toEqual([]);
  expect(of('croner', outputs.values())).toEqual([]);
}, 120_000);
