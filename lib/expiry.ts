import { Duration } from 'aws-cdk-lib';
import { FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { expiryPattern } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import { type FunctionPart, createFunction } from './function.ts';
import type { Parts } from './parts.ts';
import { expiryPermissions } from './permissions.ts';
import { createDeadLetterQueue } from './queue.ts';

/** Enough for the largest runs: what is left when it is over is removed by the next delivery. */
const TIMEOUT = Duration.minutes(5);

/** The function that removes what expired runs leave behind, and where the stream names those that it could not remove. */
export interface Expiry extends FunctionPart {
  readonly deadLetterQueue: Queue;
}

/** Reads the table's stream, which costs nothing for the records that the filter leaves out. */
export function createExpiry(scope: Construct, parts: Parts): Expiry {
  const deadLetterQueue = createDeadLetterQueue(scope, 'ExpiryDeadLetters', parts.settings.encryptionKey);
  acknowledge(
    deadLetterQueue,
    'AwsSolutions-SQS3',
    'It is a dead-letter queue: of a stream, while the check knows those of queues only.',
  );
  const expiry = createFunction(scope, 'Expiry', parts, {
    module: 'expiry',
    description: 'Removes what expired runs of workflows leave behind',
    timeout: TIMEOUT,
    permissions: expiryPermissions(parts, deadLetterQueue),
    onEverything:
      'Lambda asks for dynamodb:ListStreams to read a stream, which takes no resource (Service Authorization Reference). ' +
      'It names streams and shows nothing of what is in them.',
  });
  expiry.handler.addEventSource(
    new DynamoEventSource(parts.table, {
      // From the oldest: a run that expires while the mapping is made is not left behind.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [FilterCriteria.filter(expiryPattern)],
      batchSize: 10,
      // Nobody waits for it, and a call for ten runs costs what one for a single run does.
      maxBatchingWindow: Duration.minutes(1),
      reportBatchItemFailures: true,
      // Finds the one run that fails by itself, and gives it up before the stream, kept for a day, forgets the others.
      bisectBatchOnError: true,
      retryAttempts: 10,
      // Not the CDK's own, which would give wildcards on the key of the queue.
      onFailure: { bind: () => ({ destination: deadLetterQueue.queueArn }) },
    }),
  );
  return { ...expiry, deadLetterQueue };
}
