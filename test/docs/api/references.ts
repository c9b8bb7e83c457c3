import { walk } from '../../architecture/walk.ts';
import type { Node } from '../../architecture/source.ts';
import type { Modules, Target } from './modules.ts';
import { membersOf } from './signature.ts';

/** What the signatures of a name mention and the sources declare, in the order of the text, each thing once. */
export function referencesOf(modules: Modules, target: Target): Target[] {
  const found = new Map<string, Target>();
  const own = keyOf(target);
  const visit = (root: Node): void =>
    walk(root, (node, place) => {
      // Bodies and initial values are no part of a signature.
      if (node.type === 'BlockStatement') return 'skip';
      if (place?.key === 'init' || (place?.key === 'value' && node.type !== 'FunctionExpression'))
        return 'skip';
      const name = nameAt(node);
      const there = name === undefined ? undefined : modules.lookUp(target.path, name);
      if (there && keyOf(there) !== own) found.set(keyOf(there), there);
      return undefined;
    });
  const { source } = modules.at(target.path);
  for (const { node } of modules.declarationsOf(target)) {
    if (node.type === 'ClassDeclaration' || node.type === 'TSInterfaceDeclaration') {
      const heritage = node.type === 'TSInterfaceDeclaration' ? node.extends : (node.implements ?? []);
      for (const part of [node.typeParameters, ...heritage]) if (part) visit(part);
      for (const { node: member } of membersOf(source, node)) visit(member);
      if (node.type === 'ClassDeclaration' && node.superClass?.type === 'Identifier') {
        const base = modules.lookUp(target.path, node.superClass.name);
        if (base) found.set(keyOf(base), base);
      }
    } else if (node.type === 'VariableDeclarator' && node.init?.type === 'ArrowFunctionExpression') {
      visit(node.init);
    } else {
      visit(node);
    }
  }
  return [...found.values()];
}

/** What an interface extends, also a part of it as by `Pick`. */
export function heritageOf(modules: Modules, target: Target): Target[] {
  const found: Target[] = [];
  for (const { node } of modules.declarationsOf(target)) {
    if (node.type !== 'TSInterfaceDeclaration') continue;
    for (const base of node.extends) {
      walk(base, (inner) => {
        const name = nameAt(inner);
        const there = name === undefined ? undefined : modules.lookUp(target.path, name);
        if (there) found.push(there);
        return undefined;
      });
    }
  }
  return found;
}

/** The same thing has the same key, under whichever name it is exported. */
export function keyOf({ path, name }: Target): string {
  return `${path}#${name}`;
}

function nameAt(node: Node): string | undefined {
  if (node.type === 'TSTypeReference' && node.typeName.type === 'Identifier') return node.typeName.name;
  if (node.type === 'TSTypeQuery' && node.exprName.type === 'Identifier') return node.exprName.name;
  if (node.type === 'TSInterfaceHeritage' || node.type === 'TSClassImplements') {
    return node.expression.type === 'Identifier' ? node.expression.name : undefined;
  }
  return undefined;
}
