import { type MemoryPlace, memoryPlace } from '../../adapters/memory/index.ts';
import { terminalStatuses } from '../../core/records.ts';
import type { ClaimWrite, CommitWrite } from '../../ports/index.ts';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { sequenceIds } from '../sequence-ids.ts';
import { Bodies } from './bodies.ts';
import { Callers } from './callers.ts';
import { type FaultKind, Faults } from './faults.ts';
import { Fleet } from './fleet.ts';
import type { World } from './process.ts';
import { Random } from './random.ts';
import { Requests } from './requests.ts';
import { Rollout } from './rollout.ts';
import {
  type BackendWrapper,
  type Plan,
  type Scenario,
  type SeedOutcome,
  type ShownRuns,
  startedWorkflow,
} from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import { StaleReads } from './stale-reads.ts';
import { Sweeps } from './sweeps.ts';
import { Transport } from './transport.ts';
import { Watch } from './watch.ts';

/** Time at which every simulation begins, ms since 1970. */
const start = Date.UTC(2026, 0, 1);
/** Decisions after which a simulation is taken to be endless. */
const mostDecisions = 150_000;

/**
 * Events that are published again for each fault, resumption, nested run, sweep and delivery that came once more, at most.
 * Measured: up to 6.5.
 */
const mostAgain = 10;

/** Options of {@link simulateSeed}. */
export interface SeedOptions {
  /** See {@link BackendWrapper}. */
  readonly wrap?: BackendWrapper;
}

/** Plays a scenario by a plan until nothing moves any more, with everything that has to hold looked at on the way. */
export async function simulateSeed(
  scenario: Scenario,
  plan: Plan,
  options: SeedOptions = {},
): Promise<SeedOutcome> {
  const simulation = new Simulation(scenario, plan, options);
  return simulation.play();
}

class Simulation {
  readonly #plan: Plan;
  readonly #runId = 'run';
  readonly #beside: readonly string[];
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #transport: Transport;
  readonly #place: MemoryPlace;
  readonly #watch: Watch;
  readonly #bodies: Bodies;
  readonly #fleet: Fleet;
  readonly #callers: Callers;
  readonly #requests: Requests;
  readonly #sweeps: Sweeps;
  readonly #guards = new Map<string, number>();
  readonly #rollout: Rollout;
  readonly #observer: Runtime;
  readonly #otherObserver: Runtime | undefined;
  #isSettled = false;
  readonly #world: World;
  #accepted: Parameters<Transport['accept']>[0][] = [];

