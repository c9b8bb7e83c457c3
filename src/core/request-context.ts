/**
 * Values that travel with a run beside its input (a user's locale, a tenant, a trace id): every step can read and change
 * them, and a change is visible to the steps after it, also across suspensions. Values must be storable.
 *
 * @typeParam Values Type of each value by its key. @default any key, of unknown type
 */
export class RequestContext<Values extends object = Record<string, unknown>> {
  private readonly pairs: Map<string, unknown>;

  /** @param initial Entries to begin with; an object or any iterable of pairs. */
  constructor(initial: Readonly<Partial<NoInfer<Values>>> | Iterable<readonly [string, unknown]> = []) {
    this.pairs = new Map(
      Symbol.iterator in initial ? (initial as Iterable<[string, unknown]>) : Object.entries(initial),
    );
  }

  /** The value of `key`; undefined when there is none. */
  get<Key extends keyof Values & string>(key: Key): Values[Key] {
    return this.pairs.get(key) as Values[Key];
  }

  /** Sets `key`; later steps see it when this one has finished. */
  set<Key extends keyof Values & string>(key: Key, value: Values[Key]): void {
    this.pairs.set(key, value);
  }

  /** Whether `key` has a value. */
  has(key: string): boolean {
    return this.pairs.has(key);
  }

  /** Removes `key`, also for later steps. Whether it was there. */
  delete(key: string): boolean {
    return this.pairs.delete(key);
  }

  /** All pairs, in the order in which the keys were first set. */
  entries(): IterableIterator<[string, unknown]> {
    return this.pairs.entries();
  }

  /** All keys. */
  keys(): IterableIterator<string> {
    return this.pairs.keys();
  }

  /** All values. */
  values(): IterableIterator<unknown> {
    return this.pairs.values();
  }

  /** Number of keys. */
  get size(): number {
    return this.pairs.size;
  }

  /** The same as {@link RequestContext.entries}. */
  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.pairs.entries();
  }

  /** All entries as a plain object. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(this.pairs);
  }
}
