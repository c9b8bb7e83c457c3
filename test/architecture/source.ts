import { type Comment, type Node, type Program, parseSync } from 'oxc-parser';

/** A file as the checker gets it: read from disk, or planted by a test of the checker. */
export interface SourceText {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** A file after parsing. */
export interface Source extends SourceText {
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** What the parser could not read; such a file has no meaningful tree. */
  readonly parseErrors: readonly string[];
  /** 1-based line of an offset into `text`. */
  lineAt(offset: number): number;
  readonly lineCount: number;
}

/** One broken rule at one place. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function parse({ path, text }: SourceText): Source {
  const result = parseSync(path, text, { preserveParens: false });
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return {
    path,
    text,
    program: result.program,
    comments: result.comments,
    parseErrors: result.errors.map((error) => error.message),
    lineAt: (offset) => {
      const next = lineStarts.findIndex((start) => start > offset);
      return next === -1 ? lineStarts.length : next;
    },
    // A final newline ends the last line, it does not begin another.
    lineCount: text.endsWith('\n') ? lineStarts.length - 1 : lineStarts.length,
  };
}

/** A violation at a node of a file. */
export function violation(rule: string, source: Source, at: { start: number }, message: string): Violation {
  return { rule, path: source.path, line: source.lineAt(at.start), message };
}

/** Whether a path lies in one of the directories, or is one of the files, that are named. */
export function isUnder(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}

export type { Node };
