import * as entry from 'evented-workflows:entry';
import type { WorkflowDefinition } from '../src/core/definition.ts';
import { WorkflowError } from '../src/core/errors.ts';

/** The workflows of a deployment's `entry`: what it exports by that name, else its default. */
export function registeredWorkflows(): readonly WorkflowDefinition[] {
  // Read as a whole: which of the two there is, the bundler would have to know for names of their own.
  const exported: Partial<typeof entry> = { ...entry };
  const workflows = exported.workflows ?? exported.default;
  if (Array.isArray(workflows)) return workflows;
  throw new WorkflowError(
    'WORKFLOW_DEFINITION_INVALID',
    `The module given as entry exports ${typeof workflows} where its workflows should be; write ` +
      'export const workflows = [...] in it.',
  );
}
