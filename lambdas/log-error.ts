import { type ErrorCode, isWorkflowError } from '../src/core/errors.ts';

/** What a log says of an error. */
export interface LoggedError {
  readonly name: string;
  readonly code?: string;
  /** Only of those errors of the package whose messages hold nothing of an author or a caller. */
  readonly message?: string;
  /** Where it was thrown, without the message that a stack begins with. */
  readonly stack?: readonly string[];
  readonly cause?: LoggedError;
}

/** Their messages name ids, services and limits. Those of the others quote what an author threw, or what a schema says of a value. */
const plain: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'WORKFLOW_AGENT_NOT_FOUND',
  'WORKFLOW_ARGUMENT_INVALID',
  'WORKFLOW_BACKEND_UNAVAILABLE',
  'WORKFLOW_DEFINITION_INVALID',
  'WORKFLOW_EMPTY_GRAPH',
  'WORKFLOW_GRAPH_CHANGED',
  'WORKFLOW_LIMIT_EXCEEDED',
  'WORKFLOW_NOT_COMMITTED',
  'WORKFLOW_NOT_FOUND',
  'WORKFLOW_RECORD_CORRUPT',
  'WORKFLOW_RUN_NOT_FOUND',
  'WORKFLOW_RUNTIME_CLOSED',
  'WORKFLOW_STEP_CRASHED',
  'WORKFLOW_STEP_TIMEOUT',
  'WORKFLOW_TIME_SHORT',
  'WORKFLOW_TOOL_NOT_FOUND',
  'WORKFLOW_UNAUTHENTICATED',
]);

/** Errors below errors; a chain that is longer is a loop. */
const deepest = 5;

/** Frames of a stack that are worth their bytes. */
const frames = 8;

/**
 * What may be logged of something thrown. Messages of authors, and properties that they put on errors, often hold values of a
 * run (a name, a card's number), and a log is read by more people than a run is. The run's record has all of it.
 */
export function loggedError(thrown: unknown, depth = 0): LoggedError {
  if (!(thrown instanceof Error)) return { name: typeof thrown };
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  const stack = thrown.stack?.split('\n').filter((line) => /^ {4}at /.test(line));
  return {
    name: thrown.name,
    ...(typeof code === 'string' && /^[\w.-]{1,80}$/.test(code) ? { code } : {}),
    ...(isWorkflowError(thrown) && plain.has(thrown.code) ? { message: thrown.message } : {}),
    ...(stack === undefined || stack.length === 0
      ? {}
      : { stack: stack.slice(0, frames).map((line) => line.trim()) }),
    ...(thrown.cause === undefined || depth >= deepest
      ? {}
      : { cause: loggedError(thrown.cause, depth + 1) }),
  };
}
