import { WorkflowError } from '../core/errors.ts';
import { sha256 } from './sha256.ts';

/** 1 to 255 printable ASCII characters: what every proxy passes on as it is. */
const keyPattern = /^[\x20-\x7e]{1,255}$/;

/** Whose start it is, beside its key. */
export interface KeyedStart {
  readonly owner?: string;
  readonly workflowId: string;
  /** Id that the body names. */
  readonly runId?: string;
}

/**
 * The id of the run that a start with an `Idempotency-Key` means: the same for the same caller, workflow and key, so that the
 * start's own rule for an id that exists (the same again, or a conflict) serves keys as well. Nothing when there is no key.
 * Rejects with WORKFLOW_ARGUMENT_INVALID for a malformed key, and for one beside a run id.
 */
export async function keyedRunId(
  key: string | null,
  { owner, workflowId, runId }: KeyedStart,
): Promise<string | undefined> {
  if (key === null) return undefined;
  checkKey(key);
  if (runId !== undefined) {
    throw refuse(
      'The start has an Idempotency-Key and a runId, which would be two names of one run: give one',
    );
  }
  // As JSON, so that no owner and workflow run into each other.
  const digest = await sha256(JSON.stringify([owner ?? null, workflowId, key]));
  return `key-${digest.slice(0, 40)}`;
}

/**
 * What tells a resumption with an `Idempotency-Key` from all others by the same resume key. Nothing when there is none. Rejects with
 * WORKFLOW_ARGUMENT_INVALID for a malformed one.
 */
export async function requestKeyOf(key: string | null): Promise<{ readonly requestKey?: string }> {
  if (key === null) return {};
  checkKey(key);
  return { requestKey: `key-${(await sha256(key)).slice(0, 40)}` };
}

function checkKey(key: string): void {
  if (keyPattern.test(key)) return;
  throw refuse(`The Idempotency-Key has ${key.length} characters: use 1 to 255 of printable ASCII`);
}

function refuse(message: string): WorkflowError {
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', message, { details: { field: 'Idempotency-Key' } });
}
