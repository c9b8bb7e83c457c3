import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';

/**
 * Handles the records of a batch at the same time, each on its own: what one throws makes that one come again. Answers with
 * ids of this batch only, since Lambda takes any other for a reason to deliver the whole batch again.
 */
export async function eachRecord(
  { Records: records }: SQSEvent,
  handle: (record: SQSRecord) => Promise<void>,
): Promise<SQSBatchResponse> {
  const outcomes = await Promise.allSettled(records.map(async (record) => handle(record)));
  const failed = records.filter(({ messageId, attributes }, at) => {
    const outcome = outcomes[at];
    if (outcome?.status !== 'rejected') return false;
    const receiveCount = attributes.ApproximateReceiveCount;
    console.error(
      'The event was not processed and comes again.',
      { messageId, receiveCount },
      outcome.reason,
    );
    return true;
  });
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