  constructor(scenario: Scenario, plan: Plan, { wrap }: SeedOptions) {
    this.#plan = plan;
    this.#random = new Random(plan.seed, 1);
    this.#faults = new Faults(plan.rates, new Random(plan.seed, 2), plan.directed);
    const { segmentSize, pace } = plan;
    this.#scheduler = new Scheduler({ random: this.#random, faults: this.#faults, pace, start });
    const clock = { now: () => this.#scheduler.now, timer: () => () => undefined };
    this.#place = memoryPlace({ ids: sequenceIds(), clock, segmentSize });
    const stale = new StaleReads(this.#faults, new Random(plan.seed, 3));
    const limit = startedWorkflow(scenario).concurrency?.limit;
    const beside = limit === undefined ? 0 : (plan.beside ?? 0);
    this.#beside = Array.from({ length: beside }, (_, index) => `beside${index}`);
    const readsStale = (plan.rates['stale-read'] ?? 0) > 0 || plan.directed?.kind === 'stale-read';
    this.#watch = new Watch([this.#runId, ...this.#beside], { stale, readsStale, limit });
    this.#transport = new Transport({
      scheduler: this.#scheduler,
      faults: this.#faults,
      random: new Random(plan.seed, 4),
      receivers: () => this.#fleet.receivers,
    });
    this.#world = {
      scheduler: this.#scheduler,
      faults: this.#faults,
      random: this.#random,
      transport: this.#transport,
      place: this.#place,
      stale,
      calls: [],
      onCall: (call) => this.#requests.aboutTo(call.method, call.argument as ClaimWrite | CommitWrite),
      onDone: (call) => this.#watch.done(call),
      onMetric: (name, attributes) => this.#count(name, attributes),
    };
    this.#bodies = new Bodies(this.#world);
    const { otherWorkflows } = scenario;
    const versions = {
      first: this.#bodies.instrument(scenario.workflows),
      ...(otherWorkflows === undefined ? {} : { other: this.#bodies.instrument(otherWorkflows) }),
    };
    this.#fleet = new Fleet(this.#world, plan, versions, wrap);
    this.#callers = new Callers(this.#scheduler, () => this.#fleet.api());
    this.#sweeps = new Sweeps(this.#scheduler, this.#watch, {
      worker: () => this.#fleet.worker(),
      serves: (workflowId) => this.#fleet.serves(workflowId),
    });
    this.#rollout = new Rollout(
      { plan, scenario },
      { scheduler: this.#scheduler, fleet: this.#fleet, sweeps: this.#sweeps, watch: this.#watch },
    );
    this.#scheduler.addSource(this.#transport);
    this.#scheduler.addSource(this.#callers);
    if (plan.sweeper) this.#scheduler.addSource(this.#sweeps);
    this.#transport.onDelivered = (event, process) => this.#watch.delivered(event, process);
    this.#transport.onAccepted = (event, isTimer) => {
      if (!isTimer) this.#accepted.push(event);
      this.#watch.published(event);
    };
    this.#observer = this.#observe(scenario.workflows);
    this.#otherObserver = otherWorkflows === undefined ? undefined : this.#observe(otherWorkflows);
    this.#requests = new Requests({
      scenario,
      plan,
      runId: this.#runId,
      beside: this.#beside,
      callers: this.#callers,
      watch: this.#watch,
      scheduler: this.#scheduler,
      random: new Random(plan.seed, 5),
    });
  }

  #observe(workflows: Scenario['workflows']): Runtime {
    return createRuntime({ workflows, backend: this.#place.attach(), work: false, logger: silent });
  }

  #count(name: string, attributes: Readonly<Record<string, string>> | undefined): void {
    const reason = attributes?.['reason'];
    const guard = reason === undefined ? name : `${name} ${reason}`;
    this.#guards.set(guard, (this.#guards.get(guard) ?? 0) + 1);
  }

  async play(): Promise<SeedOutcome> {
    this.#requests.begin();
    await this.#toRest();
    this.#checkRest();
    const shown = await this.#shownBy(this.#observer);
    const other = this.#otherObserver === undefined ? undefined : await this.#shownBy(this.#otherObserver);
    if (this.#plan.expires && this.#watch.violations.length === 0) await this.#expire();
    return { ...this.#outcome(), ...shown, ...(other === undefined ? {} : { other }) };
  }

  /** Goes on until nothing moves any more. */
  async #toRest(): Promise<void> {
    for (let turns = 0; turns < 2 * mostDecisions; turns += 1) {
      if (this.#watch.violations.length > 0 || this.#callers.failures.length > 0) return;
      if (this.#scheduler.decisions > mostDecisions) break;
      if (!this.#faults.stopped && this.#scheduler.decisions >= this.#plan.calmAt) this.#calm();
      this.#fleet.trouble();
      this.#rollout.look();
      if (this.#faults.stopped && this.#rollout.isDone) this.#settle();
      this.#requests.look();
      if (await this.#scheduler.decide()) continue;
      if (this.#callers.open > 0 && this.#requests.hurry()) continue;
      if (!this.#faults.stopped) this.#calm();
      else if (!this.#rollout.hurry() && !this.#requests.goOn()) return;
    }
    this.#watch.violate(`it does not come to rest: ${this.#scheduler.decisions} decisions`);
  }

  /** Nothing goes wrong any more. */
  #calm(): void {
    this.#faults.stop();
    this.#scheduler.hasten();
    this.#fleet.calm();
  }

  /** Nothing goes wrong, and nothing is deployed any more. */
  #settle(): void {
    if (!this.#isSettled) this.#sweeps.calm();
    this.#isSettled = true;
    this.#rollout.unpark();
  }

  /** Whether what is left at the end is what may be left. */
  #checkRest(): void {
    const { root, headers, violations } = this.#watch;
    violations.push(...this.#callers.failures);
    if (violations.length > 0) return;
    if (root === undefined) return this.#watch.violate('the run was never started');
    const standing = this.#watch.roots.filter(({ status }) => !terminalStatuses.has(status));
    const isOver = standing.length === 0;
    for (const { runId, status } of standing)
      this.#watch.violate(`the run stands still: ${runId} is ${status}`);
    const places = isOver && this.#plan.sweeper ? this.#watch.places : undefined;
    for (const runId of (places?.waiting ?? []).filter((id) => headers.has(id)))
      this.#watch.violate(`all runs are over, and ${runId} waits for a place`);
    // What a process that died has taken may stay: whoever wants it finds that it is nobody's.
    const isUnharmed = this.#faults.total === 0 && this.#otherObserver === undefined;
    const kept = (isUnharmed ? (places?.holding ?? []) : []).filter(({ runId }) => headers.has(runId));
    for (const { runId } of kept) this.#watch.violate(`all runs are over, and ${runId} has a place`);
    if (this.#callers.open > 0) this.#watch.violate('a call was never answered');
    const inputs = this.#requests.startedWith.size;
    if (inputs !== 1) this.#watch.violate(`starts with ${inputs} inputs were accepted for one run`);
    for (const header of isOver ? headers.values() : []) {
      if (!terminalStatuses.has(header.status))
        this.#watch.violate(`the run is over, and run ${header.runId} in it is ${header.status}`);
      if (header.sweepAt !== undefined && this.#plan.sweeper)
        this.#watch.violate(`run ${header.runId} is over, and swept for ever`);
    }
    this.#checkBodies();
    this.#checkEvents();
  }

  /** A duplicate does not set off the rest of the run again: what is published twice is bounded by what went wrong. */
  #checkEvents(): void {
    const { won } = this.#watch;
    const again = this.#accepted.length - new Set(this.#accepted.map(({ id }) => id)).size;
    const swept = this.#guards.get('run.swept') ?? 0;
    const causes =
      this.#faults.total +
      swept +
      this.#transport.redeliveries +
      (won.get('resume') ?? 0) +
      (won.get('nest') ?? 0);
    if (again > mostAgain * (10 + causes))
      this.#watch.violate(`${again} events were published again, for ${causes} reasons`);
  }

  #checkBodies(): void {
    const { executions } = this.#bodies;
    const takeovers = this.#guards.get('claim.taken-over') ?? 0;
    const again = [...executions.values()].reduce((sum, { times }) => sum + times - 1, 0);
    if (again > takeovers)
      this.#watch.violate(`${again} bodies were executed again, and only ${takeovers} claims taken over`);
    const isUndisturbed = this.#faults.total === 0 && this.#plan.pace.tickMs <= 1;
    if (isUndisturbed && this.#plan.restartAt === undefined && takeovers > 0)
      this.#watch.violate(`${takeovers} claims were taken over although nothing went wrong`);
  }

  /** The run, and those beside it that were started, and that nobody canceled. */
  async #shownBy(observer: Runtime): Promise<ShownRuns> {
    const result = await this.#result(observer);
    const { canceledBeside } = this.#requests;
    const started = this.#beside.filter(
      (runId) => this.#watch.headers.has(runId) && !canceledBeside.has(runId),
    );
    const results = await Promise.all(started.map((runId) => this.#result(observer, runId)));
    return { result, beside: results.filter((one) => one !== undefined) };
  }

  async #result(observer: Runtime, runId = this.#runId): Promise<ShownRuns['result']> {
    try {
      return await observer.result({ runId, includeState: true });
    } catch (error) {
      if (this.#watch.violations.length === 0)
        this.#watch.violate(`the result cannot be read: ${String(error)}`);
      return undefined;
    }
  }

  /** The run's records expire; events of it that come late do nothing. */
  async #expire(): Promise<void> {
    const store = this.#place.attach().store;
    for (const runId of this.#watch.headers.keys()) await store.removeRun(runId);
    this.#watch.expire();
    const executed = this.#bodies.total;
    const work = this.#accepted.filter((event) => event.work);
    for (let count = 0; count < 8 && work.length > 0; count += 1)
      this.#transport.deliverAgain(this.#random.pick(work));
    await this.#toRest();
    if (this.#bodies.total !== executed) this.#watch.violate('a body was executed after the run had expired');
    if ((await store.loadHeader(this.#runId)) !== undefined)
      this.#watch.violate('the run came back after it had expired');
  }

  #outcome(): Omit<SeedOutcome, keyof ShownRuns> {
    for (const [method, times] of this.#watch.lost) this.#guards.set(`lost ${method}`, times);
    const faults = new Map<FaultKind, number>(this.#faults.counts);
    return {
      plan: this.#plan,
      violations: this.#watch.violations,
      inputData: [...this.#requests.startedWith][0],
      canceled: this.#requests.canceled,
      traveled: (this.#watch.root?.epoch ?? 1) - 1,
      executions: this.#bodies.executions,
      trace: this.#scheduler.trace,
      faults,
      guards: this.#guards,
      switches: this.#scheduler.switches,
      sweepsInVain: this.#sweeps.mostInVain,
      watch: this.#watch,
      calls: this.#world.calls,
      events: this.#accepted.map(({ id }) => id),
      redeliveries: this.#transport.redeliveries,
    };
  }
}

const silent = { warn: () => undefined };
