import { expect } from 'vitest';
import { call, type EventList, type ListedEvent, soFar, soFarAndKept, thrown, time } from './events.ts';

/** Comparison of a whole stream with its list: every event, every field, every order that is not free. */

type Fields = Readonly<Record<string, unknown>>;

const times = ['startedAt', 'endedAt', 'suspendedAt', 'resumedAt'] as const;

function payloadOf({ payload }: ListedEvent): Fields {
  return typeof payload === 'object' && payload !== null ? (payload as Fields) : {};
}

/** Errors as lists write them: one that was stored has its name in another place than one that was not. */
function markedError(error: Error): object {
  const { name: _name, message: _message, cause, ...own } = error;
  return thrown(error.name, error.message, cause === undefined ? own : { ...own, cause });
}

/** The event with the marks in the place of times and of the name of its call. */
function marked(event: ListedEvent): ListedEvent {
  if (!event.type.startsWith('workflow-step-') || event.type === 'workflow-step-output') return event;
  const payload = payloadOf(event);
  const marks = [
    ...times.filter((name) => Number.isInteger(payload[name])).map((name) => [name, time] as const),
    ...(typeof payload['stepCallId'] === 'string' ? [['stepCallId', call] as const] : []),
    ...(payload['error'] instanceof Error ? [['error', markedError(payload['error'])] as const] : []),
  ];
  return { ...event, payload: { ...payload, ...Object.fromEntries(marks) } };
}

/** Events of a list that may come next, each with what is left of the list then. */
function heads(list: EventList): { readonly event: ListedEvent; readonly rest: EventList }[] {
  const [first, ...others] = list;
  if (first === undefined) return [];
  if (!('sideBySide' in first)) return [{ event: first, rest: others }];
  const { sideBySide } = first;
  if (sideBySide.every(({ length }) => length === 0)) return heads(others);
  return sideBySide.flatMap((member, index) =>
    heads(member).map(({ event, rest }) => ({
      event,
      rest: [{ sideBySide: sideBySide.with(index, rest) }, ...others],
    })),
  );
}

/** The list as it is written, with what is side by side one after the other. */
function flat(list: EventList): ListedEvent[] {
  return list.flatMap((one) => ('sideBySide' in one ? one.sideBySide.flatMap(flat) : [one]));
}

function isSame(seen: ListedEvent, listed: ListedEvent): boolean {
  const { completedCount } = payloadOf(listed);
  const isLoose = completedCount === soFar || completedCount === soFarAndKept;
  const compared = isLoose ? { ...seen, payload: { ...payloadOf(seen), completedCount } } : seen;
  try {
    expect(compared).toStrictEqual(listed);
    return true;
  } catch {
    return false;
  }
}

/**
 * The order of a list that comes closest to what was seen: as many events as possible are the same from the beginning on, the
 * others follow as they are written.
 */
function arranged(list: EventList, seen: readonly ListedEvent[]): ListedEvent[] {
  let best: ListedEvent[] = [];
  let left = list;
  const search = (rest: EventList, taken: readonly ListedEvent[]): boolean => {
    if (taken.length >= best.length) [best, left] = [[...taken], rest];
    const next = seen[taken.length];
    if (next === undefined) return flat(rest).length === 0;
    return heads(rest).some((head) => isSame(next, head.event) && search(head.rest, [...taken, head.event]));
  };
  search(list, []);
  return [...best, ...flat(left)];
}

/** The list with the number of items that have succeeded where it is to be counted. */
function counted(list: readonly ListedEvent[], seen: readonly ListedEvent[]): ListedEvent[] {
  const done = new Map<unknown, number>();
  return list.map((event, at) => {
    if (event.type !== 'workflow-step-progress') return event;
    const payload = payloadOf(event);
    const { id, iterationStatus, completedCount } = payload;
    const count = (done.get(id) ?? 0) + (iterationStatus === 'success' ? 1 : 0);
    done.set(id, count);
    if (completedCount !== soFar && completedCount !== soFarAndKept) return event;
    const hasKept =
      completedCount === soFarAndKept && payloadOf(seen[at] ?? event)['completedCount'] === count + 1;
    return { ...event, payload: { ...payload, completedCount: hasKept ? count + 1 : count } };
  });
}

/** Events of one execution have one name, and no two executions the same: begun once, or after a suspension again. */
function expectCalls(seen: readonly ListedEvent[]): void {
  const named = seen.filter((event) => 'stepCallId' in payloadOf(event));
  const calls = Map.groupBy(named, (event) => payloadOf(event)['stepCallId']);
  for (const events of calls.values()) {
    expect(new Set(events.map((event) => payloadOf(event)['id'])).size).toBe(1);
    const types = events.map(({ type }) => type.replace('workflow-step-', '')).join(' ');
    expect(types).toMatch(/^(?:start suspended )*(?:start(?: suspended| result(?: finish)?)?)?$/u);
  }
  for (const event of named) expectTimes(payloadOf(event));
}

/** Nothing ends before it began. */
function expectTimes(payload: Fields): void {
  const [startedAt, ...later] = times.map((name) => payload[name]);
  if (startedAt === undefined) return;
  for (const at of later) if (at !== undefined) expect(at).toBeGreaterThanOrEqual(Number(startedAt));
}

/** Throws unless the events are those of the list, in one of the orders that it allows. */
export function expectList(seen: readonly ListedEvent[], list: EventList): void {
  const events = seen.map(marked);
  expect(events).toStrictEqual(counted(arranged(list, events), events));
  expectCalls(seen);
}
