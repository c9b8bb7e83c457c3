import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { parseQueueMessage } from '../src/adapters/aws/index.ts';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { eachRecord } from './each-record.ts';
import { stepTime } from './remaining-time.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();

/**
 * Handles the events of the work queue, those of a batch at the same time. One that cannot be read fails too, and ends as a dead
 * letter for a person to see; one for whose step too little time is left comes again.
 */
export function handler(
  event: SQSEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<SQSBatchResponse> {
  const time = stepTime(context, Date.now());
  return eachRecord(event, ({ body }) =>
    withInvocation({ deadline: time.deadline }, () => runtime.handle(parseQueueMessage(body), time)),
  );
}
