import type { ScheduleDefinition } from '../core/definition.ts';
import { readCron } from '../core/cron.ts';
import { limits } from '../core/limits.ts';
import { isTimezone, longestScheduleName, scheduleName } from '../core/schedule.ts';
import { checkMetadata, describe, invalid, isObject } from './describe.ts';

/**
 * The schedules in what `createWorkflow` was given. Throws WORKFLOW_DEFINITION_INVALID. What runs are started with is
 * validated when they are: a schema may take its time, and construction does not.
 */
export function schedulesGiven(
  given: unknown,
  workflowId: string,
): readonly ScheduleDefinition[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) return [scheduleGiven(given, workflowId, 'its schedule')];
  const schedules = given.map((entry: unknown, at) => scheduleGiven(entry, workflowId, `schedule[${at}]`));
  const ids = schedules.map(({ id }) => id);
  if (ids.includes(undefined)) {
    throw invalid(
      `Workflow "${workflowId}" declares an array of schedules, and one entry is missing the required \`id\` field: give each ` +
        'entry an id of its own',
      { workflowId },
    );
  }
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice === undefined) return schedules;
  throw invalid(
    `Workflow "${workflowId}" declares duplicate schedule id "${twice}". Give each entry an id of its own`,
    { workflowId },
  );
}

function scheduleGiven(given: unknown, workflowId: string, place: string): ScheduleDefinition {
  const of = `Workflow "${workflowId}"`;
  const refused = (field: string, value: unknown, remedy: string): Error =>
    invalid(`${of} has ${describe(value)} as ${field} of ${place}: ${remedy}`, { workflowId, field });
  if (!isObject(given)) {
    throw invalid(`${of} has ${describe(given)} as ${place}: give { cron, timezone, inputData }`, {
      workflowId,
    });
  }
  const { id, cron, timezone, inputData, initialState, requestContext, metadata, owner, catchUp } = given;
  if (id !== undefined && (typeof id !== 'string' || id.trim() === '')) {
    throw refused('the id', id, 'give a string that is not empty');
  }
  const { length } = scheduleName(workflowId, id);
  if (length > longestScheduleName) {
    throw invalid(
      `${of} has an id that is too long for ${place}: with the schedule's id it takes ${length} characters in the ids of the ` +
        `runs; shorten them to ${longestScheduleName} together`,
      { workflowId, field: 'id' },
    );
  }
  if (typeof cron !== 'string')
    throw refused('the cron', cron, "give an expression such as '30 6 * * MON-FRI'");
  const reading = readCron(cron);
  if ('problem' in reading) throw refused('the cron', cron, reading.problem);
  if (timezone !== undefined && (typeof timezone !== 'string' || !isTimezone(timezone))) {
    throw refused(
      'the timezone',
      timezone,
      "give a name of the IANA database, such as 'Europe/Berlin', or none for UTC",
    );
  }
  if (initialState !== undefined && !isObject(initialState)) {
    throw refused('the initialState', initialState, 'give an object');
  }
  if (requestContext !== undefined && !isObject(requestContext)) {
    throw refused('the requestContext', requestContext, 'give an object');
  }
  checkMetadata(metadata, `${of}, ${place},`);
  if (owner !== undefined && !isOwner(owner)) {
    throw refused('the owner', owner, `give 1 to ${limits.idLength} characters, or none`);
  }
  if (catchUp !== undefined && catchUp !== 'newest' && catchUp !== 'none') {
    throw refused('catchUp', catchUp, 'give "newest" or "none"');
  }
  return { id, cron, timezone, inputData, initialState, requestContext, metadata, owner, catchUp };
}

function isOwner(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && Array.from(value).length <= limits.idLength;
}
