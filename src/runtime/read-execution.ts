import type { Reads } from '../core/definition.ts';
import { stepIdAt } from '../core/graph.ts';
import type { RecordKey } from '../core/records.ts';
import { RequestContext } from '../core/request-context.ts';
import { withRestarts } from '../core/shared-data.ts';
import type { Handling } from './handling.ts';
import { inputAt, type Loaded, loadShared, sharedAt, sourceOf, stepResultsOf } from './load.ts';
import { restartsOf } from './restart-context.ts';
import type { ReadExecution } from './step-executor.ts';

/**
 * What a function that decides about an entry (a condition of a branch, the length of a sleep) is given: the input of the
 * entry, state and earlier results, and no way to change anything. Its `retryCount` is -1, as it belongs to no attempt.
 */
export async function readExecution(
  handling: Handling,
  at: { readonly key: RecordKey; readonly turn: string },
  loaded: Loaded,
  reads: Reads,
): Promise<ReadExecution & { readonly key: RecordKey }> {
  const { engine, workflow, runId } = handling;
  const source = sourceOf(at);
  const shared = await loadShared(engine, runId, sharedAt(loaded, at), loaded);
  const data = withRestarts(shared.data, await restartsOf(engine, loaded.header));
  const input = inputAt(loaded, source);
  return {
    key: at.key,
    runId,
    workflowId: workflow.definition.id,
    resourceId: loaded.header?.resourceId,
    stepResults: await stepResultsOf(engine, { runId, graph: workflow.graph }, loaded, reads),
    state: data.state,
    emitter: engine.emitter,
    runtime: engine.stepRuntime,
    requestContext: new RequestContext(data.requestContext),
    input: input === undefined ? undefined : await engine.values.load(runId, input),
    retryCount: -1,
    idempotencyKey: `${runId}/${stepIdAt(workflow.graph, at.key)}`,
    validateInputs: false,
    abortController: new AbortController(),
    perStep: false,
  };
}
