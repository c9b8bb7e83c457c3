import type { WorkflowTypes } from './definition-types.ts';
import type { InputArgument } from './run-types.ts';

/** What a schedule says of itself. */
export interface ScheduleFields {
  /**
   * Tells it from the other schedules of the workflow, and is part of the ids of its runs: `sched_<workflow id>:<id>_<time in
   * ms>`, or without one `sched_<workflow id>_<time in ms>`. So one that is given another id is another schedule. Not empty;
   * together with the workflow's id 170 characters at most.
   * @default none; an array needs one in each entry
   */
  readonly id?: string;
  /**
   * Minute (0-59), hour (0-23), day of the month (1-31), month (1-12 or JAN-DEC) and day of the week (0-7 or SUN-SAT, where 0 and
   * 7 are Sunday): each `*`, or numbers, ranges and steps of ranges with commas between, such as `0,30 8-18/2 * * MON-FRI`.
   * Where both the day of the month and that of the week are given, either is enough. `@hourly`, `@daily`, `@weekly`,
   * `@monthly` and `@yearly` work as well. A sixth field before these is the second (0-59), which AWS takes as 0 only; a
   * seventh, after them, the year (1970-2199).
   */
  readonly cron: string;
  /** Time zone of the expression, by its name in the IANA database, such as `Europe/Berlin`. @default 'UTC' */
  readonly timezone?: string;
  /** For people who look at the workflow. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Principal that the runs belong to, as callers of the API are named: with IAM the ARN of a role or user, with tokens the
   * owner's claim. 1 to 200 characters.
   * @default nobody: an API that tells its callers apart shows the runs to none of them
   */
  readonly owner?: string;
  /**
   * What becomes of the times that pass while no process serves the workflow, where processes start the runs by themselves:
   * `newest` starts the run of the last of them when one comes back, if one of the 100 times before had a run; `none` waits for
   * the next. On AWS the Scheduler is always there, and tries for 24 hours.
   * @default 'newest'
   */
  readonly catchUp?: 'newest' | 'none';
}

/** When runs of a workflow start by themselves, and with what. */
export type WorkflowSchedule<Types extends WorkflowTypes = WorkflowTypes> = ScheduleFields &
  InputArgument<Types['input']> & {
    /** Validated by the workflow's `stateSchema` at each start. @default {} */
    readonly initialState?: Types['stateInput'];
    /** Validated by the workflow's `requestContextSchema` at each start. @default {} */
    readonly requestContext?: Readonly<Partial<Types['requestContext']>>;
  };

/** One schedule, or several that differ in their ids. */
export type ScheduleOption<Types extends WorkflowTypes = WorkflowTypes> =
  | WorkflowSchedule<Types>
  | readonly (WorkflowSchedule<Types> & { readonly id: string })[];
