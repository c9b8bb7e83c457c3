import { WorkflowError } from '../core/errors.ts';
import type { RunHeader } from '../core/records.ts';
import type { Runtime, RunRef, StoredRun } from '../runtime/api.ts';
import { acceptsEventStream, eventStream } from './events.ts';
import { commonHeaders } from './problem.ts';
import { emptyBody, eventsQuery, listQuery, parseWith, resumeBody, runQuery, startBody } from './schemas.ts';
import { toWire } from './wire.ts';

/** One request, read and authenticated. */
export interface Call {
  readonly runtime: Runtime;
  readonly request: Request;
  /** Decoded segments of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined for a GET. */
  readonly body: unknown;
  /** `{ owner }`, or nothing where callers are not told apart. */
  readonly owner: { readonly owner?: string };
  readonly basePath: string;
  readonly serverSentEvents: boolean;
  readonly heartbeatMs: number;
  /** Aborts when the caller goes away or the server stops. */
  readonly signal: () => AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** One route of the API. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** Path with `:name` for each segment that is an id. */
  readonly path: string;
  handle(call: Call): Response | Promise<Response>;
}

/** All routes. A HEAD is answered as the GET would be, without a body. */
export const httpRoutes: readonly Route[] = [
  { method: 'GET', path: '/health', handle: () => json({ status: 'ok' }) },
  { method: 'GET', path: '/openapi.json', handle: getOpenApi },
  { method: 'GET', path: '/docs', handle: getDocs },
  { method: 'GET', path: '/workflows', handle: listWorkflows },
  { method: 'GET', path: '/workflows/:workflowId', handle: describeWorkflow },
  { method: 'POST', path: '/workflows/:workflowId/runs', handle: startRun },
  { method: 'GET', path: '/runs', handle: listRuns },
  { method: 'GET', path: '/runs/:runId', handle: getRun },
  { method: 'POST', path: '/runs/:runId/resume', handle: resumeRun },
  { method: 'POST', path: '/runs/:runId/cancel', handle: cancelRun },
  { method: 'GET', path: '/runs/:runId/events', handle: getEvents },
];

function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(toWire(value)), {
    status,
    headers: { ...commonHeaders, 'content-type': 'application/json', ...headers },
  });
}

/** A segment that the route's path names is always there. */
function segment(call: Call, name: string): string {
  return call.params[name] ?? '';
}

function runOf(call: Call): RunRef {
  return { runId: segment(call, 'runId'), ...call.owner };
}

// Imported when it is asked for: nothing else needs the document, and a function on AWS has to start fast.
async function getOpenApi({ basePath }: Call): Promise<Response> {
  return (await import('./openapi-routes.ts')).openApiJson(basePath);
}

async function getDocs({ basePath }: Call): Promise<Response> {
  return (await import('./openapi-routes.ts')).openApiHtml(basePath);
}

function listWorkflows({ runtime }: Call): Response {
  const workflows = runtime.workflows.map(({ id, description }) => ({ id, description }));
  return json({ workflows });
}

function describeWorkflow(call: Call): Response {
  return json(call.runtime.describe(segment(call, 'workflowId')));
}

async function startRun(call: Call): Promise<Response> {
  const body = parseWith(startBody, call.body, 'The body');
  const stored = await call.runtime.start({
    ...body,
    workflowId: segment(call, 'workflowId'),
    ...call.owner,
  });
  const location = `${call.basePath}/runs/${encodeURIComponent(stored.runId)}`;
  return json(shownRun(stored), stored.changed ? 201 : 200, { location });
}

async function listRuns(call: Call): Promise<Response> {
  const query = parseWith(listQuery, call.query, 'The query');
  const page = await call.runtime.list({ ...query, ...call.owner });
  return json({ runs: page.headers.map(shownHeader), cursor: page.cursor });
}

async function getRun(call: Call): Promise<Response> {
  const ref = { ...parseWith(runQuery, call.query, 'The query'), ...runOf(call) };
  const state = await call.runtime.get(ref);
  if (state !== null) return json(state);
  throw new WorkflowError('WORKFLOW_RUN_NOT_FOUND', `There is no run "${ref.runId}": check its id`, {
    details: { runId: ref.runId },
  });
}

async function resumeRun(call: Call): Promise<Response> {
  const body = parseWith(resumeBody, call.body, 'The body');
  return json(shownRun(await call.runtime.resume({ ...body, ...runOf(call) })));
}

async function cancelRun(call: Call): Promise<Response> {
  parseWith(emptyBody, call.body, 'The body');
  return json(shownRun(await call.runtime.cancel(runOf(call))));
}

async function getEvents(call: Call): Promise<Response> {
  const { cursor, wait } = parseWith(eventsQuery, call.query, 'The query');
  const { runtime, heartbeatMs, onError } = call;
  const run = runOf(call);
  const signal = call.signal();
  if (call.serverSentEvents && acceptsEventStream(call.request.headers.get('accept'))) {
    // An EventSource keeps its URL when it connects again, so what it read last is newer than the query.
    const last = call.request.headers.get('last-event-id') ?? undefined;
    const again = last !== undefined;
    return eventStream({ runtime, run, cursor: last ?? cursor, again, heartbeatMs, signal, onError });
  }
  const after = cursor === undefined ? {} : { cursor };
  return json(await runtime.events({ ...run, ...after, waitMs: wait, signal }));
}

function shownRun({ runId, workflowId, status, resourceId, changed }: StoredRun): unknown {
  return { runId, workflowId, status, resourceId, changed };
}

/** What a list shows of a run: the rest of a header is the engine's own. */
function shownHeader(header: RunHeader): unknown {
  const { runId, workflowId, status, resourceId, createdAt, startedAt, updatedAt, endedAt } = header;
  const date = (time: number | undefined): Date | undefined =>
    time === undefined ? undefined : new Date(time);
  return {
    runId,
    workflowId,
    status,
    resourceId,
    createdAt: date(createdAt),
    startedAt: date(startedAt),
    updatedAt: date(updatedAt),
    endedAt: date(endedAt),
  };
}
