import type { ArrowFunctionExpression, Function as FunctionNode } from 'oxc-parser';
import { isUnder, type Node, type Source, type Violation, violation } from './source.ts';
import { type Place, walk } from './walk.ts';

/** Longer ones are about two things. */
export const MAX_FILE_LINES = 400;
export const MAX_FUNCTION_LINES = 70;

export function fileLength(source: Source): Violation[] {
  if (source.lineCount <= MAX_FILE_LINES) return [];
  const message = `has ${source.lineCount} lines; ${MAX_FILE_LINES} is the limit`;
  return [violation('file-length', source, { start: 0 }, message)];
}

/** In tests, one `describe` around many cases is a function too, hence not there. */
export function functionLength(source: Source): Violation[] {
  if (!isUnder(source.path, ['src', 'lib', 'lambdas', 'bin'])) return [];
  const found: Violation[] = [];
  walk(source.program, (node, place) => {
    if (!isFunction(node)) return undefined;
    const lines = source.lineAt(node.end) - source.lineAt(node.start) + 1;
    if (lines > MAX_FUNCTION_LINES) {
      const message = `${nameOf(node, place)} has ${lines} lines; ${MAX_FUNCTION_LINES} is the limit`;
      found.push(violation('function-length', source, node, message));
    }
    return undefined;
  });
  return found;
}

type AnyFunction = FunctionNode | ArrowFunctionExpression;

function isFunction(node: Node): node is AnyFunction {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  );
}

function nameOf(node: AnyFunction, place: Place | undefined): string {
  if (node.id) return node.id.name;
  const parent = place?.parent;
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent?.type === 'MethodDefinition' || parent?.type === 'Property') {
    return 'name' in parent.key && typeof parent.key.name === 'string' ? parent.key.name : 'a method';
  }
  return 'a function';
}

export function anyTypes(source: Source): Violation[] {
  const found: Violation[] = [];
  walk(source.program, (node) => {
    if (node.type === 'TSAnyKeyword') found.push(violation('any', source, node, 'says any; say what it is'));
    return undefined;
  });
  return found;
}

/** What is left to do is done, or stands where it is decided what is done next, which is not the code. */
export function leftovers(source: Source): Violation[] {
  return source.comments.flatMap((comment) => {
    const word = /\b(?:TODO|FIXME)\b/.exec(comment.value)?.[0];
    return word ? [violation('leftover', source, comment, `has a ${word}`)] : [];
  });
}
