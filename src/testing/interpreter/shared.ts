import { isDeepStrictEqual } from 'node:util';

type Values = Readonly<Record<string, unknown>>;

/** State and request context, as they are at one point of a run. */
export interface Shared {
  readonly state: Values;
  readonly context: Values;
}

/** What a place changes of them, by key. Keys of the state are set and never removed; those of the request context can be. */
export interface Change {
  readonly state: Values;
  readonly set: Values;
  readonly removed: readonly string[];
}

export const noChange: Change = { state: {}, set: {}, removed: [] };

export function isChange({ state, set, removed }: Change): boolean {
  return Object.keys(state).length + Object.keys(set).length + removed.length > 0;
}

/** The keys that a change is about, told apart by what they are of. */
export function namesOf({ state, set, removed }: Change): string[] {
  const context = [...Object.keys(set), ...removed];
  return [...Object.keys(state).map((key) => `state ${key}`), ...context.map((key) => `context ${key}`)];
}

function without(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

/** What holds after a change. */
export function changed({ state, context }: Shared, change: Change): Shared {
  return {
    state: { ...state, ...change.state },
    context: { ...without(context, change.removed), ...change.set },
  };
}

/** One change that does what two do, one after the other. */
export function combined(first: Change, second: Change): Change {
  return {
    state: { ...first.state, ...second.state },
    set: { ...without(first.set, second.removed), ...second.set },
    removed: [...first.removed.filter((key) => !(key in second.set)), ...second.removed],
  };
}

function differing(before: Values, after: Values): Values {
  const isNew = ([key, value]: [string, unknown]): boolean =>
    !(key in before) || !isDeepStrictEqual(before[key], value);
  return Object.fromEntries(Object.entries(after).filter(isNew));
}

/** What a body did to the request context that it was given. What it left as it was is no change. */
export function contextChange(before: Values, after: Values): Change {
  const removed = Object.keys(before).filter((key) => !(key in after));
  return { state: {}, set: differing(before, after), removed };
}

/** What a nested run has come to differ in from what it was given. */
export function changeBetween(before: Shared, after: Shared): Change {
  return {
    ...contextChange(before.context, after.context),
    state: differing(before.state, after.state),
  };
}
