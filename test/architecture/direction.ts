import { type Import, importsOf, resolve } from './imports.ts';
import { type Layer, layerOf, matches } from './layers.ts';
import { isUnder, type Source, type Violation, violation } from './source.ts';

/** Directories whose every file has to belong to a layer. */
const LAYERED = ['src', 'lib', 'lambdas', 'bin', 'examples', 'studio'];

/** Imports go one way: see layers.ts. */
export function importDirection(source: Source): Violation[] {
  const layer = layerOf(source.path);
  if (!layer) {
    if (!isUnder(source.path, LAYERED)) return [];
    return [violation('import-direction', source, { start: 0 }, 'belongs to no layer of layers.ts')];
  }
  return importsOf(source).flatMap((entry) => {
    const problem = problemOf(source.path, layer, entry);
    return problem ? [violation('import-direction', source, entry, `${layer.name} ${problem}`)] : [];
  });
}

function problemOf(path: string, layer: Layer, { specifier, kind }: Import): string | undefined {
  if (specifier === undefined) {
    return layer.computed ? undefined : 'may not import by a name that is computed at run time';
  }
  const target = resolve(path, specifier);
  if (target === undefined) return packageProblem(layer, specifier, kind);

  const owner = layerOf(target);
  if (!owner) return `may not import ${target}, which belongs to no layer`;
  if (owner === layer || layer.may.includes(owner.name)) return undefined;
  if (layer.mayAsTypes?.includes(owner.name)) {
    return kind === 'type' ? undefined : `may import ${owner.name} by import type only`;
  }
  if (layer.mayLazily?.includes(owner.name)) {
    return kind === 'dynamic' ? undefined : `may import ${owner.name} by a dynamic import() only`;
  }
  return `may not import ${owner.name} (${specifier})`;
}

function packageProblem(layer: Layer, specifier: string, kind: Import['kind']): string | undefined {
  if (matches(specifier, layer.packages)) return undefined;
  if (matches(specifier, layer.packagesAsTypes ?? [])) {
    return kind === 'type' ? undefined : `may import ${specifier} by import type only`;
  }
  return `may not import ${specifier}`;
}
