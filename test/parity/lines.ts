import type { CallExpression, Expression, Super } from 'oxc-parser';
import { type Node, parse, type SourceText } from '../architecture/source.ts';
import { memberName, unwrap, walk } from '../architecture/walk.ts';

/** A line of the checklist: D of the reference's default runtime, G of its newer behaviours, H of ours, R of rules beside it. */
const line = /\b[DGHR][1-9]\d*\b/g;

/** Members of `it` and `test` that still run what they are given. */
const running: ReadonlySet<string | undefined> = new Set(['each', 'for', 'concurrent', 'sequential']);

/** The lines that the tests of a file have in their names. Tests that do not run have none. */
export function linesIn(source: SourceText): Set<string> {
  const found = new Set<string>();
  walk(parse(source).program, (node) => {
    if (node.type !== 'CallExpression') return undefined;
    const test = testCall(node);
    if (test === 'skipped') return 'skip';
    if (test !== undefined) for (const id of test) found.add(id);
    return undefined;
  });
  return found;
}

/** The lines that a call of `it`, `test` or `describe` names; undefined for any other call. */
function testCall(call: CallExpression): readonly string[] | 'skipped' | undefined {
  const tables: Node[] = [];
  let callee: Expression | Super = unwrap(call.callee);
  if (callee.type === 'CallExpression') {
    tables.push(...callee.arguments);
    callee = unwrap(callee.callee);
  }
  const members: (string | undefined)[] = [];
  for (; callee.type === 'MemberExpression'; callee = unwrap(callee.object)) members.push(memberName(callee));
  if (callee.type !== 'Identifier' || !['it', 'test', 'describe'].includes(callee.name)) return undefined;
  if (!members.every((member) => running.has(member))) return 'skipped';
  const [title] = call.arguments;
  // The call that gives the table: the one with the title is around it.
  if (title === undefined || (members.length > 0 && tables.length === 0)) return undefined;
  return [...textsIn(title).flatMap(idsIn), ...tables.flatMap(textsIn).filter(isId)];
}

/** The texts below a node, without what is computed between them. */
function textsIn(root: Node): string[] {
  const texts: string[] = [];
  walk(root, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') texts.push(node.value);
    if (node.type === 'TemplateElement') texts.push(node.value.raw);
    return undefined;
  });
  return texts;
}

/** The lines that a text names. */
export function idsIn(text: string): string[] {
  return text.match(line) ?? [];
}

function isId(text: string): boolean {
  return idsIn(text)[0] === text;
}
