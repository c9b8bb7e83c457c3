import type { Reads } from './definition.ts';

const nothing: Reads = { steps: [], init: false };

/** What turns up anywhere in a source that may reach its arguments without naming a parameter. */
const reachesArguments = /\barguments\b|\beval\b|\\u|\[native code\]/;

const trivia = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const word = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const text = /'(?:[^'\\\n\r]|\\[^])*'|"(?:[^"\\\n\r]|\\[^])*"/y;
const number = /\d[\w.]*/y;
/** Without `<`, `>` and `/`: they begin comments or regular expressions too. */
const punctuators = /=>|[{}(),:=+*%!?&|^~.;-]/y;

/** Reads a source from left to right, past blanks and comments. */
class Scanner {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** Takes `expected` when it comes next. */
  takes(expected: string | RegExp): string | undefined {
    this.match(trivia);
    if (expected instanceof RegExp) return this.match(expected);
    if (!this.source.startsWith(expected, this.at)) return undefined;
    this.at += expected.length;
    return expected;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

/** `async function* name(`, `async name(`, `async (`, `'name'(`: everything before the first parameter. */
function takesHead(scanner: Scanner): boolean {
  for (let first = true; ; first = false) {
    if (scanner.takes('(') !== undefined) return true;
    const part = scanner.takes(word) ?? scanner.takes('*') ?? scanner.takes(text) ?? scanner.takes(number);
    // The parentheses of `class A extends f({})` hold no parameters.
    if (part === undefined || (first && part === 'class')) return false;
  }
}

const closing: Readonly<Record<string, string>> = { '{': '}', '(': ')' };

/**
 * Takes a destructuring pattern whose `{` was taken. False when it may bind what reads results, or holds anything that this
 * scanner cannot tell apart: a rest, a computed name or array, a template, a slash.
 */
function takesPattern(scanner: Scanner): boolean {
  const open = ['}'];
  while (open.length > 0) {
    const name = scanner.takes(word) ?? scanner.takes(text)?.slice(1, -1);
    if (name !== undefined) {
      if (name === 'getStepResult' || name === 'getInitData' || name.includes('\\')) return false;
      continue;
    }
    if (scanner.takes('...') !== undefined) return false;
    const punctuator = scanner.takes(number) ?? scanner.takes(punctuators);
    if (punctuator === undefined) return false;
    const close = closing[punctuator];
    if (close !== undefined) open.push(close);
    else if (punctuator === '}' || punctuator === ')') if (open.pop() !== punctuator) return false;
  }
  return true;
}

/**
 * Judges by the source text of an author's function whether it can ask for earlier results: they are read synchronously,
 * so they have to be loaded before, which costs a read of the whole run. It cannot when it takes no parameter, or takes its
 * first one apart without a rest and without naming `getStepResult` or `getInitData`. Whatever the scanner does not
 * understand counts as `all`: too much costs a read, too little would lose a result.
 */
export function readsOfSource(source: string): Reads {
  if (reachesArguments.test(source)) return 'all';
  const scanner = new Scanner(source);
  if (!takesHead(scanner)) return 'all';
  if (scanner.takes(')') !== undefined) return nothing;
  if (scanner.takes('{') === undefined || !takesPattern(scanner)) return 'all';
  return scanner.takes(/[,)]/y) === undefined ? 'all' : nothing;
}

/** What several functions can read that run in one handling: each result once. */
export function unionOfReads(several: readonly Reads[]): Reads {
  const steps = new Set<string>();
  let init = false;
  for (const reads of several) {
    if (reads === 'all') return reads;
    for (const id of reads.steps) steps.add(id);
    init ||= reads.init;
  }
  return { steps: [...steps], init };
}
