import type { RunHeader } from '../core/records.ts';
import type { Engine } from './engine.ts';
import { forgetRecords, releaseRecords } from './resume-keys.ts';
import { loadTree, type RunTree } from './run-tree.ts';

/** Gives the resume keys up under which a run waits that is over. Those of runs nested in it go with these. */
export async function releaseSuspended(engine: Engine, { runId }: Pick<RunHeader, 'runId'>): Promise<void> {
  const tree = await loadTree(engine, runId, 'none');
  if (tree !== undefined) await releaseRecords(engine, tree.header, recordsOf(tree));
}

/** Takes a run that is being removed out of all that is kept of its resume keys. */
export async function forgetKeys(engine: Engine, tree: RunTree): Promise<void> {
  await forgetRecords(engine, tree.header, recordsOf(tree));
}

function recordsOf({ records, open, items }: RunTree) {
  return [...records, ...(open?.items ?? []), ...items];
}
