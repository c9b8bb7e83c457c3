import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { LazyClients } from '../src/adapters/aws/clients.ts';
import { readAwsConfig, removeExpiredRun } from '../src/adapters/aws/index.ts';
import { withInvocation } from '../src/adapters/aws/invocation.ts';
import { failuresOf } from './each-record.ts';
import { logger, observed } from './observability.ts';
import { callTime } from './remaining-time.ts';

const { tableName } = readAwsConfig(process.env);
const client = new LazyClients({}, undefined).dynamodb();

/**
 * Removes what expired headers leave behind. Lambda delivers again from the first record that failed on; for those after it
 * that did not fail, nothing is left to remove.
 */
export const handler = observed(
  async ({ Records: records }: DynamoDBStreamEvent, context): Promise<DynamoDBBatchResponse> => {
    const failures = await withInvocation(callTime(context, Date.now()), () =>
      failuresOf(records, ({ dynamodb }) =>
        removeExpiredRun({ client, tableName }, dynamodb?.OldImage ?? {}),
      ),
    );
    for (const { record, reason } of failures) {
      const { Keys: keys, SequenceNumber: sequenceNumber } = record.dynamodb ?? {};
      logger.error('An expired run was not removed and comes again.', {
        keys,
        sequenceNumber,
        error: reason,
      });
    }
    return {
      batchItemFailures: failures.map(({ record }) => ({
        itemIdentifier: record.dynamodb?.SequenceNumber ?? '',
      })),
    };
  },
);
