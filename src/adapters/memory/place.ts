import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import { limits } from '../../core/limits.ts';
import type { Backend } from '../../ports/backend.ts';
import type { Clock } from '../../ports/clock.ts';
import type { WorkSource } from '../../ports/event-bus.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { nextTurn, noMetrics, systemClock, uuidSource } from '../system/index.ts';
import { frozenCopy } from './frozen.ts';
import { MemoryPayloads } from './payloads.ts';
import { type Delivery, MemoryQueue, MemorySource } from './queue.ts';
import { MemoryStore } from './store.ts';
import { MemoryData } from './writes.ts';

/** A look at a log costs a look at an array. */
const logPollMs = 20;

/** Options of {@link memoryPlace} and {@link memoryBackend}. */
export interface MemoryOptions {
  /** @default the system's clock, with timers that do not keep the process alive */
  readonly clock?: Clock;
  /** @default UUIDs */
  readonly ids?: IdSource;
  /** Settlements that one segment of a join log holds, 1 to 100: small ones bring the rare cases into a test. @default 100 */
  readonly segmentSize?: number;
  /** @default none */
  readonly metrics?: Metrics;
}

/**
 * What several processes would share: the records, the payloads and the queue. It lives as long as somebody holds it, so a
 * test can drop every runtime and backend between two events, and go on with new ones.
 */
export interface MemoryPlace {
  /** A backend on this place, as one more process would have it: with an incarnation and a source of its own. */
  attach(options?: AttachOptions): MemoryBackend;
  /**
   * Calls `listener` with each event that is published on the bus from now on, work or not, in order, before it can be
   * delivered. It must not throw. Returns a function that ends this. What only `Timers` delivers later is not on the bus.
   */
  observe(listener: (event: WorkflowEvent) => void): () => void;
  /** Takes the next event that is due from the queue, for a test that delivers by hand; undefined when none is due. */
  receive(): Delivery | undefined;
  /** Work events that are in the queue and not in a handler's hands: what is due first, then what is delayed, by due time. */
  queued(): readonly { readonly event: WorkflowEvent; readonly dueAt: number }[];
  /**
   * Resolves when nothing moves any more without time going on: no record was read or written and no event published or
   * delivered during two whole turns of the event loop. What waits for other I/O is not seen.
   */
  settled(): Promise<void>;
}

/** Options of {@link MemoryPlace.attach}. */
export interface AttachOptions {
  /**
   * Awaited at every point of the backend's store at which the work of other processes can come between, before the part of
   * the call that is done at once: for schedulers that decide who goes on. @default a turn of the microtask queue
   */
  readonly pause?: () => Promise<void>;
}

/** A backend in memory. It adds what a test wants to see of the place. */
export interface MemoryBackend extends Backend, Omit<MemoryPlace, 'attach'> {
  readonly name: 'memory';
  readonly source: WorkSource;
  readonly place: MemoryPlace;
  /** Another backend on the same place: `place.attach()`. */
  share(): MemoryBackend;
}

/**
 * A place in memory, for tests and simulation: nothing survives the process.
 * Throws WORKFLOW_ARGUMENT_INVALID for a `segmentSize` outside of 1 to 100.
 */
export function memoryPlace(options: MemoryOptions = {}): MemoryPlace {
  return new Place(options);
}

/** A place in memory and the first backend on it: `memoryPlace(options).attach()`. */
export function memoryBackend(options: MemoryOptions = {}): MemoryBackend {
  return memoryPlace(options).attach();
}

class Place implements MemoryPlace {
  readonly #clock: Clock;
  readonly #ids: IdSource;
  readonly #metrics: Metrics;
  readonly #data = new MemoryData();
  readonly #segmentSize: number;
  readonly #payloads: MemoryPayloads;
  readonly #queue: MemoryQueue;
  readonly #listeners = new Set<(event: WorkflowEvent) => void>();
  #activity = 0;
  #attached = 0;

  constructor(options: MemoryOptions) {
    const segmentSize = options.segmentSize ?? limits.segmentTokens;
    if (!Number.isInteger(segmentSize) || segmentSize < 1 || segmentSize > limits.segmentTokens) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        `segmentSize is ${segmentSize}: give a whole number from 1 to ${limits.segmentTokens}`,
      );
    }
    this.#clock = options.clock ?? systemClock;
    this.#ids = options.ids ?? uuidSource;
    this.#metrics = options.metrics ?? noMetrics;
    this.#segmentSize = segmentSize;
    this.#payloads = new MemoryPayloads(() => this.#pause());
    this.#queue = new MemoryQueue(this.#clock, () => {
      this.#activity += 1;
    });
  }

  attach({ pause = () => this.#pause() }: AttachOptions = {}): MemoryBackend {
    const store = new MemoryStore({
      data: this.#data,
      segmentSize: this.#segmentSize,
      pause,
      onRemove: (runId) => this.#payloads.remove(runId),
    });
    const source = new MemorySource(this.#queue);
    this.#attached += 1;
    if (this.#attached === 1) this.#queue.arm();
    let isClosed = false;
    return {
      name: 'memory',
      history: 'full',
      logPollMs,
      store,
      payloads: this.#payloads,
      bus: { publish: (events) => this.#publish(events) },
      timers: { schedule: (event, dueAt) => this.#delay(event, dueAt) },
      clock: this.#clock,
      ids: this.#ids,
      metrics: this.#metrics,
      source,
      incarnation: this.#ids.unique(),
      place: this,
      share: () => this.attach(),
      observe: (listener) => this.observe(listener),
      receive: () => this.receive(),
      queued: () => this.queued(),
      settled: () => this.settled(),
      close: async () => {
        await source.stop();
        if (!isClosed) this.#attached -= 1;
        isClosed = true;
        if (this.#attached === 0) this.#queue.unarm();
      },
    };
  }

  observe(listener: (event: WorkflowEvent) => void): () => void {
    // A listener that observes twice hears twice.
    const own = (event: WorkflowEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  receive(): Delivery | undefined {
    return this.#queue.take();
  }

  queued(): readonly { readonly event: WorkflowEvent; readonly dueAt: number }[] {
    return this.#queue.waiting();
  }

  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      const before = this.#activity;
      await nextTurn();
      quiet = this.#activity === before ? quiet + 1 : 0;
    }
  }

  async #publish(events: readonly WorkflowEvent[]): Promise<void> {
    const published = frozenCopy(events);
    await this.#pause();
    for (const event of published) {
      for (const listener of this.#listeners) listener(event);
      if (event.work) this.#queue.add(event);
    }
  }

  async #delay(event: WorkflowEvent, dueAt: number): Promise<void> {
    const delayed = frozenCopy(event);
    await this.#pause();
    this.#queue.add(delayed, dueAt);
  }

  /** The point of each call at which other work goes on, as it does while a database answers. */
  async #pause(): Promise<void> {
    this.#activity += 1;
    await Promise.resolve();
  }
}
