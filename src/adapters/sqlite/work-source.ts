import { WorkflowError } from '../../core/errors.ts';
import type { WorkflowEvent } from '../../core/event.ts';
import type { Clock, EventBus, EventHandler, Timers, WorkSource } from '../../ports/index.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Queue, TakenMessage } from './queue.ts';

/** Pause before the second delivery of a rejected message, in ms; it doubles with each further one. */
const firstPauseMs = 100;
/** Longest pause between two deliveries, in ms. */
const longestPauseMs = 30_000;

/** See {@link SqliteWorkSource}. */
export interface WorkSourceOptions {
  readonly queue: Queue;
  readonly commit: GroupCommit;
  readonly clock: Clock;
  /** How often to look for messages of other processes, in ms. */
  readonly pollMs: number;
  /** Called with each poll. */
  readonly onPoll: () => void;
}

/** A delivery in progress. */
interface Delivery {
  /** Absent once the row is free or gone: nothing is left to write for it. */
  id: number | undefined;
  readonly tries: number;
  /** The transaction in which the message was taken. */
  readonly transaction: number;
  /** A transaction was lost meanwhile, maybe with writes of this handler that it took for done. */
  isDoubtful: boolean;
}

/** Observers of what is published, see `SqliteBackend.observe`. */
export type EventListener = (event: WorkflowEvent) => void;

/**
 * Bus, timers and work source over one table. What this process publishes goes straight to its own worker while that has
 * room, the rest is free for everybody.
 */
export class SqliteWorkSource implements WorkSource, EventBus, Timers {
  readonly #options: WorkSourceOptions;
  readonly #listeners = new Set<EventListener>();
  readonly #deliveries = new Set<Delivery>();
  #handler: EventHandler | undefined;
  #concurrency = 0;
  #cancelTimer: (() => void) | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  /** No free message is due before; minus infinity when that is not known. */
  #nextDue = Number.NEGATIVE_INFINITY;
  #version = -1;
  /** After a lost transaction: the disk gets a pause before the next messages are taken. */
  #notBefore = 0;
  #isTaking = false;
  /** A failed commit may have brought back messages of ours. */
  #hasStrays = false;

