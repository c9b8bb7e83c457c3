import { WorkflowError } from '../core/errors.ts';
import type { TurnKey } from '../ports/index.ts';
import type { Engine } from './engine.ts';
import { stopReason } from './stop-reason.ts';

/**
 * Renews the lease of a claim while its step runs, a third of the lease apart, and looks with each renewal whether the run
 * was canceled, or its time is over. Fires the abort signal when the claim is lost or the run is over: the body's result is fenced off then,
 * but its work need not go on. Returns a function that ends the renewal.
 */
export function keepLease(
  engine: Engine,
  claim: TurnKey & { readonly owner: string },
  abort: AbortController,
): () => void {
  const { clock, store } = engine.backend;
  let stopped = false;
  let cancelTimer = (): void => {};
  const stop = (): void => {
    stopped = true;
    cancelTimer();
  };
  const renew = async (): Promise<void> => {
    const [renewed, header] = await Promise.all([
      store.renew({ ...claim, leaseUntil: clock.now() + engine.times.leaseMs }),
      store.loadHeader(claim.runId, { consistent: false }),
    ]);
    if (stopped) return;
    const reason = renewed.won ? stopReason(header) : takenOver(claim.runId);
    if (reason === undefined) return;
    stop();
    abort.abort(reason);
  };
  const arm = (): void => {
    cancelTimer = clock.timer(engine.times.leaseMs / 3, () => {
      void renew()
        .catch((error: unknown) => {
          // The lease outlasts two lost renewals; the next one tries again.
          engine.logger.warn('A lease could not be renewed', { runId: claim.runId, turn: claim.turn, error });
        })
        .then(() => {
          if (!stopped) arm();
        });
    });
  };
  arm();
  return stop;
}

function takenOver(runId: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_STEP_CRASHED',
    `Another worker took this step of run ${runId} over: stop working`,
    { details: { runId } },
  );
}
