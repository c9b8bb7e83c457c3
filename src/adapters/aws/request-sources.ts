import * as z from 'zod';
import { WorkflowError } from '../../core/errors.ts';
import { environment, isOwnSource, type RequestSource, requestSourceLimits, requestVerbs } from './config.ts';
import { jsonOf } from './fields.ts';
import { issuesOf } from './issues.ts';

const { sources: most, sourceLength, ownerLength } = requestSourceLimits;

const source = z.strictObject({
  source: z
    .string()
    .min(1)
    .max(sourceLength)
    .refine((name) => !isOwnSource(name), 'is a source of the engine, whose events are facts'),
  may: z.array(z.enum(requestVerbs)).min(1).exactOptional(),
  workflows: z.array(z.string().min(1)).min(1).exactOptional(),
  owner: z.string().min(1).max(ownerLength).exactOptional(),
});

const sources = z
  .array(source)
  .max(most)
  .refine(
    (list) => new Set(list.map(({ source: name }) => name)).size === list.length,
    'names a source twice',
  );

/**
 * The sources that may ask for runs by events, from the environment of a function; none when the variable is absent. Throws
 * WORKFLOW_DEFINITION_INVALID for anything but what the CDK construct writes, and for a source of the engine's own.
 */
export function readRequestSources(
  env: Readonly<Record<string, string | undefined>>,
): readonly RequestSource[] {
  const text = env[environment.requestSources];
  if (text === undefined) return [];
  const parsed = sources.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  const lines = issues.map(({ path, message }) => (path === '' ? message : `${path} (${message})`));
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `${environment.requestSources} is malformed: ${lines.join(', ')}; the WorkflowRuntime construct sets it`,
    { cause: parsed.error, details: { issues } },
  );
}
