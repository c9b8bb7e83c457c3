import type { MemberDelta, RestartContext, SharedData, SharedDelta } from './records.ts';
import { parseTurn } from './turn.ts';

/** State and request context of a run that was given neither. */
export const noShared: SharedData = { state: {}, requestContext: {} };

function without(
  record: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}

/** What holds after `delta`: keys are set or, in the request context only, removed. */
export function applyDelta(base: SharedData, delta: SharedDelta): SharedData {
  const restarted = withRestarts(base, delta.restarts ?? []);
  return {
    ...restarted,
    state: { ...base.state, ...delta.state },
    requestContext: { ...without(restarted.requestContext, delta.removed ?? []), ...delta.requestContext },
  };
}

/** Those of `restarts` that `base` does not hold yet. */
export function restartsAfter(
  restarts: readonly RestartContext[],
  { restartedAt = 0 }: SharedData,
): readonly RestartContext[] {
  return restarts.filter(({ at }) => at > restartedAt);
}

/**
 * `base` with what restarts have brought since. Those that it holds already are not applied again: what steps have set after
 * a restart stands.
 */
export function withRestarts(base: SharedData, restarts: readonly RestartContext[]): SharedData {
  return restartsAfter(restarts, base).reduce(
    ({ state, requestContext }, { at, requestContext: brought }) => ({
      state,
      requestContext: { ...requestContext, ...brought },
      restartedAt: at,
    }),
    base,
  );
}

/** `earlier` with one more, which is the newest. Values that it takes the place of are not kept. */
export function addRestart(
  earlier: readonly RestartContext[],
  { at, requestContext }: RestartContext,
): readonly RestartContext[] {
  const names = Object.keys(requestContext);
  const left = earlier.map((one) => ({ ...one, requestContext: without(one.requestContext, names) }));
  const last = earlier.at(-1)?.at ?? 0;
  return [
    ...left.filter((one) => Object.keys(one.requestContext).length > 0),
    { at: Math.max(at, last + 1), requestContext },
  ];
}

/** Applies deltas in their order. */
export function applyDeltas(base: SharedData, deltas: readonly SharedDelta[]): SharedData {
  return deltas.reduce(applyDelta, base);
}

/** One delta that does what `first` and then `second` do. */
export function mergeDeltas(first: SharedDelta, second: SharedDelta): SharedDelta {
  const restarts = (second.restarts ?? []).reduce(addRestart, first.restarts ?? []);
  // A restart in between takes the place of what was set or removed before it.
  const brought = (second.restarts ?? []).flatMap(({ requestContext }) => Object.keys(requestContext));
  const set = new Set([...brought, ...Object.keys(second.requestContext ?? {})]);
  const removed = [
    ...new Set([...(first.removed ?? []).filter((key) => !set.has(key)), ...(second.removed ?? [])]),
  ];
  const context = Object.entries({
    ...without(first.requestContext ?? {}, brought),
    ...second.requestContext,
  });
  return {
    ...(restarts.length === 0 ? {} : { restarts }),
    state: { ...first.state, ...second.state },
    requestContext: Object.fromEntries(context.filter(([key]) => !removed.includes(key))),
    removed,
  };
}

/** What a member has changed when the execution of `turn` has changed `delta`. */
export function withChange(earlier: MemberDelta, turn: string, delta: SharedDelta): MemberDelta {
  const state = Object.keys(delta.state ?? {});
  // A restart in between takes the place of what was set or removed before it.
  const brought = (delta.restarts ?? []).flatMap((restart) => Object.keys(restart.requestContext));
  const context = [...Object.keys(delta.requestContext ?? {}), ...(delta.removed ?? []), ...brought];
  const left = earlier.map((part) => ({
    turn: part.turn,
    ...(part.restarts === undefined ? {} : { restarts: part.restarts }),
    state: without(part.state ?? {}, state),
    requestContext: without(part.requestContext ?? {}, context),
    removed: (part.removed ?? []).filter((key) => !context.includes(key)),
  }));
  return [...left.filter(isAny), { ...delta, turn }];
}

function isAny({ state = {}, requestContext = {}, removed = [], restarts = [] }: SharedDelta): boolean {
  const keys = Object.keys(state).length + Object.keys(requestContext).length;
  return keys + removed.length + restarts.length > 0;
}

/** What a member changed in a generation of an epoch; undefined when that was nothing. */
export function changeIn(
  delta: MemberDelta,
  at: { readonly epoch: number; readonly generation: number },
): SharedDelta | undefined {
  return delta.find(({ turn }) => {
    const { epoch, generation } = parseTurn(turn);
    return epoch === at.epoch && generation === at.generation;
  });
}

/**
 * What a body changed. `before` and `after` are encoded values by key, so that a change inside an object counts, and an
 * assignment of an equal value does not. Undefined when nothing changed.
 */
export function deltaOf(
  state: Readonly<Record<string, unknown>> | undefined,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  values: Readonly<Record<string, unknown>>,
): SharedDelta | undefined {
  const set = [...after]
    .filter(([key, text]) => before.get(key) !== text)
    .map(([key]) => [key, values[key]] as const);
  const removed = [...before.keys()].filter((key) => !after.has(key));
  if (state === undefined && set.length === 0 && removed.length === 0) return undefined;
  return {
    ...(state === undefined ? {} : { state }),
    ...(set.length === 0 ? {} : { requestContext: Object.fromEntries(set) }),
    ...(removed.length === 0 ? {} : { removed }),
  };
}
