import { Cron } from 'croner';
import { cronText, readCron } from '../core/cron.ts';
import type { ScheduleDefinition } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { timezoneOf } from '../core/schedule.ts';

/** The times of a cron expression in its time zone, ms since 1970. */
export interface CronTimes {
  /** The first time after `time`; undefined when there is none. */
  after(time: number): number | undefined;
  /** The last times up to and including `time`, the latest first. */
  upTo(time: number, count: number): readonly number[];
}

/**
 * The times of a schedule. Where clocks are put forward, a time of one hour that is left out comes at the first time after the
 * gap; where they are put back, it comes once. What comes every hour or more often follows the time that really passes.
 */
export function cronTimes(schedule: Pick<ScheduleDefinition, 'cron' | 'timezone'>): CronTimes {
  const reading = readCron(schedule.cron);
  if ('problem' in reading) {
    throw new WorkflowError('WORKFLOW_DEFINITION_INVALID', `The cron "${schedule.cron}": ${reading.problem}`);
  }
  // Never started: it has no timer of its own.
  const cron = new Cron(cronText(reading.cron), { paused: true, timezone: timezoneOf(schedule) });
  return {
    after: (time) => cron.nextRun(new Date(time))?.getTime(),
    // It looks strictly before, and in whole seconds.
    upTo: (time, count) => cron.previousRuns(count, new Date(time + 1)).map((date) => date.getTime()),
  };
}