  constructor(options: WorkSourceOptions) {
    this.#options = options;
    options.commit.onRollback((transaction) => this.#recover(transaction));
  }

  start(handler: EventHandler, { concurrency }: { readonly concurrency: number }): void {
    if (this.#handler !== undefined) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        'the work source is started already: stop it first',
      );
    }
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        `concurrency is ${String(concurrency)}: give a whole number of at least 1`,
      );
    }
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#nextDue = Number.NEGATIVE_INFINITY;
    this.#poll();
  }

  async stop(): Promise<void> {
    this.#handler = undefined;
    this.#cancelTimer?.();
    if (this.#deliveries.size === 0) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  async publish(events: readonly WorkflowEvent[]): Promise<void> {
    const work = events.filter((event) => event.work);
    if (work.length > 0) await this.#enqueue(work, this.#options.clock.now());
    if (this.#listeners.size === 0) return;
    this.#options.commit.afterCommit(() => {
      for (const event of events)
        for (const listener of this.#listeners) queueMicrotask(() => listener(event));
    });
  }

  schedule(event: WorkflowEvent, dueAt: number): Promise<void> {
    return this.#enqueue([event], dueAt);
  }

  /** Calls `listener` with each published event once it is stored. Returns a function that ends it. */
  observe(listener: EventListener): () => void {
    const own: EventListener = (event) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Looks again: messages may have become free by another way than ours. */
  refresh(): void {
    this.#nextDue = Number.NEGATIVE_INFINITY;
    this.#pump();
  }

  #enqueue(events: readonly WorkflowEvent[], dueAt: number): Promise<void> {
    const work = (): void => {
      const isDue = dueAt <= this.#options.clock.now();
      const room = isDue ? this.#room() : 0;
      const messages = events.map((event, index) => ({
        tries: 0,
        read: () => event,
        id: this.#options.queue.add(event, dueAt, index < room ? 'taken' : 'free'),
      }));
      for (const message of messages.slice(0, room)) this.#deliver(message);
      if (events.length > room) this.#wakeAt(dueAt);
    };
    return this.#options.commit.write(work, { durability: 'accepted', atomic: events.length > 1 });
  }

  #room(): number {
    return this.#handler === undefined ? 0 : Math.max(0, this.#concurrency - this.#deliveries.size);
  }

  #wakeAt(dueAt: number): void {
    if (dueAt >= this.#nextDue) return;
    this.#nextDue = dueAt;
    if (dueAt > this.#options.clock.now()) this.#armTimer();
  }

  #poll(): void {
    this.#options.onPoll();
    this.#armTimer();
    this.#pump();
  }

  /** One timer for the next poll, or for the next due message when that comes first. */
  #armTimer(): void {
    if (this.#handler === undefined) return;
    const { clock, pollMs } = this.#options;
    const untilDue = this.#nextDue - clock.now();
    // What is due already waits for room, and whoever makes room looks by itself.
    const delay = untilDue > 0 ? Math.min(pollMs, untilDue) : pollMs;
    this.#cancelTimer?.();
    this.#cancelTimer = clock.timer(delay, () => this.#poll());
  }

  /** Takes as many due messages as there is room for. */
  #pump(): void {
    const { queue, clock, commit } = this.#options;
    if (this.#isTaking || this.#room() === 0 || clock.now() < this.#notBefore) return;
    try {
      const version = commit.refresh();
      if (version !== this.#version) this.#nextDue = Number.NEGATIVE_INFINITY;
      this.#version = version;
      if (this.#nextDue > clock.now() && !this.#hasStrays) return;
      // Reading first spares the write lock when somebody else was faster or nothing is due yet.
      this.#nextDue = queue.nextDue();
      if (this.#nextDue > clock.now() && !this.#hasStrays) return;
    } catch {
      return; // The file cannot be read now: the next poll tries again.
    }
    void this.#takeDue();
  }

  async #takeDue(): Promise<void> {
    this.#isTaking = true;
    try {
      await this.#options.commit.write(() => this.#take(), { durability: 'accepted', atomic: true });
    } catch {
      // The messages are still free: the next poll tries again.
    }
    this.#isTaking = false;
  }

  #take(): void {
    const { queue, clock } = this.#options;
    if (this.#hasStrays) {
      queue.releaseAllBut(new Set([...this.#deliveries].flatMap(({ id }) => id ?? [])));
    }
    const room = this.#room();
    const messages = queue.take(clock.now(), room);
    this.#nextDue = messages.length < room ? queue.nextDue() : Number.NEGATIVE_INFINITY;
    this.#hasStrays = false;
    for (const message of messages) this.#deliver(message);
  }

  #deliver({ id, tries, read }: TakenMessage): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    const delivery: Delivery = {
      id,
      tries,
      transaction: this.#options.commit.transaction,
      isDoubtful: false,
    };
    this.#deliveries.add(delivery);
    void this.#handle(() => handler(read()), delivery);
  }

  async #handle(handle: () => Promise<void>, delivery: Delivery): Promise<void> {
    const { queue, clock, commit } = this.#options;
    // Whoever takes several messages in one write takes them all before the first is handled.
    await Promise.resolve();
    let isDone = true;
    try {
      await handle();
    } catch {
      // To reject is how a handler asks for another delivery; it reports what went wrong by itself.
      isDone = false;
    }
    const close = (): void => {
      const { id } = delivery;
      // From here on, the row is a stray when it turns up again.
      delivery.id = undefined;
      if (id === undefined) return;
      if (isDone && !delivery.isDoubtful) {
        queue.remove(id);
        return;
      }
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(delivery.tries, 20));
      const dueAt = clock.now() + pause;
      queue.giveBack(id, dueAt);
      this.#wakeAt(dueAt);
    };
    try {
      await commit.write(close, { durability: 'accepted' });
    } catch {
      this.#hasStrays = true;
    }
    this.#deliveries.delete(delivery);
    if (this.#deliveries.size === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
    this.#pump();
  }

  /**
   * After a lost transaction: what was taken in it is free or gone, and what was acknowledged in it is ours again. Any
   * handler in flight may have built on a write that is lost, so its message comes again, however it ends.
   */
  #recover(transaction: number): void {
    for (const delivery of this.#deliveries) {
      delivery.isDoubtful = true;
      if (delivery.transaction === transaction) delivery.id = undefined;
    }
    this.#hasStrays = true;
    this.#nextDue = Number.NEGATIVE_INFINITY;
    this.#notBefore = this.#options.clock.now() + firstPauseMs;
  }
}
