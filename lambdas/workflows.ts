import type * as entry from 'evented-workflows:entry';
import { WorkflowError } from '../src/core/errors.ts';
import type { RuntimeOptions } from '../src/runtime/index.ts';

/** What the module given as `entry` exports by the name `workflows`, else as default. */
export function workflowsOf(exported: Partial<typeof entry>): RuntimeOptions['workflows'] {
  const workflows = exported.workflows ?? exported.default;
  // Annotated, or it would make the type an array of anything.
  const isList: boolean = Array.isArray(workflows);
  if (workflows !== undefined && isList) return workflows;
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `The module given as entry has ${typeof workflows} where its workflows should be; write ` +
      'export const workflows = [...] in it',
  );
}
