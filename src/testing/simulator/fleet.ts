import type { WorkflowDefinition } from '../../core/definition.ts';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import type { ProcessLogger } from './bodies.ts';
import type { ApiProcess } from './callers.ts';
import { Faults } from './faults.ts';
import { SimulatedProcess, type World } from './process.ts';
import { Random } from './random.ts';
import type { BackendWrapper, Deploy, Plan } from './scenario.ts';
import type { Actor } from './scheduler.ts';
import type { Receiver } from './transport.ts';

/** Longest time that a process stands still, ms. */
const longestHoldMs = 600_000;
/** Most that a clock is off, ms. */
export const mostSkewMs = 300_000;
/** Longest jump of time, ms. */
const longestJumpMs = 200_000;

/** The versions of the code that processes can have. */
export interface Versions {
  readonly first: readonly WorkflowDefinition[];
  /** Absent: there is one version. */
  readonly other?: readonly WorkflowDefinition[];
}

type Version = keyof Versions;

/** What a worker is made with. */
interface WorkerOptions {
  readonly batch: number;
  readonly isOld: boolean;
  readonly version: Version;
}

/** A worker: a process that takes deliveries. */
class Worker implements Receiver {
  readonly process: SimulatedProcess;
  readonly runtime: Runtime;
  readonly isOld: boolean;
  readonly version: Version;
  readonly #batch: number;
  #inFlight = 0;

  constructor(process: SimulatedProcess, runtime: Runtime, options: WorkerOptions) {
    this.process = process;
    this.runtime = runtime;
    this.isOld = options.isOld;
    this.version = options.version;
    this.#batch = options.batch;
  }

  get actor(): Actor {
    return this.process;
  }

  get hasRoom(): boolean {
    return !this.process.isDead && this.#inFlight < this.#batch;
  }

  async handle(event: Parameters<Receiver['handle']>[0]): Promise<void> {
    this.#inFlight += 1;
    try {
      await this.runtime.handle(event);
    } finally {
      this.#inFlight -= 1;
    }
  }
}

/** The processes of a simulation, those that handle events and those that answer calls; a dead one is followed by another. */
export class Fleet {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #versions: Versions;
  readonly #wrap: BackendWrapper;
  readonly #random: Random;
  readonly #apiWorld: World;
  #workers: Worker[] = [];
  #api: Worker | undefined;
  #started = 0;
  #serves: Deploy['serves'] = 'first';

  constructor(world: World, plan: Plan, versions: Versions, wrap: BackendWrapper = (backend) => backend) {
    this.#world = world;
    this.#plan = plan;
    this.#versions = versions;
    this.#wrap = wrap;
    this.#random = new Random(plan.seed, 6);
    // Without a sweeper nothing heals what a call that died has left undone.
    this.#apiWorld = plan.sweeper ? world : { ...world, faults: new Faults({}, this.#random) };
    for (let count = 0; count < plan.workers; count += 1) this.#workers.push(this.#start('w'));
  }

  get receivers(): readonly Receiver[] {
    return this.#workers;
  }

  /** A worker that can be given something to do. */
  worker(): ApiProcess {
    const free = this.#workers.filter(
      ({ process, isOld }) => !isOld && (process.heldUntil ?? 0) <= this.#world.scheduler.now,
    );
    return this.#random.pick(free.length === 0 ? this.#workers : free);
  }

  /** The process that answers the next call. */
  api(): ApiProcess {
    const { scheduler } = this.#world;
    const isBusy =
      this.#api !== undefined &&
      (this.#api.process.isDead || (this.#api.process.heldUntil ?? 0) > scheduler.now);
    if (this.#api === undefined || isBusy || this.#random.chance(0.3)) this.#api = this.#start('api');
    return this.#api;
  }

  /** What can go wrong with whole processes at any time; the dead are replaced. */
  trouble(): void {
    const { faults, scheduler } = this.#world;
    this.#workers = this.#workers.map((worker) => (worker.process.isDead ? this.#start('w') : worker));
    if (faults.strikes('time-jump')) {
      scheduler.pass(this.#random.below(longestJumpMs));
      scheduler.note('time passes');
    }
    if (!faults.strikes('hold')) return;
    const { process } = this.#random.pick(this.#workers);
    process.heldUntil = scheduler.now + this.#random.below(longestHoldMs);
    scheduler.note(`${process.name} stands still`);
  }

  /** From now on these versions serve the runs: of a rolling deploy, half of the processes are replaced. */
  deploy(serves: Deploy['serves']): void {
    this.#serves = serves;
    this.#world.scheduler.note(`deploys ${serves}`);
    for (const [index, { process, version }] of this.#workers.entries())
      if (serves === 'both' ? index % 2 === 0 : version !== serves) process.die();
    if (this.#api !== undefined && serves !== 'both' && this.#api.version !== serves) this.#api.process.die();
    this.#workers = this.#workers.map((worker) => (worker.process.isDead ? this.#start('w') : worker));
  }

  /** Whether all that serve now have a workflow. */
  serves(workflowId: string): boolean {
    const { first, other = first } = this.#versions;
    const serving = this.#serves === 'both' ? [first, other] : [this.#serves === 'first' ? first : other];
    return serving.every((workflows) => workflows.some(({ id }) => id === workflowId));
  }

  /** The version of a process that starts now. */
  #version(): Version {
    if (this.#serves !== 'both') return this.#serves;
    return this.#random.chance(0.5) ? 'first' : 'other';
  }

  /** Nobody stands still any more, and everybody has the code of today. */
  calm(): void {
    for (const { process, isOld } of this.#workers) {
      process.heldUntil = undefined;
      if (isOld) process.die();
    }
    if (this.#api !== undefined) this.#api.process.heldUntil = undefined;
  }

  #start(kind: 'w' | 'api'): Worker {
    const world = kind === 'api' ? this.#apiWorld : this.#world;
    this.#started += 1;
    const skewMs = world.faults.strikes('clock-skew') ? this.#random.between(-mostSkewMs, mostSkewMs) : 0;
    const isOld = kind === 'w' && world.faults.strikes('old-code');
    const version = this.#version();
    // Whatever serves at the end, runs have met another version then.
    if (version === 'other') this.#world.faults.note('other-graph');
    const process = new SimulatedProcess(world, {
      name: `${kind}${this.#started}`,
      skewMs,
      syncReads: this.#plan.syncReads,
    });
    const logger: ProcessLogger = { warn: () => undefined, process };
    const runtime = createRuntime({
      workflows: isOld ? [] : (this.#versions[version] ?? this.#versions.first),
      backend: this.#wrap(process.backend),
      work: false,
      history: this.#plan.history,
      stepEndEvents: this.#plan.stepEndEvents,
      logger,
    });
    return new Worker(process, runtime, { batch: this.#plan.batch, isOld, version });
  }
}
