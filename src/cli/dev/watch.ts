import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Tells when one of some files says something else than before. */
export interface FileWatch {
  /** Replaces the files that are watched. */
  follow(files: readonly string[]): void;
  close(): void;
}

/** Editors write a file in several steps, and tools several files: nothing is told before it is quiet for so long, ms. */
const quietMs = 60;

/**
 * Watches the directories of the files, because many editors replace a file instead of writing to it. A file that was only
 * touched is not told, one that comes into being is.
 */
export function watchFiles(onChange: () => void): FileWatch {
  const watchers = new Map<string, FSWatcher>();
  let contents = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const now = new Map([...contents.keys()].map((file) => [file, contentOf(file)]));
    const changed = [...now].some(([file, content]) => contents.get(file) !== content);
    contents = now;
    if (changed) onChange();
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, quietMs);
  };
  const open = (directory: string): void => {
    if (watchers.has(directory)) return;
    try {
      const watcher = watch(directory, (_event, name) => {
        const isOurs = name === null || [...contents.keys()].some((file) => basename(file) === name);
        if (isOurs) soon();
      });
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(directory);
      });
      watchers.set(directory, watcher);
    } catch {
      // A directory that is not there: a file in it that is wanted comes with a change of the one that wants it.
    }
  };
  return {
    follow(files) {
      const known = contents;
      contents = new Map(files.map((file) => [file, known.get(file) ?? contentOf(file)]));
      const wanted = new Set(files.map((file) => dirname(file)));
      for (const [directory, watcher] of watchers) {
        if (wanted.has(directory)) continue;
        watcher.close();
        watchers.delete(directory);
      }
      for (const directory of wanted) open(directory);
      // What changed between the reading of the module and now.
      soon();
    },
    close() {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Hash of what a file says; empty for one that is not there. */
function contentOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return '';
  }
}
