import { createHash } from 'node:crypto';
import type { WorkflowDefinition } from '../../core/definition.ts';
import { WorkflowError } from '../../core/errors.ts';
import { type ScheduleStart, scheduleName, timezoneOf } from '../../core/schedule.ts';
import { schedulerCron } from './cron-expression.ts';
import { cronPrefix } from './config.ts';
import { formatScheduleMessage, type ScheduledStart } from './schedule-message.ts';

/** A schedule that the deployment says, for a workflow that does not know of it. */
export interface DeploymentSchedule extends ScheduleStart {
  readonly id: string;
  readonly workflowId: string;
  readonly cron: string;
  readonly timezone?: string;
  /** @default true */
  readonly enabled?: boolean;
}

/** A schedule as the Scheduler keeps it. */
export interface CronSchedule {
  /** Up to 64 characters of A-Z, a-z, 0-9, `-`, `_` and `.` (EventBridge Scheduler API reference, CreateSchedule, Name). */
  readonly name: string;
  readonly expression: string;
  readonly timezone: string;
  readonly isEnabled: boolean;
  /** What it puts into the work queue. */
  readonly input: string;
  /** For people who look at the Scheduler. */
  readonly description: string;
}

/**
 * All schedules that a deployment has: those that its workflows declare and those of `more`. Throws
 * WORKFLOW_DEFINITION_INVALID for one that the Scheduler cannot express, whose workflow is not there, or whose id is taken.
 */
export function cronSchedules(
  workflows: readonly WorkflowDefinition[],
  more: readonly DeploymentSchedule[],
): readonly CronSchedule[] {
  const declared = workflows.flatMap(({ id: workflowId, schedules = [] }) =>
    schedules.map(({ id, cron, timezone }) =>
      schedulesOf({ workflowId, ...(id === undefined ? {} : { scheduleId: id }) }, { cron, timezone }),
    ),
  );
  const known = new Set(workflows.map(({ id }) => id));
  const deployed = more.map(({ id: scheduleId, workflowId, cron, timezone, enabled, ...start }) => {
    if (known.has(workflowId)) {
      return schedulesOf({ workflowId, scheduleId, start }, { cron, timezone, enabled });
    }
    throw invalid(
      `Schedule "${scheduleId}" of the deployment is for workflow "${workflowId}", which its entry does not export: export it, or ` +
        'write the id of one that is there',
      workflowId,
    );
  });
  const all = [...declared, ...deployed].flat();
  const twice = all.find(({ name }, at) => all.findIndex((other) => other.name === name) !== at);
  if (twice === undefined) return all;
  throw invalid(`${twice.description} is declared twice: give one of them another id`);
}

function schedulesOf(
  scheduled: ScheduledStart,
  times: Pick<DeploymentSchedule, 'cron'> & {
    readonly timezone: string | undefined;
    readonly enabled?: boolean | undefined;
  },
): readonly CronSchedule[] {
  const { workflowId, scheduleId } = scheduled;
  const name = scheduleName(workflowId, scheduleId);
  const reading = schedulerCron(times.cron);
  if ('problem' in reading) {
    throw invalid(`The cron "${times.cron}" of schedule "${name}": ${reading.problem}`, workflowId);
  }
  return reading.expressions.map((expression, at) => ({
    name: nameOf(name, at),
    expression,
    timezone: timezoneOf(times.timezone === undefined ? {} : { timezone: times.timezone }),
    isEnabled: times.enabled ?? true,
    input: formatScheduleMessage(scheduled),
    description: `Schedule "${name}"`,
  }));
}

/** Readable, and by the hash of no other schedule. */
function nameOf(name: string, part: number): string {
  const readable = name.replaceAll(/[^\w.-]/g, '-').slice(0, 30);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 20);
  return `${cronPrefix}${readable}-${hash}-${part}`;
}

function invalid(message: string, workflowId?: string): WorkflowError {
  return new WorkflowError('WORKFLOW_DEFINITION_INVALID', message, {
    details: workflowId === undefined ? {} : { workflowId },
  });
}
