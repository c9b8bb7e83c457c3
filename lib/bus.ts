import { Duration } from 'aws-cdk-lib';
import { CfnEventBusPolicy, EventBus, type IEventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AnyPrincipal, Effect, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { eventSource, eventTypePrefix, workPattern } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import type { Parts } from './parts.ts';
import { createDeadLetterQueue } from './queue.ts';

/** EventBridge's own defaults (EventBridge user guide, retry policy), written down because the recovery rests on them. */
const RETRY = { maxEventAge: Duration.hours(24), retryAttempts: 185 } as const;

/** The bus of this deployment: the engine's events, and room for the rules of others. */
export function createBus(scope: Construct): IEventBus {
  // The types of the CDK are not made for `exactOptionalPropertyTypes`.
  return new EventBus(scope, 'Bus', { description: 'Events of workflows' }) as IEventBus;
}

/** Routes the events that a worker has to handle to the work queue. Returns the dead letters of the routing. */
export function routeWork(scope: Construct, { bus, work }: Parts): Queue {
  const deadLetterQueue = createDeadLetterQueue(scope, 'RoutingDeadLetters');
  acknowledge(
    deadLetterQueue,
    'AwsSolutions-SQS3',
    'It is a dead-letter queue: of a rule, while the check knows those of queues only.',
  );
  new Rule(scope, 'WorkRule', {
    eventBus: bus,
    description: 'Events that a worker has to handle, to the work queue',
    eventPattern: {
      source: [...workPattern.source],
      detailType: Match.prefix(eventTypePrefix),
      detail: { work: [...workPattern.detail.work] },
    },
    targets: [new SqsQueue(work.queue, { deadLetterQueue, ...RETRY })],
  });
  return deadLetterQueue;
}

/**
 * Nobody else publishes under the engine's name, even who may put events on this bus: a rule of an observer can take the
 * source for the truth. (The engine itself does not: it checks every event against the store.)
 */
export function reserveSource(scope: Construct, bus: IEventBus, roles: readonly IRole[]): void {
  const statement = new PolicyStatement({
    sid: 'ReserveSource',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['events:PutEvents'],
    resources: [bus.eventBusArn],
    conditions: {
      StringEquals: { 'events:source': eventSource },
      ArnNotEquals: { 'aws:PrincipalArn': roles.map((role) => role.roleArn) },
    },
  });
  // A resource of its own rather than `addToResourcePolicy`, which a bus that was made elsewhere does not have.
  new CfnEventBusPolicy(scope, 'ReserveSource', {
    eventBusName: bus.eventBusName,
    statementId: 'ReserveSource',
    statement: statement.toJSON() as unknown,
  });
}
