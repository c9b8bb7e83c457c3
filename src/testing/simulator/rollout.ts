import { type RunHeader, terminalStatuses } from '../../core/records.ts';
import { type Fleet, mostSkewMs } from './fleet.ts';
import type { Deploy, Plan, Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { Sweeps } from './sweeps.ts';
import type { Watch } from './watch.ts';

/** Sweeps after which a run that has not gone on waits for other code than what is deployed: clocks may be minutes off. */
const sweepsToUnpark = 12;
/** What is parked is looked at within this, ms. */
const sweptWithinMs = 120_000;

/** Deploys the versions of a plan, and in the end the one that a parked run waits for. */
export class Rollout {
  readonly #scheduler: Scheduler;
  readonly #fleet: Fleet;
  readonly #sweeps: Sweeps;
  readonly #watch: Watch;
  readonly #left: Deploy[];
  readonly #hasTwo: boolean;
  #serves: Deploy['serves'] = 'first';
  /** Runs that waited for code when the version before this one was there at last. */
  #waited: ReadonlySet<string> = new Set();

  constructor(
    { plan, scenario }: { readonly plan: Plan; readonly scenario: Scenario },
    parts: {
      readonly scheduler: Scheduler;
      readonly fleet: Fleet;
      readonly sweeps: Sweeps;
      readonly watch: Watch;
    },
  ) {
    this.#hasTwo = scenario.otherWorkflows !== undefined;
    this.#left = this.#hasTwo ? [...(plan.deploys ?? [])] : [];
    this.#scheduler = parts.scheduler;
    this.#fleet = parts.fleet;
    this.#sweeps = parts.sweeps;
    this.#watch = parts.watch;
  }

  /** Whether everything that is planned is deployed. */
  get isDone(): boolean {
    return this.#left.length === 0;
  }

  /** Deploys what is due. */
  look(): void {
    const [next] = this.#left;
    if (next !== undefined && next.at <= this.#scheduler.decisions) this.hurry();
  }

  /** Deploys what is planned next. False when nothing is. */
  hurry(): boolean {
    const next = this.#left.shift();
    if (next === undefined) return false;
    this.#deploy(next.serves);
    return true;
  }

  /**
   * Everything is deployed, and nothing goes wrong any more: a run that waits for other code goes on when the other version is there
   * again. What it did by one version and what it did by the other must never keep both from going on.
   */
  unpark(): void {
    if (!this.#hasTwo || this.#sweeps.since < sweepsToUnpark) return;
    const waiting = [...this.#watch.headers.values()].filter((header) => this.#waitsForCode(header));
    if (waiting.length === 0) return;
    const forNeither = waiting.find(({ runId }) => this.#waited.has(runId));
    if (forNeither !== undefined) {
      const { runId, status, parked } = forNeither;
      const why = parked?.remedy ?? `it is ${status}`;
      return this.#watch.violate(`run ${runId} waits for code, whichever version serves it: ${why}`);
    }
    this.#waited = new Set(waiting.map(({ runId }) => runId));
    this.#deploy(this.#serves === 'first' ? 'other' : 'first');
    this.#sweeps.calm();
  }

  /** One that is parked, and one that is over whose callbacks only its own code could call. */
  #waitsForCode({ parked, status, sweepAt, workflowId }: RunHeader): boolean {
    // A run that sleeps is not looked at before it is over.
    if ((sweepAt ?? 0) > this.#scheduler.now + mostSkewMs + sweptWithinMs) return false;
    if (!terminalStatuses.has(status)) return parked !== undefined;
    return sweepAt !== undefined && !this.#fleet.serves(workflowId);
  }

  #deploy(serves: Deploy['serves']): void {
    this.#serves = serves;
    this.#fleet.deploy(serves);
  }
}
