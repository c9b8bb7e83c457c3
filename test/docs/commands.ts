import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands/index.ts';
import { type Block, type Document, root } from './documents.ts';

/** Names of the commands of `evented`. */
const eventedCommands = ['help', ...commands.map(({ name }) => name)];

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Folders that a path in a document can begin with: `src` may be that of a reader's own program. */
const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['node_modules', 'src', 'dist', 'coverage'].includes(entry.name))
  .map((entry) => entry.name);

function each(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

/** Scripts that a text names and package.json does not have. */
export function unknownScripts({ text }: Pick<Document, 'text'>): string[] {
  return each(text, /\bnpm run (?:-s |--silent )?([\w:.-]*\w)/g).filter(
    (name) => !(name in manifest.scripts),
  );
}

/** Commands of `evented` that a text names in a span of code, and that there are not. */
export function unknownCommands({ text }: Pick<Document, 'text'>): string[] {
  return each(text, /`(?:npx )?evented ([a-z][\w-]*)/g).filter((name) => !eventedCommands.includes(name));
}

/** What is wrong with the commands of a block: each names a thing that there is not. */
export function shellProblems({ text }: Pick<Block, 'text'>): string[] {
  const tools = each(text, /\bnpx (?:-\S+ )*([a-z][\w-]*)/g).filter(
    (name) => name !== 'evented' && !existsSync(join(root, 'node_modules/.bin', name)),
  );
  const unknown = each(text, /(?:^|[|;&] *|\bnpx )evented ([a-z][\w-]*)/gm).filter(
    (name) => !eventedCommands.includes(name),
  );
  const paths = each(text, /(?:^|[\s'"=@(])((?:\.\/)?[\w.-]+\/[\w./-]*)/gm).filter((path) => {
    const [first = ''] = path.replace('./', '').split('/');
    return folders.includes(first) && first !== 'cdk.out' && !existsSync(join(root, path));
  });
  return [
    ...unknownScripts({ text }).map((name) => `no script "${name}" in package.json`),
    ...tools.map((name) => `no program "${name}" in node_modules/.bin`),
    ...unknown.map((name) => `no command "${name}" of evented`),
    ...paths.map((path) => `no file ${path}`),
  ];
}

/** What is wrong with a block of JSON. */
export function jsonProblems({ text }: Pick<Block, 'text'>): string[] {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return [String(error)];
  }
}
