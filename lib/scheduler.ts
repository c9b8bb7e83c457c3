import { ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { environment } from '../src/adapters/aws/config.ts';
import { acknowledgeWildcard } from './acknowledge.ts';
import type { Parts } from './parts.ts';

/** Where the Scheduler keeps what belongs to a deployment, and what it works by. */
export interface Scheduler {
  /** Name of the group: whatever is in it goes with it. */
  readonly groupName: string;
  /** By which it sends to the work queues. */
  readonly role: Role;
  /** For what it could not send for a day. */
  readonly deadLetterQueue: IQueue;
  /** ARN of all schedules of the group. */
  readonly schedulesArn: string;
}

/** What timers that are due in more than a quarter of an hour need: a group, and a role that may send to these queues. */
export function createScheduler(
  scope: Construct,
  { work, lanes }: Pick<Parts, 'work' | 'lanes'>,
  deadLetterQueue: IQueue,
): Scheduler {
  const group = new ScheduleGroup(scope, 'Timers');
  const role = new Role(scope, 'TimersRole', {
    description: 'Puts what is due into the work queues',
    // Nobody else's schedules: the Scheduler names the group for which it assumes a role (its user guide, "Confused deputy").
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': group.scheduleGroupArn },
      },
    }),
  });
  const queues = [work.queue, ...lanes.map((lane) => lane.work.queue), deadLetterQueue];
  role.addToPolicy(
    new PolicyStatement({
      sid: 'Send',
      actions: ['sqs:SendMessage'],
      resources: queues.map(({ queueArn }) => queueArn),
    }),
  );
  const keys = new Set(
    queues.flatMap(({ encryptionMasterKey: key }) => (key === undefined ? [] : [key.keyArn])),
  );
  if (keys.size > 0) {
    role.addToPolicy(
      new PolicyStatement({
        sid: 'Keys',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [...keys],
        conditions: { StringEquals: { 'kms:ViaService': `sqs.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
      }),
    );
  }
  const groupName = group.scheduleGroupName;
  const schedulesArn = Stack.of(scope).formatArn({
    service: 'scheduler',
    resource: 'schedule',
    resourceName: `${groupName}/*`,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
  return { groupName, role, deadLetterQueue, schedulesArn };
}

/** What each function is told of it. */
export function schedulerEnvironment({
  groupName,
  role,
  deadLetterQueue,
}: Scheduler): Record<string, string> {
  return {
    [environment.scheduleGroup]: groupName,
    [environment.scheduleRole]: role.roleArn,
    [environment.scheduleDeadLetters]: deadLetterQueue.queueArn,
  };
}

/** Setting timers: delays of the work queues, and one-time schedules, which the Scheduler carries out by its role. */
export function timerPermissions({ work, lanes, scheduler }: Parts): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'Delay',
      actions: ['sqs:SendMessage'],
      resources: [work, ...lanes.map((lane) => lane.work)].map(({ queue }) => queue.queueArn),
    }),
    new PolicyStatement({
      sid: 'Timers',
      actions: ['scheduler:CreateSchedule'],
      resources: [scheduler.schedulesArn],
    }),
    new PolicyStatement({
      sid: 'TimersRole',
      actions: ['iam:PassRole'],
      resources: [scheduler.role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    }),
  ];
}

/** Says why a role that sets timers has a wildcard. */
export function acknowledgeTimers(role: Role, { schedulesArn }: Scheduler): void {
  acknowledgeWildcard(
    role,
    schedulesArn,
    'The schedules of the one group of this deployment; a timer has the hash of its event as its name, which is not known before.',
  );
}
