import { describe, expect, test } from 'vitest';
import { retryPause, retryPolicyOf } from '../../src/core/retry-policy.ts';

const hour = 3_600_000;

describe('the policy of a step', () => {
  test('is the default where nobody says anything', () => {
    expect(retryPolicyOf(undefined, undefined)).toEqual({
      retries: 0,
      delayMs: 0,
      backoff: 'constant',
      maxDelayMs: hour,
      jitter: 'none',
      retryIf: undefined,
    });
  });

  test('takes each field from the step, then from its workflow', () => {
    const ofStep = (): boolean => true;
    const workflow = {
      attempts: 5,
      delay: 10,
      backoff: 'exponential',
      maxDelay: 99,
      jitter: 'full',
      retryIf: (): boolean => false,
    } as const;
    expect(retryPolicyOf(workflow, { retryConfig: { attempts: 1, retryIf: ofStep } })).toEqual({
      retries: 1,
      delayMs: 10,
      backoff: 'exponential',
      maxDelayMs: 99,
      jitter: 'full',
      retryIf: ofStep,
    });
    const own = { delay: 0, backoff: 'constant', maxDelay: 0, jitter: 'none' } as const;
    expect(retryPolicyOf(workflow, { retries: 2, retryConfig: own })).toEqual({
      retries: 2,
      delayMs: 0,
      backoff: 'constant',
      maxDelayMs: 0,
      jitter: 'none',
      retryIf: workflow.retryIf,
    });
    expect(retryPolicyOf(workflow, {}).retries).toBe(5);
  });

  test('lets a delay be longer than the usual bound of a pause', () => {
    expect(retryPolicyOf({ delay: 3 * hour }, undefined).maxDelayMs).toBe(3 * hour);
  });
});

describe('the pause before an attempt', () => {
  const pauses = (config: Parameters<typeof retryPolicyOf>[0], draw = 0): number[] =>
    [0, 1, 2, 3].map((retryCount) => retryPause(retryPolicyOf(config, undefined), retryCount, draw));

  test('is the same each time, or doubles up to its bound', () => {
    expect(pauses({ delay: 100 })).toEqual([100, 100, 100, 100]);
    expect(pauses({ delay: 100, maxDelay: 30 })).toEqual([30, 30, 30, 30]);
    expect(pauses({ delay: 100, backoff: 'exponential' })).toEqual([100, 200, 400, 800]);
    expect(pauses({ delay: 100, backoff: 'exponential', maxDelay: 300 })).toEqual([100, 200, 300, 300]);
    expect(retryPause(retryPolicyOf({ delay: 1, backoff: 'exponential' }, undefined), 998, 0)).toBe(hour);
    const none = retryPolicyOf({ delay: 0, backoff: 'exponential' }, undefined);
    expect(retryPause(none, 2_000, 0)).toBe(0);
  });

  test('with jitter lies between none and all of it, both included', () => {
    const config = { delay: 100, backoff: 'exponential', jitter: 'full' } as const;
    expect(pauses(config, 0)).toEqual([0, 0, 0, 0]);
    expect(pauses(config, 0.5)).toEqual([50, 100, 200, 400]);
    expect(pauses(config, 1 - Number.EPSILON / 2)).toEqual([100, 200, 400, 800]);
    expect(pauses({ ...config, delay: 0.5, backoff: 'constant' }, 0.9)).toEqual([0, 0, 0, 0]);
  });
});
