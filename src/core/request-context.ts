/**
 * Values that travel with a run beside its input (a user's locale, a tenant, a trace id): every step can read and change
 * them, and a change is visible to the steps after it, also across suspensions. Values must be storable.
 */
export class RequestContext {
  private readonly values: Map<string, unknown>;

  /** @param initial Entries to begin with; an object or any iterable of pairs. */
  constructor(initial: Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]> = []) {
    this.values = new Map(Symbol.iterator in initial ? (initial as Iterable<[string, unknown]>) : Object.entries(initial));
  }

  /** The value of `key`, or undefined. */
  get(key: string): unknown {
    return this.values.get(key);
  }

  /** Sets `key`; later steps see it when this one has finished. */
  set(key: string, value: unknown): void {
    this.values.set(key, value);
  }

  has(key: string): boolean {
    return this.values.has(key);
  }

  /** Removes `key`, also for later steps. Whether it was there. */
  delete(key: string): boolean {
    return this.values.delete(key);
  }

  entries(): IterableIterator<[string, unknown]> {
    return this.values.entries();
  }

  keys(): IterableIterator<string> {
    return this.values.keys();
  }

  /** Number of keys. */
  get size(): number {
    return this.values.size;
  }

  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.values.entries();
  }

  /** All entries as a plain object. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(this.values);
  }
}
