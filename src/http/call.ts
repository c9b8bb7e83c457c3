import { WorkflowError } from '../core/errors.ts';
import type { Runtime, RunRef } from '../runtime/api.ts';
import type { BodyLimits } from './json-body.ts';
import { commonHeaders } from './problem.ts';
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
  /** The same as text; empty for a GET, and for a request without a body. */
  readonly text: string;
  /** Caps of bodies, and of values that stand for a part of one. */
  readonly bodyLimits: BodyLimits;
  /** `{ owner }`, or nothing where callers are not told apart. */
  readonly owner: { readonly owner?: string };
  readonly basePath: string;
  readonly serverSentEvents: boolean;
  readonly heartbeatMs: number;
  /** Aborts when the caller goes away or the server stops. */
  readonly signal: () => AbortSignal;
  /** Counts an answer as under way that goes on when the call is over, until the function that it returns is called. */
  readonly enter: () => () => void;
  readonly onError: (error: unknown) => void;
}

/** A segment that the route's path names is always there. */
export function segment(call: Call, name: string): string {
  return call.params[name] ?? '';
}

/** The run that the path names, as the caller may see it. */
export function runOf(call: Call): RunRef & { readonly runId: string } {
  return { runId: segment(call, 'runId'), ...call.owner };
}

/** Path of a run, or of what is below it, as a URL carries it. */
export function runPath(call: Call, runId: string): string {
  return `${call.basePath}/runs/${encodeURIComponent(runId)}`;
}

/** An answer in JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return jsonText(JSON.stringify(toWire(value)), status, headers);
}

/** The same for text that is JSON. */
export function jsonText(
  text: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(text, {
    status,
    headers: { ...commonHeaders, 'content-type': 'application/json', ...headers },
  });
}

/** An answer that leads elsewhere, for as long as the link is good. */
export function redirect(location: string): Response {
  return new Response(null, { status: 307, headers: { ...commonHeaders, location } });
}

/** What answers show of a link; nothing where the place has none. */
export function shownLink<Link extends { readonly expiresAt: number }>(link: Link | undefined): object {
  return link === undefined ? {} : { ...link, expiresAt: new Date(link.expiresAt) };
}

/** An answer that says all by its status. */
export function noContent(): Response {
  return new Response(null, { status: 204, headers: commonHeaders });
}

/** The refusal of a request about a run that does not exist. */
export function noRun(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_NOT_FOUND', `There is no run "${runId}": check its id`, {
    details: { runId },
  });
}
