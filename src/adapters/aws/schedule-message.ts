import * as z from 'zod';
import { WorkflowError } from '../../core/errors.ts';
import type { ScheduleStart, ScheduleTick } from '../../core/schedule.ts';
import { scheduleDetailType, scheduleSource } from './config.ts';
import { issuesOf } from './issues.ts';

/**
 * What the Scheduler puts into the work queue when a schedule is due: an event as the bus has them, whose time is that of the
 * schedule, however late it comes.
 */

/** A schedule, as the Scheduler's message names it. */
export interface ScheduledStart extends Omit<ScheduleTick, 'at'> {
  /** What runs are started with, where the deployment and not the workflow says it. */
  readonly start?: ScheduleStart;
}

/** A message that came: which tick it is for, and what its run is started with. */
export interface ScheduleMessage {
  readonly tick: ScheduleTick;
  readonly start?: ScheduleStart;
}

/**
 * Attributes that the Scheduler replaces in what it sends (EventBridge Scheduler user guide, "Adding context attributes").
 * The time is that for which the schedule was made, in ISO 8601.
 */
const attributes = { time: '<aws.scheduler.scheduled-time>', id: '<aws.scheduler.execution-id>' } as const;

const minuteMs = 60_000;

const record = z.record(z.string(), z.unknown());

const message = z.object({
  source: z.literal(scheduleSource),
  'detail-type': z.literal(scheduleDetailType),
  time: z.union([z.literal(attributes.time), z.iso.datetime()]),
  detail: z.object({
    workflowId: z.string().min(1),
    scheduleId: z.string().min(1).exactOptional(),
    start: z
      .object({
        inputData: z.unknown().optional(),
        initialState: record.exactOptional(),
        requestContext: record.exactOptional(),
        owner: z.string().exactOptional(),
      })
      .exactOptional(),
  }),
});

/** What a schedule has as the input of its target: JSON, in which the Scheduler fills in the time. */
export function formatScheduleMessage({ workflowId, scheduleId, start }: ScheduledStart): string {
  return JSON.stringify({
    id: attributes.id,
    source: scheduleSource,
    'detail-type': scheduleDetailType,
    time: attributes.time,
    detail: { workflowId, scheduleId, start },
  });
}

/**
 * The tick in a message. Emulators do not fill in its time; then it is the minute of `sentAt`, when the queue got it, since no cron
 * is of less. Throws WORKFLOW_ARGUMENT_INVALID, with `details.issues`, for one that the Scheduler was not told to send.
 */
export function parseScheduleMessage(value: unknown, sentAt: number): ScheduleMessage {
  const parsed = message.safeParse(value);
  if (parsed.success) {
    const { time, detail } = parsed.data;
    const { workflowId, scheduleId, start } = detail;
    const at = time === attributes.time ? sentAt - (sentAt % minuteMs) : Date.parse(time);
    return {
      tick: { workflowId, at, ...(scheduleId === undefined ? {} : { scheduleId }) },
      ...(start === undefined ? {} : { start }),
    };
  }
  const issues = issuesOf(parsed.error);
  const [first] = issues;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `The message is of no schedule (${first?.path || 'body'}: ${first?.message ?? 'invalid'}): let only the function that deploys ` +
      'the schedules make them',
    { cause: parsed.error, details: { issues } },
  );
}
