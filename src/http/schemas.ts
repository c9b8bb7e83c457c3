import * as z from 'zod';
import { type ValidationIssue, WorkflowError } from '../core/errors.ts';
import type { StepContextInput } from '../core/host.ts';
import { limits } from '../core/limits.ts';
import { runStatuses } from '../core/records.ts';
import { runBasics, runDetails } from '../core/run-fields.ts';
import { scheduledRunIds } from '../core/schedule.ts';

/** What the routes accept. An unknown property or parameter is refused: it is a misspelled one more often than not. */

/** Longest wait, s: an HTTP API ends a request after 30 s (API Gateway quota, not adjustable). */
const longestWait = 25;
const defaultPage = 50;
const longestPage = 1_000;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Not z.record, which drops a key named `__proto__`: an author's values are passed on as they came.
const values = z.custom<Readonly<Record<string, unknown>>>(isObject, 'expected an object').exactOptional();
const text = z.string().min(1);

type Entries<Entry> = Readonly<Record<string, Entry>>;

/** `input` is the input of the run, which can be anything. */
function isEntries(value: unknown): value is Entries<StepContextInput> {
  return (
    isObject(value) && Object.entries(value).every(([step, entry]) => step === 'input' || isObject(entry))
  );
}

function isNestedEntries(value: unknown): value is Entries<Entries<StepContextInput>> {
  return isObject(value) && Object.values(value).every(isEntries);
}

const entries = z
  .custom<Entries<StepContextInput>>(isEntries, 'expected an object with an entry (an object) for each step')
  .exactOptional();

/** An id that is written in a URL's path later: encodeURIComponent refuses lone surrogates, and URLs swallow dot segments. */
const addressable = text
  .refine((id) => id.isWellFormed(), 'has a lone surrogate, which no URL can carry')
  .refine((id) => id !== '.' && id !== '..', 'is a dot segment, which no URL can carry');

const ofSchedules = new RegExp(scheduledRunIds);

/** SHA-256 of a value that was sent ahead, or that is shown by a reference. */
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256: 64 hex digits in lower case');

/** A value stands in the body, or was sent ahead of it. */
const notBoth =
  (inBody: string, ahead: string) =>
  (body: object): boolean =>
    !(inBody in body && ahead in body);

const stepPath = z.union([text, z.array(text).min(1)], 'expected a step id or an array of step ids');

/** Body of `POST /workflows/:workflowId/runs`. */
export const startBody = z
  .strictObject({
    runId: addressable
      .refine((id) => !ofSchedules.test(id), 'is an id of runs that schedules start: choose another')
      .exactOptional(),
    inputData: z.unknown().exactOptional(),
    inputValue: hash.exactOptional(),
    initialState: values,
    requestContext: values,
    resourceId: text.exactOptional(),
    perStep: z.boolean().exactOptional(),
    timeoutMs: z.int().min(1).max(limits.runTimeoutMs).exactOptional(),
  })
  .refine(notBoth('inputData', 'inputValue'), 'give inputData or inputValue, not both');

/** Body of `POST /runs/:runId/resume`. */
export const resumeBody = z
  .strictObject({
    step: stepPath.exactOptional(),
    label: text.exactOptional(),
    forEachIndex: z
      .int()
      .min(0)
      .max(limits.joinMembers - 1)
      .exactOptional(),
    resumeData: z.unknown().exactOptional(),
    resumeValue: hash.exactOptional(),
    requestContext: values,
    perStep: z.boolean().exactOptional(),
  })
  .refine(notBoth('resumeData', 'resumeValue'), 'give resumeData or resumeValue, not both');

/** Body of `POST /resume`. */
export const keyResumeBody = z.strictObject({
  key: text,
  resumeData: z.unknown().exactOptional(),
  requestContext: values,
  perStep: z.boolean().exactOptional(),
});

/** Body of `POST /runs/:runId/time-travel`. */
export const timeTravelBody = z
  .strictObject({
    step: stepPath,
    inputData: z.unknown().exactOptional(),
    inputValue: hash.exactOptional(),
    resumeData: z.unknown().exactOptional(),
    initialState: values,
    context: entries,
    nestedStepsContext: z
      .custom<Entries<Entries<StepContextInput>>>(isNestedEntries, {
        error: 'expected an object with, for each nested workflow, an object with an entry for each step',
      })
      .exactOptional(),
    requestContext: values,
    perStep: z.boolean().exactOptional(),
  })
  .refine(notBoth('inputData', 'inputValue'), 'give inputData or inputValue, not both');

/** Body of `POST /runs/:runId/restart`. */
export const restartBody = z.strictObject({ requestContext: values });

/** Body of the routes that take none: `POST /runs/:runId/cancel`, `DELETE /runs/:runId`. */
export const emptyBody = z.strictObject({});

