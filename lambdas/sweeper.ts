import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { logger, observed } from './observability.ts';
import { callTime } from './remaining-time.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();

/** Looks once at the runs that are due for it. What a sweep that fails has not seen is still due at the next one. */
export const handler = observed(async (_event: unknown, context): Promise<void> => {
  const runs = await withInvocation(callTime(context, Date.now()), () => runtime.sweep());
  logger.debug('A sweep is over.', { runs });
});
