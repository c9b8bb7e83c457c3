import type { EventPage, EventsRequest, RunRef, WorkflowHost } from '../core/host.ts';
import type { RunEvent } from '../core/snapshot.ts';

/** Longest wait of one call for events, ms: what a host allows. */
const waitMs = 25_000;

/** A run in the runtime that it was made in. */
export interface HostedRun {
  readonly host: WorkflowHost;
  readonly ref: RunRef & { readonly workflowId: string };
}

/** Events of a run as they come, each once. */
export class Feed {
  private readonly run: HostedRun;
  private cursor: string | undefined;
  /** A log may tell of a state again later, so whoever goes on behind it has to know it, too. */
  private readonly told = new Set<string>();

  constructor(run: HostedRun) {
    this.run = run;
  }

  /** Passes over the events that there are. */
  async skip(): Promise<void> {
    for (let before: string | undefined; before === undefined || before !== this.cursor; ) {
      before = this.cursor;
      await this.page({});
    }
  }

  /** The events after those before, until the run is over or `signal` aborts. */
  async *read(signal?: AbortSignal): AsyncGenerator<RunEvent, void, undefined> {
    for (;;) {
      const page = await this.page(signal === undefined ? { waitMs } : { waitMs, signal });
      yield* page.events;
      if (page.done || signal?.aborted === true) return;
    }
  }

  /** The next page, without what was told before. */
  private async page(wait: Pick<EventsRequest, 'waitMs' | 'signal'>): Promise<EventPage> {
    const { host, ref } = this.run;
    const from = this.cursor === undefined ? {} : { cursor: this.cursor };
    const page = await host.events({ ...ref, ...from, ...wait });
    this.cursor = page.cursor;
    const events = page.events.filter(({ id }) => !this.told.has(id));
    for (const { id } of events) this.told.add(id);
    return { ...page, events };
  }
}
