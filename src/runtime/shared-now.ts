import { lastShared } from '../core/assemble.ts';
import type { SharedData } from '../core/records.ts';
import type { TimeTravelRequest } from './api.ts';
import type { Engine } from './engine.ts';
import type { RunTree } from './run-tree.ts';

/**
 * State and request context as a run has them, with what a time travel gives instead: another state as a whole, and keys of
 * the request context that win over those of the run.
 */
export async function sharedNow(
  engine: Engine,
  tree: Pick<RunTree, 'header' | 'records' | 'input'>,
  { initialState, requestContext }: Pick<TimeTravelRequest, 'initialState' | 'requestContext'>,
): Promise<SharedData> {
  const stored = lastShared(tree);
  const data =
    stored === undefined
      ? { state: {}, requestContext: {} }
      : ((await engine.values.load(tree.header.runId, stored)) as SharedData);
  return {
    state: initialState ?? data.state,
    requestContext: { ...data.requestContext, ...requestContext },
  };
}
