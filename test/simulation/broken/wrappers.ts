import type { WorkflowEvent } from '../../../src/core/event.ts';
import { committed } from '../../../src/adapters/transitions/index.ts';
import type { Backend, EventBus, RunStore, Timers } from '../../../src/ports/index.ts';

/** Backends that do one thing wrong. */

function withStore(backend: Backend, change: (store: RunStore) => Partial<RunStore>): Backend {
  const changed = new Map<string | symbol, unknown>(Object.entries(change(backend.store)));
  const store = new Proxy(backend.store, {
    get: (target, name) => changed.get(name) ?? (Reflect.get(target, name) as unknown),
  });
  return { ...backend, store };
}

function withBus(
  backend: Backend,
  publish: (bus: EventBus, events: readonly WorkflowEvent[]) => Promise<void>,
): Backend {
  return { ...backend, bus: { publish: (events) => publish(backend.bus, events) } };
}

function withTimers(
  backend: Backend,
  schedule: (timers: Timers, event: WorkflowEvent, dueAt: number) => Promise<void>,
): Backend {
  return { ...backend, timers: { schedule: (event, dueAt) => schedule(backend.timers, event, dueAt) } };
}

/** What a publication was refused for is taken for accepted. */
export function ignoresFailedEntries(backend: Backend): Backend {
  return withBus(backend, (bus, events) => bus.publish(events).catch(() => undefined));
}

/** An outcome is stored when what follows from it has been published. */
export function publishesBeforeWriting(backend: Backend): Backend {
  const writes: (() => Promise<unknown>)[] = [];
  const flush = async (): Promise<void> => {
    for (const write of writes.splice(0)) await write();
  };
  const late = withStore(backend, (store) => ({
    commit: async (write) => {
      await flush();
      const { records } = await store.loadStep({
        runId: write.runId,
        keys: [write.key],
        input: false,
        consistent: true,
      });
      const image = committed(records[0], write);
      if (image === undefined) return store.commit(write);
      writes.push(() => store.commit(write));
      return { won: true, image };
    },
  }));
  return withBus(late, async (bus, events) => {
    await bus.publish(events);
    await flush();
  });
}

/** Whoever comes second to an outcome does nothing. */
export function silentLoser(backend: Backend): Backend {
  return withStore(backend, (store) => ({
    claim: async (write) => {
      const result = await store.claim(write);
      const isSettled = !result.won && result.image?.status !== 'running' && result.image?.status !== 'due';
      return isSettled ? { won: false } : result;
    },
  }));
}

/** Nobody looks at runs that show no change. */
export function neverSweeps(backend: Backend): Backend {
  return withStore(backend, () => ({ dueRuns: async () => [] }));
}

/** A claim never ends. */
export function endlessLease(backend: Backend): Backend {
  const tenYears = 315_360_000_000;
  return withStore(backend, (store) => ({
    claim: (write) => store.claim({ ...write, leaseUntil: write.leaseUntil + tenYears }),
    takeOver: (write) => store.takeOver({ ...write, leaseUntil: write.leaseUntil + tenYears }),
  }));
}

/** What is to come later comes at once. */
export function dropsDelays(backend: Backend): Backend {
  return withTimers(backend, (timers, event) => {
    const { dueAt: _, ...now } = event;
    return timers.schedule(now, backend.clock.now());
  });
}

/** The run above never hears of a nested one. */
export function dropsEndsOfNested(backend: Backend): Backend {
  return withBus(backend, (bus, events) => bus.publish(events.filter(({ parent }) => parent === undefined)));
}

/** A turn that somebody else works on is acknowledged, and nobody looks again when his lease has ended. */
export function dropsProbes(backend: Backend): Backend {
  return withTimers(backend, async (timers, event, dueAt) => {
    if (event.dueAt !== undefined) await timers.schedule(event, dueAt);
  });
}

/** The settlements of members that were resumed are looked for from the newest segment on. */
export function startsAtNewestSegment(backend: Backend): Backend {
  return withStore(backend, (store) => ({
    appendToken: async (write) => {
      const { runId, entry, epoch } = write;
      const { join } = await store.loadStep({
        runId,
        keys: [],
        input: false,
        join: { entry, epoch },
        consistent: true,
      });
      return store.appendToken({ ...write, fromSegment: join?.newestSegment ?? 0 });
    },
  }));
}

/** A suspended run is out of the sweeper's sight, whoever may still have something to do. */
export function suspendsOutOfSight(backend: Backend): Backend {
  return withStore(backend, (store) => ({
    setStatus: (write) => store.setStatus(write.status === 'suspended' ? { ...write, sweepAt: null } : write),
  }));
}

/** A canceled run looks as if it were running. */
export function overlooksCancel(backend: Backend): Backend {
  return withStore(backend, (store) => ({
    loadHeader: async (runId, options) => {
      const header = await store.loadHeader(runId, options);
      return header?.status === 'canceled' ? { ...header, status: 'running' } : header;
    },
    loadStep: async (request) => {
      const load = await store.loadStep(request);
      return load.header?.status === 'canceled'
        ? { ...load, header: { ...load.header, status: 'running' } }
        : load;
    },
    loadRun: async (runId) => {
      const load = await store.loadRun(runId);
      return load?.header.status === 'canceled'
        ? { ...load, header: { ...load.header, status: 'running' } }
        : load;
    },
  }));
}
