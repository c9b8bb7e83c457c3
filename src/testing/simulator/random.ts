/**
 * A sequence of numbers that follows from a seed alone, so that what is drawn from it can be drawn again. Not for secrets.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, a period of at least 2^32.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: a whole number from 0 to 2^53 - 1. `stream`: sequences of one seed that do not depend on each other. */
  constructor(seed: number, stream = 0) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    this.#c = stream >>> 0;
    for (let round = 0; round < 12; round += 1) this.#word();
  }

  /** From 0 up to, but without, 1. */
  next(): number {
    return this.#word() / 2 ** 32;
  }

  /** A whole number from 0 to `below - 1`; `below` is at least 1. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with this probability; draws a number even for 0 and 1, so that a rate changes nothing that is drawn later. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of `values`, which are not empty. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** One of `values` by its weight; some weight is above 0. */
  weighted<T>(values: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.next() * values.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of values) {
      left -= weight;
      if (left < 0) return value;
    }
    return (values.at(-1) as readonly [number, T])[1];
  }

  #word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}
