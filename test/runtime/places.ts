import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/runtime/index.ts';
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts';

/** A place that a test runs in, and what removes it afterwards. */
export interface Place {
  readonly name: string;
  /** Where events come more than once, and in another order than they were published in. @default false */
  readonly hostile?: boolean;
  /** @param clock Replaces the system's; a place in memory tells it when it rests. */
  open(clock?: VirtualClock): OpenPlace;
}

/** An open place. */
export interface OpenPlace {
  readonly backend: Backend;
  /** Another backend on the same place, as another process has one. */
  readonly another: () => Backend;
  readonly remove: () => void | Promise<void>;
  /** How a runtime is made there. @default createRuntime */
  readonly createRuntime?: (options: RuntimeOptions) => Runtime;
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

/** A place in memory, on whose backends `as` puts what makes it special. */
export function inMemory(as: (backend: Backend) => Backend, clock: VirtualClock | undefined): OpenPlace {
  const backend = memoryBackend(clock === undefined ? {} : { clock });
  clock?.settleWith(() => backend.settled());
  return { backend: as(backend), another: () => as(backend.share()), remove: () => {} };
}

/** A file of its own. */
export function onSqlite(clock: VirtualClock | undefined): OpenPlace & { readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'evented-'));
  const file = join(folder, 'runs.db');
  // Every look at the queue is a timer: at the usual pace an hour would be 180,000 of them.
  const time = clock === undefined ? {} : { clock, pollMs: 1_000 };
  const backend = (): Backend => sqliteBackend({ file, ...time });
  return {
    file,
    backend: backend(),
    another: backend,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const places: readonly Place[] = [
  { name: 'memory', open: (clock) => inMemory((backend) => backend, clock) },
  { name: 'memory, read ahead', open: (clock) => inMemory(readingAhead, clock) },
  { name: 'sqlite', open: onSqlite },
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
  const { backend, another, remove, createRuntime: create = createRuntime } = place.open();
  const runtime = create({ workflows, backend, logger: quiet, ...options });
  try {
    await body(runtime, another);
  } finally {
    await runtime.close();
    await remove();
  }
}

/** The same with a clock that the test moves. */
export async function withVirtualTime(
  place: Place,
  workflows: readonly WorkflowDefinition[],
  act: (runtime: Runtime, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const clock = virtualClock();
  const { backend, remove } = place.open(clock);
  const runtime = createRuntime({ workflows, backend });
  try {
    await act(runtime, clock);
  } finally {
    await runtime.close();
    await remove();
  }
}
