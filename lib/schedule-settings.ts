import { isDeepStrictEqual } from 'node:util';
import {
  isTimezone,
  longestScheduleName,
  schedulerCron,
  scheduleName,
} from '../src/adapters/aws/cron-expression.ts';
import { invalid } from './bounds.ts';

/**
 * When runs of a workflow start by themselves, beside the schedules that the workflow declares: for what differs between
 * deployments.
 */
export interface WorkflowScheduleProps {
  /**
   * Tells it from the other schedules of the workflow, its own included, and is part of the ids of its runs: `sched_<workflow
   * id>:<id>_<time in ms>`. Not empty; together with the workflow's id 176 characters at most.
   */
  readonly id: string;
  /** Id of a workflow that `entry` exports; another one fails the deployment. */
  readonly workflowId: string;
  /**
   * Minute, hour, day of the month, month and day of the week, as in the `schedule` of a workflow. A second before them is 0; a
   * year after them may be given.
   */
  readonly cron: string;
  /**
   * Time zone of the expression, by its name in the IANA database.
   * @default 'UTC'
   */
  readonly timezone?: string;
  /**
   * What the runs are started with: anything that JSON has. It is in the template; do not write secrets.
   * @default undefined
   */
  readonly inputData?: unknown;
  /**
   * State that the runs begin with.
   * @default {}
   */
  readonly initialState?: Readonly<Record<string, unknown>>;
  /**
   * Request context of the runs.
   * @default {}
   */
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /**
   * Principal that the runs belong to: with `auth: 'iam'` the ARN of a role or user, with tokens the owner's claim. 1 to 200
   * characters.
   * @default - nobody: the API shows the runs to none of its callers, unless `auth` is 'none'
   */
  readonly owner?: string;
  /**
   * Whether it starts runs. One that does not is kept in the Scheduler, switched off.
   * @default true
   */
  readonly enabled?: boolean;
}

/** Checks the schedules of a deployment. Throws {@link WorkflowRuntimeError}. */
export function schedulesOf(schedules: readonly WorkflowScheduleProps[]): readonly WorkflowScheduleProps[] {
  // Annotated, or it would make the type an array of anything.
  const isList: boolean = Array.isArray(schedules);
  if (!isList) throw invalid('schedules', 'it is no array; write [{ id, workflowId, cron }]');
  const names = schedules.map((schedule, at) => nameOf(schedule, `schedules[${at}]`));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw invalid('schedules', `two of them are ${twice}; write another id for one of them`);
  }
  return schedules;
}

/** Checks one schedule. Untyped callers come through here too. */
function nameOf(schedule: WorkflowScheduleProps, name: string): string {
  const { id, workflowId, cron, timezone, owner, enabled, inputData, initialState, requestContext } =
    schedule;
  if (typeof id !== 'string' || id === '')
    throw invalid(`${name}.id`, 'it is no text; write an id of its own');
  if (typeof workflowId !== 'string' || workflowId === '') {
    throw invalid(`${name}.workflowId`, 'it is no text; write the id of a workflow');
  }
  const full = scheduleName(workflowId, id);
  if (full.length > longestScheduleName) {
    throw invalid(
      `${name}.id`,
      `with the workflow's id it takes ${full.length} characters; write ${longestScheduleName} at most`,
    );
  }
  const reading =
    typeof cron === 'string' ? schedulerCron(cron) : { problem: "it is no text: write '0 6 * * *'" };
  if ('problem' in reading) throw invalid(`${name}.cron`, reading.problem);
  if (timezone !== undefined && !isTimezone(timezone)) {
    throw invalid(
      `${name}.timezone`,
      `it is ${JSON.stringify(timezone)}; write a name such as 'Europe/Berlin'`,
    );
  }
  if (owner !== undefined && !(typeof owner === 'string' && owner !== '' && owner.length <= 200)) {
    throw invalid(
      `${name}.owner`,
      'it is no text of 1 to 200 characters; write a principal, or leave it out',
    );
  }
  if (enabled !== undefined && typeof enabled !== 'boolean') {
    throw invalid(`${name}.enabled`, 'it is neither true nor false; write one of them');
  }
  checkJson(`${name}.inputData`, inputData);
  checkJson(`${name}.initialState`, initialState);
  checkJson(`${name}.requestContext`, requestContext);
  return full;
}

/** It travels as JSON, in which a date or a map would arrive as something else. */
function checkJson(name: string, value: unknown): void {
  if (value === undefined) return;
  if (isDeepStrictEqual(throughJson(name, value), value)) return;
  throw invalid(name, 'it has what JSON cannot hold, such as a date or undefined; write plain values');
}

function throughJson(name: string, value: unknown): unknown {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch (error) {
    throw invalid(name, `JSON cannot hold it (${String(error)}); write plain values`);
  }
}
