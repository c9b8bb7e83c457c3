import type { MemoryBackend, MemoryPlace } from '../../adapters/memory/index.ts';
import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import type { Backend, Clock, EventBus, PayloadStore, RunStore, Timers } from '../../ports/index.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import type { StaleReads } from './stale-reads.ts';
import type { Transport } from './transport.ts';

/** What all processes of a simulation share. */
export interface World {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly random: Random;
  readonly transport: Transport;
  readonly place: MemoryPlace;
  readonly stale: StaleReads;
  /** Names of the calls of ports that have begun. */
  readonly calls: string[];
  /** Told about every call of the store before it is done. */
  readonly onCall: (call: Pick<DoneCall, 'method' | 'argument'>) => void;
  /** Told about every call of the store that was done, also when its caller never learns. */
  readonly onDone: (call: DoneCall) => void;
  readonly onMetric: Backend['metrics']['count'];
}

/** A call of the store that was done. */
export interface DoneCall {
  readonly process: SimulatedProcess;
  readonly method: keyof RunStore;
  readonly argument: unknown;
  readonly result: unknown;
}

type Method = (...parameters: readonly unknown[]) => unknown;

/** Methods of the store and the payloads that change nothing. */
const reading = /^(?:load|list|read|get|due|durable)/u;

/**
 * One life of a process: a backend whose every call is a point at which others can go on, and an occasion for faults. When
 * it dies, what it was doing never goes on.
 */
export class SimulatedProcess implements Actor {
  readonly name: string;
  readonly backend: Backend;
  readonly skewMs: number;
  heldUntil: number | undefined;
  isDead = false;
  readonly death: Promise<void>;
  readonly #die: () => void;
  readonly #world: World;
  readonly #inner: MemoryBackend;
  /** The next pause is the one right after the call's own point: nothing could come between. */
  #released = false;

  constructor(
    world: World,
    options: { readonly name: string; readonly skewMs: number; readonly syncReads: boolean },
  ) {
    this.#world = world;
    this.name = options.name;
    this.skewMs = options.skewMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.death = promise;
    this.#die = resolve;
    this.#inner = world.place.attach({ pause: () => this.#pause() });
    const { name, history, logPollMs, ids, incarnation } = this.#inner;
    this.backend = {
      name,
      history,
      logPollMs,
      ids,
      incarnation,
      store: this.#store(options.syncReads),
      payloads: this.#payloads(options.syncReads),
      bus: this.#bus(),
      timers: this.#timers(),
      clock: this.#clock(),
      metrics: { count: world.onMetric },
      close: async () => {},
    };
  }

  /** Ends the process at once. */
  die(): void {
    this.isDead = true;
    this.#world.scheduler.forget(this);
    this.#world.scheduler.note(`${this.name} dies`);
    this.#die();
  }

  /** A point of the process: others can go on before it does, and it can die there. */
  async point(name: string): Promise<void> {
    if (this.isDead) return never();
    await this.#world.scheduler.point(this, name);
  }

  /** Dies when this fault comes now. */
  async mayDie(kind: 'crash-before' | 'crash-after' | 'crash-in-step'): Promise<void> {
    if (this.isDead) return never();
    if (!this.#world.faults.strikes(kind)) return;
    this.#world.scheduler.note(kind);
    this.die();
    return never();
  }

  async #pause(): Promise<void> {
    if (this.#released) {
      this.#released = false;
      return;
    }
    await this.point('store.segment');
  }

