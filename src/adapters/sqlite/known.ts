import type { RunHeader, StepRecord } from '../../core/records.ts';

/** How many rows of a kind are kept: those of more runs than one process works on at a time, in a few MB. */
const kept = 1_000;

/** The newest values under their keys. */
export class Newest<Key, Value> {
  readonly #values = new Map<Key, Value>();

  get(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  set(key: Key, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= kept) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#values.clear();
  }
}

/**
 * Rows that this process read or wrote last, as they are in the file: a step asks for its header and its record several times,
 * and each time costs a search, a parse and a new object. They stand as long as nobody else has committed and nothing was undone;
 * whoever finds that, or writes past these methods, clears them.
 */
export class Known {
  /** By run id: its number, see `Names`. */
  readonly numbers = new Newest<string, number>();
  /** By run id. */
  readonly headers = new Newest<string, RunHeader>();
  /** By number of the run and slot, see {@link placeOf}. */
  readonly records = new Newest<string, StepRecord>();
  /** By number of the root run: the number that the next entry of its log gets. */
  readonly nextEntries = new Newest<number, number>();

  clear(): void {
    this.numbers.clear();
    this.headers.clear();
    this.records.clear();
    this.nextEntries.clear();
  }
}

/** The key of a record in {@link Known}. Its row id as a number would be too large to be exact. */
export function placeOf(run: number, slot: number): string {
  return `${run}/${slot}`;
}
