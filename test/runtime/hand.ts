import { type Delivery, type MemoryPlace, memoryPlace } from '../../src/adapters/memory/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { Backend, RunStore } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';
import { step } from './fixtures.ts';

/** Some methods of a store in another way; each may call the store's own. */
type Interception = (inner: RunStore) => Partial<RunStore>;

/** A store with some of its methods in another way. */
export function intercepted(store: RunStore, interception: Interception): RunStore {
  const methods = new Map<string | symbol, unknown>(Object.entries(interception(store)));
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = methods.get(name) ?? Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** What a call of a process that dies gives: nothing, ever. */
export function death<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/** Workers whose events a test delivers by hand, in the order and as often as it wants. */
export interface Hand {
  readonly place: MemoryPlace;
  readonly clock: ManualClock;
  readonly runtime: Runtime;
  /** Another worker on the same place, with a store of its own kind. */
  worker(interception?: Interception, more?: (backend: Backend) => Partial<Backend>): Runtime;
  /** Takes the next event; it has to be there. */
  take(wanted?: (event: WorkflowEvent) => boolean): Delivery['event'];
  /** Delivers all that is due and what comes of it, but loses the events that `isLost` says. */
  drain(isLost?: (event: WorkflowEvent) => boolean): Promise<void>;
  /** Lets the time of a sweep come, sweeps, and delivers. */
  sweep(isLost?: (event: WorkflowEvent) => boolean): Promise<number>;
}

/** See {@link Hand}. Nothing keeps what was lost but the sweeper. */
export function byHand(workflows: readonly WorkflowDefinition[], segmentSize?: number): Hand {
  const clock = new ManualClock();
  const place = memoryPlace({ clock, ...(segmentSize === undefined ? {} : { segmentSize }) });
  const worker: Hand['worker'] = (interception = () => ({}), more = () => ({})) => {
    const backend = place.attach();
    const store = intercepted(backend.store, interception);
    return createRuntime({ workflows, backend: { ...backend, store, ...more(backend) }, work: false });
  };
  const runtime = worker();
  const drain: Hand['drain'] = async (isLost = () => false) => {
    for (let next = place.receive(); next !== undefined; next = place.receive()) {
      if (!isLost(next.event)) await runtime.handle(next.event);
    }
  };
  return {
    place,
    clock,
    runtime,
    worker,
    drain,
    take: (wanted = () => true) => {
      for (let next = place.receive(); next !== undefined; next = place.receive()) {
        if (wanted(next.event)) return next.event;
      }
      throw new Error('No such event is in the queue');
    },
    sweep: async (isLost) => {
      clock.pass(130_000);
      const looked = await runtime.sweep();
      await drain(isLost);
      return looked;
    },
  };
}

/** Suspends until it is resumed with a number, which it adds. */
export const asking = (id: string) =>
  step(id, async ({ inputData, resumeData, suspend }) =>
    resumeData === undefined ? suspend({ about: inputData }) : Number(inputData) + Number(resumeData),
  );
