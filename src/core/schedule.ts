import type { ScheduleDefinition } from './definition.ts';
import { limits } from './limits.ts';

/** Names one time of one schedule: what a run is started for. */
export interface ScheduleTick {
  readonly workflowId: string;
  /** Of the schedule; absent for the only one of a workflow. */
  readonly scheduleId?: string;
  /** The time by the schedule, ms since 1970. */
  readonly at: number;
}

/** What a run is started with by a schedule that the workflow does not know: one of the deployment. */
export type ScheduleStart = Pick<
  ScheduleDefinition,
  'inputData' | 'initialState' | 'requestContext' | 'owner'
>;

/** When runs of a workflow start by themselves. What they are started with is not shown. */
export interface ScheduleDescription {
  readonly id?: string;
  /** As its author wrote it. */
  readonly cron: string;
  /** Name of an IANA time zone. */
  readonly timezone: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What tells schedules apart in run ids. A sign that separates is written as `%` and its code where an id has it. */
export function scheduleName(workflowId: string, scheduleId: string | undefined): string {
  const plain = (id: string): string => id.replaceAll('%', '%25').replaceAll(':', '%3A');
  return scheduleId === undefined ? plain(workflowId) : `${plain(workflowId)}:${plain(scheduleId)}`;
}

const prefix = 'sched_';
/** Digits of the last time that a date can have: 8.64e15 ms (ECMA-262, "Time Values and Time Range"). */
const timeDigits = 16;

/** Characters of the longest {@link scheduleName} whose runs have an id that is no longer than others. */
export const longestScheduleName = limits.idLength - prefix.length - timeDigits - 1;

/** Id of the run of a tick: the same for everybody who starts it, and of no other tick. */
export function scheduledRunId({ workflowId, scheduleId, at }: ScheduleTick): string {
  return `${prefix}${scheduleName(workflowId, scheduleId)}_${at}`;
}

/**
 * Ids that only schedules give their runs. Whoever else took the id of a tick that is to come would keep its run from being
 * started. A pattern of a JSON Schema.
 */
export const scheduledRunIds = '^sched_[\\s\\S]*_\\d+$';

/** The time zone of a schedule. */
export function timezoneOf({ timezone = 'UTC' }: Pick<ScheduleDefinition, 'timezone'>): string {
  return timezone;
}

/** Whether a time zone is one of the IANA database. Offsets (`+02:00`), which not every place knows, are none. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
