import { type AfterFailure, afterFailure } from '../core/decide.ts';
import { errorOf } from '../core/codec-error.ts';
import { WorkflowError } from '../core/errors.ts';
import { formatKey, type StepRecord } from '../core/records.ts';
import { type RetryPolicy, retryPause, retryPolicyOf } from '../core/retry-policy.ts';
import { parseTurn } from '../core/turn.ts';
import type { Handling } from './handling.ts';
import { stepAt } from './registry.ts';
import { sha256 } from './values.ts';

/** An attempt that failed. */
export interface FailedAttempt extends Pick<StepRecord, 'key' | 'turn' | 'stepId'> {
  /** No further attempt could help. */
  readonly isFinal: boolean;
  readonly now: number;
  /** What it failed with; read only when somebody asks for it. */
  error(): Promise<Error>;
}

/** What follows, and the error that takes the place of the attempt's own when `retryIf` threw. */
export type NextAttempt = AfterFailure & { readonly error?: WorkflowError };

/** Decides whether and when another attempt of a place is made, by the retry policy of its step. */
export async function nextAttempt(
  { workflow, runId }: Pick<Handling, 'workflow' | 'runId'>,
  failed: FailedAttempt,
): Promise<NextAttempt> {
  const { key, isFinal, now } = failed;
  const policy = retryPolicyOf(workflow.definition.retryConfig, stepAt(workflow, key));
  const turn = parseTurn(failed.turn);
  const delayMs = retryPause(policy, turn.attempt, drawFor(runId, failed));
  const next = afterFailure(turn, { retries: policy.retries, delayMs }, { nonRetryable: isFinal, now });
  if (next.type === 'fail' || policy.retryIf === undefined) return next;
  return (await askRetryIf(policy, failed, runId)) ?? next;
}

/** Undefined: the attempt is made. */
async function askRetryIf(
  { retryIf }: RetryPolicy,
  failed: FailedAttempt,
  runId: string,
): Promise<NextAttempt | undefined> {
  const error = await failed.error();
  try {
    const isWanted = await retryIf?.(error, { retryCount: parseTurn(failed.turn).attempt });
    return isWanted ? undefined : { type: 'fail' };
  } catch (thrown) {
    const { stepId } = failed;
    const cause = errorOf(thrown);
    return {
      type: 'fail',
      error: new WorkflowError(
        'WORKFLOW_RETRY_CONDITION_FAILED',
        `The retryIf of step "${stepId}" threw "${cause.message}" when it was asked about "${error.message}": let it return true or false for every error`,
        { cause, details: { stepId, runId, failure: error.message } },
      ),
    };
  }
}

/** From 0 to below 1, by what tells the attempt from all others, so that every worker draws the same. */
function drawFor(runId: string, { key, turn }: Pick<FailedAttempt, 'key' | 'turn'>): number {
  const digits = 13;
  return Number.parseInt(sha256(`${runId}/${formatKey(key)}/${turn}`).slice(0, digits), 16) / 16 ** digits;
}
