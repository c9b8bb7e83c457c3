import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { jsonOf } from '../src/adapters/aws/fields.ts';
import { messageIds } from './message-ids.ts';
import { during, logger } from './observability.ts';

/** A record of a queue, and what its body holds, which is parsed once: see `jsonOf`. */
export interface Delivery {
  readonly record: SQSRecord;
  readonly content: unknown;
}

/**
 * Handles the records of a batch at the same time, each on its own: what one throws makes that one come again. Answers with
 * ids of this batch only, since Lambda takes any other for a reason to deliver the whole batch again.
 */
export async function eachRecord(
  { Records: records }: SQSEvent,
  handle: (delivery: Delivery) => Promise<void>,
): Promise<SQSBatchResponse> {
  const deliveries = records.map((record) => ({ record, content: jsonOf(record.body) }));
  const failures = await failuresOf(deliveries, (one) => during(messageIds(one), () => handle(one)));
  for (const { record: failed, reason } of failures) {
    logger.error('The event was not processed and comes again.', { ...messageIds(failed), error: reason });
  }
  return {
    batchItemFailures: failures.map(({ record: { record } }) => ({ itemIdentifier: record.messageId })),
  };
}

/** Handles all records at the same time and resolves with those that failed, in their order, by a rejection or a throw. */
export async function failuresOf<Record>(
  records: readonly Record[],
  handle: (record: Record) => Promise<unknown>,
): Promise<{ readonly record: Record; readonly reason: unknown }[]> {
  const outcomes = await Promise.allSettled(records.map(async (record) => handle(record)));
  return records.flatMap((record, at) => {
    const outcome = outcomes[at];
    return outcome?.status === 'rejected' ? [{ record, reason: outcome.reason as unknown }] : [];
  });
}
