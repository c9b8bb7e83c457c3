import type { StartRequest } from '../../src/core/host.ts';
import type { Runtime } from '../../src/runtime/index.ts';

/** Starts a run and resolves with its result when nothing moves any more. */
export async function drive(
  runtime: Runtime,
  workflowId: string,
  inputData: unknown,
  more: Partial<StartRequest> = {},
) {
  const { runId } = await runtime.start({ workflowId, runId: 'r', inputData, ...more });
  return settledResult(runtime, runId);
}

/** The result of a run when nothing moves any more. */
export async function settledResult(runtime: Runtime, runId = 'r') {
  await runtime.settled({ runId });
  return runtime.result({ runId, includeState: true, includeResumeLabels: true });
}
