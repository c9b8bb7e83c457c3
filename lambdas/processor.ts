import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { parseQueueMessage } from '../src/adapters/aws/index.ts';
import { eachRecord } from './each-record.ts';
import { startRuntime } from './runtime.ts';
import { scheduleMessageIn, startScheduled } from './scheduled.ts';

const runtime = startRuntime();

/** Handles the events of the work queue. One that cannot be read fails too, and ends as a dead letter for a person to see. */
export function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return eachRecord(event, async ({ body, attributes }) => {
    const message = scheduleMessageIn(body);
    if (message === undefined) await runtime.handle(parseQueueMessage(body));
    else await startScheduled(runtime, message, Number(attributes.SentTimestamp));
  });
}