const number = (least: number, most: number, pattern: RegExp, expected: string) =>
  z
    .string()
    .refine((digits) => pattern.test(digits) && Number(digits) >= least && Number(digits) <= most, expected)
    .transform(Number);

const time = z
  .union([z.iso.datetime({ offset: true }), z.iso.date(), z.string().regex(/^\d{1,15}$/)], {
    error: 'expected ISO 8601 (2030-01-31T12:00:00Z), or milliseconds since 1970',
  })
  .transform((given) => (/^\d+$/.test(given) ? Number(given) : Date.parse(given)));

/** A switch in the query. */
const flag = z
  .enum(['true', 'false'], 'expected true or false')
  .transform((given) => given === 'true')
  .exactOptional();

/** Query of `GET /runs`. */
export const listQuery = z.strictObject({
  workflowId: text.exactOptional(),
  status: z.enum(runStatuses).exactOptional(),
  resourceId: text.exactOptional(),
  parked: flag,
  createdFrom: time.exactOptional(),
  createdTo: time.exactOptional(),
  limit: number(1, longestPage, /^\d{1,4}$/, `expected a whole number from 1 to ${longestPage}`).default(
    defaultPage,
  ),
  cursor: text.exactOptional(),
});

/** Seconds in the query, ms in the program. */
const wait = number(0, longestWait, /^\d{1,2}(\.\d{1,3})?$/, `expected seconds, from 0 to ${longestWait}`)
  .transform((seconds) => Math.round(seconds * 1_000))
  .default(0);

const fieldNames = [...runBasics, ...runDetails];

/** Query of `GET /runs/:runId`; `fields` becomes a set of names. */
export const runQuery = z.strictObject({
  workflowId: text.exactOptional(),
  fields: z
    .string()
    .refine(
      (given) => given.split(',').every((name) => fieldNames.includes(name)),
      `expected names with commas between them, of: ${fieldNames.join(', ')}`,
    )
    .transform((given): ReadonlySet<string> => new Set(given.split(',')))
    .exactOptional(),
  nested: flag,
  inline: flag,
});

/** Query of the routes that can wait for what they set off; `wait` becomes ms. */
export const waitQuery = z.strictObject({ wait });

/** Query of `GET /runs/:runId/result`; `wait` becomes ms. */
export const resultQuery = z.strictObject({ wait, state: flag, labels: flag, inline: flag });

/** Query of `GET /runs/:runId/events`; `wait` becomes ms. */
export const eventsQuery = z.strictObject({ cursor: text.exactOptional(), wait, inline: flag });

/** Query of `GET /runs/:runId/history`. */
export const historyQuery = z.strictObject({ cursor: text.exactOptional(), inline: flag });

/** Path of `PUT /runs/:runId/values/:sha256`. */
export const valuePath = z.strictObject({ runId: addressable, sha256: hash });

/** Body of `POST /runs/:runId/values/:sha256/link`. */
export const linkBody = z.strictObject({ bytes: z.int().min(1) });

/** Query of `GET /runs/:runId/value`, as references have it. */
export const valueQuery = z.strictObject({
  /** Where the value was shown. */
  of: z.enum(['run', 'result', 'event', 'history']),
  /** JSON pointer (RFC 6901) into the run, its result, or the event or entry of this id. */
  at: z.string().regex(/^(?:\/[^/]*)+$/, 'expected a JSON pointer'),
  sha256: hash,
  id: text.exactOptional(),
  /** Cursor before the page that had the event or entry. */
  cursor: text.exactOptional(),
});

/** `value` as `schema` makes it. Throws WORKFLOW_ARGUMENT_INVALID with all issues; `what` is what the message calls it. */
export function parseWith<Schema extends z.ZodObject>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const names = Object.keys(schema.shape).join(', ') || 'none';
  const issues: ValidationIssue[] = parsed.error.issues.map(({ path, message, code }) => ({
    path: path.map(String).join('.'),
    message: code === 'unrecognized_keys' ? `${message} (possible: ${names})` : message,
  }));
  const lines = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `${what} is malformed. ${lines.join('; ')}`, {
    cause: parsed.error,
    details: { issues },
  });
}

function givenTwice(name: string): WorkflowError {
  const message = `The query has ${name} more than once: give it once`;
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', message, {
    details: { issues: [{ path: name, message: 'given more than once' }] },
  });
}

/** The query as an object. Throws WORKFLOW_ARGUMENT_INVALID for a parameter that is given twice. */
export function queryOf(url: URL): Record<string, string> {
  const seen = new Set<string>();
  for (const name of url.searchParams.keys()) {
    if (seen.has(name)) throw givenTwice(name);
    seen.add(name);
  }
  return Object.fromEntries(url.searchParams);
}
