import { setTimeout as wait } from 'node:timers/promises';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { type CronGroup, removeCrons, setCrons } from '../src/adapters/aws/cron-group.ts';
import { cronSchedules, type DeploymentSchedule } from '../src/adapters/aws/cron-schedules.ts';
import { lanesOf } from '../src/adapters/aws/lanes.ts';
import { readAwsConfig } from '../src/adapters/aws/read-config.ts';
import type { WorkflowDefinition } from '../src/core/definition.ts';
import { WorkflowError } from '../src/core/errors.ts';
import { logger, observed } from './observability.ts';
import { answerStack } from './stack-answer.ts';
import { workflowsOf } from './workflows.ts';

/** What the construct tells of the schedules. Every value of a resource is a text. */
export interface SchedulesProperties {
  readonly group: string;
  readonly queueArn: string;
  readonly roleArn: string;
  readonly deadLetterArn?: string;
  /** JSON: an array of {@link DeploymentSchedule}. */
  readonly schedules: string;
}

/** Time that is left for the answer, ms. */
const answerMs = 15_000;

/**
 * Makes the crons of a deployment those that its workflows and the construct declare, whenever it is deployed; removes them with
 * it. The stack always gets an answer: also when the workflows cannot be loaded, which is why that is done in here.
 */
export const handler = observed(
  async (event: CloudFormationCustomResourceEvent, context: Context): Promise<void> => {
    const properties = event.ResourceProperties as unknown as SchedulesProperties;
    // Another group is another resource: the stack then has this function remove what is in the old one.
    const physicalResourceId = `${properties.group}/crons`;
    const within = new AbortController();
    const time = context.getRemainingTimeInMillis() - answerMs;
    const tooLate = wait(time, undefined, { signal: within.signal }).then(() => {
      throw new WorkflowError(
        'WORKFLOW_BACKEND_UNAVAILABLE',
        `The schedules were not set within ${Math.round(time / 1000)} s: deploy again`,
      );
    });
    try {
      await Promise.race([change(event.RequestType, properties), tooLate]);
      await answerStack(event, { physicalResourceId });
      logger.info('The schedules were set.', { group: properties.group, request: event.RequestType });
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      // What the stack is told may have what an author threw, which is for the one who deploys and not for the log.
      logger.error('The schedules were not set.', {
        group: properties.group,
        request: event.RequestType,
        error,
      });
      await answerStack(event, { physicalResourceId, reason });
    } finally {
      within.abort();
    }
  },
);

async function change(
  type: CloudFormationCustomResourceEvent['RequestType'],
  { group: name, queueArn, roleArn, deadLetterArn, schedules }: SchedulesProperties,
): Promise<void> {
  const client = new SchedulerClient({ maxAttempts: 5 });
  const group: CronGroup = { client, group: name };
  try {
    if (type === 'Delete') return await removeCrons(group);
    const more = JSON.parse(schedules) as readonly DeploymentSchedule[];
    const wanted = cronSchedules(await registeredWorkflows(), more);
    const target = { queueArn, roleArn, ...(deadLetterArn === undefined ? {} : { deadLetterArn }) };
    await setCrons(group, target, wanted);
  } finally {
    client.destroy();
  }
}

/**
 * The workflows, which have what the lanes name: where they do not, no function could be loaded, and a stack that is told so here
 * rolls back before any of them is called.
 */
async function registeredWorkflows(): Promise<readonly WorkflowDefinition[]> {
  const workflows = workflowsOf(await import('evented-workflows:entry'));
  lanesOf(readAwsConfig(process.env).lanes, workflows);
  return workflows;
}
