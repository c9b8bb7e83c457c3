import { Duration } from 'aws-cdk-lib';
import { EventField, Match, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { IWorkflowRuntime } from 'evented-workflows/cdk';
import { noticeText } from './text.ts';

/** See {@link SuspendNotice}. */
export interface SuspendNoticeProps {
  readonly runtime: IWorkflowRuntime;
  /** Who gets a mail; each has to confirm it once. @default nobody: subscribe to the topic */
  readonly emails?: readonly string[];
  /** Ids of the workflows that it is about. @default all */
  readonly workflows?: readonly string[];
}

/** Tells people that a run waits for them: a rule on the runtime's bus, and a topic. No code runs for it. */
export class SuspendNotice extends Construct {
  readonly topic: Topic;
  /** Notices that could not be given to the topic for a day. */
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { runtime, emails = [], workflows }: SuspendNoticeProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Waiting runs', enforceSSL: true });
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    new Rule(this, 'Suspended', {
      eventBus: runtime.bus,
      description: 'Runs that wait for a person',
      eventPattern: {
        source: ['evented-workflows'],
        detailType: ['workflow.suspend'],
        detail: {
          // Not `paused`: whoever executes a run one step at a time knows that it stands still.
          status: ['suspended'],
          // Of a nested run the run around it tells: one notice for each wait.
          parent: { runId: Match.doesNotExist() },
          ...(workflows === undefined ? {} : { workflowId: workflows }),
        },
      },
      targets: [
        new SnsTopic(this.topic, {
          message: RuleTargetInput.fromText(
            noticeText({
              runId: EventField.fromPath('$.detail.runId'),
              workflowId: EventField.fromPath('$.detail.workflowId'),
              stepId: EventField.fromPath('$.detail.stepId'),
            }),
          ),
          deadLetterQueue: this.deadLetterQueue,
          maxEventAge: Duration.days(1),
          retryAttempts: 185,
        }),
      ],
    });
  }
}
