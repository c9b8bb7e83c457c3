import {
  CfnEventBus,
  CfnEventBusPolicy,
  EventBus,
  type IEventBus,
  Match,
  Rule,
} from 'aws-cdk-lib/aws-events';
import { AnyPrincipal, Effect, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { eventSource, eventTypePrefix, workPattern } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import type { Parts } from './parts.ts';
import { type WorkQueue, createDeadLetterQueue, queueTarget } from './queue.ts';
import type { Settings } from './settings.ts';

/** The bus of this deployment: the engine's events, and room for the rules of others. */
export function createBus(scope: Construct, { encryptionKey }: Settings): IEventBus {
  const bus = new EventBus(scope, 'Bus', { description: 'Events of workflows' });
  if (encryptionKey !== undefined && bus.node.defaultChild instanceof CfnEventBus) {
    // Not by the prop of the CDK, which would write the bus into the policy of a key that may be in another stack.
    bus.node.defaultChild.kmsKeyIdentifier = encryptionKey.keyArn;
  }
  // The types of the CDK are not made for `exactOptionalPropertyTypes`.
  return bus as IEventBus;
}

/** For what could not be put into the queues. */
export function createRoutingDeadLetters(scope: Construct, { encryptionKey }: Settings): Queue {
  const deadLetterQueue = createDeadLetterQueue(scope, 'RoutingDeadLetters', encryptionKey);
  acknowledge(
    deadLetterQueue,
    'AwsSolutions-SQS3',
    'It is a dead-letter queue: of rules and schedules, while the check knows those of queues only.',
  );
  return deadLetterQueue;
}

/** Routes the events that a worker has to handle to the queues. */
export function routeWork(
  scope: Construct,
  { bus, work, lanes, routingDeadLetterQueue: deadLetterQueue }: Parts,
): void {
  const route = (at: Construct, to: WorkQueue, lane: string[], description: string) =>
    new Rule(at, 'WorkRule', {
      eventBus: bus,
      description,
      eventPattern: {
        source: [...workPattern.source],
        detailType: Match.prefix(eventTypePrefix),
        detail: { work: [...workPattern.detail.work], lane },
      },
      targets: [queueTarget(to, deadLetterQueue)],
    });
  route(scope, work, Match.doesNotExist(), 'Events that a worker has to handle, to the work queue');
  for (const { scope: own, settings: lane, work: queue } of lanes) {
    route(own, queue, Match.exactString(lane.name), `Those of ${lane.name}, to its queue`);
  }
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
