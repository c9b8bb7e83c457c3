import type { z } from 'zod';
import { WorkflowError } from '../core/errors.ts';
import type { RunEvent, RunResult, WorkflowState } from '../core/snapshot.ts';
import type { HistoryEntry, RunRef } from '../runtime/api.ts';
import { type Call, noRun, runPath } from './call.ts';
import { type HrefOf, type Place, pointerOf, valueAt, withReferences } from './references.ts';
import type { valueQuery } from './schemas.ts';
import { sha256 } from './sha256.ts';
import { type JsonValue, toWire } from './wire.ts';

/** What answers show of runs, with references for large values, and what these lead to. */

/** Where values of the author's are; the deepest come first, so that as little as can be is behind a reference. */
const places = {
  run: ['payload', 'result', 'error', 'tripwire', 'initialState/*', 'initialState', 'requestContext/*'],
  result: ['input', 'result', 'error', 'tripwire', 'state/*', 'state', 'suspendPayload/*', 'suspendPayload'],
  // Beside the entries of the steps, `steps` has the input of the run.
  both: ['steps/input', 'steps/*/*', 'steps/*'],
  events: ['*/payload/*', '*/payload'],
  entries: ['*/*'],
} as const;

const pathsOf = (...names: (keyof typeof places)[]): readonly Place[] =>
  names.flatMap((name) => places[name].map((place) => place.split('/')));

type Query = z.output<typeof valueQuery>;

/** A path that has a lone surrogate cannot be written in a URL. */
function hrefOf(call: Call, runId: string, from: Pick<Query, 'of' | 'id' | 'cursor'>): HrefOf {
  return (path, hash) => {
    const parts = { ...from, at: pointerOf(path), sha256: hash };
    const query = Object.entries(parts).filter((pair): pair is [string, string] => {
      return pair[1] !== undefined;
    });
    if (!query.every(([, text]) => text.isWellFormed())) return undefined;
    return `${runPath(call, runId)}/value?${new URLSearchParams(query).toString()}`;
  };
}

/** The stored run, or some fields of it. */
export function shownState(call: Call, runId: string, state: Partial<WorkflowState>): Promise<JsonValue> {
  return withReferences(toWire(state), pathsOf('run', 'both'), hrefOf(call, runId, { of: 'run' }));
}

/** The run as a result. */
export function shownResult(call: Call, runId: string, result: RunResult): Promise<JsonValue> {
  return withReferences(toWire(result), pathsOf('result', 'both'), hrefOf(call, runId, { of: 'result' }));
}

/** Events of a page that was asked for by `cursor`. */
export async function shownEvents(
  call: Call,
  runId: string,
  events: readonly RunEvent[],
  cursor: string | undefined,
): Promise<readonly JsonValue[]> {
  return shownItems(call, runId, { of: 'event', items: events, cursor, places: pathsOf('events') });
}

/** Entries of a page of a history that was asked for by `cursor`. */
export async function shownEntries(
  call: Call,
  runId: string,
  entries: readonly HistoryEntry[],
  cursor: string | undefined,
): Promise<readonly JsonValue[]> {
  return shownItems(call, runId, { of: 'history', items: entries, cursor, places: pathsOf('entries') });
}

async function shownItems(
  call: Call,
  runId: string,
  page: {
    readonly of: 'event' | 'history';
    readonly items: readonly { readonly id: string }[];
    readonly cursor: string | undefined;
    readonly places: readonly Place[];
  },
): Promise<readonly JsonValue[]> {
  const { of, items, cursor } = page;
  const shown = await withReferences(toWire(items), page.places, ([index = '', ...path], hash) => {
    const { id } = items[Number(index)] ?? {};
    const from = { of, ...(id === undefined ? {} : { id }), ...(cursor === undefined ? {} : { cursor }) };
    return hrefOf(call, runId, from)(path, hash);
  });
  return Array.isArray(shown) ? (shown as readonly JsonValue[]) : [];
}

/** The JSON of the value that a reference leads to. Rejects with WORKFLOW_VALUE_NOT_FOUND when another one is there by now. */
export async function referencedText(call: Call, run: RunRef, query: Query): Promise<string> {
  const document = await documentOf(call, run, query);
  const value = document === undefined ? undefined : valueAt(toWire(document), query.at);
  const text = JSON.stringify(value) as string | undefined;
  if (text !== undefined && (await sha256(text)) === query.sha256) return text;
  throw new WorkflowError(
    'WORKFLOW_VALUE_NOT_FOUND',
    `Run "${run.runId}" has another value by now at ${query.at}: read again what had this reference`,
    { details: { runId: run.runId } },
  );
}

async function documentOf({ runtime }: Call, run: RunRef, { of, id, cursor }: Query): Promise<unknown> {
  const page = { ...run, ...(cursor === undefined ? {} : { cursor }) };
  switch (of) {
    case 'run': {
      const state = await runtime.get(run);
      if (state === null) throw noRun(run.runId);
      return state;
    }
    case 'result':
      return runtime.result({ ...run, includeState: true });
    case 'event':
      return (await runtime.events(page)).events.find((event) => event.id === id);
    case 'history':
      return (await runtime.history(page)).entries.find((entry) => entry.id === id);
  }
}
