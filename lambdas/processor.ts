import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { parseQueueMessage } from '../src/adapters/aws/index.ts';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { eachRecord } from './each-record.ts';
import { invocationOfMessage } from './handling.ts';
import { startRuntime } from './runtime.ts';

const runtime = startRuntime();

/** Handles the events of the work queue. One that cannot be read fails too, and ends as a dead letter for a person to see. */
export function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const batch = event.Records.length;
  return eachRecord(event, ({ body }) =>
    withInvocation(invocationOfMessage(body, batch, context), () => runtime.handle(parseQueueMessage(body))),
  );
}
