import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { defaults } from '../src/adapters/aws/config.ts';

/** Longest that SQS keeps a message (SQS quotas): time to look into a dead letter. */
const RETENTION = Duration.days(14);

/** The work queue and where its messages go that could not be processed. */
export interface WorkQueue {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
}

/**
 * A message comes back when the function's time is over and a little more, which is when its worker is dead for certain.
 * A mapping refuses a shorter visibility than the function's timeout; a longer one only slows the recovery.
 */
export function createQueue(scope: Construct, { timeout }: { readonly timeout: Duration }): WorkQueue {
  const deadLetterQueue = createDeadLetterQueue(scope, 'WorkDeadLetters');
  const queue = new Queue(scope, 'Work', {
    visibilityTimeout: timeout.plus(Duration.seconds(defaults.visibilityMarginSeconds)),
    retentionPeriod: RETENTION,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: defaults.maxReceiveCount },
  });
  return { queue, deadLetterQueue };
}

/** A queue for what could not be delivered. */
export function createDeadLetterQueue(scope: Construct, id: string): Queue {
  return new Queue(scope, id, {
    retentionPeriod: RETENTION,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
}
