import { type ErrorCode, type ErrorDetails, errorStatus, isWorkflowError } from '../core/errors.ts';
import { toWire } from './wire.ts';

/** Problems of HTTP itself, which no call of the runtime has, with their status (RFC 9110). */
export const httpErrorStatus = {
  /** No route has this path. */
  HTTP_ROUTE_NOT_FOUND: 404,
  /** The path has a route, but not for this method; `Allow` names those it has. */
  HTTP_METHOD_NOT_ALLOWED: 405,
  /** The body is not declared as JSON in UTF-8. */
  HTTP_CONTENT_TYPE_UNSUPPORTED: 415,
  /** The body is compressed. */
  HTTP_CONTENT_ENCODING_UNSUPPORTED: 415,
  /** More requests are under way than the server takes at once; `Retry-After` says when to come again. */
  HTTP_TOO_MANY_REQUESTS: 429,
  /** A local server was called under a name that is not its own: what DNS rebinding looks like. */
  HTTP_HOST_REFUSED: 403,
  /** A page of another origin called a local server. */
  HTTP_ORIGIN_REFUSED: 403,
  /** The server failed in a way that nobody foresaw; its log says how. */
  HTTP_INTERNAL_ERROR: 500,
} as const;

/** Code of a problem: one of the package's errors, or one of {@link httpErrorStatus}. */
export type ProblemCode = ErrorCode | keyof typeof httpErrorStatus;

/** A problem document (RFC 9457), the body of every answer with a status of 400 or more. */
export interface Problem {
  /** `urn:problem-type:evented-workflows:<code>`. */
  readonly type: string;
  /** What kind of problem it is, the same for each problem of this code. */
  readonly title: string;
  /** The HTTP status again, for whoever keeps the document without its answer. */
  readonly status: number;
  /** What happened this time, and what to do about it. */
  readonly detail: string;
  readonly code: ProblemCode;
  /**
   * What `detail` says, for programs: `issues`, `winner`, `status` (of the run), `runId`, ... Absent when there is nothing
   * to say, and when the status is 500 or more.
   */
  readonly details?: ErrorDetails;
}

