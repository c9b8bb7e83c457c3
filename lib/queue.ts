import { Annotations, Aws, Duration, Stack } from 'aws-cdk-lib';
import { CfnRule, type IRuleTarget, type RuleTargetConfig } from 'aws-cdk-lib/aws-events';
import { AnyPrincipal, Effect, type IRole, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnQueue, type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { defaults } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import { invalid } from './bounds.ts';
import type { Settings } from './settings.ts';

/** Longest that SQS keeps a message (SQS quotas): time to look into a dead letter. */
const RETENTION = Duration.days(14);

/** EventBridge's own defaults (EventBridge user guide, retry policy), written down because the recovery rests on them. */
const RETRY = {
  maximumEventAgeInSeconds: Duration.hours(24).toSeconds(),
  maximumRetryAttempts: 185,
} as const;

/** A queue of work, where its messages go that could not be processed, and who fills it. */
export interface WorkQueue {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** ARNs of the rules that put events into it; {@link queueTarget} adds its own. */
  readonly ruleArns: string[];
}

/**
 * A message comes back when the function's time is over and a little more, which is when its worker is dead for certain.
 * A mapping refuses a shorter visibility than the function's timeout; a longer one only slows the recovery.
 */
export function createQueue(
  scope: Construct,
  { timeout, encryptionKey }: { readonly timeout: Duration; readonly encryptionKey: IKey | undefined },
): WorkQueue {
  const deadLetterQueue = createDeadLetterQueue(scope, 'WorkDeadLetters', encryptionKey);
  const queue = new Queue(scope, 'Work', {
    visibilityTimeout: visibilityOf(timeout),
    retentionPeriod: RETENTION,
    ...encryptionOf(encryptionKey),
    enforceSSL: true,
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: defaults.maxReceiveCount },
  });
  return { queue, deadLetterQueue, ruleArns: [] };
}

/** A queue for what could not be delivered. */
export function createDeadLetterQueue(scope: Construct, id: string, encryptionKey: IKey | undefined): Queue {
  const queue = new Queue(scope, id, {
    retentionPeriod: RETENTION,
    ...encryptionOf(encryptionKey),
    enforceSSL: true,
  });
  acknowledge(queue, 'Serverless-SQSRedrivePolicy', 'It is a dead-letter queue itself.');
  return queue;
}

/** The queue that the deployment brings, if it serves. Throws `WorkflowRuntimeError`. */
export function ownQueueOf({ ownQueue, ownDeadLetterQueue, timeout }: Settings): WorkQueue | undefined {
  if (ownQueue === undefined) return undefined;
  if (ownQueue.fifo) {
    throw invalid(
      'queue',
      'it is a FIFO queue, which no timer can delay a message in; write one without fifo',
    );
  }
  const deadLetterQueue =
    (ownQueue instanceof Queue ? ownQueue.deadLetterQueue?.queue : undefined) ?? ownDeadLetterQueue;
  if (deadLetterQueue === undefined) {
    throw invalid(
      'queue',
      `it has no dead-letter queue; write deadLetterQueue: { queue, maxReceiveCount: ${defaults.maxReceiveCount} } in it, ` +
        'or, for one that was imported, deadLetterQueue beside it',
    );
  }
  const resource = ownQueue.node.defaultChild;
  const least = visibilityOf(timeout).toSeconds();
  // SQS's default, 30 s, where the template says nothing.
  const visibility = resource instanceof CfnQueue ? (resource.visibilityTimeout ?? 30) : least;
  if (visibility < least) {
    throw invalid(
      'queue',
      `its messages come back after ${visibility} s, while they may still be worked on; write visibilityTimeout: ` +
        `Duration.seconds(${least}), which is timeout and ${defaults.visibilityMarginSeconds} s`,
    );
  }
  return { queue: ownQueue, deadLetterQueue, ruleArns: [] };
}

/**
 * A rule's target: the whole event, untransformed, into a work queue. Only this rule is let in. The CDK's own target would let
 * in all of EventBridge when the queue has a key.
 */
export function queueTarget(work: WorkQueue, deadLetterQueue: IQueue): IRuleTarget {
  return {
    bind: (rule): RuleTargetConfig => {
      const ruleArn = CfnRule.arnForRule(rule);
      work.ruleArns.push(ruleArn);
      for (const queue of [work.queue, deadLetterQueue]) {
        allowRule(queue, Stack.of(queue) === Stack.of(rule) ? ruleArn : undefined);
      }
      return {
        arn: work.queue.queueArn,
        deadLetterConfig: { arn: deadLetterQueue.queueArn },
        retryPolicy: RETRY,
      };
    },
  };
}

/** Without the rule, all of EventBridge in this account: a queue of another stack, which the rule needs, cannot need the rule. */
function allowRule(queue: IQueue, ruleArn: string | undefined): void {
  const { statementAdded } = queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions:
        ruleArn === undefined
          ? { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } }
          : { ArnEquals: { 'aws:SourceArn': ruleArn } },
    }),
  );
  if (statementAdded) return;
  Annotations.of(queue).addWarningV2(
    'evented-workflows:queue-policy',
    'The policy of this queue is not part of this app. It has to let the rules of the bus send to it, or no run ever ' +
      'goes on: see "Bring your own" in docs/construct.md.',
  );
}

/**
 * Nobody but its rules and these roles puts messages into a work queue, whatever else they may do in the account: its messages
 * are taken for what EventBridge or the engine says. Called last, when all rules are known. A condition on a key that a request
 * does not have holds, so a request is refused only when neither its role nor its rule is among these.
 */
export function closeQueue({ queue, ruleArns }: WorkQueue, roles: readonly IRole[]): void {
  // The policy of a queue of another stack cannot name what this one makes.
  if (roles.some((role) => Stack.of(role) !== Stack.of(queue))) return;
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'OnlyTheEngine',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: {
        ArnNotEquals: {
          'aws:PrincipalArn': roles.map((role) => role.roleArn),
          'aws:SourceArn': ruleArns,
        },
      },
    }),
  );
}

/** How long a message is not seen by others: its function's time, and a little more. */
export function visibilityOf(timeout: Duration): Duration {
  return timeout.plus(Duration.seconds(defaults.visibilityMarginSeconds));
}

function encryptionOf(key: IKey | undefined) {
  return key === undefined
    ? { encryption: QueueEncryption.SQS_MANAGED }
    : // SQS keeps a data key for as long, instead of a request to KMS for every few messages.
      { encryption: QueueEncryption.KMS, encryptionMasterKey: key, dataKeyReuse: Duration.minutes(15) };
}
