import { importsOf, resolve } from './imports.ts';
import { matches } from './layers.ts';
import { isUnder, type Source, type Violation, violation } from './source.ts';

/** Loading one of these takes longer than loading all the rest: zod alone 70 ms and 19 MB. */
const SCHEMA_LIBRARIES = ['zod', 'zod/*', 'valibot', 'arktype', 'arktype/*'];

/** What an author's module loads with its first line. */
const DOOR = ['src/index.ts', 'src/sdk', 'src/core'];

/** Nothing that the authoring door loads, however far away, loads a schema library. Types are free. */
export function authoringDoor(sources: readonly Source[]): Violation[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  // Each file with the way that leads to it, for the message.
  const trails = new Map<string, string>();
  const open = sources.filter((source) => isUnder(source.path, DOOR));
  for (const source of open) trails.set(source.path, source.path);

  const violations: Violation[] = [];
  for (let source = open.pop(); source; source = open.pop()) {
    const trail = trails.get(source.path) ?? source.path;
    for (const entry of importsOf(source)) {
      if (entry.kind !== 'static' || entry.specifier === undefined) continue;
      if (matches(entry.specifier, SCHEMA_LIBRARIES)) {
        violations.push(violation('authoring-door', source, entry, `loads ${entry.specifier} (${trail})`));
      }
      const target = resolve(source.path, entry.specifier);
      const next = target === undefined ? undefined : byPath.get(target);
      if (!next || trails.has(next.path)) continue;
      trails.set(next.path, `${trail} -> ${next.path}`);
      open.push(next);
    }
  }
  return violations;
}