const titles: Record<ProblemCode, string> = {
  WORKFLOW_EMPTY_GRAPH: 'The workflow has no steps',
  WORKFLOW_NOT_COMMITTED: 'The workflow is not committed',
  WORKFLOW_DEFINITION_INVALID: 'The server is set up wrongly',
  WORKFLOW_NOT_FOUND: 'No such workflow',
  WORKFLOW_RUN_NOT_FOUND: 'No such run',
  WORKFLOW_SCHEMA_VALIDATION_FAILED: 'A value does not fit its schema',
  WORKFLOW_STEP_INPUT_VALIDATION_FAILED: "A step's input does not fit its schema",
  WORKFLOW_STEP_DATA_VALIDATION_FAILED: "A step's data does not fit its schema",
  WORKFLOW_ARGUMENT_INVALID: 'The request is malformed',
  WORKFLOW_RUN_CONFLICT: 'The run exists with other data',
  WORKFLOW_CONCURRENCY_LIMIT: 'Too many runs are going on',
  WORKFLOW_RUN_FORBIDDEN: 'The run belongs to another principal',
  WORKFLOW_RUN_NOT_SUSPENDED: 'Nothing waits for this resumption',
  WORKFLOW_RUN_ACTIVE: 'The run is still active',
  WORKFLOW_RUN_NOT_ACTIVE: 'The run is not active',
  WORKFLOW_RESUME_AMBIGUOUS: 'Several steps are suspended',
  WORKFLOW_RESUME_LABEL_NOT_FOUND: 'No suspended step has this label',
  WORKFLOW_RESUME_KEY_TAKEN: 'Another step waits under this resume key',
  WORKFLOW_RESUME_KEY_NOT_FOUND: 'No step waits under this resume key',
  WORKFLOW_RESUME_ALREADY_CLAIMED: 'Another caller resumed first',
  WORKFLOW_RUN_ALREADY_FINISHED: 'The run is over',
  WORKFLOW_HISTORY_ABSENT: 'The run keeps no history',
  WORKFLOW_VALUE_NOT_FOUND: 'No such value',
  WORKFLOW_VALUE_NOT_STORABLE: 'A value cannot be stored',
  WORKFLOW_RECORD_CORRUPT: 'A stored record cannot be read',
  WORKFLOW_LIMIT_EXCEEDED: 'A limit was reached',
  WORKFLOW_STEP_CRASHED: 'A worker died too often',
  WORKFLOW_STEP_TIMEOUT: 'A step took too long',
  WORKFLOW_RUN_TIMEOUT: 'A run took too long',
  WORKFLOW_TIME_SHORT: 'Too little time is left for a step',
  WORKFLOW_STEP_FAILED: 'A step failed',
  WORKFLOW_RETRY_CONDITION_FAILED: 'Nobody could say whether to try a step again',
  WORKFLOW_AGENT_NOT_FOUND: 'The server does not have this agent',
  WORKFLOW_TOOL_NOT_FOUND: 'The server does not have this tool',
  WORKFLOW_WAIT_FOR_EVENT_REMOVED: 'The workflow waits for an event, which is not possible',
  STRUCTURED_OUTPUT_OBJECT_UNDEFINED: 'An agent gave no object',
  WORKFLOW_MAPPING_PATH_INVALID: 'A mapping does not fit its data',
  WORKFLOW_RUN_PARKED: 'The run waits for its definition',
  WORKFLOW_GRAPH_CHANGED: 'The workflow changed since the run was started',
  WORKFLOW_RUNTIME_CLOSED: 'The server is shutting down',
  WORKFLOW_BACKEND_UNAVAILABLE: 'The storage is not available',
  WORKFLOW_CURSOR_INVALID: 'The cursor is not of this request',
  WORKFLOW_UNAUTHENTICATED: 'The caller is not authenticated',
  HTTP_ROUTE_NOT_FOUND: 'No such route',
  HTTP_METHOD_NOT_ALLOWED: 'The route does not have this method',
  HTTP_CONTENT_TYPE_UNSUPPORTED: 'The body is not JSON',
  HTTP_CONTENT_ENCODING_UNSUPPORTED: 'The body is compressed',
  HTTP_TOO_MANY_REQUESTS: 'Too many requests are under way',
  HTTP_HOST_REFUSED: 'The server does not go by this name',
  HTTP_ORIGIN_REFUSED: 'Pages of this origin may not call the server',
  HTTP_INTERNAL_ERROR: 'The server failed',
};

/** Makes a problem document. */
export function problem(code: ProblemCode, detail: string, details?: ErrorDetails): Problem {
  return {
    type: `urn:problem-type:evented-workflows:${code}`,
    title: titles[code],
    status: { ...errorStatus, ...httpErrorStatus }[code],
    detail,
    code,
    ...(details === undefined || Object.keys(details).length === 0 ? {} : { details }),
  };
}

/**
 * The problem document of whatever was thrown. With a status of 500 or more the message stays here: it can name files,
 * tables and addresses of the server.
 */
export function problemOf(thrown: unknown): Problem {
  if (!isWorkflowError(thrown))
    return problem('HTTP_INTERNAL_ERROR', `${titles.HTTP_INTERNAL_ERROR}; its log says why.`);
  if (errorStatus[thrown.code] < 500) return problem(thrown.code, thrown.message, thrown.details);
  const remedy = errorStatus[thrown.code] === 503 ? 'Try again later.' : "The server's log says more.";
  return problem(thrown.code, `${titles[thrown.code]}. ${remedy}`);
}

/** What every answer says: nothing of a run may be kept by a cache, and JSON is never taken for a page. */
export const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** The answer that carries a problem document. */
export function problemResponse(document: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(toWire(document)), {
    status: document.status,
    headers: {
      ...commonHeaders,
      'content-type': 'application/problem+json',
      // RFC 9110 asks for one with each 401.
      ...(document.status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(document.status === 503 || document.status === 429 ? { 'retry-after': '1' } : {}),
      ...headers,
    },
  });
}
