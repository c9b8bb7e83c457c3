import type { Context } from 'aws-lambda';
import { defaults } from '../src/adapters/aws/config.ts';
import type { Invocation } from '../src/adapters/aws/invocation.ts';
import { graceMs } from '../src/adapters/aws/retry.ts';
import type { HandleOptions } from '../src/runtime/index.ts';

const marginMs = defaults.stepMarginSeconds * 1_000;

/**
 * What an invocation that begins now has for its steps: what the function has, less what it takes to store their outcomes and
 * to publish what follows. A part of the batch that is killed with its function would come again after its visibility timeout.
 */
export function stepTime(
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  now: number,
): Required<HandleOptions> {
  const allotmentMs = Math.max(0, context.getRemainingTimeInMillis() - marginMs);
  return { deadline: now + allotmentMs, allotmentMs };
}

/** What is left to a call to fail in when its requests have ended, ms. */
const failureMs = 1_000;

/** A call that begins now and executes no step: its requests end a little before its function does. */
export function callTime(
  context: Pick<Context, 'getRemainingTimeInMillis'>,
  now: number,
): Pick<Invocation, 'deadline'> {
  return { deadline: now + Math.max(0, context.getRemainingTimeInMillis() - graceMs - failureMs) };
}
