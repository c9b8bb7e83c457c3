import type { ApiProcess } from './callers.ts';
import type { ActionSource, Actor, Scheduler } from './scheduler.ts';
import type { Watch } from './watch.ts';

/** Pause between two sweeps, ms. */
const sweepEveryMs = 60_000;

/** The sweeper: one process or another looks each minute at what is due. */
export class Sweeps implements ActionSource {
  /** Sweeps since nothing goes wrong any more. */
  afterCalm = 0;
  readonly #scheduler: Scheduler;
  readonly #watch: Watch;
  readonly #worker: () => ApiProcess;
  readonly #actor: Actor = { name: 'sweeper' };
  #next = 0;
  #isCalm = false;

  constructor(scheduler: Scheduler, watch: Watch, worker: () => ApiProcess) {
    this.#scheduler = scheduler;
    this.#watch = watch;
    this.#worker = worker;
  }

  calm(): void {
    this.#isCalm = true;
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
    if (this.#isCalm) this.afterCalm += 1;
    this.#scheduler.note(`by ${process.name}`);
    runtime.sweep().catch(() => undefined);
  }
}
