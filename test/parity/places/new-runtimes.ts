import { WorkflowError } from '../../../src/core/errors.ts';
import { bindWorkflows } from '../../../src/core/host.ts';
import type { Backend, EventHandler } from '../../../src/ports/index.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../../src/runtime/index.ts';

const sweepEveryMs = 60_000;

/** A step learns only with its next renewal that another runtime has canceled its run: as soon as a test can wait for it. */
const times = { leaseMs: 900 };

/**
 * A runtime that remembers nothing: each call of it, and each event that is delivered to it, is the only one that a runtime
 * of its own on a backend of its own ever sees, as by a function that always starts cold. `open` opens such a backend.
 */
export function newRuntimes(options: RuntimeOptions, open: () => Backend): Runtime {
  const { backend, workflows } = options;
  const { source, clock } = backend;
  /** Those that callers wait for. */
  const called = new Set<Runtime>();
  const make = (): Runtime => {
    const fresh = open();
    const publish = async (...[events]: Parameters<Backend['bus']['publish']>): Promise<void> => {
      // Another connection publishes, so what is published has to be there for it.
      await fresh.store.durable();
      await backend.bus.publish(events);
    };
    const { source: _, ...rest } = fresh;
    const made = createRuntime({
      ...options,
      backend: { ...rest, bus: { publish } },
      work: false,
      times: { ...times, ...options.times },
    });
    rebind();
    return made;
  };
  let unbind = (): void => {};
  let closed: Promise<void> | undefined;
  const once = async <Result>(call: (runtime: Runtime) => Promise<Result>): Promise<Result> => {
    if (closed !== undefined) throw new WorkflowError('WORKFLOW_RUNTIME_CLOSED', 'The runtime is closed');
    const made = make();
    called.add(made);
    try {
      return await call(made);
    } finally {
      called.delete(made);
      await made.close();
    }
  };
  const deliver: EventHandler = async (event) => {
    const made = make();
    try {
      await made.handle(event);
    } finally {
      await made.close();
    }
  };
  let cancelSweep = (): void => {};
  const sweepLater = (): void => {
    cancelSweep = clock.timer(sweepEveryMs, () => {
      void once((made) => made.sweep()).finally(() => {
        if (closed === undefined) sweepLater();
      });
    });
  };
  const shutDown = async (): Promise<void> => {
    unbind();
    cancelSweep();
    await Promise.all([source?.stop(), ...[...called].map((made) => made.close())]);
    await backend.store.durable();
    await backend.close();
  };
  const runtime: Runtime = {
    workflows,
    describe: (workflowId) => {
      const made = make();
      try {
        return made.describe(workflowId);
      } finally {
        void made.close();
      }
    },
    create: (request) => once((made) => made.create(request)),
    start: (request) => once((made) => made.start(request)),
    startScheduled: (tick, given) => once((made) => made.startScheduled(tick, given)),
    resume: (request) => once((made) => made.resume(request)),
    resumeByKey: (request) => once((made) => made.resumeByKey(request)),
    cancel: (request) => once((made) => made.cancel(request)),
    timeTravel: (request) => once((made) => made.timeTravel(request)),
    restart: (request) => once((made) => made.restart(request)),
    remove: (request) => once((made) => made.remove(request)),
    events: (request) => once((made) => made.events(request)),
    get: (request) => once((made) => made.get(request)),
    snapshot: (request) => once((made) => made.snapshot(request)),
    result: (request) => once((made) => made.result(request)),
    settled: (request) => once((made) => made.settled(request)),
    list: (query) => once((made) => made.list(query)),
    handle: (event, more) => once((made) => made.handle(event, more)),
    sweep: () => once((made) => made.sweep()),
    audit: (runId) => once((made) => made.audit(runId)),
    history: (request) => once((made) => made.history(request)),
    keepValue: (request) => once((made) => made.keepValue(request)),
    keptValue: (request) => once((made) => made.keptValue(request)),
    shareValue: (request) => once((made) => made.shareValue(request)),
    linkValue: (request) => once((made) => made.linkValue(request)),
    close: () => (closed ??= shutDown()),
  };
  /** The workflows belong to this runtime, and to none of those that it makes. */
  function rebind(): void {
    unbind();
    unbind = bindWorkflows(workflows, runtime);
  }
  // Refuses at once what cannot be registered.
  void make().close();
  if (source !== undefined && options.work !== false) {
    source.start(deliver, { concurrency: options.concurrency ?? 256 });
    sweepLater();
  }
  return runtime;
}
