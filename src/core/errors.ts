/**
 * Every error this package throws is a {@link WorkflowError}: `code` is stable and meant for programs, `message` tells a
 * person what to do, `cause` keeps what was thrown below. Codes that the reference runtime has too are spelled as there.
 */

/** All codes, with the HTTP status that the API answers for each (RFC 9110). */
export const errorStatus = {
  /** A workflow has no entries. */
  WORKFLOW_EMPTY_GRAPH: 500,
  /** `.commit()` is missing. */
  WORKFLOW_NOT_COMMITTED: 500,
  /** A definition (step, workflow, runtime option) is malformed. */
  WORKFLOW_DEFINITION_INVALID: 500,
  /** No workflow with this id is registered. */
  WORKFLOW_NOT_FOUND: 404,
  /** No run with this id. */
  WORKFLOW_RUN_NOT_FOUND: 404,
  /** Input, initial state, resume data or request context does not fit its schema. */
  WORKFLOW_SCHEMA_VALIDATION_FAILED: 422,
  /** A step's input does not fit the step's schema. */
  WORKFLOW_STEP_INPUT_VALIDATION_FAILED: 422,
  /** A value given to `setState` or `suspend` does not fit the step's schema. */
  WORKFLOW_STEP_DATA_VALIDATION_FAILED: 422,
  /** The argument of a call is malformed. */
  WORKFLOW_ARGUMENT_INVALID: 400,
  /** The run exists with another input, state, request context or resourceId. */
  WORKFLOW_RUN_CONFLICT: 409,
  /** As many runs as the workflow's `concurrency` allows are going on under this key, or wait for that. */
  WORKFLOW_CONCURRENCY_LIMIT: 409,
  /** The run belongs to another principal. */
  WORKFLOW_RUN_FORBIDDEN: 403,
  /** The run, or the step, waits for nobody. */
  WORKFLOW_RUN_NOT_SUSPENDED: 409,
  /** Several steps are suspended and the call names none. */
  WORKFLOW_RESUME_AMBIGUOUS: 409,
  /** No suspended step carries this label. */
  WORKFLOW_RESUME_LABEL_NOT_FOUND: 404,
  /** Another step waits under this resume key. */
  WORKFLOW_RESUME_KEY_TAKEN: 409,
  /** Nobody waits under this resume key. */
  WORKFLOW_RESUME_KEY_NOT_FOUND: 404,
  /** The run is running or waiting, and the call needs one that is not. */
  WORKFLOW_RUN_ACTIVE: 409,
  /** The run is not running, and the call needs one that is. */
  WORKFLOW_RUN_NOT_ACTIVE: 409,
  /** Another caller resumed this suspension first. */
  WORKFLOW_RESUME_ALREADY_CLAIMED: 409,
  /** The run is over. */
  WORKFLOW_RUN_ALREADY_FINISHED: 409,
  /** The run keeps no history. */
  WORKFLOW_HISTORY_ABSENT: 409,
  /** Nobody sent this value ahead, or what was shown by a reference is another value by now. */
  WORKFLOW_VALUE_NOT_FOUND: 404,
  /** A value cannot be stored: a function, a cycle, a symbol. */
  WORKFLOW_VALUE_NOT_STORABLE: 422,
  /** Stored text cannot be read back. */
  WORKFLOW_RECORD_CORRUPT: 500,
  /** A documented limit was reached. */
  WORKFLOW_LIMIT_EXCEEDED: 413,
  /** The worker died in the middle of this step too often. */
  WORKFLOW_STEP_CRASHED: 500,
  /** A step was stopped at its `timeoutMs`, or at the time limit of its function. */
  WORKFLOW_STEP_TIMEOUT: 500,
  /** A run was not over at its deadline, which its `timeoutMs` says. */
  WORKFLOW_RUN_TIMEOUT: 500,
  /** A step was not begun, because the time that is left may not be enough for it: its event comes again. */
  WORKFLOW_TIME_SHORT: 503,
  /** The `retryIf` of a step threw, so nobody could say whether it is to be tried again. */
  WORKFLOW_RETRY_CONDITION_FAILED: 500,
  /** A step names an agent by an id that the runtime does not know. */
  WORKFLOW_AGENT_NOT_FOUND: 500,
  /** A step names a tool by an id that the runtime does not know. */
  WORKFLOW_TOOL_NOT_FOUND: 500,
  /** An agent was to give an object by a schema, and gave none. */
  STRUCTURED_OUTPUT_OBJECT_UNDEFINED: 500,
  /** `.waitForEvent` is not possible any more. */
  WORKFLOW_WAIT_FOR_EVENT_REMOVED: 500,
  /** A step, mapping or condition threw something that is no error. */
  WORKFLOW_STEP_FAILED: 500,
  /** A path of `.map` runs through a value that is no object. */
  WORKFLOW_MAPPING_PATH_INVALID: 500,
  /** The run was started by a graph that the code no longer has. */
  WORKFLOW_GRAPH_CHANGED: 409,
  /** The run waits for code that is not here, and does not go on before: `details.remedy` says what to do. */
  WORKFLOW_RUN_PARKED: 409,
  /** The runtime was closed. */
  WORKFLOW_RUNTIME_CLOSED: 503,
  /** The bus or the store refused part of a request, again after repeated tries. */
  WORKFLOW_BACKEND_UNAVAILABLE: 503,
  /** A cursor, token or page of another request or version. */
  WORKFLOW_CURSOR_INVALID: 400,
  /** The caller is not authenticated. */
  WORKFLOW_UNAUTHENTICATED: 401,
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errorStatus;

/** One violated rule of a schema: which field, and what is wrong with it. */
export interface ValidationIssue {
  /** Dotted path of the field; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

/** What an error can carry beside its message, all of it JSON-safe. */
export interface ErrorDetails {
  readonly runId?: string;
  readonly workflowId?: string;
  readonly stepId?: string;
  /** Status of the run at the time of the refusal. */
  readonly status?: string;
  /** Who won the race that this caller lost. */
  readonly winner?: string;
  readonly issues?: readonly ValidationIssue[];
  readonly [name: string]: unknown;
}

/** The one error class of this package. `details` is JSON-safe and says what the message says, for programs. */
export class WorkflowError extends Error {
  override readonly name: string = 'WorkflowError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is ours and has one of `codes` (any, when none is given). */
export function isWorkflowError(error: unknown, ...codes: ErrorCode[]): error is WorkflowError {
  return error instanceof WorkflowError && (codes.length === 0 || codes.includes(error.code));
}

/** Thrown by a step whose failure no further attempt could mend: it is not retried, whatever its `retries` say. */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError';
  /** What the runtime looks at: an error of any class that has this is not retried. */
  readonly isNonRetryable = true;
}
