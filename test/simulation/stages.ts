import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MemoryBackend, memoryBackend } from '../../src/adapters/memory/index.ts';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { Backend } from '../../src/ports/index.ts';
import type { Stage } from './equivalence.ts';

/** In memory. */
export function inMemory(): Stage {
  let backend: MemoryBackend | undefined;
  return {
    isAnew: false,
    open: (clock) => (backend = memoryBackend({ clock })),
    close: async () => backend?.close(),
  };
}

/** In a SQLite file; `isAnew`: each call opens and closes it. */
export function inSqlite(isAnew: boolean): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'evented-'));
  const file = join(folder, 'runs.db');
  let backend: Backend | undefined;
  return {
    isAnew,
    open: (clock) => (backend = sqliteBackend({ file, clock })),
    close: async () => {
      await backend?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
