import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A Markdown file of the repository. */
export interface Document {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code: `` ```ts run file=orders.ts `` has the language `ts`, is run, and is called `orders.ts`. */
export interface Block {
  readonly document: string;
  /** Line of its fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly isRun: boolean;
  /** What it is called where other blocks of its document import it. */
  readonly file: string;
  readonly text: string;
  /** Why it is no whole program: from `<!-- fragment: why -->` on the line before it. */
  readonly fragment: string | undefined;
}

const OWN_FOLDERS = ['.ci', 'bench', 'docs', 'examples', 'studio', 'test'];

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => join(folder, path));
}

/** Every Markdown file of the repository. */
export function allDocuments(): Document[] {
  const names = readdirSync(root);
  const paths = [
    ...names.filter((name) => name.endsWith('.md')),
    ...OWN_FOLDERS.filter((folder) => names.includes(folder)).flatMap(markdownIn),
  ];
  return paths.toSorted().map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The fenced blocks of a document, in order. A fence that is never closed reaches to the end. */
export function blocksOf({ path, text }: Document): Block[] {
  const found = text.matchAll(/(?:^<!-- fragment: (.+) -->\n+)?^ *(`{3,})(.*)\n([^]*?)(?:^ *\2$|(?![^]))/gm);
  return [...found].map((match): Block => {
    const [whole, fragment, , info = '', code = ''] = match;
    const opening = text.indexOf('```', match.index + (fragment === undefined ? 0 : whole.indexOf('-->')));
    const line = text.slice(0, opening).split('\n').length;
    const [language = '', ...words] = info.trim().split(/\s+/);
    const named = words.find((word) => word.startsWith('file='));
    return {
      document: path,
      line,
      language,
      isRun: words.includes('run'),
      file: named?.slice('file='.length) ?? `line-${line}.ts`,
      text: code,
      fragment,
    };
  });
}

/** The prose of a document: its blocks and its spans of code left out. */
function proseOf({ text }: Document): string {
  return text.replaceAll(/^ *(`{3,}).*\n[^]*?^ *\1$/gm, '');
}

/** Where the links of a document lead to, without those to other sites. */
export function linksOf(document: Document): string[] {
  const prose = proseOf(document).replaceAll(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub makes of the headings of a document. */
export function anchorsOf(document: Document): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(document).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = shown
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}
