import type { StandardSchemaV1 } from '@standard-schema/spec';
import { errorOf } from '../core/codec-error.ts';
import type { AnySchema } from '../core/definition.ts';
import { type ErrorCode, type ErrorDetails, type ValidationIssue, WorkflowError } from '../core/errors.ts';

function issuePath(issue: StandardSchemaV1.Issue): string {
  return (issue.path ?? [])
    .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
    .join('.');
}

/** What a value failed, for the error that reports it. */
export interface Subject {
  readonly code: ErrorCode;
  /** First line of the message; a line for each issue follows. */
  readonly headline: string;
  readonly details?: ErrorDetails;
}

/** A schema whose own code throws (a transform, a refinement) fails like one that refuses, and keeps what was thrown. */
async function parse(
  schema: AnySchema,
  value: unknown,
  { code, headline, details }: Subject,
): Promise<StandardSchemaV1.Result<unknown>> {
  try {
    return await schema['~standard'].validate(value);
  } catch (cause) {
    const { message } = errorOf(cause);
    throw new WorkflowError(code, `${headline}: the schema itself threw: ${message}`, {
      cause,
      ...(details === undefined ? {} : { details }),
    });
  }
}

/**
 * Validates a value by any Standard Schema and resolves with the parsed value (defaults filled in, transforms applied).
 * Rejects with a WorkflowError of `subject` whose details list each issue with its path. Without a schema every value fits.
 */
export async function validate(
  schema: AnySchema | undefined,
  value: unknown,
  subject: Subject,
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await parse(schema, value, subject);
  if (result.issues === undefined) return result.value;
  const issues: ValidationIssue[] = result.issues.map((issue) => ({
    path: issuePath(issue),
    message: issue.message,
  }));
  const lines = issues.map((issue) => `- ${issue.path}: ${issue.message}`).join('\n');
  throw new WorkflowError(subject.code, `${subject.headline}: \n${lines}`, {
    cause: { issues },
    details: { ...subject.details, issues },
  });
}

/** Whether a schema parsed a value to nothing: then the step gets what was passed, as in the reference runtime. */
export function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
