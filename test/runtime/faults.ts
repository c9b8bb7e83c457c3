import type { Backend, Clock } from '../../src/ports/index.ts';

/**
 * Time that stands still until a test moves it. Unlike the public virtual clock it can pass without a timer firing: that is
 * what a frozen process lives through.
 */
export class ManualClock implements Clock {
  private time = 1_000_000;
  private timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  timer(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.time + delayMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass; timers that came due fire with the next {@link next}. */
  pass(ms: number): void {
    this.time += ms;
  }

  /** Goes to the next timer, if there is one, and fires it. */
  next(): boolean {
    const [first] = this.timers.toSorted((a, b) => a.at - b.at);
    if (first === undefined) return false;
    this.timers = this.timers.filter((timer) => timer !== first);
    this.time = Math.max(this.time, first.at);
    first.callback();
    return true;
  }
}

/** The end of a process: what it was doing never goes on. */
class Crash extends Error {
  override readonly name = 'Crash';
}

const ports = ['store', 'payloads', 'bus', 'timers'] as const;

/** Counts the calls of a backend's ports and lets the process die before, or right after, one of them. */
export class CrashingBackend {
  readonly backend: Backend;
  /** Every call so far, `port.method`. */
  readonly calls: string[] = [];
  private readonly crashAt: number;
  private readonly after: boolean;
  private dead = false;

  constructor(inner: Backend, crashAt: number, after: boolean) {
    this.crashAt = crashAt;
    this.after = after;
    const wrapped = Object.fromEntries(ports.map((port) => [port, this.wrap(port, inner[port])]));
    this.backend = { ...inner, ...wrapped };
  }

  get crashed(): boolean {
    return this.dead;
  }

  private wrap<T extends object>(port: string, target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function') return member;
        const call = member.bind(object) as (...parameters: unknown[]) => unknown;
        // Synchronous reads cannot be told apart from the body that does them.
        if (String(name).endsWith('Sync')) return call;
        return (...parameters: unknown[]) =>
          this.invoke(`${port}.${String(name)}`, () => call(...parameters));
      },
    });
  }

  private async invoke(name: string, call: () => unknown): Promise<unknown> {
    if (this.dead) throw new Crash(`dead before ${name}`);
    const number = this.calls.push(name);
    if (number === this.crashAt && !this.after) this.die(name);
    const result = await call();
    if (number === this.crashAt) this.die(name);
    return result;
  }

  private die(name: string): never {
    this.dead = true;
    throw new Crash(`${this.after ? 'after' : 'before'} ${name}`);
  }
}
