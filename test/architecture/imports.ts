import type { Node, Source } from './source.ts';
import { stringValue, walk } from './walk.ts';

/** How a file reaches another one. */
export interface Import {
  /** As written; undefined where it is computed at run time. */
  readonly specifier: string | undefined;
  /**
   * - `static`: loaded with the file that imports it;
   * - `dynamic`: loaded when the code comes to it;
   * - `type`: gone before the code runs.
   */
  readonly kind: 'static' | 'dynamic' | 'type';
  readonly start: number;
}

/** Every import of a file, re-exports and `import('...')` types included. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  walk(source.program, (node) => {
    const entry = importAt(node);
    if (entry) found.push({ ...entry, start: node.start });
    return undefined;
  });
  return found;
}

function importAt(node: Node): Omit<Import, 'start'> | undefined {
  switch (node.type) {
    // `import { type A } from 'x'` loads x all the same, so only the declaration's own `type` counts.
    case 'ImportDeclaration':
      return { specifier: node.source.value, kind: node.importKind === 'type' ? 'type' : 'static' };
    case 'ExportAllDeclaration':
      return { specifier: node.source.value, kind: node.exportKind === 'type' ? 'type' : 'static' };
    case 'ExportNamedDeclaration':
      if (!node.source) return undefined;
      return { specifier: node.source.value, kind: node.exportKind === 'type' ? 'type' : 'static' };
    case 'ImportExpression':
      return { specifier: stringValue(node.source), kind: 'dynamic' };
    case 'TSImportType':
      return { specifier: node.source.value, kind: 'type' };
    case 'TSImportEqualsDeclaration':
      if (node.moduleReference.type !== 'TSExternalModuleReference') return undefined;
      return {
        specifier: node.moduleReference.expression.value,
        kind: node.importKind === 'type' ? 'type' : 'static',
      };
    case 'CallExpression': {
      const [first] = node.arguments;
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'require' || !first) return undefined;
      return { specifier: stringValue(first), kind: 'static' };
    }
    default:
      return undefined;
  }
}

/** The repository path that a relative import leads to; undefined for packages and built-in modules. */
export function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const segments = from.split('/').slice(0, -1);
  for (const segment of specifier.split('/')) {
    if (segment === '..') {
      // Above the repository there is no layer that could be imported; the path keeps saying so.
      if (segments.length === 0 || segments.at(-1) === '..') segments.push('..');
      else segments.pop();
    } else if (segment !== '.') {
      segments.push(segment);
    }
  }
  return segments.join('/');
}
