import type { RetryConfig } from '../core/definition.ts';
import { limits } from '../core/limits.ts';
import { checkCount, describe, invalid, isObject } from './describe.ts';

const choices = { backoff: ['constant', 'exponential'], jitter: ['none', 'full'] } as const;

/** Refuses what is no retry policy. Throws WORKFLOW_DEFINITION_INVALID. */
export function checkRetryConfig(retries: unknown, of: string): asserts retries is RetryConfig | undefined {
  if (retries === undefined) return;
  if (!isObject(retries)) {
    throw invalid(`${of} has ${describe(retries)} as its retryConfig: give { attempts, delay }`);
  }
  checkCount(retries['attempts'], 'retryConfig.attempts', of, limits.attempts);
  for (const name of ['delay', 'maxDelay'] as const) {
    const ms = retries[name];
    if (ms === undefined || (typeof ms === 'number' && ms >= 0 && Number.isFinite(ms))) continue;
    throw invalid(`${of} has ${describe(ms)} as its retryConfig.${name}: give milliseconds from 0`);
  }
  for (const name of ['backoff', 'jitter'] as const) {
    const choice = retries[name];
    const known: readonly unknown[] = choices[name];
    if (choice === undefined || known.includes(choice)) continue;
    const listed = choices[name].map((one) => `"${one}"`).join(' or ');
    throw invalid(`${of} has ${describe(choice)} as its retryConfig.${name}: give ${listed}`);
  }
  const { retryIf } = retries;
  if (retryIf === undefined || typeof retryIf === 'function') return;
  throw invalid(
    `${of} has ${describe(retryIf)} as its retryConfig.retryIf: give a function of the error that returns true or false`,
  );
}

/** Refuses what cannot be the retries of a step. Throws WORKFLOW_DEFINITION_INVALID. */
export function checkRetries(step: Readonly<Record<string, unknown>>, of: string): void {
  const { retries, retryConfig } = step;
  checkCount(retries, 'retries', of, limits.attempts);
  checkRetryConfig(retryConfig, of);
  if (retries === undefined || retryConfig?.attempts === undefined) return;
  throw invalid(`${of} has both retries and retryConfig.attempts, which are the same: give one of them`);
}
