import { endedByDeadline } from '../core/deadline.ts';
import { WorkflowError } from '../core/errors.ts';
import type { RunHeader } from '../core/records.ts';

/** Why the abort signal of a canceled run's steps fires. */
export function cancellation(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_ALREADY_FINISHED', `Run "${runId}" was canceled`, {
    details: { runId },
  });
}

/** Why a run that was not over at its deadline fails, and why the abort signal of its steps fires. */
export function runTimeout({ runId, workflowId, deadlineAt = 0 }: RunHeader): WorkflowError {
  const deadline = new Date(deadlineAt).toISOString();
  return new WorkflowError(
    'WORKFLOW_RUN_TIMEOUT',
    `Run "${runId}" was not over at its deadline, ${deadline}: raise the timeoutMs of workflow "${workflowId}", or give its start a longer one`,
    { details: { runId, workflowId, deadline } },
  );
}

/** Why steps of a run that are being executed are to stop; undefined when they may end by themselves. */
export function stopReason(header: RunHeader | undefined): WorkflowError | undefined {
  if (header?.status === 'canceled') return cancellation(header.runId);
  return header?.endedBy === endedByDeadline ? runTimeout(header) : undefined;
}
