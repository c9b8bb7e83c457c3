import { nextTurn } from '../../adapters/system/index.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';

/** Who acts: a process, a caller, the transport. */
export interface Actor {
  readonly name: string;
  /** Does nothing before this time; undefined: it is free. */
  readonly heldUntil?: number | undefined;
}

/** Something that can happen next. */
interface Action {
  readonly actor: Actor;
  readonly name: string;
  readonly go: () => void;
}

/** Something that can happen from a time on. */
interface Timed extends Action {
  readonly dueAt: number;
}

/** How a simulation is scheduled; drawn by seed. */
export interface Pace {
  /** Virtual ms that pass with each decision. */
  readonly tickMs: number;
  /** `uniform`: everything that can happen is as likely. `priority`: who has the highest priority goes on until priorities change. */
  readonly policy: 'uniform' | 'priority';
}

/** Asked before each decision for what can happen beside what waits: deliveries, sweeps, calls. */
export interface ActionSource {
  /** What can happen now. */
  actions(): Iterable<Action>;
  /** When something can happen at the earliest that cannot now; undefined: never by time alone. */
  nextTime(): number | undefined;
}

/** Virtual ms that pass with each decision when nothing goes wrong any more, at most. */
const calmTickMs = 20;

/** Chance of a change of priorities at a decision. */
const priorityChange = 0.02;

/**
 * Decides what happens next: which process goes on past its port call, which timer fires, which event is delivered, which
 * call is made, when time passes. Everything follows from the seed: the same decisions for the same seed, byte for byte.
 */
export class Scheduler {
  /** One line for each decision. */
  readonly trace: string[] = [];
  /** Decisions at which a process went on, by what it did: `store.claim`, `body`, ... */
  readonly switches = new Map<string, number>();
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #policy: Pace['policy'];
  #tickMs: number;
  readonly #sources: ActionSource[] = [];
  readonly #priorities = new Map<Actor, number>();
  readonly #start: number;
  #now: number;
  #points: Action[] = [];
  #timers: Timed[] = [];

  constructor(options: {
    readonly random: Random;
    readonly faults: Faults;
    readonly pace: Pace;
    readonly start: number;
  }) {
    this.#random = options.random;
    this.#faults = options.faults;
    this.#policy = options.pace.policy;
    this.#tickMs = options.pace.tickMs;
    this.#now = options.start;
    this.#start = options.start;
  }

  get now(): number {
    return this.#now;
  }

  get decisions(): number {
    return this.trace.length;
  }

  addSource(source: ActionSource): void {
    this.#sources.push(source);
  }

  /** Resolves when the actor may go on. */
  point(actor: Actor, name: string): Promise<void> {
    return new Promise((go) => {
      this.#points.push({ actor, name, go });
    });
  }

  /** Calls back at a time; the result prevents it. */
  timer(actor: Actor, dueAt: number, callback: () => void): () => void {
    const timer: Timed = {
      actor,
      name: 'timer',
      dueAt,
      go: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        callback();
      },
    };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Whatever the actor waited for never comes. */
  forget(actor: Actor): void {
    this.#points = this.#points.filter((point) => point.actor !== actor);
    this.#timers = this.#timers.filter((timer) => timer.actor !== actor);
    this.#priorities.delete(actor);
  }

  /** Adds to what the last decision says of itself. */
  note(text: string): void {
    const last = this.trace.length - 1;
    if (last >= 0) this.trace[last] = `${this.trace[last]} ${text}`;
  }

  /** Nobody is slow any more. */
  hasten(): void {
    this.#tickMs = Math.min(this.#tickMs, calmTickMs);
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Makes one decision and lets what it sets off go on as far as it can. False when nothing will ever happen again. */
  async decide(): Promise<boolean> {
    await nextTurn();
    const action = this.#choose();
    if (action === undefined) return this.#sleep();
    this.#log(action);
    this.#now += this.#tickMs;
    action.go();
    return true;
  }

  #log({ actor, name }: Action): void {
    this.switches.set(name, (this.switches.get(name) ?? 0) + 1);
    this.trace.push(`${this.trace.length} +${this.#now - this.#start} ${actor.name} ${name}`);
  }

  #choose(): Action | undefined {
    const enabled = [
      ...this.#points.filter((point) => this.#isFree(point.actor)),
      ...this.#timers.filter((timer) => timer.dueAt <= this.#now && this.#isFree(timer.actor)),
    ];
    for (const source of this.#sources) enabled.push(...source.actions());
    if (enabled.length === 0) return undefined;
    const chosen = this.#policy === 'uniform' ? this.#random.pick(enabled) : this.#first(enabled);
    this.#points = this.#points.filter((point) => point !== chosen);
    return chosen;
  }

  #isFree({ heldUntil }: Actor): boolean {
    return heldUntil === undefined || heldUntil <= this.#now;
  }

  #first(enabled: readonly Action[]): Action {
    if (this.#random.chance(priorityChange)) this.#priorities.clear();
    const priorityOf = (actor: Actor): number => {
      const known = this.#priorities.get(actor) ?? this.#random.next();
      this.#priorities.set(actor, known);
      return known;
    };
    const best = Math.max(...enabled.map(({ actor }) => priorityOf(actor)));
    return this.#random.pick(enabled.filter(({ actor }) => priorityOf(actor) === best));
  }

  /** Nothing can happen now: goes to the time at which something can. */
  #sleep(): boolean {
    const times = [
      ...this.#points.map(({ actor }) => actor.heldUntil ?? 0),
      ...this.#timers.map(({ dueAt, actor }) => Math.max(dueAt, actor.heldUntil ?? 0)),
      ...this.#sources.flatMap((source) => source.nextTime() ?? []),
    ];
    const next = Math.min(...times);
    if (next === Infinity) return false;
    this.#now = Math.max(this.#now, next);
    return true;
  }

  /** Whether faults have stopped. */
  get calm(): boolean {
    return this.#faults.stopped;
  }
}
