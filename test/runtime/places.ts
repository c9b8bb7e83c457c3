import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/runtime/index.ts';

/** A place that a test runs in, and what removes it afterwards. */
export interface Place {
  readonly name: string;
  open(): { readonly backend: Backend; readonly remove: () => void };
}

export const places: readonly Place[] = [
  { name: 'memory', open: () => ({ backend: memoryBackend(), remove: () => {} }) },
  {
    name: 'sqlite',
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), 'evented-'));
      return {
        backend: sqliteBackend({ file: join(folder, 'runs.db') }),
        remove: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  },
];

/** Runs `body` with a runtime in a fresh place, and cleans up whatever happens. */
export async function inPlace(
  place: Place,
  workflows: readonly WorkflowDefinition[],
  body: (runtime: Runtime) => Promise<void>,
  options: Partial<RuntimeOptions> = {},
): Promise<void> {
  const { backend, remove } = place.open();
  const runtime = createRuntime({ workflows, backend, ...options });
  try {
    await body(runtime);
  } finally {
    await runtime.close();
    remove();
  }
}
