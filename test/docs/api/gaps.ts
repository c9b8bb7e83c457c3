import type { Modules, Target } from './modules.ts';
import type { Plan } from './plan.ts';
import { readDocstring } from './docstring.ts';
import { membersOf } from './signature.ts';

/** What a page cannot say, because the sources do not: one line for each, with the door, the file and the line. */
export function gapsOf(modules: Modules, plan: Plan): string[] {
  return plan.pages.flatMap(({ door, groups, behind }) => {
    const exported = [...groups.values()].flat();
    return [
      ...exported.flatMap(({ target }) => [...undocumented(modules, target), ...untyped(modules, target)]),
      ...[...exported, ...behind].flatMap(({ target }) => undecided(modules, target)),
    ].map((gap) => `${door.name}: ${gap}`);
  });
}

function undocumented(modules: Modules, target: Target): string[] {
  const declarations = modules.declarationsOf(target);
  if (declarations.some(({ docstring }) => docstring !== undefined && docstring !== '')) return [];
  return [`${target.name} has no docstring${placeOf(modules, target, declarations[0]?.node.start)}`];
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
  return modules.declarationsOf(target).flatMap(({ node }) =>
    membersOf(source, node).flatMap((member) => {
      if (!member.isOptional || saysDefault(member.docstring ?? '')) return [];
      return [
        `${target.name}.${member.label} says no @default${placeOf(modules, target, member.node.start)}`,
      ];
    }),
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
