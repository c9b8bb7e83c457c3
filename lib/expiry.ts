import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { expiryPattern } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import { functionProps } from './bundling.ts';
import { commonEnvironment } from './environment.ts';
import type { Settings } from './settings.ts';
import { createDeadLetterQueue } from './queue.ts';
import type { Storage } from './storage.ts';

/** Enough for the largest runs: what is left when it is over is removed by the next delivery. */
const TIMEOUT = Duration.minutes(5);

/** The function that removes what expired runs leave behind, and where the stream names those that it could not remove. */
export interface Expiry {
  readonly handler: NodejsFunction;
  readonly deadLetterQueue: Queue;
}

/** Reads the table's stream, which costs nothing for the records that the filter leaves out. */
export function createExpiry(
  scope: Construct,
  storage: Storage,
  settings: Settings,
  { role, logGroup }: { readonly role: IRole; readonly logGroup: ILogGroup },
): Expiry {
  const deadLetterQueue = createDeadLetterQueue(scope, 'ExpiryDeadLetters');
  acknowledge(
    deadLetterQueue,
    'AwsSolutions-SQS3',
    'It is a dead-letter queue: of a stream, while the check knows those of queues only.',
  );
  const handler = new NodejsFunction(scope, 'Expiry', {
    ...functionProps('expiry', settings),
    description: 'Removes what expired runs of workflows leave behind',
    role,
    logGroup,
    timeout: TIMEOUT,
    environment: commonEnvironment(storage, settings),
  });
  handler.addEventSource(
    // The types of the CDK are not made for `exactOptionalPropertyTypes`: the ARN of a stream may be undefined here.
    new DynamoEventSource(storage.table as ITable, {
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
      onFailure: new SqsDlq(deadLetterQueue),
    }),
  );
  return { handler, deadLetterQueue };
}
