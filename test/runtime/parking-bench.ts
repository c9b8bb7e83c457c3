import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from './faults.ts';

/** A place where one version of the code takes over from another. */
export interface ParkingPlace {
  readonly name: string;
  open(clock: ManualClock): OpenParkingPlace;
}

/** See {@link ParkingPlace}. */
export interface OpenParkingPlace {
  /** Every call is another process; those before may be closed by then. */
  readonly attach: () => Backend;
  readonly remove: () => void;
  /** Of the run. @default r */
  readonly runId?: string;
}

/** Runs that live through deployments; what is published is delivered by hand, and comes again when it is refused. */
export class Deployments {
  readonly clock = new ManualClock();
  /** Counts of `run.parked`. */
  parked = 0;
  readonly runId: string;
  readonly #place: OpenParkingPlace;
  #events: { readonly event: WorkflowEvent; readonly at: number }[] = [];
  #runtime: Runtime | undefined;

  constructor(place: ParkingPlace) {
    this.#place = place.open(this.clock);
    this.runId = this.#place.runId ?? 'r';
  }

  /** Closes the process that is there, and starts one with these workflows. */
  async deploy(...workflows: readonly WorkflowDefinition[]): Promise<Runtime> {
    await this.#runtime?.close();
    this.#runtime = this.beside(...workflows);
    return this.#runtime;
  }

  /** Another process, beside the one that is there. */
  beside(...workflows: readonly WorkflowDefinition[]): Runtime {
    const inner = this.#place.attach();
    const backend: Backend = {
      ...inner,
      bus: { publish: async (events) => this.#keep(events.map((event) => ({ event, at: 0 }))) },
      timers: { schedule: async (event, at) => this.#keep([{ event, at }]) },
      metrics: {
        count: (name) => {
          if (name === 'run.parked') this.parked += 1;
        },
      },
    };
    return createRuntime({ workflows, backend, work: false, logger: { warn: () => {} } });
  }

  #keep(more: readonly { readonly event: WorkflowEvent; readonly at: number }[]): void {
    this.#events.push(...more.filter(({ event }) => event.work));
  }

  /** Delivers what is due and what comes of it, but leaves what `isLeft` says in the queue. */
  async drain(
    isLeft: (event: WorkflowEvent) => boolean = () => false,
    runtime: Runtime | undefined = this.#runtime,
  ): Promise<void> {
    for (;;) {
      const next = this.#events.find(({ event, at }) => at <= this.clock.now() && !isLeft(event));
      if (next === undefined) return;
      this.#events = this.#events.filter((other) => other !== next);
      await runtime?.handle(next.event);
    }
  }

  /** Lets the time of a sweep come, sweeps, and delivers. */
  async sweep(runtime: Runtime | undefined = this.#runtime): Promise<void> {
    this.clock.pass(130_000);
    await runtime?.sweep();
    await this.drain(() => false, runtime);
  }

  async close(): Promise<void> {
    await this.#runtime?.close();
    this.#place.remove();
  }
}
