import type { RetryConfig, StepDefinition } from './definition.ts';
import { limits } from './limits.ts';

/** How often a step is tried again, how long it waits before that, and after which errors. */
export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Pause before the first further attempt, ms. */
  readonly delayMs: number;
  readonly backoff: NonNullable<RetryConfig['backoff']>;
  /** Longest pause, ms. */
  readonly maxDelayMs: number;
  readonly jitter: NonNullable<RetryConfig['jitter']>;
  readonly retryIf: RetryConfig['retryIf'];
}

/** The policy of a step: of each field, what the step says, else what its workflow says, else the default. */
export function retryPolicyOf(
  workflow: RetryConfig | undefined,
  step: Pick<StepDefinition, 'retries' | 'retryConfig'> | undefined,
): RetryPolicy {
  const own = step?.retryConfig;
  const delayMs = own?.delay ?? workflow?.delay ?? 0;
  return {
    retries: step?.retries ?? own?.attempts ?? workflow?.attempts ?? 0,
    delayMs,
    backoff: own?.backoff ?? workflow?.backoff ?? 'constant',
    // Who asks for a longer pause than the usual bound means it.
    maxDelayMs: own?.maxDelay ?? workflow?.maxDelay ?? Math.max(limits.retryDelayMs, delayMs),
    jitter: own?.jitter ?? workflow?.jitter ?? 'none',
    retryIf: own?.retryIf ?? workflow?.retryIf,
  };
}

/**
 * Pause before the attempt that follows the one of number `retryCount`, ms. `draw` is from 0 to below 1, and has to be the same
 * whoever asks about this attempt: it says where within the bounds of a jitter the pause lies.
 */
export function retryPause(
  { delayMs, backoff, maxDelayMs, jitter }: RetryPolicy,
  retryCount: number,
  draw: number,
): number {
  const factor = backoff === 'exponential' ? 2 ** retryCount : 1;
  // 0 times a factor that has grown out of all bounds is no number.
  const pause = delayMs === 0 ? 0 : Math.min(delayMs * factor, maxDelayMs);
  return jitter === 'full' ? Math.floor(draw * (Math.floor(pause) + 1)) : pause;
}
