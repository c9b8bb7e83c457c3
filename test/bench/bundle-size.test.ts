import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The processor as `lib/bundling.ts` has it bundled, with an entry that has no workflows: sizes, of which none depends on time. */

const repository = join(import.meta.dirname, '../..');
mkdirSync(join(repository, '.cache'), { recursive: true });
const folder = mkdtempSync(join(repository, '.cache', 'size-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let metafile: Metafile;
beforeAll(async () => {
  const entry = join(folder, 'entry.ts');
  writeFileSync(entry, 'export const workflows = [];');
  const built = await build({
    entryPoints: [join(repository, 'lambdas/processor.ts')],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    alias: { 'evented-workflows:entry': entry },
    conditions: ['evented-workflows-source'],
  });
  metafile = built.metafile;
}, 120_000);

/** Bytes of each module in the bundle. */
function sizes(): Record<string, number> {
  const [output] = Object.values(metafile.outputs);
  return Object.fromEntries(
    Object.entries(output?.inputs ?? {}).map(([name, { bytesInOutput }]) => [name, bytesInOutput]),
  );
}

/** Modules that are evaluated before the first event: what is imported by nothing but `import()` is not. */
function evaluatedAtStart(): Set<string> {
  const [first] = Object.keys(metafile.inputs).filter((name) => name.endsWith('lambdas/processor.ts'));
  const found = new Set<string>();
  const open = first === undefined ? [] : [first];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const { path, kind, external } of metafile.inputs[name]?.imports ?? []) {
      if (kind !== 'dynamic-import' && external !== true) open.push(path);
    }
  }
  return found;
}

function bytes(wanted: (name: string) => boolean): number {
  return Object.entries(sizes()).reduce((sum, [name, size]) => sum + (wanted(name) ? size : 0), 0);
}

describe('the bundle of the processor', () => {
  test('evaluates no more than 1.3 MB before the first event', () => {
    const start = evaluatedAtStart();
    expect(bytes((name) => start.has(name))).toBeLessThan(1_300_000);
  });

  test('loads the clients of S3 and the Scheduler on first use', () => {
    const start = [...evaluatedAtStart()];
    expect(start.filter((name) => name.includes('@aws-sdk/client-dynamodb'))).not.toEqual([]);
    expect(start.filter((name) => /@aws-sdk\/client-(?:s3|scheduler)\//.test(name))).toEqual([]);
  });

  // The S3 client is a fifth of it, and a sixth is where credentials come from outside of Lambda.
  test('is small as a whole', () => {
    expect(bytes(() => true)).toBeLessThan(1_900_000);
  });
});
