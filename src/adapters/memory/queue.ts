import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventHandler, WorkSource } from '../../ports/event-bus.ts';
import { nextTurn } from '../system/index.ts';
import { frozenCopy } from './frozen.ts';

/** Pause before the second delivery, in ms; it doubles with each further one. */
const FIRST_PAUSE_MS = 100;
/** Longest pause between two deliveries, in ms. */
const LONGEST_PAUSE_MS = 30_000;

/** An event in the queue. */
interface Entry {
  readonly event: WorkflowEvent;
  /** When it may be delivered, ms since 1970. */
  readonly dueAt: number;
  /** Deliveries so far. */
  readonly deliveries: number;
}

/** An event that was taken out of the queue by hand. */
export interface Delivery {
  readonly event: WorkflowEvent;
  /** Deliveries so far, this one included. */
  readonly deliveries: number;
  /** Puts it back, to be delivered again after a growing pause. Whoever does not call it has acknowledged the event. */
  reject(): void;
}

/** An at-least-once queue in this process: in order of arrival, and of due time for what is delayed. */
export class MemoryQueue {
  readonly #clock: Clock;
  readonly #active: () => void;
  readonly #ready: Entry[] = [];
  /** By due time. */
  readonly #delayed: Entry[] = [];
  /** In the order in which their turn comes, so that several processes alternate. */
  readonly #sources: MemorySource[] = [];
  #dispatching = false;
  #unarm: (() => void) | undefined;

  /** `active` is called for whatever the queue does. */
  constructor(clock: Clock, active: () => void) {
    this.#clock = clock;
    this.#active = active;
  }

  /** Accepts an event; it is delivered at `dueAt` at the earliest, at once by default. */
  add(event: WorkflowEvent, dueAt: number = this.#clock.now()): void {
    this.#insert({ event: frozenCopy(event), dueAt, deliveries: 0 });
  }

  /** Takes the next event that is due; undefined when none is. */
  take(): Delivery | undefined {
    this.#active();
    const entry = this.#ready.shift();
    if (entry === undefined) return undefined;
    let taken: Entry | undefined = { ...entry, deliveries: entry.deliveries + 1 };
    const reject = (): void => {
      if (taken !== undefined) this.#redeliver(taken);
      taken = undefined;
    };
    return { event: entry.event, deliveries: taken.deliveries, reject };
  }

  /** What is queued and in nobody's hands: first what is due, then what is delayed, by due time. */
  waiting(): { readonly event: WorkflowEvent; readonly dueAt: number }[] {
    return [...this.#ready, ...this.#delayed].map(({ event, dueAt }) => ({ event, dueAt }));
  }

  /** Deliveries go to `source`, too. */
  attach(source: MemorySource): void {
    this.#sources.push(source);
    this.dispatch();
  }

  /** Deliveries go to `source` no longer. */
  detach(source: MemorySource): void {
    const index = this.#sources.indexOf(source);
    if (index >= 0) this.#sources.splice(index, 1);
  }

  /** Sets the timer for what is delayed. */
  arm(): void {
    this.#unarm?.();
    this.#unarm = undefined;
    const [first] = this.#delayed;
    if (first === undefined) return;
    this.#unarm = this.#clock.timer(Math.max(0, first.dueAt - this.#clock.now()), () => {
      this.#unarm = undefined;
      this.#wake();
    });
  }

  /** Leaves no timer behind; what is delayed waits for {@link arm}. */
  unarm(): void {
    this.#unarm?.();
    this.#unarm = undefined;
  }

  /** Delivers what is due, in a later turn of the event loop: a long chain of events starves nothing else. */
  dispatch(): void {
    if (this.#dispatching || this.#ready.length === 0 || this.#sources.length === 0) return;
    this.#dispatching = true;
    void nextTurn().then(() => {
      this.#dispatching = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    for (;;) {
      const source = this.#sources.find((one) => one.hasRoom());
      if (source === undefined) return;
      const delivery = this.take();
      if (delivery === undefined) return;
      this.detach(source);
      this.#sources.push(source);
      source.accept(delivery);
    }
  }

  #redeliver(entry: Entry): void {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (entry.deliveries - 1));
    this.#insert({ ...entry, dueAt: this.#clock.now() + pause });
  }

  #insert(entry: Entry): void {
    this.#active();
    if (entry.dueAt <= this.#clock.now()) {
      this.#ready.push(entry);
      this.dispatch();
      return;
    }
    const after = this.#delayed.findLastIndex((other) => other.dueAt <= entry.dueAt);
    this.#delayed.splice(after + 1, 0, entry);
    if (after < 0) this.arm();
  }

  #wake(): void {
    this.#active();
    const now = this.#clock.now();
    const later = this.#delayed.findIndex((entry) => entry.dueAt > now);
    this.#ready.push(...this.#delayed.splice(0, later < 0 ? this.#delayed.length : later));
    this.arm();
    this.dispatch();
  }
}

/** One process's share of the deliveries of a {@link MemoryQueue}. */
export class MemorySource implements WorkSource {
  readonly #queue: MemoryQueue;
  #handler: EventHandler | undefined;
  #concurrency = 0;
  #inFlight = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(queue: MemoryQueue) {
    this.#queue = queue;
  }

  start(handler: EventHandler, { concurrency }: { readonly concurrency: number }): void {
    if (this.#handler !== undefined) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        'The source is started: stop it before another start',
      );
    }
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        `concurrency is ${concurrency}: give a whole number of at least 1`,
      );
    }
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#queue.attach(this);
  }

  async stop(): Promise<void> {
    this.#handler = undefined;
    this.#queue.detach(this);
    if (this.#inFlight === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  /** Whether one more event may be in flight. */
  hasRoom(): boolean {
    return this.#inFlight < this.#concurrency;
  }

  /** Handles an event: a rejected one goes back to the queue. */
  accept(delivery: Delivery): void {
    this.#inFlight += 1;
    void this.#handle(delivery).finally(() => {
      this.#inFlight -= 1;
      this.#queue.dispatch();
      if (this.#inFlight > 0) return;
      this.#idle?.resolve();
      this.#idle = undefined;
    });
  }

  async #handle(delivery: Delivery): Promise<void> {
    try {
      await this.#handler?.(delivery.event);
    } catch {
      // To reject is how a handler asks for another delivery; it reports what went wrong by itself.
      delivery.reject();
    }
  }
}
