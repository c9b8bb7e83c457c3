import type {
  ArrowFunctionExpression,
  Class,
  ClassElement,
  Expression,
  Function as FunctionNode,
  ParamPattern,
  TSInterfaceDeclaration,
  TSSignature,
  TSTypeLiteral,
} from 'oxc-parser';
import type { Source } from '../../architecture/source.ts';
import { docstringBefore, withoutLinks } from './docstring.ts';
import type { Declared } from './modules.ts';

/** A member of an interface, a class or an object type. */
export interface Member {
  /** Its name; empty for what is called or indexed. */
  readonly key: string;
  /** As it is called: `limit?`, `then(step)`. */
  readonly label: string;
  readonly isOptional: boolean;
  readonly node: TSSignature | ClassElement;
  readonly docstring: string | undefined;
}

/**
 * A declaration as TypeScript without its body and without the docstrings of its members, not yet formatted. Where only
 * `declare` makes it a program, it begins with that.
 */
export function signatureOf(source: Source, node: Declared): string {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'TSDeclareFunction':
    case 'TSEmptyBodyFunctionExpression':
      return `function ${node.id?.name ?? ''}${callOf(source, node)};`;
    case 'ClassDeclaration':
    case 'ClassExpression':
      return classSignature(source, node);
    case 'TSInterfaceDeclaration': {
      const head = source.text.slice(node.start, node.body.start);
      return `${head}{\n${shownMembers(source, node)
        .map((member) => textOf(source, member))
        .join('\n')}\n}`;
    }
    case 'TSTypeAliasDeclaration':
      return withoutLinks(textOf(source, node));
    case 'VariableDeclarator': {
      const name = node.id.type === 'Identifier' ? node.id.name : '';
      const type = node.id.typeAnnotation;
      if (type) return `declare const ${name}${textOf(source, type)};`;
      if (node.init?.type === 'ArrowFunctionExpression')
        return `function ${name}${callOf(source, node.init)};`;
      return `const ${withoutLinks(textOf(source, node))};`;
    }
  }
}

/** The members that a user sees. A brand, whose key is a symbol of the package's own, is for the compiler alone. */
export function membersOf(source: Source, node: Declared | TSTypeLiteral): Member[] {
  if (!hasMembers(node)) return [];
  return shownMembers(source, node).map((member) => ({
    key: 'key' in member ? textOf(source, member.key) : '',
    label: labelOf(source, member),
    isOptional: isOptional(member),
    node: member,
    docstring: docstringBefore(source, member.start),
  }));
}

function hasMembers(node: Declared | TSTypeLiteral): node is TSInterfaceDeclaration | Class | TSTypeLiteral {
  return (
    node.type === 'TSInterfaceDeclaration' ||
    node.type === 'ClassDeclaration' ||
    node.type === 'TSTypeLiteral'
  );
}

function shownMembers(
  source: Source,
  node: TSInterfaceDeclaration | Class | TSTypeLiteral,
): (TSSignature | ClassElement)[] {
  const members = node.type === 'TSTypeLiteral' ? node.members : node.body.body;
  return [...members].filter((member) => {
    if (member.type === 'StaticBlock') return false;
    if (
      'accessibility' in member &&
      (member.accessibility === 'private' || member.accessibility === 'protected')
    ) {
      return false;
    }
    if (!('key' in member)) return true;
    if (member.key.type === 'PrivateIdentifier') return false;
    return (
      !(member.computed && member.key.type === 'Identifier') ||
      textOf(source, member.key).startsWith('Symbol.')
    );
  });
}

