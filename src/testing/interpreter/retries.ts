import { errorOf, SemanticError } from './failure.ts';
import type { Frame } from './frame.ts';
import type { Ending } from './outcome.ts';
import type { StepLike } from './types.ts';

type Failure = Extract<Ending, { status: 'failed' }>;

/** Attempts after the first one. Mappings have them too; conditions and times have none. */
export function retriesOf(frame: Frame, step: StepLike): number {
  return step.retries ?? step.retryConfig?.attempts ?? frame.workflow.retryConfig?.attempts ?? 0;
}

/** Who says which errors of a step are retried; undefined: all are. */
export function conditionOf(frame: Frame, step: StepLike) {
  return step.retryConfig?.retryIf ?? frame.workflow.retryConfig?.retryIf;
}

/** What a failure is that has another attempt left: undefined when that is made, else the one that counts. */
export async function refused(
  frame: Frame,
  step: StepLike,
  failure: Failure,
  retryCount: number,
): Promise<Failure | undefined> {
  const retryIf = conditionOf(frame, step);
  if (retryIf === undefined) return undefined;
  try {
    return (await retryIf(failure.error, { retryCount })) ? undefined : failure;
  } catch (thrown) {
    const error = new SemanticError(
      'WORKFLOW_RETRY_CONDITION_FAILED',
      `What "${step.id}" is retried after is not known`,
      errorOf(thrown),
    );
    return { status: 'failed', error, isNonRetryable: false };
  }
}
