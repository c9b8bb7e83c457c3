import type { Random } from '../../../src/testing/simulator/random.ts';
import type { Act, ValueName } from './spec.ts';

const shownValues: readonly (readonly [number, ValueName])[] = [
  [24, 'own'],
  [2, 'undefined'],
  [2, 'null'],
  [2, 'zero'],
  [2, 'false'],
  [2, 'empty'],
  [1, 'nan'],
  [2, 'list'],
  [2, 'object'],
  [1, 'date'],
  [1, 'map'],
  [2, 'text'],
];

/** Draws a value. */
export function randomValue(random: Random): ValueName {
  return random.weighted(shownValues);
}

/**
 * Where a body stands, as far as it decides what it may read: a body that reads what others write at the same time would have
 * a result that depends on the schedule.
 */
export interface Where {
  /** Nothing runs beside it, nor beside what it is nested in: it may read state and request context as a whole. */
  readonly isChain: boolean;
  /** No other execution of it runs beside it: it may read keys that nobody else writes. */
  readonly isSettled: boolean;
  /** It is not nested in an item of a foreach with a window: see the reason `overwritten-beside` of the interpreter. */
  readonly mayOverwrite: boolean;
  /** Steps of earlier entries of its workflow: it may read what they gave. */
  readonly known: readonly string[];
}

/** Draws what a body does before it ends. */
export function randomActs(
  random: Random,
  id: string,
  { isChain, isSettled, mayOverwrite, known }: Where,
): Act[] {
  const acts: Act[] = [];
  const maybe = (probability: number, act: () => Act): void => {
    if (random.chance(probability)) acts.push(act());
  };
  maybe(0.2, () => ({ act: 'set', key: id, value: mayOverwrite ? randomValue(random) : 'text' }));
  if (isSettled) maybe(0.2, () => ({ act: 'count', key: `count of ${id}` }));
  if (mayOverwrite) {
    // A key that all write: the last one to settle wins.
    maybe(0.2, () => ({ act: 'set', key: 'shared', value: 'own' }));
  }
  if (mayOverwrite && isSettled) {
    maybe(0.12, () => ({ act: 'context', key: random.pick([id, 'shared']), value: 'own' }));
    maybe(0.08, () => ({ act: 'delete', key: random.pick(['shared', 'given', ...known]) }));
  }
  if (isChain) maybe(0.25, () => ({ act: 'see', what: random.pick(['state', 'context']) }));
  maybe(0.1, () => ({ act: 'see', what: 'init' }));
  if (known.length > 0) maybe(0.2, () => ({ act: 'result', of: random.pick(known) }));
  return acts;
}