  /** Does the part of a call that is done at once, and what of it goes on later. */
  #perform<T>(call: () => T): T {
    this.#released = true;
    try {
      return call();
    } finally {
      this.#released = false;
    }
  }

  /** Counts a call of a port. */
  #begin(name: string): void {
    this.#world.faults.nextCall();
    this.#world.calls.push(name);
  }

  /** A call of a port, from its point to its answer. */
  async #call(name: string, isWrite: boolean, perform: () => unknown): Promise<unknown> {
    const { faults, scheduler } = this.#world;
    await this.point(name);
    this.#begin(name);
    await this.mayDie('crash-before');
    if (faults.strikes('store-refused')) {
      scheduler.note('refused');
      throw unavailable(name, 'refused the call');
    }
    const result = await this.#perform(perform);
    await this.mayDie('crash-after');
    if (isWrite && faults.strikes('store-timeout')) {
      scheduler.note('done, reported as a timeout');
      throw unavailable(name, 'did not answer in time');
    }
    return result;
  }

  #store(syncReads: boolean): RunStore {
    const wrapped = new Map<string | symbol, unknown>();
    return new Proxy<RunStore>(this.#inner.store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof name === 'symbol' || typeof method !== 'function') return method;
        if (name.endsWith('Sync')) return syncReads ? (method.bind(target) as unknown) : undefined;
        const made = wrapped.get(name) ?? this.#method(name as keyof RunStore, method.bind(target) as Method);
        wrapped.set(name, made);
        return made;
      },
    });
  }

  #method(method: keyof RunStore, inner: Method): Method {
    const { stale, onCall, onDone } = this.#world;
    const perform = async (parameters: readonly unknown[]): Promise<unknown> => {
      const result = await inner(...parameters);
      onDone({ process: this, method, argument: parameters[0], result });
      return stale.seen(method, parameters, result);
    };
    return (...parameters) => {
      onCall({ method, argument: parameters[0] });
      return this.#call(`store.${method}`, !reading.test(method), () => perform(parameters));
    };
  }

  #payloads(syncReads: boolean): PayloadStore {
    const { payloads } = this.#inner;
    return {
      ...(payloads.inlineBytes === undefined ? {} : { inlineBytes: payloads.inlineBytes }),
      put: async (runId, hash, text) => {
        await this.#call('payloads.put', true, () => payloads.put(runId, hash, text));
      },
      get: async (runId, hash) =>
        (await this.#call('payloads.get', false, () => payloads.get(runId, hash))) as string,
      keep: async (runId, name, text, at) => {
        await this.#call('payloads.keep', true, () => payloads.keep(runId, name, text, at));
      },
      kept: async (runId, name) =>
        (await this.#call('payloads.kept', false, () => payloads.kept(runId, name))) as string | undefined,
      ...(syncReads && payloads.getSync !== undefined ? { getSync: payloads.getSync.bind(payloads) } : {}),
    };
  }

  #bus(): EventBus {
    return {
      publish: (events) => this.#send('bus.publish', events, (event) => this.#world.transport.accept(event)),
    };
  }

  #timers(): Timers {
    const { transport, faults, random, scheduler } = this.#world;
    return {
      schedule: (event, dueAt) =>
        this.#send('timers.schedule', [event], () => {
          // `dueAt` is by this process's clock; a service has its own.
          const real = Math.max(scheduler.now, dueAt - this.skewMs);
          const early = faults.strikes('timer-early') ? random.below(1 + real - scheduler.now) : 0;
          transport.accept(event, real - early);
        }),
    };
  }

  /** Hands events over, each of which can be accepted or not. */
  async #send(
    name: string,
    events: readonly WorkflowEvent[],
    accept: (event: WorkflowEvent) => void,
  ): Promise<void> {
    const { faults, scheduler, random } = this.#world;
    await this.point(name);
    this.#begin(name);
    await this.mayDie('crash-before');
    if (faults.strikes('publish-refused')) {
      scheduler.note('refused');
      throw unavailable(name, 'refused the events');
    }
    const isPartial = faults.strikes('publish-partial');
    const accepted = isPartial ? events.filter(() => random.chance(0.5)) : events;
    for (const event of structuredClone(accepted)) accept(event);
    await this.mayDie('crash-after');
    if (isPartial) {
      scheduler.note(`accepted ${accepted.length} of ${events.length}`);
      throw unavailable(name, 'refused some of the events');
    }
    if (faults.strikes('publish-timeout')) {
      scheduler.note('accepted, reported as a timeout');
      throw unavailable(name, 'did not answer in time');
    }
  }

  #clock(): Clock {
    const { scheduler } = this.#world;
    return {
      now: () => scheduler.now + this.skewMs,
      timer: (delayMs, callback) =>
        this.isDead ? () => undefined : scheduler.timer(this, scheduler.now + Math.max(0, delayMs), callback),
    };
  }
}

/** What a call of a process that died gives. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

function unavailable(name: string, what: string): WorkflowError {
  return new WorkflowError('WORKFLOW_BACKEND_UNAVAILABLE', `${name} ${what}: try again`);
}
