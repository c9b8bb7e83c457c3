import { WorkflowError } from '../core/errors.ts';
import type { RunHeader } from '../core/records.ts';
import type { RepeatableRequest, RunRef } from './api.ts';
import type { Engine } from './engine.ts';

/** The refusal of a call about a run that does not exist. */
export function notFound(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_NOT_FOUND', `No snapshot found for this workflow run: ${runId}`, {
    details: { runId },
  });
}

/** Throws unless the caller may see the run under the workflow it names. */
export function checkAccess(header: RunHeader, ref: RepeatableRequest): void {
  if (ref.owner !== undefined && header.owner !== ref.owner) throw forbidden(ref.runId);
  if (ref.workflowId !== undefined && header.workflowId !== ref.workflowId) throw notFound(ref.runId);
  if (ref.workflowIds?.includes(header.workflowId) === false) throw otherWorkflow(header);
}

function otherWorkflow({ runId, workflowId }: RunHeader): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_FORBIDDEN',
    `Run "${runId}" is of workflow "${workflowId}", which the caller may not ask for: allow it that workflow`,
    { details: { runId, workflowId } },
  );
}

/** The header of a run that the caller may see. */
export async function existingHeader(engine: Engine, ref: RunRef): Promise<RunHeader> {
  const header = await engine.backend.store.loadHeader(ref.runId);
  if (header === undefined) throw notFound(ref.runId);
  checkAccess(header, ref);
  return header;
}

/** The refusal of a caller who is not the run's owner. */
export function forbidden(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_FORBIDDEN', `Run "${runId}" belongs to another principal`, {
    details: { runId },
  });
}
