import { z } from 'zod';
import { docstringBefore } from './docstring.ts';
import type { Modules, Target } from './modules.ts';

/** A path of `exports` in package.json, with what it gives. */
export interface Door {
  /** As it is imported: `evented-workflows/http`. */
  readonly name: string;
  /** The module that it leads to here. */
  readonly path: string;
  /** Name of its page. */
  readonly page: string;
  /** What the module says of itself, if it does. */
  readonly docstring: string | undefined;
  readonly exports: ReadonlyMap<string, Target>;
}

const manifest = z.object({
  name: z.string(),
  exports: z.record(z.string(), z.union([z.string(), z.object({ 'evented-workflows-source': z.string() })])),
});

/** The doors of the package, in the order of its manifest. */
export function doorsOf(modules: Modules): Door[] {
  const { name: packageName, exports } = manifest.parse(JSON.parse(modules.textOf('package.json')));
  return Object.entries(exports).flatMap(([subpath, conditions]) => {
    if (typeof conditions === 'string') return [];
    const name = `${packageName}${subpath.slice(1)}`;
    const path = conditions['evented-workflows-source'].slice('./'.length);
    const page = `${(subpath === '.' ? packageName : subpath.slice('./'.length)).replaceAll('/', '-')}.md`;
    return [{ name, path, page, docstring: docstringOf(modules, path), exports: modules.exportsOf(path) }];
  });
}

/** What stands over the first re-export, or at the top of the file, where it belongs to nothing that follows. */
function docstringOf(modules: Modules, path: string): string | undefined {
  const { source } = modules.at(path);
  for (const statement of source.program.body) {
    const isDeclaration =
      (statement.type === 'ExportNamedDeclaration' && statement.declaration !== null) ||
      !/^(?:Import|Export)/u.test(statement.type);
    if (isDeclaration) return undefined;
    const docstring = docstringBefore(source, statement.start);
    if (docstring !== undefined) return docstring;
  }
  return undefined;
}
