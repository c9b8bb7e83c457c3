import type { Random } from '../../src/testing/simulator/random.ts';
import { type Place, placeOf, type Point, points } from './points.ts';
import type { Order } from './watch.ts';

/** A kill that falls inside a COMMIT comes at most so long after its beginning, microseconds. */
const longestInside = 1_500;

/** How a life is to end: killed by another process at a moment, or by itself at a point. */
export type Draw = { readonly killAfterMs: number } | { readonly order: Order };

/** What is drawn from. */
export interface DrawOptions {
  /** How long a process takes that nobody kills, ms. */
  readonly milliseconds: number;
  /** How often it comes to each point. */
  readonly reached: ReadonlyMap<Point, number>;
  /** Only these points. @default all */
  readonly points?: readonly Point[];
  /** All kills at points. @default half of them, the other half at moments */
  readonly pointsOnly?: boolean;
}

/** Cards that are dealt in a drawn order, all of them before any comes again. */
class Deck<T> {
  readonly #random: Random;
  readonly #cards: readonly T[];
  #left: T[] = [];

  constructor(random: Random, cards: readonly T[]) {
    this.#random = random;
    this.#cards = cards;
  }

  deal(): T {
    if (this.#left.length === 0) this.#left = [...this.#cards];
    return this.#left.splice(this.#random.below(this.#left.length), 1)[0] as T;
  }
}

/** Draws how each life ends. */
export class Draws {
  readonly #random: Random;
  readonly #options: DrawOptions;
  readonly #kinds: Deck<'moment' | 'point'>;
  readonly #places: Deck<Place>;
  readonly #decks: ReadonlyMap<Place, Deck<Point>>;

  constructor(random: Random, options: DrawOptions) {
    this.#random = random;
    this.#options = options;
    this.#kinds = new Deck(random, options.pointsOnly === true ? ['point'] : ['moment', 'point']);
    const wanted = (options.points ?? points).filter((point) => (options.reached.get(point) ?? 0) > 0);
    const byPlace = Map.groupBy(wanted, placeOf);
    this.#places = new Deck(random, [...byPlace.keys()]);
    this.#decks = new Map([...byPlace].map(([place, some]) => [place, new Deck(random, some)]));
  }

  next(): Draw {
    if (this.#kinds.deal() === 'moment') return this.#moment();
    const point = this.#decks.get(this.#places.deal())?.deal() ?? 'load.delivered';
    return this.#at(point, this.#options.reached.get(point) ?? 1);
  }

  /**
   * In place of a draw whose life was over before: of the same kind, so that no kind and no point gets fewer kills than its
   * share. `reached`: how often that life came to each point.
   */
  again(draw: Draw, reached: Readonly<Record<string, number>>): Draw {
    if ('killAfterMs' in draw) return this.#moment();
    const { point } = draw.order;
    return this.#at(point, reached[point] ?? 1);
  }

  #moment(): Draw {
    return { killAfterMs: this.#random.next() * this.#options.milliseconds };
  }

  #at(point: Point, occurrences: number): Draw {
    return { order: { point, occurrence: this.#random.between(1, Math.max(1, occurrences)) } };
  }

  /** How long after the beginning of a COMMIT a kill comes that falls inside it. */
  insideMicroseconds(): number {
    return this.#random.below(longestInside);
  }
}
