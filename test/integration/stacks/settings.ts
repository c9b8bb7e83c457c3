import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
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
  for (const queue of stack.node.findAll()) {
    if (!(queue instanceof CfnQueue)) continue;
    const redrive = stack.resolve(queue.redrivePolicy) as { readonly maxReceiveCount?: number } | undefined;
    if (redrive?.maxReceiveCount === undefined) continue;
    queue.redrivePolicy = { ...redrive, maxReceiveCount: times.deliveries };
    queue.visibilityTimeout = times.visibilitySeconds;
  }
}
