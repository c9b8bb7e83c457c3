import { type RunHeader, type StepRecord, terminalStatuses } from '../core/records.ts';
import { endEvent } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { loadTree } from './run-tree.ts';
import { handlingOf } from './start.ts';

const unended: ReadonlySet<StepRecord['status']> = new Set(['child', 'suspended', 'paused']);

/**
 * Cancels the runs nested in one that is over: of what was running beside the step that ended it, and of what waited. Each
 * has its own header write, and its own event that goes on with what is nested in it.
 */
export async function cancelNestedRuns(engine: Engine, header: RunHeader, hop = 0): Promise<void> {
  const tree = await loadTree(engine, header.runId, 'none');
  if (tree === undefined) return;
  const records = [...tree.records, ...(tree.open?.items ?? [])];
  const children = records.flatMap((record) => (unended.has(record.status) ? (record.childRunId ?? []) : []));
  await Promise.all(children.map((child) => cancelNested(engine, child, hop)));
}

/** Cancels one nested run, unless it is over; also one that was canceled before, whose event may have been lost. */
export async function cancelNested(engine: Engine, runId: string, hop = 0): Promise<void> {
  const { store, clock, metrics } = engine.backend;
  const header = await store.loadHeader(runId);
  if (header === undefined) return;
  if (terminalStatuses.has(header.status) && header.status !== 'canceled') return;
  const now = clock.now();
  const write = await store.cancel({ runId, now, sweepAt: now + engine.times.sweepMs });
  const stored = write.image ?? header;
  if (stored.status !== 'canceled') return;
  engine.aborts.cancel(runId);
  if (write.won) metrics.count('run.ended', { status: 'canceled' });
  const handling = handlingOf(engine, engine.registry.get(stored.workflowId), stored, hop);
  await handling.publisher.publish([endEvent(handling, 'canceled')]);
}
