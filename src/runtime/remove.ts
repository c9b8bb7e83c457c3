import { terminalStatuses } from '../core/records.ts';
import type { RunRef } from './api.ts';
import { cancelRun } from './cancel.ts';
import type { Engine } from './engine.ts';
import { checkAccess } from './access.ts';
import { loadTree, type RunTree } from './run-tree.ts';

/**
 * Removes a run for good, those nested in it first: what is left of one that was removed in part can still be found from
 * above. One that is not over is canceled before, so that nobody goes on working on it.
 */
export async function removeRun(engine: Engine, request: RunRef): Promise<boolean> {
  const { store } = engine.backend;
  const header = await store.loadHeader(request.runId);
  if (header === undefined) return false;
  checkAccess(header, request);
  if (!terminalStatuses.has(header.status) && header.status !== 'pending') await cancelRun(engine, request);
  const tree = await loadTree(engine, request.runId, 'all');
  if (tree !== undefined) await removeTree(engine, tree);
  await store.durable();
  engine.signals.changed(request.runId);
  return true;
}

async function removeTree(engine: Engine, tree: RunTree): Promise<void> {
  for (const child of tree.children.values()) await removeTree(engine, child);
  await engine.backend.store.removeRun(tree.header.runId);
}
