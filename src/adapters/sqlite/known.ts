/** How many values a generation has: more than those of the runs that one process works on at a time, in a few MB. */
const generation = 500;

/** The values under the keys that were asked for or set last: one generation of them at least, two at most. */
export class Newest<Key, Value> {
  #young = new Map<Key, Value>();
  #old: ReadonlyMap<Key, Value> = new Map();

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < generation) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  clear(): void {
    this.#young.clear();
    this.#old = new Map();
  }
}

/**
 * Rows that this process read or wrote last, as they are in the file: a step asks for its header and its record several times,
 * and each time costs a search. They stand as long as nobody else has committed and nothing was undone; whoever finds that, or
 * writes past `Names`, `Runs`, `Records` and `Logs`, clears them. Bodies are kept as text: whoever reads one gets an object of his own.
 */
export class Known {
  /** By run id: its number, see `Names`. */
  readonly numbers = new Newest<string, number>();
  /** Bodies of `run`, by run id. */
  readonly headers = new Newest<string, string>();
  /** Bodies of `run_input`, by run id. */
  readonly inputs = new Newest<string, string>();
  /** Bodies of `rec`, by number of the run and slot, see {@link placeOf}. */
  readonly records = new Newest<string, string>();
  /** By number of the root run: the number that the next entry of its log gets. */
  readonly nextEntries = new Newest<number, number>();

  clear(): void {
    this.numbers.clear();
    this.headers.clear();
    this.inputs.clear();
    this.records.clear();
    this.nextEntries.clear();
  }
}

/** The key of a record in {@link Known}. Its row id as a number would be too large to be exact. */
export function placeOf(run: number, slot: number): string {
  return `${run}/${slot}`;
}
