import type { TSTypeAliasDeclaration, TSTypeLiteral } from 'oxc-parser';
import { walk } from '../../architecture/walk.ts';
import type { Declared, Modules, Target } from './modules.ts';
import { linksOf, readDocstring } from './docstring.ts';
import { meaningOf, type Plan } from './plan.ts';
import { membersOf } from './signature.ts';

/** What a page cannot say, because the sources do not: one line for each, with the door, the file and the line. */
export function gapsOf(modules: Modules, plan: Plan): string[] {
  return plan.pages.flatMap(({ door, groups, behind }) => {
    const exported = [...groups.values()].flat();
    return [
      ...exported.flatMap(({ target }) => [...undocumented(modules, target), ...untyped(modules, target)]),
      ...[...exported, ...behind].flatMap(({ target }) => [
        ...undecided(modules, target),
        ...dangling(modules, plan, target),
      ]),
    ].map((gap) => `${door.name}: ${gap}`);
  });
}

function undocumented(modules: Modules, target: Target): string[] {
  return modules
    .shownDeclarationsOf(target)
    .filter(({ docstring }) => docstring === undefined || docstring === '')
    .map(({ node }) => `${target.name} has no docstring${placeOf(modules, target, node.start)}`);
}

/** The pages are made without a type checker, so what is inferred is not known to them, and not to a reader of the sources. */
function untyped(modules: Modules, target: Target): string[] {
  return modules.declarationsOf(target).flatMap(({ node }) => {
    const called = node.type === 'VariableDeclarator' ? node.init : node;
    if (called?.type !== 'FunctionDeclaration' && called?.type !== 'ArrowFunctionExpression') return [];
    return called.returnType
      ? []
      : [`${target.name} has no declared result${placeOf(modules, target, node.start)}`];
  });
}

/** What can be left out of options, and what then holds. */
function undecided(modules: Modules, target: Target): string[] {
  if (!OPTIONS.test(target.name)) return [];
  const { source } = modules.at(target.path);
  return modules
    .declarationsOf(target)
    .flatMap(({ node }): (Declared | TSTypeLiteral)[] =>
      node.type === 'TSTypeAliasDeclaration' ? partsOf(node) : [node],
    )
    .flatMap((node) => membersOf(source, node))
    .filter(({ isOptional, docstring = '' }) => isOptional && !saysDefault(docstring))
    .map(
      ({ label, node }) => `${target.name}.${label} says no @default${placeOf(modules, target, node.start)}`,
    );
}

const TRANSPARENT: ReadonlySet<string> = new Set([
  'TSUnionType',
  'TSIntersectionType',
  'TSParenthesizedType',
]);

/** The object types that a type is put together from. */
function partsOf(alias: TSTypeAliasDeclaration): TSTypeLiteral[] {
  const found: TSTypeLiteral[] = [];
  walk(alias.typeAnnotation, (node) => {
    if (TRANSPARENT.has(node.type)) return undefined;
    if (node.type === 'TSTypeLiteral') found.push(node);
    return 'skip';
  });
  return found;
}

/** Links to names that there are not. One that is there without a place is shown as it is written. */
function dangling(modules: Modules, plan: Plan, target: Target): string[] {
  const { source } = modules.at(target.path);
  return modules.declarationsOf(target).flatMap(({ node, docstring }) =>
    [docstring, ...membersOf(source, node).map((member) => member.docstring)]
      .flatMap((text = '') => linksOf(text))
      .filter((name) => !meaningOf(modules, plan, target, name) && !modules.lookUp(target.path, name))
      .map((name) => `${target.name} links ${name}, which is nowhere${placeOf(modules, target, node.start)}`),
  );
}

/** What is handed in for its properties. */
const OPTIONS = /(?:Options|Props|Params|Config|Arguments|Request|Limits|Times|Behaviour|Query)$/u;

function saysDefault(docstring: string): boolean {
  return readDocstring(docstring).tags.some(({ name, text }) => name === 'default' && text !== '');
}

function placeOf(modules: Modules, target: Target, start = 0): string {
  return ` (${target.path}:${modules.at(target.path).source.lineAt(start)})`;
}
