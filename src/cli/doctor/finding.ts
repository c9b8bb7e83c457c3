import { isWorkflowApiError } from '../../client/index.ts';
import type { DeadLetter } from '../aws/dead-letters.ts';
import { awsFailure } from '../aws/services.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** What a check came to. */
export type Verdict = 'ok' | 'warning' | 'failed';

/** What a check found. */
export interface Found {
  readonly verdict: Verdict;
  /** What was found, and what to do about it. */
  readonly text: string;
  /** Of dead letters: those that were seen. */
  readonly messages?: readonly DeadLetter[];
}

/** One line of the report. */
export interface Finding extends Found {
  readonly check: string;
}

/**
 * Runs one check; what it throws is its finding. `otherwise` is what that comes to: a warning where only the look failed, which
 * says nothing of the deployment.
 */
export async function checked(
  check: string,
  look: () => Promise<Found>,
  otherwise: Verdict = 'failed',
): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === exitCodes.usage) throw error;
    return { check, verdict: otherwise, text: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (isWorkflowApiError(error)) {
    const { message, code, status } = error;
    if (status === 401) return `${message} (${code}): give a token by --token, or sign by --sigv4 <region>`;
    if (status === 403)
      return `${message} (${code}): this caller is not allowed; grant it the routes that read`;
    return `${message} (${code})`;
  }
  return error instanceof CommandError ? error.message : awsFailure('The check failed', error).message;
}
