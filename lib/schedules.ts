import { createHash } from 'node:crypto';
import { ArnFormat, CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { cronPrefix } from '../src/adapters/aws/config.ts';
import { acknowledgeWildcard } from './acknowledge.ts';
import { commonEnvironment } from './environment.ts';
import { type FunctionPart, createFunction } from './function.ts';
import type { Parts } from './parts.ts';
import type { WorkflowScheduleProps } from './schedule-settings.ts';

/** Enough for a thousand schedules at the quota of a small region. */
const TIMEOUT = Duration.minutes(5);

/** The function that sets the schedules, and its call. */
export interface Schedules extends FunctionPart {
  readonly resource: CustomResource;
}

/**
 * Makes the schedules of a deployment those that its workflows and `schedules` declare. The workflows are known only where
 * they are loaded, so a function does it: with each deployment that changes its code, which contains them, its variables, which
 * they may read, or a property.
 */
export function createSchedules(
  scope: Construct,
  parts: Parts,
  schedules: readonly WorkflowScheduleProps[],
): Schedules {
  const { groupName, role, deadLetterQueue } = parts.scheduler;
  const stack = Stack.of(scope);
  const crons = stack.formatArn({
    service: 'scheduler',
    resource: 'schedule',
    resourceName: `${groupName}/${cronPrefix}*`,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
  const setter = createFunction(scope, 'Schedules', parts, {
    module: 'schedules',
    description: 'Sets the schedules that workflows declare',
    timeout: TIMEOUT,
    onEverything:
      'scheduler:ListSchedules takes no resource; it names schedules and shows nothing of what is in them.',
    permissions: [
      // It takes no resource (Service Authorization Reference, Amazon EventBridge Scheduler).
      new PolicyStatement({ sid: 'ListCrons', actions: ['scheduler:ListSchedules'], resources: ['*'] }),
      new PolicyStatement({
        sid: 'SetCrons',
        actions: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule'],
        resources: [crons],
      }),
      new PolicyStatement({
        sid: 'GiveRole',
        actions: ['iam:PassRole'],
        resources: [role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      }),
    ],
  });
  acknowledgeWildcard(
    setter.role,
    crons,
    'The crons of the one group of this deployment: their names follow from workflows that are loaded only there.',
  );
  const resource = new CustomResource(scope, 'Crons', {
    serviceToken: setter.handler.functionArn,
    resourceType: 'Custom::WorkflowSchedules',
    // Longer than the function takes, which answers before its end.
    serviceTimeout: TIMEOUT.plus(Duration.minutes(1)),
    properties: {
      group: groupName,
      queueArn: parts.work.queue.queueArn,
      roleArn: role.roleArn,
      deadLetterArn: deadLetterQueue.queueArn,
      schedules: stack.toJsonString(schedules),
      // CloudFormation calls the function only when one of these changes, and takes no notice of the function itself. The key of
      // the code is a hash of it. With other variables there are other schedules, perhaps, or lanes that name what is not there.
      variables: hashOf(stack.resolve(commonEnvironment(parts))),
      code: (setter.handler.node.defaultChild as CfnFunction).code,
    },
  });
  // Without its permissions it could neither set nor, when the stack goes, remove them.
  resource.node.addDependency(setter.role, role);
  return { ...setter, resource };
}

/** Values of variables may be secrets: they are not sent along. */
function hashOf(variables: unknown): string {
  return createHash('sha256').update(JSON.stringify(variables)).digest('hex');
}
