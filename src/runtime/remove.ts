import { type StepRecord, terminalStatuses } from '../core/records.ts';
import { firstTurn, formatTurn, parseTurn } from '../core/turn.ts';
import type { RunRef } from './api.ts';
import { cancelRun } from './cancel.ts';
import { leavePlace } from './concurrency.ts';
import type { Engine } from './engine.ts';
import { checkAccess } from './access.ts';
import { childRunId } from './handle-nested.ts';
import { forgetKeys } from './run-keys.ts';
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
  // The event of its end finds no run any more.
  await leavePlace(engine, header);
  const tree = await loadTree(engine, request.runId, 'all');
  if (tree !== undefined) await removeTree(engine, tree);
  await store.durable();
  engine.signals.changed(request.runId);
  return true;
}

async function removeTree(engine: Engine, tree: RunTree): Promise<void> {
  const { runId } = tree.header;
  for (const child of tree.children.values()) await removeTree(engine, child);
  for (const record of tree.records) {
    const entry = tree.graph[record.key.entry];
    if (entry?.type === 'loop' && entry.step.nested !== undefined) await removeRounds(engine, runId, record);
  }
  await forgetKeys(engine, tree);
  await engine.backend.store.removeRun(runId);
}

/** The nested runs of a loop, of which its record names the last one only. */
async function removeRounds(
  engine: Engine,
  runId: string,
  { key, turn }: Pick<StepRecord, 'key' | 'turn'>,
): Promise<void> {
  const last = parseTurn(turn);
  for (let { iteration } = firstTurn(1); ; iteration += 1) {
    const id = childRunId(runId, { key, turn: formatTurn({ ...last, iteration }) });
    const tree = await loadTree(engine, id, 'all');
    if (tree !== undefined) await removeTree(engine, tree);
    // After a time travel, the loop can have gone round less often than before.
    else if (iteration > last.iteration) return;
  }
}
