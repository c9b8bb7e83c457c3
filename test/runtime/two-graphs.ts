import { type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { RunStore } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { type Entry, workflow } from './fixtures.ts';
import { intercepted } from './hand.ts';

/** Two versions of one workflow at work side by side: each may have read a run before the other one changed it. */
export interface TwoGraphs {
  readonly place: MemoryPlace;
  readonly clock: ManualClock;
  /** A worker with a version; `wait` holds a call of its store back. */
  worker(entries: readonly Entry[], wait?: Partial<Record<keyof RunStore, Promise<void>>>): Runtime;
  /** Delivers what is due to a worker, up to an event that is left to somebody else. */
  drain(to: Runtime, isLeft?: (event: WorkflowEvent) => boolean): Promise<WorkflowEvent | undefined>;
  sweep(by: Runtime): Promise<void>;
}

/** See {@link TwoGraphs}. */
export function twoGraphs(): TwoGraphs {
  const clock = new ManualClock();
  const place = memoryPlace({ clock });
  const drain: TwoGraphs['drain'] = async (to, isLeft = () => false) => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      if (isLeft(next.event)) return next.event;
      await to.handle(next.event);
    }
    return undefined;
  };
  return {
    place,
    clock,
    drain,
    worker: (entries, wait = {}) => {
      const backend = place.attach();
      const methods = Object.entries(wait).map(([name, gate]) => {
        const method = Reflect.get(backend.store, name) as (...given: unknown[]) => Promise<unknown>;
        const held = async (...given: unknown[]): Promise<unknown> => {
          await gate;
          return method.apply(backend.store, given);
        };
        return [name, held];
      });
      const store = intercepted(backend.store, () => Object.fromEntries(methods) as Partial<RunStore>);
      return createRuntime({
        workflows: [workflow('w', entries)],
        backend: { ...backend, store },
        work: false,
        logger: { warn: () => {} },
      });
    },
    sweep: async (by) => {
      clock.pass(130_000);
      await by.sweep();
      await drain(by);
    },
  };
}
