import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { awsBackend, parseQueueMessage, readAwsConfig } from '../src/adapters/aws/index.ts';
import { createRuntime } from '../src/runtime/index.ts';
import { registeredWorkflows } from './registered.ts';

const runtime = createRuntime({
  workflows: registeredWorkflows(),
  backend: awsBackend(readAwsConfig(process.env)),
});

/** Handles each record on its own, and answers with the ids of those that have to come again. */
export async function handler({ Records: records }: SQSEvent): Promise<SQSBatchResponse> {
  const outcomes = await Promise.allSettled(records.map(handle));
  const failed = records.filter((record, at) => {
    const outcome = outcomes[at];
    if (outcome?.status !== 'rejected') return false;
    console.error('The event was not processed and comes again.', {
      messageId: record.messageId,
      receiveCount: record.attributes.ApproximateReceiveCount,
      error: outcome.reason,
    });
    return true;
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** What cannot be read fails too: after its last delivery it lies in the dead-letter queue, where it can be looked at. */
async function handle(record: SQSRecord): Promise<void> {
  await runtime.handle(parseQueueMessage(record.body));
}
