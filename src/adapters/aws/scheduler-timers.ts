import { createHash } from 'node:crypto';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { WorkflowEvent } from '../../core/event.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Timers } from '../../ports/event-bus.ts';
import { defaults, serviceLimits } from './config.ts';
import { formatQueueMessage } from './queue-message.ts';
import { inTime } from './in-time.ts';
import { failureBackoff, isNamed, type Pacing, retrying } from './retry.ts';
import { type Carried, loadOf } from './spending.ts';

/** Where schedules are kept, and by which role they are carried out. */
export interface ScheduleConfig {
  /** Name of the Scheduler group. */
  readonly group: string;
  /** ARN of the role by which the Scheduler sends to the queues. */
  readonly roleArn: string;
  /** ARN of the work queue. */
  readonly queueArn: string;
  /** ARN of the queue for what could not be sent for a day. @default it is lost, and the sweeper finds the run */
  readonly deadLetterArn?: string;
  /** What is due in more than this is a schedule, ms: 60,001 to 900,000, what a queue can delay. @default 900,000 */
  readonly beyondMs?: number;
}

/** See {@link schedulerTimers}. */
export interface SchedulerTimersOptions extends Omit<ScheduleConfig, 'queueArn'> {
  /** What sets the timers that are due sooner. */
  readonly near: Timers;
  /** Called with the first timer that is due later. */
  readonly client: () => Promise<SchedulerClient>;
  /** ARN of the queue that the event belongs into. */
  readonly queueArn: (event: WorkflowEvent) => string;
  readonly clock: Pick<Clock, 'now'>;
  readonly pacing: Pacing;
}

const defaultBeyondMs = serviceLimits.sqsDelaySeconds * 1_000;

/** A schedule comes up to a minute late, so it is set for a minute before the due time; the queue's delay does the rest. */
const leadMs = serviceLimits.schedulePrecisionSeconds * 1_000;

/** One schedule waits for no longer than this: a year of five digits cannot be written. Its handler sets the next one. */
const longestMs = 365 * 24 * 60 * 60 * 1_000;

/**
 * Timers that are due later than a queue can delay: one-time schedules that send the event shortly before its due time, when its
 * handler sets what is left as a delay of the queue. One that is there already is the same timer. A schedule deletes itself when
 * it was carried out, so that of a canceled run too: its event meets a run that is over.
 */
export function schedulerTimers(options: SchedulerTimersOptions): Timers {
  const { near, clock, pacing, beyondMs = defaultBeyondMs } = options;
  return {
    async schedule(event, dueAt) {
      const now = clock.now();
      if (dueAt - now <= beyondMs) return near.schedule(event, dueAt);
      const at = Math.max(now, Math.min(dueAt - leadMs, now + longestMs));
      const [{ CreateScheduleCommand }, client] = await Promise.all([
        import('./scheduler.ts'),
        options.client(),
      ]);
      const load = loadOf({ schedules: 1, requests: 1 });
      try {
        const command = new CreateScheduleCommand(scheduleOf(options, event, at, load.carried));
        const isNew = await retrying(pacing, failureBackoff, 'Setting a timer as a schedule', async () => {
          try {
            await client.send(command, inTime(client, pacing.clock));
            return { done: true };
          } catch (error) {
            return isNamed(error, 'ConflictException') ? { done: false } : { again: error };
          }
        });
        // The event of the schedule that is there carries what was open when that was made.
        if (!isNew) load.undo();
      } catch (error) {
        load.undo();
        throw error;
      }
    },
  };
}

function scheduleOf(options: SchedulerTimersOptions, event: WorkflowEvent, at: number, spent: Carried) {
  const { group, roleArn, deadLetterArn, queueArn } = options;
  return {
    GroupName: group,
    Name: scheduleName(event, at),
    ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)})`,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: queueArn(event),
      RoleArn: roleArn,
      Input: formatQueueMessage(event, spent),
      RetryPolicy: {
        MaximumEventAgeInSeconds: defaults.scheduleRetryHours * 3_600,
        MaximumRetryAttempts: defaults.scheduleRetryAttempts,
      },
      ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
    },
  } as const;
}

/** The same for the same event at the same time, whoever sets it; 64 characters, which is the most that a name can have. */
function scheduleName({ id }: WorkflowEvent, at: number): string {
  return createHash('sha256').update(`${id}\n${at}`).digest('hex');
}
