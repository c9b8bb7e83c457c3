import { z } from 'zod';
import type { StepContextInput } from '../core/host.ts';
import { limits } from '../core/limits.ts';
import { eventsQuery as events, resumeBody as resume, startBody as start } from './schemas.ts';

/** What `schemas.ts` will have: then this file goes, and `operations*.ts` import from there. */

const flag = z.enum(['true', 'false']).exactOptional();
const text = z.string().min(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const isObject = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && !Array.isArray(given);
const values = z.custom<Readonly<Record<string, unknown>>>(isObject).exactOptional();

export const startBody = start.extend({
  inputValue: hash.exactOptional(),
  perStep: z.boolean().exactOptional(),
});
export const resumeBody = resume.extend({
  forEachIndex: z
    .int()
    .min(0)
    .max(limits.joinMembers - 1)
    .exactOptional(),
  resumeValue: hash.exactOptional(),
  perStep: z.boolean().exactOptional(),
});
export const timeTravelBody = z.strictObject({
  step: z.union([text, z.array(text).min(1)]),
  inputData: z.unknown().exactOptional(),
  inputValue: hash.exactOptional(),
  resumeData: z.unknown().exactOptional(),
  initialState: values,
  context: z.custom<Readonly<Record<string, StepContextInput>>>(isObject).exactOptional(),
  nestedStepsContext: z
    .custom<Readonly<Record<string, Readonly<Record<string, StepContextInput>>>>>(isObject)
    .exactOptional(),
  requestContext: values,
  perStep: z.boolean().exactOptional(),
});
export const restartBody = z.strictObject({ requestContext: values });
export const waitQuery = events.pick({ wait: true });
export const runQuery = z.strictObject({
  workflowId: text.exactOptional(),
  fields: text.exactOptional(),
  nested: flag,
  inline: flag,
});
export const resultQuery = waitQuery.extend({ state: flag, labels: flag, inline: flag });
export const eventsQuery = events.extend({ inline: flag });
export const historyQuery = z.strictObject({ cursor: text.exactOptional(), inline: flag });

/** Routes that `httpRoutes` will have. */
export const awaitedRoutes: readonly string[] = [
  'POST /runs/:runId/time-travel',
  'POST /runs/:runId/restart',
  'DELETE /runs/:runId',
  'GET /runs/:runId/result',
  'GET /runs/:runId/history',
  'GET /runs/:runId/value',
  'PUT /runs/:runId/values/:sha256',
];

/** Problems that `httpErrorStatus` will have. */
export const awaitedProblems = {
  HTTP_TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests are under way' },
} as const;
