import { environment } from '../src/adapters/aws/config.ts';
import type { Invocation } from '../src/adapters/aws/invocation.ts';
import { deliveryOf, Spending, type SpendingOptions } from '../src/adapters/aws/spending.ts';

/** How long this invocation has left, as Lambda's context tells it. */
interface Remaining {
  getRemainingTimeInMillis(): number;
}

/** What the calls share that handle one message. `batch`: messages that the invocation handles at the same time. */
export function invocationOfMessage(body: string, batch: number, context: Remaining): Invocation {
  return invocationOf(context, { share: batch, ...deliveryOf(body, batch) });
}

/** What the calls share that answer one request of the API. */
export function invocationOfCall(context: Remaining): Invocation {
  return invocationOf(context, { before: { invocations: 1 } });
}

function invocationOf(
  context: Remaining,
  options: Pick<SpendingOptions, 'share' | 'before' | 'carried'>,
): Required<Invocation> {
  const { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: megabytes = '1024', [environment.stepEnds]: stepEnds } =
    process.env;
  const meter = new Spending({
    now: () => performance.now(),
    gigabytes: Number(megabytes) / 1_024,
    stepEnds: stepEnds !== 'off',
    ...options,
  });
  return { deadline: Date.now() + context.getRemainingTimeInMillis(), meter };
}
