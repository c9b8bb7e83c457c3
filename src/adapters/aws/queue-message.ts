import { type ValidationIssue, WorkflowError } from '../../core/errors.ts';
import { eventFormat, eventTypes, type WorkflowEvent } from '../../core/event.ts';
import { runStatuses, stepStatuses } from '../../core/records.ts';
import { eventSource } from './config.ts';
import { type FieldRule, isObject, issuesOfFields, jsonOf } from './fields.ts';
import type { Carried } from './spending.ts';

/**
 * The body of a message in the work queue: what the bus's rule delivers to it, or the part of that which counts, as timers
 * send it past the bus.
 */

const anyText: FieldRule = { is: (value) => typeof value === 'string', expected: 'a string' };
const text: FieldRule = { is: isText, expected: 'a string that is not empty' };
const count: FieldRule = { is: (value) => isInteger(value, 0), expected: 'an integer of 0 or more' };
const flag: FieldRule = { is: (value) => typeof value === 'boolean', expected: 'true or false' };
const time: FieldRule = { is: (value) => typeof value === 'number', expected: 'a number' };

/** The fields of the engine's event, whatever its type: each type has a narrower schema in `src/events`. */
export const eventFields: Readonly<Record<keyof WorkflowEvent, FieldRule>> = {
  format: { is: (value) => isInteger(value, 1, eventFormat), expected: `a format of 1 to ${eventFormat}` },
  id: anyText,
  type: { is: oneOf(eventTypes), expected: 'the type of an event' },
  work: flag,
  workflowId: text,
  runId: text,
  epoch: { is: (value) => isInteger(value, 1), expected: 'an integer of 1 or more' },
  path: { is: isPath, expected: 'up to two indexes' },
  turn: { ...anyText, optional: true },
  stepId: { ...anyText, optional: true },
  status: { is: oneOf([...runStatuses, ...stepStatuses]), expected: 'a status', optional: true },
  prev: { is: isOutcome, expected: 'a path and the status of a step', optional: true },
  parent: { is: isPlace, expected: 'the id of a run and a path', optional: true },
  to: { ...count, optional: true },
  seesCell: { ...flag, optional: true },
  restartedAt: { ...time, optional: true },
  dueAt: { ...time, optional: true },
  hop: count,
  time,
};

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isInteger(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function oneOf(values: readonly string[]): FieldRule['is'] {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value) => known.has(value);
}

const isStepStatus = oneOf(stepStatuses);

/** Whether it is the place of an entry, or of an arm or item of it. */
export function isPath(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= 2 && value.every((index) => isInteger(index, 0));
}

function isOutcome(value: unknown): boolean {
  return isObject(value) && isPath(value['path']) && isStepStatus(value['status']);
}

function isPlace(value: unknown): boolean {
  return isObject(value) && isText(value['runId']) && isPath(value['path']);
}

/**
 * The body by which a timer delivers an event: the same parts of it that the bus delivers, and no more. `spent`: what its
 * handling has used, and nothing has been charged with. @default nothing
 */
export function formatQueueMessage(event: WorkflowEvent, spent: Carried = {}): string {
  const detail = Object.keys(spent).length === 0 ? event : { ...event, spent };
  return JSON.stringify({ source: eventSource, 'detail-type': event.type, detail });
}

/**
 * The event in the body of a message of the work queue. Throws WORKFLOW_ARGUMENT_INVALID for a body that is no JSON, that has
 * another source, or whose detail is no event of a format up to this version's; `details.issues` names the fields.
 */
export function parseQueueMessage(body: string): WorkflowEvent {
  return eventIn(jsonOf(body));
}

/** {@link parseQueueMessage} of what was parsed already. */
export function eventIn(content: unknown): WorkflowEvent {
  const event: Record<string, unknown> = {};
  const issues = isObject(content) ? readInto(event, content) : [notAnObject(content)];
  const [first] = issues;
  if (first === undefined) return event as unknown as WorkflowEvent;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `The message is no workflow event (${first.path || 'body'}: ${first.message}): let only the rule of the ` +
      'bus and the timers send to the work queue',
    { details: { issues } },
  );
}

/** Copies the fields that are known, since a later version may have added some; answers what is wrong. */
function readInto(
  event: Record<string, unknown>,
  { source, 'detail-type': type, detail }: Readonly<Record<string, unknown>>,
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  if (source !== eventSource) issues.push({ path: 'source', message: `is not ${eventSource}` });
  if (!isObject(detail)) return [...issues, { path: 'detail', message: 'is no object' }];
  if (detail['type'] !== type) issues.push({ path: 'detail-type', message: 'is not the type of the detail' });
  issues.push(...issuesOfFields(detail, eventFields, 'detail.'));
  for (const name of Object.keys(eventFields)) {
    if (detail[name] !== undefined) event[name] = detail[name];
  }
  return issues;
}

function notAnObject(content: unknown): ValidationIssue {
  return { path: '', message: content === undefined ? 'is no JSON' : 'is no object' };
}

/**
 * The run that a message of the engine is about, whichever version wrote it: of a message in the work queue, and of one that
 * EventBridge could not put there. Throws WORKFLOW_ARGUMENT_INVALID for any other body.
 */
export function runIdOfMessage(body: string): string {
  return runIdIn(jsonOf(body));
}

/** {@link runIdOfMessage} of what was parsed already. */
export function runIdIn(content: unknown): string {
  const { source, detail } = isObject(content) ? content : {};
  const runId = isObject(detail) ? detail['runId'] : undefined;
  if (source === eventSource && isText(runId)) return runId;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `The message is about no run (${source === eventSource ? 'detail.runId' : 'source'} is not what the engine writes): look at ` +
      'it by evented redrive --dry-run, and delete it when nobody needs it',
  );
}
