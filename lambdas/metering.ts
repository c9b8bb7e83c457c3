import { environment } from '../src/adapters/aws/config.ts';
import { deliveryOf, Spending, type SpendingOptions } from '../src/adapters/aws/spending.ts';
import type { Delivery } from './each-record.ts';

/** Counts what the handling of a message uses. `batch`: messages that the invocation handles at the same time. */
export function meterOfMessage({ record, content }: Delivery, batch: number): Spending {
  return meterOf({ share: batch, ...deliveryOf(content, Buffer.byteLength(record.body), batch) });
}

/** Counts what a request of the API uses, of which a run is charged what it is for. */
export function meterOfCall(): Spending {
  return meterOf({ before: { invocations: 1 } });
}

function meterOf(options: Pick<SpendingOptions, 'share' | 'before' | 'carried'>): Spending {
  const { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: megabytes = '1024', [environment.stepEnds]: stepEnds } =
    process.env;
  return new Spending({
    now: () => performance.now(),
    gigabytes: Number(megabytes) / 1_024,
    stepEnds: stepEnds !== 'off',
    ...options,
  });
}
