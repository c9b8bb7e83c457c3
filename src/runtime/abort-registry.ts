import type { WorkflowError } from '../core/errors.ts';
import { cancellation } from './stop-reason.ts';

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
    this.stop(runId, cancellation(runId));
  }

  /** The same with another reason. */
  stop(runId: string, reason: WorkflowError): void {
    for (const controller of this.byRun.get(runId) ?? []) controller.abort(reason);
  }
}
