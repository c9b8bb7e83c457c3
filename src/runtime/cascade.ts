import { handlingOf } from './begin.ts';
import { turnOfNested } from '../core/decide.ts';
import { isEntryKey, type RunHeader, type StepRecord, terminalStatuses } from '../core/records.ts';
import { isSameGraph } from '../core/parked.ts';
import { parseTurn } from '../core/turn.ts';
import { endEvent } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { releaseSuspended } from './run-keys.ts';
import { loadTree, type RunTree } from './run-tree.ts';
import { workflowOf } from './registry.ts';

const unended: ReadonlySet<StepRecord['status']> = new Set(['child', 'suspended', 'paused']);

/** Whether a nested run of this record may still go on, or be resumed. */
export function holdsNested({ status, childRunId }: StepRecord): boolean {
  return childRunId !== undefined && unended.has(status);
}

/**
 * Cancels the runs nested in one that is over: of what was running beside the step that ended it, and of what waited. Each
 * has its own header write, and its own event that goes on with what is nested in it.
 */
export async function cancelNestedRuns(engine: Engine, header: RunHeader, hop = 0): Promise<void> {
  const isSame = isSameGraph(header.graphHash, workflowOf(engine, header).graphHash);
  const tree = await loadTree(engine, header.runId, 'none', isSame ? 'current' : 'recorded');
  if (tree === undefined) return;
  const items = await Promise.all(endedForeachs(tree).map((entry) => nestedItems(engine, tree, entry)));
  const records = [...tree.records, ...(tree.open?.items ?? []), ...items.flat()];
  // A time travel may have begun anew since the end: what its places wait for goes on.
  const ended = records.filter(
    (record) => holdsNested(record) && parseTurn(record.turn).epoch <= header.epoch,
  );
  await Promise.all(ended.map((record) => cancelNested(engine, record, hop)));
}

/** Foreachs over nested workflows that ended although some of their items may be suspended. */
function endedForeachs({ graph, records }: RunTree): number[] {
  return records.flatMap(({ key, status, bailed }) => {
    const entry = graph[key.entry];
    const isForeach = entry?.type === 'foreach' && entry.step.nested !== undefined && isEntryKey(key);
    return isForeach && (status !== 'success' || bailed === true) ? [key.entry] : [];
  });
}

async function nestedItems({ backend }: Engine, { header }: RunTree, entry: number): Promise<StepRecord[]> {
  const items = await backend.store.loadItems({ runId: header.runId, entry });
  return items.filter(({ turn }) => parseTurn(turn).epoch === header.epoch);
}

/**
 * Cancels the nested run of a place that waits for it, unless it is over, or begun anew for a later turn of the place; also
 * one that was canceled before, whose event may have been lost.
 */
export async function cancelNested(
  engine: Engine,
  record: Pick<StepRecord, 'childRunId' | 'childTurn' | 'turn'>,
  hop = 0,
): Promise<void> {
  const { store, clock, metrics } = engine.backend;
  const { childRunId } = record;
  if (childRunId === undefined) return;
  const header = await store.loadHeader(childRunId);
  if (header === undefined || (header.parent?.turn ?? '') > turnOfNested(record)) return;
  if (terminalStatuses.has(header.status) && header.status !== 'canceled') return;
  const { epoch } = header;
  const now = clock.now();
  const write = await store.cancel({ runId: childRunId, epoch, now, sweepAt: now + engine.times.sweepMs });
  const stored = write.image ?? header;
  if (stored.status !== 'canceled' || stored.epoch !== epoch) return;
  engine.aborts.cancel(childRunId);
  if (write.won) metrics.count('run.ended', { status: 'canceled' });
  const handling = handlingOf(engine, workflowOf(engine, stored), stored, hop);
  await handling.publisher.publish([endEvent(handling, 'canceled')]);
  if (write.won) await releaseSuspended(engine, stored);
}
