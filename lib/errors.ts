/**
 * What {@link WorkflowRuntimeError.code} says:
 * - `AUTH_MISSING`: no explicit choice of who may call the API.
 * - `PROPS_INVALID`: a prop is out of its bounds or names something that is not there.
 * - `GRANT_UNSUPPORTED`: a grant on an API whose callers are not IAM principals.
 * - `BUNDLING_FAILED`: the module `entry` or what it imports cannot be bundled, or esbuild is not installed; the CDK's own error
 *   has its message.
 */
export type WorkflowRuntimeErrorCode =
  | 'AUTH_MISSING'
  | 'PROPS_INVALID'
  | 'GRANT_UNSUPPORTED'
  | 'BUNDLING_FAILED';

/** Thrown at synthesis. The message says what to write instead. */
export class WorkflowRuntimeError extends Error {
  override readonly name = 'WorkflowRuntimeError';
  readonly code: WorkflowRuntimeErrorCode;

  constructor(code: WorkflowRuntimeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
