import { nextTurn } from '../adapters/system/index.ts';
import { WorkflowError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** Turns of the event loop that {@link VirtualClock.settle} waits for where it was told nothing better. */
const DEFAULT_TURNS = 20;
/** Timers that one call fires before it takes them for endless. */
const DEFAULT_TIMERS = 100_000;

/**
 * A clock whose time passes only when it is told to. Timers fire in the order of their due times, those of the same time in
 * the order in which they were set; after each one, what it set off goes on as far as it can before the next one fires.
 */
export interface VirtualClock extends Clock {
  /** Lets `ms` pass and fires what is due by then. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until `time` (ms since 1970), which must not be in the past. */
  advanceTo(time: number): Promise<void>;
  /**
   * Fires timer after timer until none is left, and returns how many there were. Rejects with WORKFLOW_LIMIT_EXCEEDED
   * after `timers` (default 100,000): some set themselves again for ever.
   */
  runAll(options?: { readonly timers?: number }): Promise<number>;
  /**
   * Fires timer after timer until `promise` is settled, and returns its result. Rejects with WORKFLOW_LIMIT_EXCEEDED when
   * no timer is left that could settle it, or after `timers` (default 100,000).
   */
  runUntil<T>(promise: Promise<T>, options?: { readonly timers?: number }): Promise<T>;
  /** Due times of the pending timers, earliest first. */
  pending(): readonly number[];
  /** Waits until what goes on without time passing has gone on as far as it can. */
  settle(): Promise<void>;
  /** Makes {@link settle} wait for `settled`, such as that of a memory place; each one that was given is waited for. */
  settleWith(settled: () => Promise<void>): void;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** A clock that stands at `start` (ms since 1970). @default start 1 January 2026, 00:00 UTC */
export function virtualClock(options: { readonly start?: number } = {}): VirtualClock {
  return new ManualClock(options.start ?? Date.UTC(2026, 0, 1));
}

class ManualClock implements VirtualClock {
  #now: number;
  #advancing = false;
  readonly #timers: Timer[] = [];
  readonly #settled: (() => Promise<void>)[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  timer(delayMs: number, callback: () => void): () => void {
    const timer = { dueAt: this.#now + Math.max(0, delayMs), callback };
    const after = this.#timers.findLastIndex((other) => other.dueAt <= timer.dueAt);
    this.#timers.splice(after + 1, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  advance(ms: number): Promise<void> {
    return this.advanceTo(this.#now + ms);
  }

  advanceTo(time: number): Promise<void> {
    if (!(time >= this.#now)) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        `${time} is before ${this.#now}: time does not go back`,
      );
    }
    return this.#exclusively(async () => {
      while (await this.#fireNext(time));
      this.#now = time;
      await this.settle();
    });
  }

  runAll({ timers = DEFAULT_TIMERS }: { readonly timers?: number } = {}): Promise<number> {
    return this.#exclusively(async () => {
      let fired = 0;
      while (await this.#fireNext(Infinity)) {
        fired += 1;
        if (fired > timers) throw endless(`More than ${timers} timers fired`);
      }
      return fired;
    });
  }

  runUntil<T>(
    promise: Promise<T>,
    { timers = DEFAULT_TIMERS }: { readonly timers?: number } = {},
  ): Promise<T> {
    const state = { isOver: false };
    const over = (): void => {
      state.isOver = true;
    };
    promise.then(over, over);
    return this.#exclusively(async () => {
      await this.settle();
      for (let fired = 0; !state.isOver; fired += 1) {
        if (fired >= timers) throw endless(`The promise is open after ${timers} timers`);
        if (!(await this.#fireNext(Infinity)) && !state.isOver)
          throw endless('No timer is left, and the promise is open');
      }
      return promise;
    });
  }

  pending(): readonly number[] {
    return this.#timers.map((timer) => timer.dueAt);
  }

  async settle(): Promise<void> {
    if (this.#settled.length === 0) {
      for (let turn = 0; turn < DEFAULT_TURNS; turn += 1) await nextTurn();
    }
    for (const settled of this.#settled) await settled();
  }

  settleWith(settled: () => Promise<void>): void {
    this.#settled.push(settled);
  }

  /** Fires the next timer that is due by `time`; false when there is none. */
  async #fireNext(time: number): Promise<boolean> {
    await this.settle();
    const [timer] = this.#timers;
    if (timer === undefined || timer.dueAt > time) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.callback();
    await this.settle();
    return true;
  }

  /** Two that move the time at once would fire timers at times that neither asked for. */
  async #exclusively<T>(move: () => Promise<T>): Promise<T> {
    if (this.#advancing) {
      throw new WorkflowError(
        'WORKFLOW_ARGUMENT_INVALID',
        'The virtual clock is being advanced: await that call before the next one',
      );
    }
    this.#advancing = true;
    try {
      return await move();
    } finally {
      this.#advancing = false;
    }
  }
}

function endless(what: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `${what}: look at what sets timers, or waits without one`,
  );
}
