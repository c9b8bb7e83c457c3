import type { Expression, MemberExpression, Super } from 'oxc-parser';
import { visitorKeys } from 'oxc-parser';
import type { Node } from './source.ts';

/** Where a node hangs: its parent, and under which of the parent's keys. */
export interface Place {
  readonly parent: Node;
  readonly key: string;
}

/** Calls `visit` on each node from the root down. A visit that returns 'skip' keeps the walk out of that node. */
export function walk(root: Node, visit: (node: Node, place: Place | undefined) => 'skip' | undefined): void {
  step(root, undefined, visit);
}

function step(
  node: Node,
  place: Place | undefined,
  visit: (node: Node, place: Place | undefined) => 'skip' | undefined,
): void {
  if (visit(node, place) === 'skip') return;
  for (const key of visitorKeys[node.type] ?? []) {
    // The parser's table of keys says that there are nodes, lists of nodes, or nothing under each of them.
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key];
    if (Array.isArray(child)) {
      for (const item of child) if (item) step(item, { parent: node, key }, visit);
    } else if (child) {
      step(child, { parent: node, key }, visit);
    }
  }
}

/** The expression below what only changes its type: `x as T`, `x!`, `x satisfies T`, `x?.y`, and `(0, x)`. */
export function unwrap(expression: Expression | Super): Expression | Super {
  switch (expression.type) {
    case 'ChainExpression':
    case 'TSAsExpression':
    case 'TSInstantiationExpression':
    case 'TSNonNullExpression':
    case 'TSSatisfiesExpression':
    case 'TSTypeAssertion':
      return unwrap(expression.expression);
    case 'SequenceExpression': {
      const last = expression.expressions.at(-1);
      return last ? unwrap(last) : expression;
    }
    default:
      return expression;
  }
}

/** The name a member is read by: `a.name`, `a['name']`; nothing for `a[name]` and `a.#name`. */
export function memberName(member: MemberExpression): string | undefined {
  if (member.property.type === 'PrivateIdentifier') return undefined;
  if (!member.computed) return member.property.name;
  return stringValue(member.property);
}

/** The value of a string literal, or of a template without a placeholder. */
export function stringValue(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? undefined;
  }
  return undefined;
}

/** The name of a global that an expression is: `process`, `globalThis.process`, `import.meta`. */
export function globalName(expression: Expression | Super): string | undefined {
  const inner = unwrap(expression);
  if (inner.type === 'Identifier') return inner.name;
  if (inner.type === 'MetaProperty') return `${inner.meta.name}.${inner.property.name}`;
  if (inner.type === 'MemberExpression') {
    const object = unwrap(inner.object);
    if (object.type === 'Identifier' && GLOBAL_OBJECTS.has(object.name)) return memberName(inner);
  }
  return undefined;
}

const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(['globalThis', 'global', 'self', 'window']);

/** Whether a node is a type, which is gone when the code runs. Wrappers of values, as `x as T`, are none. */
export function isType(node: Node): boolean {
  return node.type.startsWith('TS') && !VALUES_OF_TYPESCRIPT.has(node.type);
}

const VALUES_OF_TYPESCRIPT: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSInstantiationExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'TSParameterProperty',
  'TSExportAssignment',
  'TSImportEqualsDeclaration',
  'TSEnumDeclaration',
  'TSEnumBody',
  'TSEnumMember',
  'TSModuleDeclaration',
  'TSModuleBlock',
  'TSExternalModuleReference',
]);

/** Whether an identifier stands for a value, as opposed to naming a property, a declaration or a specifier. */
export function isReference(place: Place | undefined): boolean {
  if (!place) return false;
  const { parent, key } = place;
  switch (parent.type) {
    case 'MemberExpression':
      return key === 'object' || parent.computed;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return key === 'value' || parent.computed;
    case 'VariableDeclarator':
    case 'ClassDeclaration':
    case 'ClassExpression':
    case 'FunctionDeclaration':
    case 'FunctionExpression':
      return key !== 'id' && key !== 'params';
    case 'ArrowFunctionExpression':
      return key !== 'params';
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
      return false;
    default:
      return true;
  }
}
