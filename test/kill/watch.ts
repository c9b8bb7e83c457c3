import { AsyncLocalStorage } from 'node:async_hooks';
import type { CommitHooks } from '../../src/adapters/sqlite/group-commit.ts';
import type { Backend, EventHandler } from '../../src/ports/index.ts';
import type { Point } from './points.ts';
import type { StatusWriter } from './status-record.ts';

/** The kill that a process is told to commit: at the n-th time that it comes to a point. */
export interface Order {
  readonly point: Point;
  /** From 1 on. */
  readonly occurrence: number;
}

/** How a process kills itself: at once, or from another thread while the first one goes on. */
export interface Killer {
  now(): void;
  soon(): void;
}

type Call = (...parameters: unknown[]) => unknown;

const claims: ReadonlySet<string> = new Set(['claim', 'takeOver']);
/** Neither reads nor outcomes: they change nothing that a phase stands for. */
const asides: ReadonlySet<string> = new Set(['renew', 'durable', 'appendChunks']);
const read = /^(?:load|read|list|due)/;

/**
 * Follows a backend through the phases of each handling: keeps the status record true, counts how often each point is reached,
 * and kills the process where it is told to. A kill at a point is `process.kill` of the process by itself, right there: no
 * instruction of this thread comes after it, and no message to another process, which would take its time, comes before.
 */
export class Watch {
  /** How often each point was reached. */
  readonly reached = new Map<Point, number>();
  readonly #status: StatusWriter;
  readonly #order: Order | undefined;
  readonly #killer: Killer;
  readonly #slot = new AsyncLocalStorage<number>();
  /** Handlings that have ended: what they wrote and their acknowledgement are in the transaction that is open. */
  readonly #ended = new Set<number>();
  #calls = 0;

  constructor(status: StatusWriter, killer: Killer, order?: Order) {
    this.#status = status;
    this.#order = order;
    this.#killer = killer;
  }

  /** Whether nothing is in flight, neither handling nor call. */
  get isIdle(): boolean {
    return this.#calls === 0 && this.#status.isIdle;
  }

  /** Comes to a point, and maybe no further. */
  at(point: Point): void {
    const count = (this.reached.get(point) ?? 0) + 1;
    this.reached.set(point, count);
    const slot = this.#slot.getStore();
    if (slot !== undefined && slot >= 0) this.#status.touch(slot);
    else if (slot !== undefined) this.#status.setCalls(this.#calls);
    if (point !== this.#order?.point || count !== this.#order.occurrence) return;
    if (point === 'commit.inside') this.#killer.soon();
    else this.#killer.now();
  }

  /** A call from outside of any handling: a start or a resume. `tell` tells others that it was answered. */
  async call(work: () => Promise<unknown>, tell: () => void): Promise<void> {
    this.#status.setCalls((this.#calls += 1));
    await this.#slot.run(-1, async () => {
      await work();
      this.at('call.answered');
      tell();
      this.at('call.told');
    });
    this.#status.setCalls((this.#calls -= 1));
  }

  /** What the commits of the backend are to tell. */
  get hooks(): CommitHooks {
    let ended: number[] = [];
    return {
      onCommit: () => {
        ended = [...this.#ended];
        this.#status.setCommitting(true);
        if (this.#isClaiming()) this.at('claim.committing');
        if (ended.length === 0) return;
        this.at('commit.committing');
        this.at('commit.inside');
      },
      onCommitted: () => {
        if (this.#isClaiming()) this.at('claim.committed');
        if (ended.length > 0) this.at('commit.committed');
        for (const slot of ended) {
          this.#ended.delete(slot);
          this.#status.set(slot, undefined);
        }
        this.#status.setCommitting(false);
      },
    };
  }

  /** The same backend, watched. */
  backend(inner: Backend): Backend {
    const { source } = inner;
    if (source === undefined) return inner;
    return {
      ...inner,
      store: wrapped(inner.store, (name, call) => this.#store(name, call)),
      bus: wrapped(inner.bus, (_, call) => this.#publish(call)),
      timers: wrapped(inner.timers, (_, call) => this.#publish(call)),
      source: {
        start: (handler, options) => source.start(this.#handler(handler), options),
        stop: () => source.stop(),
      },
    };
  }

  #isClaiming(): boolean {
    return this.#status.count('claim') > 0;
  }

  #handler(handler: EventHandler): EventHandler {
    return async (event) => {
      const slot = this.#status.enter();
      try {
        await this.#slot.run(slot, () => {
          this.at('load.delivered');
          return handler(event);
        });
      } finally {
        this.#ended.add(slot);
      }
    };
  }

  #store(name: string, call: Call): Call {
    if (name.endsWith('Sync') || asides.has(name)) return call;
    return async (...parameters) => {
      const slot = this.#slot.getStore();
      if (slot === undefined) return call(...parameters);
      if (read.test(name)) return this.#read(slot, () => call(...parameters));
      if (slot < 0) return this.#callWrite(() => call(...parameters));
      if (claims.has(name)) return this.#claim(slot, () => call(...parameters));
      return this.#outcome(slot, () => call(...parameters));
    };
  }

  async #read(slot: number, call: () => unknown): Promise<unknown> {
    const found = await call();
    if (slot >= 0 && this.#status.get(slot) === 'load') this.at('load.read');
    return found;
  }

  async #callWrite(call: () => unknown): Promise<unknown> {
    const write = call();
    this.at('call.written');
    return write;
  }

  async #claim(slot: number, call: () => unknown): Promise<unknown> {
    this.#status.set(slot, 'claim');
    this.at('claim.asked');
    const write = call();
    this.at('claim.written');
    const result = (await write) as { readonly won: boolean };
    this.#status.set(slot, result.won ? 'execute' : 'load');
    if (result.won) this.at('execute.claimed');
    return result;
  }

  async #outcome(slot: number, call: () => unknown): Promise<unknown> {
    if (this.#status.get(slot) !== 'commit') {
      this.#status.set(slot, 'commit');
      this.at('commit.asked');
    }
    const write = call();
    this.at('commit.written');
    return write;
  }

  #publish(call: Call): Call {
    return async (...parameters) => {
      const slot = this.#slot.getStore() ?? -1;
      const published = call(...parameters);
      if (slot >= 0) this.at('commit.published');
      await published;
    };
  }
}

/** The same port; each of its methods is what `wrap` makes of it. */
export function wrapped<T extends object>(port: T, wrap: (name: string, call: Call) => Call): T {
  const made = new Map<string | symbol, unknown>();
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const known = made.get(name) ?? wrap(String(name), (member as Call).bind(target));
      made.set(name, known);
      return known;
    },
  });
}
