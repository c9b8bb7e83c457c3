import type * as z from 'zod';
import type { ValidationIssue } from '../../core/errors.ts';

/** What a schema finds wrong, as errors have it in `details.issues`. */
export function issuesOf(error: z.ZodError): ValidationIssue[] {
  return error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
}
