import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MemoryBackend, memoryBackend } from '../../src/adapters/memory/index.ts';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { Backend } from '../../src/ports/index.ts';
import type { Stage } from './equivalence.ts';

const keep = async (): Promise<void> => {};

/** In memory, one backend for all calls. */
export function inMemory(): Stage {
  let backend: MemoryBackend | undefined;
  return {
    borrow: (clock) => ({ backend: (backend ??= memoryBackend({ clock })), giveBack: keep }),
    close: async () => backend?.close(),
  };
}

/** In a SQLite file; `isAnew`: each call opens and closes it, as a process of its own would. */
export function inSqlite(isAnew: boolean): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'evented-'));
  const file = join(folder, 'runs.db');
  let backend: Backend | undefined;
  return {
    borrow: (clock) => {
      if (isAnew) {
        const own = sqliteBackend({ file, clock });
        return { backend: own, giveBack: () => own.close() };
      }
      return { backend: (backend ??= sqliteBackend({ file, clock })), giveBack: keep };
    },
    close: async () => {
      await backend?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
