import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type {
  Class,
  Declaration as DeclarationNode,
  Function as FunctionNode,
  ModuleExportName,
  Program,
  TSInterfaceDeclaration,
  TSTypeAliasDeclaration,
  VariableDeclarator,
} from 'oxc-parser';
import { resolve } from '../../architecture/imports.ts';
import { parse, type Source } from '../../architecture/source.ts';
import { docstringBefore } from './docstring.ts';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** What a name can be declared as, in what the package exports. */
export type Declared =
  | FunctionNode
  | Class
  | TSInterfaceDeclaration
  | TSTypeAliasDeclaration
  | VariableDeclarator;

/** One declaration of a name; overloads of a function are several of the same name. */
export interface Declaration {
  readonly node: Declared;
  readonly docstring: string | undefined;
}

/** Where a name is declared: a module of the sources, or a package. Two names are the same thing when these are equal. */
export interface Target {
  readonly path: string;
  readonly name: string;
}

/** A module of the sources: what it declares, what it imports, and what it exports under which name. */
export interface Module {
  readonly source: Source;
  readonly declarations: ReadonlyMap<string, readonly Declaration[]>;
  /** Local names of what other modules of the sources give. */
  readonly imports: ReadonlyMap<string, Target>;
  /** In the order of the text. What it declares itself is named as it is declared, what another module gives as exported there. */
  readonly exports: ReadonlyMap<string, Target>;
  /** Modules of which everything is exported. */
  readonly wholes: readonly string[];
}

/** Reads modules, each one once. Paths are relative to the repository, with forward slashes. */
export class Modules {
  readonly #read = new Map<string, Module>();
  /** Reads any file of the repository. */
  readonly textOf: (path: string) => string;

  constructor(textOf: (path: string) => string = (path) => readFileSync(`${repository}${path}`, 'utf8')) {
    this.textOf = textOf;
  }

  at(path: string): Module {
    const known = this.#read.get(path);
    if (known) return known;
    const source = parse({ path, text: this.textOf(path) });
    if (source.parseErrors.length > 0)
      throw new Error(`${path} cannot be read: ${source.parseErrors.join('; ')}`);
    const module = moduleOf(source);
    this.#read.set(path, module);
    return module;
  }

  /** What a module exports, with the place of each declaration, in the order of the text. */
  exportsOf(path: string): Map<string, Target> {
    const module = this.at(path);
    const found = new Map<string, Target>();
    for (const name of module.exports.keys()) found.set(name, this.declaredAt({ path, name }));
    for (const whole of module.wholes) {
      // What a module exports by name wins over what comes with the whole of another one (ECMA-262, 16.2.1.7).
      for (const [name, target] of this.exportsOf(whole)) if (!found.has(name)) found.set(name, target);
    }
    return found;
  }

  /** The thing that a name means within a module; undefined for globals, type parameters and what packages give. */
  lookUp(path: string, name: string): Target | undefined {
    const module = this.at(path);
    if (module.declarations.has(name)) return { path, name };
    const imported = module.imports.get(name);
    return imported && this.declaredAt(imported);
  }

  /** Follows re-exports, from a name that a module exports to where it is declared. */
  declaredAt(exported: Target): Target {
    if (packageOf(exported) !== undefined) return exported;
    const module = this.at(exported.path);
    const next = module.exports.get(exported.name);
    if (next) return next.path === exported.path ? next : this.declaredAt(next);
    const whole = module.wholes.find((path) => this.exportsOf(path).has(exported.name));
    if (whole !== undefined) return this.declaredAt({ path: whole, name: exported.name });
    throw new Error(`${exported.path} exports no ${exported.name} that is declared in the sources`);
  }

  /** Without the implementation of a function with overloads: its signature is nobody's to call. */
  shownDeclarationsOf(target: Target): readonly Declaration[] {
    const all = this.declarationsOf(target);
    const hasOverloads = all.some(({ node }) => node.type === 'TSDeclareFunction');
    return hasOverloads ? all.filter(({ node }) => node.type !== 'FunctionDeclaration') : all;
  }

  declarationsOf({ path, name }: Target): readonly Declaration[] {
    return this.at(path).declarations.get(name) ?? [];
  }
}

function moduleOf(source: Source): Module {
  const declarations = new Map<string, Declaration[]>();
  const imports = new Map<string, Target>();
  const exports = new Map<string, Target>();
  const wholes: string[] = [];
  const { path } = source;
  const declare = (node: DeclarationNode, at: number): string[] =>
    namesOf(node).map(([name, declared]) => {
      const docstring = docstringBefore(source, at);
      declarations.set(name, [...(declarations.get(name) ?? []), { node: declared, docstring }]);
      return name;
    });

  for (const statement of source.program.body) {
    if (statement.type === 'ImportDeclaration') {
      const from = resolve(path, statement.source.value);
      if (from === undefined) continue;
      for (const specifier of statement.specifiers) {
        if (specifier.type !== 'ImportSpecifier') continue;
        imports.set(specifier.local.name, { path: from, name: nameOf(specifier.imported) });
      }
    } else if (statement.type === 'ExportAllDeclaration') {
      const from = resolve(path, statement.source.value);
      if (from === undefined || statement.exported) {
        throw new Error(
          `${path}: the API pages do not know \`export * as\`, and not \`export *\` from a package`,
        );
      }
      wholes.push(from);
    } else if (statement.type === 'ExportNamedDeclaration') {
      if (statement.declaration) {
        for (const name of declare(statement.declaration, statement.start)) exports.set(name, { path, name });
      }
      const from = statement.source ? placeOf(path, statement.source.value) : path;
      for (const { local, exported } of statement.specifiers) {
        const name = nameOf(local);
        // Imports stand before what exports them; the format sees to it.
        const imported = statement.source ? undefined : imports.get(name);
        exports.set(nameOf(exported), imported ?? { path: from, name });
      }
    } else if (isDeclaration(statement)) {
      declare(statement, statement.start);
    }
  }
  return { source, declarations, imports, exports, wholes };
}

const PACKAGE = 'package:';

/** Where a specifier leads to: a path of the repository, or a package. */
function placeOf(path: string, specifier: string): string {
  return resolve(path, specifier) ?? `${PACKAGE}${specifier}`;
}

/** The package that gives what is re-exported from one. */
export function packageOf({ path }: Target): string | undefined {
  return path.startsWith(PACKAGE) ? path.slice(PACKAGE.length) : undefined;
}

function nameOf(name: ModuleExportName): string {
  return name.type === 'Literal' ? name.value : name.name;
}

function isDeclaration(statement: Program['body'][number]): statement is DeclarationNode {
  return DECLARATIONS.has(statement.type);
}

const DECLARATIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'TSDeclareFunction',
  'ClassDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'VariableDeclaration',
]);

function namesOf(node: DeclarationNode): [string, Declared][] {
  switch (node.type) {
    case 'VariableDeclaration':
      return node.declarations.flatMap((declarator) =>
        declarator.id.type === 'Identifier' ? [[declarator.id.name, declarator]] : [],
      );
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return node.id ? [[node.id.name, node]] : [];
    default:
      return [];
  }
}
