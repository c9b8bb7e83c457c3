import type { ErrorCode, ErrorDetails } from '../core/errors.ts';

/** Codes of what goes wrong between the caller and the API; all others are those of the API's problem documents. */
export type ClientErrorCode =
  /** No answer: the network is down, the name is unknown, the connection broke, or nothing came for too long. */
  | 'CLIENT_UNREACHABLE'
  /** The answer is not one of the API: broken JSON, a page of a proxy, or a refusal in a gateway's own form. */
  | 'CLIENT_ANSWER_INVALID'
  /** An argument of the call, or an option of the client, is malformed; nothing was sent. */
  | 'CLIENT_ARGUMENT_INVALID';

/** Every code that a {@link WorkflowApiError} can have. Of an API that is newer than this client it may be another text. */
export type ApiErrorCode = ClientErrorCode | ErrorCode | `HTTP_${string}`;

/** A problem document of the API (RFC 9457). */
export interface Problem {
  /** `urn:problem-type:evented-workflows:<code>`. */
  readonly type: string;
  /** What kind of problem it is, the same for each problem of this code. */
  readonly title: string;
  readonly status: number;
  /** What happened this time, and what to do about it. */
  readonly detail: string;
  readonly code: ApiErrorCode;
  /** What `detail` says, for programs. */
  readonly details?: ErrorDetails;
}

/**
 * What every method of the client rejects with, except that an aborted one rejects with the reason of its signal. `code` is
 * stable and meant for programs, `message` tells a person what to do.
 */
export class WorkflowApiError extends Error {
  override readonly name: string = 'WorkflowApiError';
  readonly code: ApiErrorCode;
  /** Status of the answer; absent when there was none. */
  readonly status: number | undefined;
  /** What the message says, for programs: `issues`, `winner`, `runId`, ... */
  readonly details: ErrorDetails;
  /** The problem document; absent when the answer had none. */
  readonly problem: Problem | undefined;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly status?: number; readonly problem?: Problem } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = options.status;
    this.problem = options.problem;
    this.details = options.problem?.details ?? {};
  }
}

/** Whether `error` is a {@link WorkflowApiError} and has one of `codes` (any, when none is given). */
export function isWorkflowApiError(error: unknown, ...codes: ApiErrorCode[]): error is WorkflowApiError {
  return error instanceof WorkflowApiError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether a value has the parts of a problem document that an error is made of. */
export function isProblem(value: unknown): value is Problem {
  const { code, detail, status } = (value ?? {}) as Partial<Record<keyof Problem, unknown>>;
  return typeof code === 'string' && typeof detail === 'string' && typeof status === 'number';
}

/** The error that a problem document is about. Issues of a schema are its cause as well, as they are where the runtime is. */
export function errorOfProblem(problem: Problem): WorkflowApiError {
  const { code, detail, status, details } = problem;
  const issues = details?.issues;
  return new WorkflowApiError(code, detail, {
    status,
    problem,
    ...(issues === undefined ? {} : { cause: { issues } }),
  });
}
