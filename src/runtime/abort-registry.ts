import { WorkflowError } from '../core/errors.ts';

/** Abort controllers of the steps that run in this process, by run: a cancel that arrives here ends them at once. */
export class AbortRegistry {
  private readonly byRun = new Map<string, Set<AbortController>>();

  /** Adds a controller; the returned function takes it out again. */
  add(runId: string, controller: AbortController): () => void {
    const controllers = this.byRun.get(runId) ?? new Set();
    this.byRun.set(runId, controllers.add(controller));
    return () => {
      controllers.delete(controller);
      if (controllers.size === 0 && this.byRun.get(runId) === controllers) this.byRun.delete(runId);
    };
  }

  /** Fires the abort signal of every step of the run that runs here: the run was canceled. */
  cancel(runId: string): void {
    const reason = cancellation(runId);
    for (const controller of this.byRun.get(runId) ?? []) controller.abort(reason);
  }
}

/** Why the abort signal of a canceled run's steps fires. */
export function cancellation(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_ALREADY_FINISHED', `Run "${runId}" was canceled`, {
    details: { runId },
  });
}
