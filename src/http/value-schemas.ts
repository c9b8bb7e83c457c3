import * as z from 'zod';
import { runStatuses } from '../core/records.ts';
import type { StepResult, StepResultStatus } from '../core/snapshot.ts';

/** Schemas of what all answers are made of: values of authors, errors, statuses, and the fields of a step. */

/** What `Error` becomes on the wire. */
export const shownError = z
  .looseObject({ name: z.string(), message: z.string() })
  .describe(
    'An error: its name, its message, its `cause` and `code` when it has them, and its own properties.',
  );

/** What an author's code made. */
export const value = z
  .unknown()
  .describe(
    'Any JSON: what the code of a workflow was given or made. Above 256 KiB of JSON text it comes as a `ValueReference`.',
  );

/** What stands for a value that is too large for an answer. */
export const valueReference = z
  .strictObject({
    $value: z.strictObject({
      href: z.string().describe('Answers the value; opaque.'),
      bytes: z.int().min(0).describe('UTF-8 bytes of its JSON text.'),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('Of its JSON text, in hex.'),
    }),
  })
  .describe('Stands for a value of more than 256 KiB of JSON text.');

/** What can be large, or the reference that stands for it then. */
export function orReference<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, valueReference]);
}

/** Data of an author by key. Its values are as {@link value} says. */
export const values = z.record(z.string(), z.unknown());

/** A point in time of a step or an event. */
export const milliseconds = z.int().describe('ms since 1970');

/** A point in time of a run. */
export const time = z.iso.datetime();

/** See `RunStatus`. */
export const runStatus = z.enum(runStatuses).describe('Status of a run.');

/** See `StepResultStatus`. A record, so that the compiler misses one that is added. */
export const stepResultStatus = z.enum(
  Object.keys({
    running: true,
    success: true,
    failed: true,
    suspended: true,
    waiting: true,
    skipped: true,
    paused: true,
    canceled: true,
  } satisfies Record<StepResultStatus, true>) as StepResultStatus[],
);

/** See `Tripwire`. */
export const tripwire = z
  .strictObject({
    reason: z.string(),
    retry: z.boolean().exactOptional(),
    metadata: value.exactOptional(),
    processorId: z.string().exactOptional(),
  })
  .describe('Why an agent stopped a run.');

/** What is told of a loop. */
export const iterations = z.strictObject({
  iterationCount: z.int().min(1).describe('How many iterations began, this one included.'),
});

/** Fields of {@link stepResult}: events tell some of them. */
export const stepFields = {
  status: stepResultStatus,
  payload: value.exactOptional(),
  output: value.exactOptional(),
  error: orReference(shownError).exactOptional(),
  nonRetryable: z.literal(true).exactOptional(),
  tripwire: orReference(tripwire).exactOptional(),
  startedAt: milliseconds.exactOptional(),
  endedAt: milliseconds.exactOptional(),
  suspendPayload: value.exactOptional(),
  suspendOutput: value.exactOptional(),
  suspendedAt: milliseconds.exactOptional(),
  resumePayload: value.exactOptional(),
  resumedAt: milliseconds.exactOptional(),
  metadata: iterations.exactOptional(),
} satisfies Record<keyof StepResult, z.ZodType>;

/** Entry of a step in a run. */
export const stepResult = z
  .strictObject(stepFields)
  .describe('What became of a step. Fields are there when they have a meaning for its status.');
