import { isQueued } from '../core/concurrency.ts';
import type { RunHeader } from '../core/records.ts';
import { parkedState } from '../core/parked.ts';
import { usualRunDetails, withFields } from '../core/run-fields.ts';
import { type Call, json, jsonText, noRun, redirect, runOf, segment, shownLink } from './call.ts';
import type { EventPage } from '../runtime/api.ts';
import { type JsonValue, toWire } from './wire.ts';
import { answerBytes } from './references.ts';
import { utf8Bytes } from '../core/utf8.ts';
import { referencedText, shownEntries, shownEvents, shownResult, shownState } from './values.ts';
import { acceptsEventStream, eventStream } from './events.ts';
import {
  eventsQuery,
  historyQuery,
  listQuery,
  parseWith,
  resultQuery,
  runQuery,
  valueQuery,
} from './schemas.ts';

/** The routes that look. */

/** `GET /workflows` */
export function listWorkflows({ runtime }: Call): Response {
  const workflows = runtime.workflows.map(({ id, description }) => ({ id, description }));
  return json({ workflows });
}

/** `GET /workflows/:workflowId` */
export function describeWorkflow(call: Call): Response {
  return json(call.runtime.describe(segment(call, 'workflowId')));
}

/** `GET /runs` */
export async function listRuns(call: Call): Promise<Response> {
  const { parked = false, ...query } = parseWith(listQuery, call.query, 'The query');
  const page = await call.runtime.list({ ...query, ...(parked ? { parked } : {}), ...call.owner });
  return json({ runs: page.headers.map(shownHeader), cursor: page.cursor });
}

/** `GET /runs/:runId` */
export async function getRun(call: Call): Promise<Response> {
  const { fields = usualRunDetails, inline = false, ...query } = parseWith(runQuery, call.query, 'The query');
  const run = { ...query, ...runOf(call) };
  const state = await call.runtime.get(run);
  if (state === null) throw noRun(run.runId);
  const shown = withFields(state, fields);
  return json(inline ? shown : await shownState(call, run.runId, shown));
}

/** `GET /runs/:runId/result` */
export async function getResult(call: Call): Promise<Response> {
  const {
    wait,
    state = false,
    labels = false,
    inline = false,
  } = parseWith(resultQuery, call.query, 'The query');
  const run = runOf(call);
  if (wait > 0) await call.runtime.settled({ ...run, timeoutMs: wait, signal: call.signal() });
  const result = await call.runtime.result({ ...run, includeState: state, includeResumeLabels: labels });
  return json(inline ? result : await shownResult(call, run.runId, result));
}

/** `GET /runs/:runId/events` */
export async function getEvents(call: Call): Promise<Response> {
  const { cursor, wait, inline = false } = parseWith(eventsQuery, call.query, 'The query');
  const { runtime, heartbeatMs, enter, onError } = call;
  const run = runOf(call);
  const signal = call.signal();
  const show = async (page: EventPage, before: string | undefined): Promise<readonly JsonValue[]> =>
    inline ? page.events.map(toWire) : shownEvents(call, run.runId, page.events, before);
  if (call.serverSentEvents && acceptsEventStream(call.request.headers.get('accept'))) {
    // An EventSource keeps its URL when it connects again, so what it read last is newer than the query.
    const last = call.request.headers.get('last-event-id') ?? undefined;
    const reader = {
      cursor: last ?? cursor,
      again: last !== undefined,
      headOnly: call.request.method === 'HEAD',
    };
    return eventStream({ runtime, run, ...reader, heartbeatMs, signal, show, enter, onError });
  }
  const after = cursor === undefined ? {} : { cursor };
  const page = await runtime.events({ ...run, ...after, waitMs: wait, signal });
  return json({ ...page, events: await show(page, cursor) });
}

/** `GET /runs/:runId/history` */
export async function getHistory(call: Call): Promise<Response> {
  const { inline = false, ...query } = parseWith(historyQuery, call.query, 'The query');
  const run = runOf(call);
  const page = await call.runtime.history({ ...query, ...run });
  if (inline) return json(page);
  return json({ ...page, entries: await shownEntries(call, run.runId, page.entries, query.cursor) });
}

/** `GET /runs/:runId/value` */
export async function getValue(call: Call): Promise<Response> {
  const query = parseWith(valueQuery, call.query, 'The query');
  const text = await referencedText(call, runOf(call), query);
  if (utf8Bytes(text) <= answerBytes) return jsonText(text);
  const { sha256 } = query;
  const link = await call.runtime.shareValue({ ...runOf(call), sha256, text });
  return link === undefined ? jsonText(text) : redirect(link.url);
}

/** `GET /runs/:runId/value/link`: for callers who must not follow a redirection with what they sign or prove themselves by. */
export async function getValueLink(call: Call): Promise<Response> {
  const query = parseWith(valueQuery, call.query, 'The query');
  const text = await referencedText(call, runOf(call), query);
  const link = await call.runtime.shareValue({ ...runOf(call), sha256: query.sha256, text });
  return json(shownLink(link));
}

/** What a list shows of a run: the rest of a header is the engine's own. */
function shownHeader(header: RunHeader): unknown {
  const {
    runId,
    workflowId,
    status,
    resourceId,
    createdAt,
    startedAt,
    updatedAt,
    endedAt,
    deadlineAt,
    root,
  } = header;
  const date = (time: number | undefined): Date | undefined =>
    time === undefined ? undefined : new Date(time);
  return {
    runId,
    workflowId,
    status,
    queued: isQueued(header) ? true : undefined,
    resourceId,
    createdAt: date(createdAt),
    startedAt: date(startedAt),
    updatedAt: date(updatedAt),
    endedAt: date(endedAt),
    deadlineAt: date(deadlineAt),
    root,
    ...parkedState({ header }),
  };
}
