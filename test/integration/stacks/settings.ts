import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { defaults } from '../../../src/adapters/aws/config.ts';
import { times } from '../times.ts';

/** Short times, so that a killed worker is recovered while a suite waits. */
export const shortTimes = {
  timeout: Duration.seconds(times.timeoutSeconds),
  lease: Duration.seconds(times.leaseSeconds),
  maximumConcurrency: times.concurrency,
  removalPolicy: RemovalPolicy.DESTROY,
} as const;

/**
 * The construct lets a message come back 30 s after its function's time, and become a dead letter after 10 deliveries. A suite
 * that waits for both would take seven minutes, so what it deploys says less. test/cdk holds the construct's own numbers.
 */
export function hurry(stack: Stack): void {
  // A queue of steps that take longer keeps what its function needs.
  const own = times.timeoutSeconds + defaults.visibilityMarginSeconds;
  for (const queue of stack.node.findAll()) {
    if (!(queue instanceof CfnQueue)) continue;
    const redrive = stack.resolve(queue.redrivePolicy) as { readonly maxReceiveCount?: number } | undefined;
    if (redrive?.maxReceiveCount === undefined) continue;
    if (queue.visibilityTimeout === own) {
      queue.redrivePolicy = { ...redrive, maxReceiveCount: times.deliveries };
      queue.visibilityTimeout = times.visibilitySeconds;
    } else if (queue.visibilityTimeout === times.deadLetterSeconds) {
      // One delivery, and the minute that the function of dead letters may take.
      queue.redrivePolicy = { ...redrive, maxReceiveCount: 1 };
      queue.visibilityTimeout = 60;
    }
  }
}
