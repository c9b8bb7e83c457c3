import { lastShared } from '../core/assemble.ts';
import type { SharedData } from '../core/records.ts';
import { applyDelta, noShared, withRestarts } from '../core/shared-data.ts';
import type { TimeTravelRequest } from './api.ts';
import type { Engine } from './engine.ts';
import { restartsOf } from './restart-context.ts';
import { openDeltaOf, type RunTree } from './run-tree.ts';

/**
 * State and request context as a run has them, with what a time travel gives instead: another state as a whole, and keys of
 * the request context that win over those of the run.
 */
export async function sharedNow(
  engine: Engine,
  tree: Pick<RunTree, 'header' | 'records' | 'input' | 'graph'>,
  { initialState, requestContext }: Pick<TimeTravelRequest, 'initialState' | 'requestContext'>,
): Promise<SharedData> {
  const stored = lastShared(tree);
  const finished =
    stored === undefined ? noShared : ((await engine.values.load(tree.header.runId, stored)) as SharedData);
  const openDelta = await openDeltaOf(engine, tree);
  const data = openDelta === undefined ? finished : applyDelta(finished, openDelta);
  const restarted = withRestarts(data, await restartsOf(engine, tree.header));
  return {
    ...restarted,
    state: initialState ?? data.state,
    requestContext: { ...restarted.requestContext, ...requestContext },
  };
}
