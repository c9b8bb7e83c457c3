import type { Context } from 'aws-lambda';
import { defaults } from '../src/adapters/aws/config.ts';
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
