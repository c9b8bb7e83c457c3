import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnQueue, type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { defaults } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import { type FunctionPart, createFunction } from './function.ts';
import type { Parts } from './parts.ts';
import { handlingPermissions } from './permissions.ts';
import { createDeadLetterQueue } from './queue.ts';
import { requestSourcesEnvironment } from './sources.ts';

/** An audit is a handful of reads and a publication, which are tried again for up to half of this. */
const TIMEOUT = Duration.minutes(1);

/** Time in which an audit that failed is not tried again: a store that is down is not back in a second. */
const VISIBILITY = Duration.minutes(6);

/** An outage of half an hour is sat out; what fails after that is for a person to see. */
const AUDITS = 5;

/** Fewest that a mapping can be bound to (Lambda API reference, MaximumConcurrency). */
const CONCURRENCY = 2;

/** The function that looks at the runs of dead messages, and where those end that it can do nothing for. */
export interface DeadLetters extends FunctionPart {
  readonly undeliverable: Queue;
}

/**
 * Takes the messages of all dead-letter queues whose messages are about runs. Those of a queue that the deployment was given are
 * taken too, but where they end is what its owner says.
 */
export function createDeadLetters(scope: Construct, parts: Parts, queues: readonly IQueue[]): DeadLetters {
  const undeliverable = createUndeliverable(scope, parts);
  const part = createFunction(scope, 'DeadLetter', parts, {
    module: 'dead-letter',
    description: 'Looks at the runs of messages that could not be processed',
    timeout: TIMEOUT,
    permissions: handlingPermissions(parts),
    // A request that could not be processed is tried once more.
    environment: requestSourcesEnvironment(parts.settings.requestSources),
    // No `recursiveLoop`: what it publishes goes to the work queue, and it takes nothing from there.
  });
  for (const queue of queues) {
    redriveTo(queue, undeliverable, receivesOf(parts) + AUDITS);
    part.handler.addEventSource(
      new SqsEventSource(queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: CONCURRENCY,
      }),
    );
  }
  acknowledge(
    part.handler,
    'Serverless-LambdaEventSourceMappingDestination',
    'Its mappings read queues, whose failures go to the queue Undeliverable; a mapping has destinations for streams.',
  );
  return { ...part, undeliverable };
}

/** It names no source: the queues name it, and a template may have no circle. */
function createUndeliverable(scope: Construct, { settings }: Parts): Queue {
  const undeliverable = createDeadLetterQueue(scope, 'Undeliverable', settings.encryptionKey);
  acknowledge(
    undeliverable,
    'AwsSolutions-SQS3',
    'It is the last dead-letter queue, and has an alarm; a person moves its messages back by evented redrive.',
  );
  return undeliverable;
}

/**
 * Receipts that a dead letter of a work queue may have already. Whether its count begins anew in the next queue is not documented: a
 * queue that allowed fewer would pass it on before anybody has looked at its run.
 */
function receivesOf({ work: { queue } }: Parts): number {
  const own = queue instanceof Queue ? queue.deadLetterQueue?.maxReceiveCount : undefined;
  return Math.max(defaults.maxReceiveCount, own ?? 0);
}

/**
 * Dead letters get dead letters of their own, unless somebody gave them some. Not at their creation, when neither the function
 * nor that queue is there yet.
 */
function redriveTo(queue: IQueue, undeliverable: Queue, maxReceiveCount: number): void {
  const resource = queue.node.defaultChild;
  const canBeSet = resource instanceof CfnQueue;
  if (canBeSet) {
    // Lambda refuses a mapping whose messages would come back while they are worked on.
    resource.visibilityTimeout = Math.max(resource.visibilityTimeout ?? 0, VISIBILITY.toSeconds());
    if (resource.redrivePolicy !== undefined) return;
  }
  // A queue of another stack, which this one needs, cannot need one of this stack.
  if (canBeSet && Stack.of(queue) === Stack.of(undeliverable)) {
    resource.redrivePolicy = { deadLetterTargetArn: undeliverable.queueArn, maxReceiveCount };
    return;
  }
  Annotations.of(queue).addWarningV2(
    'evented-workflows:dead-letter-queue',
    'The dead letters of this queue cannot be sent on to the queue Undeliverable of the runtime. Give it dead letters of its own, ' +
      'or a message that nobody can read is tried until it expires: see "Bring your own" in docs/construct.md.',
  );
}
