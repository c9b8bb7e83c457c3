import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { type FunctionPart, createFunction } from './function.ts';
import type { Parts } from './parts.ts';
import { sweeperPermissions } from './permissions.ts';
import { createDeadLetterQueue } from './queue.ts';

/** The shortest interval: a sweep that takes as long has much to do, and the next one goes on where it was stopped. */
const TIMEOUT = Duration.minutes(1);

/** The function, and the calls of it that EventBridge could not make. */
export interface Sweeper extends FunctionPart {
  readonly deadLetterQueue: Queue;
}

/** The function that publishes again what a transport lost, and the schedule that calls it. */
export function createSweeper(scope: Construct, parts: Parts): Sweeper {
  const { sweepInterval } = parts.settings;
  // When the next call is due, one that could not be made has nothing left to do.
  const maxEventAge = sweepInterval;
  const sweeper = createFunction(scope, 'Sweeper', parts, {
    module: 'sweeper',
    description: 'Publishes the events of workflows that were lost',
    timeout: TIMEOUT,
    permissions: sweeperPermissions(parts),
    // No `recursiveLoop`: it sends to the work queue but takes nothing from it.
    options: { maxEventAge },
  });
  const deadLetterQueue = createDeadLetterQueue(scope, 'SweepDeadLetters', parts.settings.encryptionKey);
  acknowledge(
    deadLetterQueue,
    'AwsSolutions-SQS3',
    'It is a dead-letter queue: of a rule, while the check knows those of queues only.',
  );
  acknowledge(
    sweeper.handler,
    'Serverless-LambdaAsyncFailureDestination',
    'What a sweep has not seen is still due at the next one; there is nothing to keep of one that failed.',
  );
  new Rule(scope, 'SweepSchedule', {
    description: 'Calls the function that looks for lost events of workflows',
    schedule: Schedule.rate(sweepInterval),
    targets: [new LambdaFunction(sweeper.handler, { maxEventAge, deadLetterQueue })],
  });
  return { ...sweeper, deadLetterQueue };
}
