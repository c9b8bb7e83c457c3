import * as z from 'zod';
import { WorkflowError } from '../../core/errors.ts';
import { eventFormat, eventTypes, type WorkflowEvent } from '../../core/event.ts';
import { runStatuses, stepStatuses } from '../../core/records.ts';
import { eventSource } from './config.ts';
import { issuesOf } from './issues.ts';
import type { Carried } from './spending.ts';

/**
 * The body of a message in the work queue: what the bus's rule delivers to it, or the part of that which counts, as timers
 * send it past the bus.
 */

const count = z.int().min(0);
const path = z.array(count).max(2);

/** The engine's event, whatever its type: each of them has a narrower schema in `src/events`. */
export const eventDetail = z.object({
  format: z.int().min(1).max(eventFormat),
  id: z.string(),
  type: z.enum(eventTypes),
  work: z.boolean(),
  workflowId: z.string().min(1),
  runId: z.string().min(1),
  epoch: z.int().min(1),
  path,
  turn: z.string().optional(),
  stepId: z.string().optional(),
  status: z.enum([...runStatuses, ...stepStatuses]).optional(),
  prev: z.object({ path, status: z.enum(stepStatuses) }).optional(),
  parent: z.object({ runId: z.string().min(1), path }).optional(),
  to: count.optional(),
  seesCell: z.boolean().optional(),
  restartedAt: z.number().optional(),
  dueAt: z.number().optional(),
  hop: count,
  time: z.number(),
});

const message = z
  .object({ source: z.literal(eventSource), 'detail-type': z.enum(eventTypes), detail: eventDetail })
  .refine((value) => value.detail.type === value['detail-type'], {
    message: 'is not the type of the detail',
    path: ['detail-type'],
  });

/**
 * The body by which a timer delivers an event: the same parts of it that the bus delivers, and no more. `spent`: what its
 * handling has used, and nothing has been charged with. @default nothing
 */
export function formatQueueMessage(event: WorkflowEvent, spent: Carried = {}): string {
  const detail = Object.keys(spent).length === 0 ? event : { ...event, spent };
  return JSON.stringify({ source: eventSource, 'detail-type': event.type, detail });
}

/**
 * The event in a message of the work queue. Throws WORKFLOW_ARGUMENT_INVALID for a body that is no JSON, that has another
 * source, or whose detail is no event of a format up to this version's; `details.issues` names the fields.
 */
export function parseQueueMessage(body: string): WorkflowEvent {
  const parsed = message.safeParse(parseJson(body));
  if (parsed.success) return withoutAbsent(parsed.data.detail);
  const issues = issuesOf(parsed.error);
  const [first] = issues;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `The message is no workflow event (${first?.path || 'body'}: ${first?.message ?? 'invalid'}): let only the rule of the ` +
      'bus and the timers send to the work queue',
    { cause: parsed.error, details: { issues } },
  );
}

const about = z.object({ source: z.literal(eventSource), detail: z.object({ runId: z.string().min(1) }) });

/**
 * The run that a message of the engine is about, whichever version wrote it: of a message in the work queue, and of one that
 * EventBridge could not put there. Throws WORKFLOW_ARGUMENT_INVALID for any other body.
 */
export function runIdOfMessage(body: string): string {
  const parsed = about.safeParse(parseJson(body));
  if (parsed.success) return parsed.data.detail.runId;
  const [issue] = issuesOf(parsed.error);
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `The message is about no run (${issue?.path || 'body'}: ${issue?.message ?? 'invalid'}): look at it by evented ` +
      'redrive --dry-run, and delete it when nobody needs it',
    { cause: parsed.error },
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `The message is a text of ${body.length} characters that is no JSON: let only the rule of the bus and the timers ` +
        'send to the work queue',
      { cause: error, details: { issues: [{ path: '', message: 'is no JSON' }] } },
    );
  }
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** JSON has no undefined, so a field that the schema leaves optional is either there or absent. */
function withoutAbsent(event: Loose<WorkflowEvent>): WorkflowEvent {
  return event as WorkflowEvent;
}
