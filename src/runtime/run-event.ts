import type { WorkflowEvent } from '../core/event.ts';
import { terminalStatuses } from '../core/records.ts';
import { tellCallbacks } from './callbacks.ts';
import { cancelNestedRuns } from './cascade.ts';
import { tellParents } from './child.ts';
import { handleDeadline } from './deadline.ts';
import { leavePlace } from './concurrency.ts';
import type { Engine } from './engine.ts';
import { handleEpochStart } from './epoch.ts';
import { drop } from './handling.ts';
import { stopReason } from './stop-reason.ts';

/**
 * Handles what happened to a whole run (it ended, was canceled, suspended or resumed): ends the runs nested in it, and moves
 * the place that waits for it. Everything is derived from what is stored, so an event that comes late or twice does no harm.
 */
export async function handleRunEvent(engine: Engine, event: WorkflowEvent): Promise<void> {
  const { store } = engine.backend;
  const header = await store.loadHeader(event.runId);
  if (header === undefined) return drop(engine, 'unknown-run');
  if (event.type === 'workflow.start') return handleEpochStart(engine, header, event);
  if (event.type === 'workflow.timeout') return handleDeadline(engine, header, event);
  const workflow = engine.registry.get(header.workflowId);
  if (event.epoch < header.epoch) {
    await tellCallbacks(engine, workflow.definition, header, event);
    return drop(engine, 'stale-epoch');
  }
  // A cancel that is late must not abort what a later epoch executes.
  const reason = stopReason(header);
  if (reason !== undefined) engine.aborts.stop(event.runId, reason);
  const isOver = terminalStatuses.has(header.status);
  if (isOver && workflow.nests) await cancelNestedRuns(engine, header, event.hop);
  if (isOver) await leavePlace(engine, header);
  const isTold = await tellCallbacks(engine, workflow.definition, header, event);
  if (header.parent !== undefined) await tellParents(engine, header, event.hop);
  if (!isOver || !isTold || header.sweepAt === undefined) return;
  // Only now: as long as something of an end is not done, the sweeper announces it again.
  const { runId, wakes, position } = header;
  await store.setSweep({ runId, wakes, position, sweepAt: null });
}
