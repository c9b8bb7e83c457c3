import { WorkflowError } from '../core/errors.ts';

/**
 * The value at a dotted path; `.` and an empty one mean `root` itself. A last part that is missing gives undefined. Throws
 * WORKFLOW_MAPPING_PATH_INVALID for a path through something that is no object.
 */
export function valueAt(root: unknown, path: string, source: string): unknown {
  if (path === '.' || path === '') return root;
  let value = root;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null) {
      throw new WorkflowError('WORKFLOW_MAPPING_PATH_INVALID', `Invalid path ${path} in ${source}`, {
        details: { path, source },
      });
    }
    value = Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value;
}
