import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LoadFailure } from './messages.ts';

/** Watches which files a module is made of while it is loaded, and says where one is wrong. */

/** Files outside of `node_modules`: what changes while somebody works. */
export interface ImportedFiles {
  readonly files: ReadonlySet<string>;
  /** Where a file was asked for that is not there. */
  missing(): { readonly file: string; readonly line: number; readonly specifier: string } | undefined;
}

/** TypeScript projects name the file that a compiler would write; Node finds what is there. */
const written: Readonly<Record<string, string>> = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' };

/**
 * Begins to note what is imported. A relative import of a `.js` file that is not there finds the `.ts` file, and one without an
 * ending either, as compilers and bundlers have it.
 */
export function noteImports(): ImportedFiles {
  const files = new Set<string>();
  let missing: ReturnType<ImportedFiles['missing']>;
  // Node 22.13 and 22.14 have no synchronous hooks: there only the file itself is watched.
  const { registerHooks } = nodeModule as Partial<typeof nodeModule>;
  if (registerHooks !== undefined) {
    registerHooks({
      resolve(specifier, context, next) {
        const parent = context.parentURL;
        const own = parent !== undefined && isOwn(parent);
        const isRelative = /^\.{1,2}(\/|$)/.test(specifier);
        try {
          const found = next(specifier, context);
          if (isOwn(found.url)) files.add(fileURLToPath(found.url));
          return found;
        } catch (error) {
          if (!own || !isRelative) throw error;
          for (const other of others(specifier)) {
            try {
              const found = next(other, context);
              files.add(fileURLToPath(found.url));
              return found;
            } catch {
              // The next one.
            }
          }
          const wanted = fileURLToPath(new URL(specifier, parent));
          for (const path of [wanted, ...others(wanted)]) files.add(path);
          const file = fileURLToPath(parent);
          missing = { file, line: lineOf(file, specifier), specifier };
          throw error;
        }
      },
    });
  }
  return { files, missing: () => missing };
}

function others(specifier: string): string[] {
  const [ending = ''] = /\.[cm]?js$/.exec(specifier) ?? [];
  const replaced = written[ending];
  if (replaced !== undefined) return [`${specifier.slice(0, -ending.length)}${replaced}`];
  return [`${specifier}.ts`, `${specifier}.js`, `${specifier}/index.ts`, `${specifier}/index.js`];
}

/** Line of the first mention of an import in a file, from 1. */
function lineOf(file: string, specifier: string): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = lines.findIndex((line) => line.includes(`'${specifier}'`) || line.includes(`"${specifier}"`));
  return Math.max(0, found) + 1;
}

function isOwn(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(ownFolder);
}

/** This package's own files are no part of what its user edits. */
const ownFolder = pathToFileURL(`${dirname(dirname(dirname(fileURLToPath(import.meta.url))))}/`).href;

/** Says what is wrong with a module that could not be loaded, and where. */
export function loadFailure(error: unknown, imports: ImportedFiles): LoadFailure {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const missing = imports.missing();
  if (missing !== undefined && isCode(error, 'ERR_MODULE_NOT_FOUND')) {
    const { file, line, specifier } = missing;
    return { message: `It imports '${specifier}', which is not there`, file, line };
  }
  if (!(error instanceof Error) || error.stack === undefined) return { message };
  // A syntax error begins with the place, anything that was thrown names it in the first frame that is the user's.
  const [first = ''] = error.stack.split('\n');
  const syntax = /^(.+):(\d+)$/.exec(first);
  const place =
    syntax === null ? frameIn(error.stack) : { file: pathOf(syntax[1] ?? ''), line: Number(syntax[2]) };
  const plain = isCode(error, 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    ? `${message}: Node runs TypeScript by leaving the types out, so write what needs no more than that`
    : message;
  return place === undefined ? { message: plain } : { message: plain, ...place };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function frameIn(stack: string): { readonly file: string; readonly line: number } | undefined {
  for (const [, url = '', line] of stack.matchAll(/(file:\/\/[^\s()]+):(\d+):\d+/g)) {
    if (isOwn(url)) return { file: pathOf(url), line: Number(line) };
  }
  return undefined;
}

function pathOf(place: string): string {
  return place.startsWith('file:') ? fileURLToPath(place) : place;
}
