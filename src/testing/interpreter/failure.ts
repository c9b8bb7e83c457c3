/**
 * An error of the semantics themselves, not of the author. Its code is that of the engine's error for the same failure; texts
 * are each one's own.
 */
export class SemanticError extends Error {
  override readonly name: string = 'WorkflowError';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The error that whatever an author's code threw is recorded as: an Error is itself, else its text is the message. */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === 'string') return new SemanticError('WORKFLOW_STEP_FAILED', thrown);
  if (typeof thrown !== 'object' || thrown === null) {
    return new SemanticError('WORKFLOW_STEP_FAILED', `Unknown step execution error: ${String(thrown)}`);
  }
  const { message, name: _, stack: __, ...own } = thrown as Record<string, unknown>;
  const text = typeof message === 'string' ? message : JSON.stringify(thrown);
  return Object.assign(new SemanticError('WORKFLOW_STEP_FAILED', text), own);
}

/** Whether an error says of itself that another attempt is of no use. */
export function isNonRetryable(error: Error): boolean {
  return 'isNonRetryable' in error && error.isNonRetryable === true;
}

/** What an error that stops an agent says; undefined for all others. */
export function tripwireOf(error: Error): unknown {
  return error.name === 'TripWire' && 'tripwire' in error ? error.tripwire : undefined;
}
