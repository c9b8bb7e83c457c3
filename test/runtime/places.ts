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
  open(): OpenPlace;
}

interface OpenPlace {
  readonly backend: Backend;
  /** Another backend on the same place, as another process has one. */
  readonly another: () => Backend;
  readonly remove: () => void;
}

/** A place that reads nothing without waiting, as AWS: what a body may ask for is loaded before it runs. */
function readingAhead(backend: Backend): Backend {
  return {
    ...backend,
    store: without(backend.store, ['readRecordSync', 'readInputSync']),
    payloads: without(backend.payloads, ['getSync']),
  };
}

/** The same object, without some of its optional methods. */
function without<T extends object>(target: T, names: readonly (keyof T & string)[]): T {
  const hidden = new Set<string | symbol>(names);
  return new Proxy(target, {
    get: (_, name) => {
      if (hidden.has(name)) return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function inMemory(as: (backend: Backend) => Backend): OpenPlace {
  const backend = memoryBackend();
  return { backend: as(backend), another: () => as(backend.share()), remove: () => {} };
}

export const places: readonly Place[] = [
  { name: 'memory', open: () => inMemory((backend) => backend) },
  { name: 'memory, read ahead', open: () => inMemory(readingAhead) },
  {
    name: 'sqlite',
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), 'evented-'));
      const backend = (): Backend => sqliteBackend({ file: join(folder, 'runs.db') });
      return {
        backend: backend(),
        another: backend,
        remove: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  },
];

/** What these tests provoke need not be told. */
const quiet = { warn: () => {} };

/** Runs `body` with a runtime in a fresh place, and cleans up whatever happens. */
export async function inPlace(
  place: Place,
  workflows: readonly WorkflowDefinition[],
  body: (runtime: Runtime, another: () => Backend) => Promise<void>,
  options: Partial<RuntimeOptions> = {},
): Promise<void> {
  const { backend, another, remove } = place.open();
  const runtime = createRuntime({ workflows, backend, logger: quiet, ...options });
  try {
    await body(runtime, another);
  } finally {
    await runtime.close();
    remove();
  }
}
