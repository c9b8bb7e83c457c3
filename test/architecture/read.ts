import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceText } from './source.ts';

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.js', '.mjs'];
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'cdk.out', 'coverage']);

/** The sources below the directories of the repository that are named; a directory that is missing has none. */
export function readSources(repository: string, roots: readonly string[]): SourceText[] {
  return roots
    .flatMap((root) => pathsBelow(repository, root))
    .map((path) => ({
      path,
      text: readFileSync(join(repository, path), 'utf8'),
    }));
}

function pathsBelow(repository: string, directory: string): string[] {
  const full = join(repository, directory);
  if (!existsSync(full)) return [];
  return readdirSync(full, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        return NOT_OURS.has(entry.name) || entry.name.startsWith('.') ? [] : pathsBelow(repository, path);
      }
      return EXTENSIONS.some((extension) => entry.name.endsWith(extension)) ? [path] : [];
    });
}