function classSignature(source: Source, node: Class): string {
  const overloaded = new Set(
    node.body.body.flatMap((member) =>
      member.type === 'MethodDefinition' && !member.value.body ? [textOf(source, member.key)] : [],
    ),
  );
  const members = shownMembers(source, node).flatMap((member) => {
    if (member.type === 'MethodDefinition') {
      // Beside its overloads, the signature of the implementation is nobody's to call.
      if (member.value.body && overloaded.has(textOf(source, member.key))) return [];
      const words = [
        member.static ? 'static' : '',
        member.kind === 'get' || member.kind === 'set' ? member.kind : '',
      ];
      const key = member.computed ? `[${textOf(source, member.key)}]` : textOf(source, member.key);
      return [`${words.filter((word) => word !== '').join(' ')} ${key}${callOf(source, member.value)};`];
    }
    if (member.type === 'PropertyDefinition' && member.typeAnnotation) {
      return [`${source.text.slice(member.start, member.typeAnnotation.end).replace(/\boverride /u, '')};`];
    }
    if (member.type === 'PropertyDefinition') {
      const words = [member.static ? 'static ' : '', member.readonly ? 'readonly ' : ''].join('');
      return [`${words}${textOf(source, member.key)}: ${typeOfValue(source, member.value)};`];
    }
    return [textOf(source, member)];
  });
  const head = source.text.slice(node.start, node.body.start);
  return `declare ${head}{\n${members.join('\n')}\n}`;
}

/** Type parameters, parameters and result of a function. */
function callOf(source: Source, node: FunctionNode | ArrowFunctionExpression): string {
  const types = node.typeParameters ? textOf(source, node.typeParameters) : '';
  const result = node.returnType ? textOf(source, node.returnType) : '';
  return `${types}(${node.params.map((param) => parameter(source, param)).join(', ')})${result}`;
}

/** A parameter as a caller sees it: a default makes it optional, and a pattern is what the body does with its options. */
function parameter(source: Source, param: ParamPattern): string {
  if (param.type === 'AssignmentPattern') {
    const { left, right } = param;
    const type = left.typeAnnotation
      ? textOf(source, left.typeAnnotation)
      : `: ${typeOfValue(source, right)}`;
    return `${parameterName(left)}?${type}`;
  }
  if (param.type === 'ObjectPattern' || param.type === 'ArrayPattern') {
    return `${parameterName(param)}${param.typeAnnotation ? textOf(source, param.typeAnnotation) : ''}`;
  }
  return textOf(source, param);
}

function parameterName(param: { readonly type: string; readonly name?: string }): string {
  return param.name ?? 'options';
}

/** The type of a value that has none written: what can be told from a literal or a constructor's name. */
function typeOfValue(source: Source, value: Expression | null): string {
  if (value?.type === 'Literal') return typeof value.value;
  if (value?.type === 'NewExpression') {
    return `${textOf(source, value.callee)}${value.typeArguments ? textOf(source, value.typeArguments) : ''}`;
  }
  return 'unknown';
}

/** Whether a member or a parameter has a question mark; not every kind of them can. */
function isOptional(node: { readonly type: string; readonly optional?: boolean }): boolean {
  return node.optional === true;
}

function labelOf(source: Source, member: TSSignature | ClassElement): string {
  const names = (params: readonly ParamPattern[]): string =>
    params
      .map((param) => {
        const inner = param.type === 'AssignmentPattern' ? param.left : param;
        if (inner.type === 'RestElement')
          return `...${parameterName(inner.argument as { type: string; name?: string })}`;
        const canBeLeftOut = param.type === 'AssignmentPattern' || isOptional(inner);
        return `${parameterName(inner)}${canBeLeftOut ? '?' : ''}`;
      })
      .filter((name) => name !== 'this')
      .join(', ');
  switch (member.type) {
    case 'TSCallSignatureDeclaration':
      return `(${names(member.params)})`;
    case 'TSConstructSignatureDeclaration':
      return `new (${names(member.params)})`;
    case 'TSIndexSignature':
      return `[${member.parameters.map((key) => textOf(source, key)).join(', ')}]`;
    case 'StaticBlock':
      return '';
    default: {
      const key = member.computed ? `[${textOf(source, member.key)}]` : textOf(source, member.key);
      const name = `${key}${isOptional(member) ? '?' : ''}`;
      if (member.type === 'TSMethodSignature') return `${name}(${names(member.params)})`;
      if (member.type !== 'MethodDefinition' || member.kind === 'get' || member.kind === 'set') return name;
      return member.kind === 'constructor'
        ? `new (${names(member.value.params)})`
        : `${name}(${names(member.value.params)})`;
    }
  }
}

function textOf(source: Source, node: { readonly start: number; readonly end: number }): string {
  return source.text.slice(node.start, node.end);
}
