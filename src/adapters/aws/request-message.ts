import { createHash } from 'node:crypto';
import * as z from 'zod';
import { WorkflowError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { newRunIdPattern, requestTypes, runIdPattern } from '../../events/requests.ts';
import { isObject } from './fields.ts';
import { issuesOf } from './issues.ts';

/** Requests: events of a source that the app allows, as the bus's rule for it delivers them to the work queue. */

/** Counted as everywhere else: in code points, which is what `maxLength` of a JSON Schema counts, too. */
function textUpTo(most: number) {
  return z
    .string()
    .min(1)
    .refine((given) => Array.from(given).length <= most, `has more than ${most} characters`)
    .refine((given) => given.isWellFormed(), 'has a lone surrogate')
    .meta({ maxLength: most });
}

const text = textUpTo(limits.idLength);

/** An id that is written in a URL's path later. */
const runId = text
  .regex(new RegExp(runIdPattern), 'is a dot segment, which no URL can carry')
  .meta({ maxLength: limits.idLength });

/** Of a run that is to be started. */
const newRunId = text
  .regex(
    new RegExp(newRunIdPattern),
    'is a dot segment, which no URL can carry, or an id of the runs of schedules',
  )
  .meta({ maxLength: limits.idLength });

// Not z.record, which drops a key named `__proto__`: an author's values are passed on as they came.
const values = z
  .custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object')
  .meta({ type: 'object' });

const start = z.strictObject({
  workflowId: text,
  runId: newRunId.exactOptional(),
  inputData: z.unknown().exactOptional(),
  initialState: values.exactOptional(),
  requestContext: values.exactOptional(),
  resourceId: text.exactOptional(),
  timeoutMs: z.int().min(1).max(limits.runTimeoutMs).exactOptional(),
  requestId: text.exactOptional(),
});

const resume = z
  .strictObject({
    runId: runId.exactOptional(),
    key: textUpTo(limits.resumeKeyLength).exactOptional(),
    step: z.union([text, z.array(text).min(1)], 'expected a step id or an array of step ids').exactOptional(),
    label: text.exactOptional(),
    forEachIndex: z
      .int()
      .min(0)
      .max(limits.joinMembers - 1)
      .exactOptional(),
    resumeData: z.unknown().exactOptional(),
    requestContext: values.exactOptional(),
    requestId: text.exactOptional(),
  })
  .refine(({ runId: run, key }) => (run === undefined) !== (key === undefined), {
    path: ['runId'],
    error: 'give either runId or key',
  })
  .refine(
    ({ key, step, label, forEachIndex }) =>
      key === undefined || (step ?? label ?? forEachIndex) === undefined,
    {
      path: ['key'],
      error: 'says which step is meant: give no step, label or forEachIndex beside it',
    },
  );

const cancel = z.strictObject({ runId, requestId: text.exactOptional() });

/** What the detail of each type has to be. */
export const requestDetails = {
  'workflow.start': start,
  'workflow.resume': resume,
  'workflow.cancel': cancel,
} as const;

/** What all requests have. */
interface RequestBase {
  readonly source: string;
  /** `requestId` of the detail, else the event's own id. */
  readonly id: string;
  /** Made of source and id: the same for each delivery of the request, and for no other. At most 200 characters. */
  readonly key: string;
}

/** A request to start, resume or cancel a run. */
export type RunRequest =
  | (RequestBase & { readonly type: 'workflow.start'; readonly detail: z.output<typeof start> })
  | (RequestBase & { readonly type: 'workflow.resume'; readonly detail: z.output<typeof resume> })
  | (RequestBase & { readonly type: 'workflow.cancel'; readonly detail: z.output<typeof cancel> });

/** An event of another source, of whose detail nothing is known. */
export interface RequestEnvelope {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly detail: unknown;
}

const envelope = z.object({
  id: z.string().min(1).max(limits.idLength),
  source: z.string().min(1),
  'detail-type': z.string().min(1),
  detail: z.unknown(),
});

/**
 * The envelope that EventBridge put around an event. Throws WORKFLOW_ARGUMENT_INVALID for what no rule delivers: it came by
 * another way, so nobody is there to be answered.
 */
export function parseRequestEnvelope(message: unknown): RequestEnvelope {
  const parsed = envelope.safeParse(message);
  if (!parsed.success) {
    throw malformed(
      'The message is no event of a rule',
      parsed.error,
      'let only the rules of the bus send it',
    );
  }
  const { id, source, 'detail-type': type, detail } = parsed.data;
  return { id, source, type, detail };
}

/**
 * The request in an event. Throws WORKFLOW_ARGUMENT_INVALID for a type that is none of a request, and for a detail that is
 * not the type's: an unknown field, the detail of an engine's event. No message has a value of the detail.
 */
export function parseRequest({ id: eventId, source, type, detail }: RequestEnvelope): RunRequest {
  const schema = isRequestType(type) ? requestDetails[type] : undefined;
  if (schema === undefined) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `The detail-type is none of a request: put ${requestTypes.join(', ')}`,
      { details: { issues: [{ path: 'detail-type', message: 'is none of a request' }] } },
    );
  }
  const parsed = schema.safeParse(detail);
  if (!parsed.success) {
    const names = Object.keys(schema.shape).join(', ');
    throw malformed(`The detail of ${type} is malformed`, parsed.error, `possible fields are ${names}`);
  }
  const id = parsed.data.requestId ?? eventId;
  return { type, source, id, key: keyOf(source, id), detail: parsed.data } as RunRequest;
}

/** What a refused request says of itself, however malformed it is. */
export interface RequestClaims {
  readonly id: string;
  readonly workflowId?: string;
  readonly runId?: string;
}

/** Ids of a request that can be shown to others. */
export function claimsOf({ id, detail }: RequestEnvelope): RequestClaims {
  const fields = isObject(detail) ? detail : {};
  const {
    requestId = id,
    workflowId,
    runId: run,
  } = Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const known = text.safeParse(value);
      return known.success ? [[name, known.data]] : [];
    }),
  );
  return {
    id: requestId,
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(run === undefined ? {} : { runId: run }),
  };
}

function isRequestType(type: string): type is keyof typeof requestDetails {
  return Object.hasOwn(requestDetails, type);
}

/** JSON keeps the two apart, so that no two pairs run into each other. 160 bits: nobody finds another pair for a key. */
function keyOf(source: string, id: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('hex');
  return `event-${digest.slice(0, 40)}`;
}

function malformed(what: string, cause: z.ZodError, remedy: string): WorkflowError {
  const issues = issuesOf(cause);
  const lines = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `${what} (${lines.join('; ')}): ${remedy}`, {
    cause,
    details: { issues },
  });
}
