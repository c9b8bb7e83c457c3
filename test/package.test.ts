import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): unknown => JSON.parse(readFileSync(at(path), 'utf8'));

const versions = z.record(z.string(), z.string());
const door = z.strictObject({
  'evented-workflows-source': z.string(),
  types: z.string(),
  import: z.string(),
});
const manifest = z
  .object({
    exports: z.object({ './package.json': z.string() }).catchall(door),
    dependencies: versions,
    devDependencies: versions,
    peerDependencies: versions,
    peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.literal(true) })),
  })
  .parse(read('package.json'));

describe('the published package', () => {
  const { './package.json': _, ...doors } = manifest.exports;

  test.each(Object.entries(doors))(
    '%s leads to its source here, and to its output elsewhere',
    (_name, entry) => {
      const source = entry['evented-workflows-source'];
      expect(existsSync(at(source))).toBe(true);
      expect(entry.types).toBe(source.replace('./', './dist/').replace(/\.ts$/, '.d.ts'));
      expect(entry.import).toBe(source.replace('./', './dist/').replace(/\.ts$/, '.js'));
      // A user's tool takes the first condition that it knows; ours has to win here and be unknown there.
      expect(Object.keys(entry)).toEqual(['evented-workflows-source', 'types', 'import']);
    },
  );

  test('peers are optional, and present here in one version', () => {
    expect(Object.keys(manifest.peerDependenciesMeta)).toEqual(Object.keys(manifest.peerDependencies));
    for (const name of Object.keys(manifest.peerDependencies)) {
      expect(manifest.devDependencies).toHaveProperty([name]);
    }
  });

  test.each(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))(
    '%s is pinned',
    (_name, version) => {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    },
  );

  test('the lockfile names no registry', () => {
    expect(readFileSync(at('package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
