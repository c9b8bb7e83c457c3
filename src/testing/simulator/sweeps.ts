import { isQueued } from '../../core/concurrency.ts';
import type { StepRecord } from '../../core/records.ts';
import { defaultTimes } from '../../runtime/engine.ts';
import type { ApiProcess } from './callers.ts';
import { mostSkewMs } from './fleet.ts';
import type { ActionSource, Actor, Scheduler } from './scheduler.ts';
import type { Watch } from './watch.ts';

/** Pause between two sweeps, ms. */
const sweepEveryMs = 60_000;

/** Sweeps of a run in a row that change nothing, at most, when nothing goes wrong any more. Measured: up to 6. */
const mostSweepsInVain = 12;

/** The sweeper: one process or another looks each minute at what is due. */
export class Sweeps implements ActionSource {
  /** Most sweeps of one run in a row that changed nothing of any run, since nothing goes wrong any more. */
  mostInVain = 0;
  /** Sweeps since the last {@link calm}. */
  since = 0;
  readonly #inVain = new Map<string, number>();
  #changes = 0;
  readonly #scheduler: Scheduler;
  readonly #watch: Watch;
  readonly #worker: () => ApiProcess;
  readonly #serves: (workflowId: string) => boolean;
  readonly #actor: Actor = { name: 'sweeper' };
  #next = 0;
  #isCalm = false;

  /** `serves`: whether a workflow is there at the moment. */
  constructor(
    scheduler: Scheduler,
    watch: Watch,
    parts: { readonly worker: () => ApiProcess; readonly serves: (workflowId: string) => boolean },
  ) {
    const { worker, serves } = parts;
    this.#serves = serves;
    this.#scheduler = scheduler;
    this.#watch = watch;
    this.#worker = worker;
  }

  /** Nothing goes wrong any more, or only from now on one version of the code serves. */
  calm(): void {
    this.#isCalm = true;
    this.#inVain.clear();
    this.since = 0;
  }

  *actions() {
    const time = this.#time();
    if (time === undefined || time > this.#scheduler.now) return;
    yield { actor: this.#actor, name: 'sweep', go: () => this.#sweep() };
  }

  nextTime(): number | undefined {
    const time = this.#time();
    return time !== undefined && time > this.#scheduler.now ? time : undefined;
  }

  /** When there is something to sweep. */
  #time(): number | undefined {
    let first = Infinity;
    for (const { sweepAt = Infinity } of this.#watch.headers.values()) first = Math.min(first, sweepAt);
    return first === Infinity ? undefined : Math.max(first, this.#next);
  }

  #sweep(): void {
    const { process, runtime } = this.#worker();
    this.#next = this.#scheduler.now + sweepEveryMs;
    if (this.#isCalm) this.#count();
    this.since += 1;
    this.#scheduler.note(`by ${process.name}`);
    runtime.sweep().catch(() => undefined);
  }

  /** A run that waits for a time, or around one that does, is looked at as long as that takes. */
  #count(): void {
    const { now } = this.#scheduler;
    const { records, headers, changes } = this.#watch;
    const waitsFor = ({ dueAt = 0, leaseUntil = 0, status }: StepRecord): boolean =>
      ((status === 'waiting' || status === 'due') && dueAt > now) ||
      (status === 'running' && leaseUntil + defaultTimes.skewMs + mostSkewMs >= now);
    if ([...records.values()].some(waitsFor)) return;
    if (changes !== this.#changes) this.#inVain.clear();
    this.#changes = changes;
    for (const header of headers.values()) {
      const { runId, sweepAt = Infinity, parked, workflowId } = header;
      // One that waits for other code, or for a place, is looked at until that is there.
      const waits = parked !== undefined || isQueued(header) || !this.#serves(workflowId);
      if (sweepAt > now || waits) continue;
      const times = (this.#inVain.get(runId) ?? 0) + 1;
      this.#inVain.set(runId, times);
      this.mostInVain = Math.max(this.mostInVain, times);
      if (times === mostSweepsInVain + 1)
        this.#watch.violate(`a run that waits for no time was swept ${times} times, and nothing changed`);
    }
  }
}
