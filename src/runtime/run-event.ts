import type { WorkflowEvent } from '../core/event.ts';
import { isSameGraph } from '../core/parked.ts';
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
import { goingOn } from './parking.ts';
import { workflowOf } from './registry.ts';

/**
 * Handles what happened to a whole run (it ended, was canceled, suspended or resumed): ends the runs nested in it, and moves
 * the place that waits for it. Everything is derived from what is stored, so an event that comes late or twice does no harm.
 */
export async function handleRunEvent(engine: Engine, event: WorkflowEvent): Promise<void> {
  const { store } = engine.backend;
  const found = await store.loadHeader(event.runId);
  if (found === undefined) return drop(engine, 'unknown-run');
  // Its time goes on while it is parked.
  if (event.type === 'workflow.timeout') return handleDeadline(engine, found, event);
  const header = terminalStatuses.has(found.status) ? found : await goingOn(engine, found);
  if (header === undefined) return;
  if (event.type === 'workflow.start') return handleEpochStart(engine, header, event);
  const workflow = workflowOf(engine, header);
  if (event.epoch < header.epoch) {
    await tellCallbacks(engine, workflow.definition, header, event);
    return drop(engine, 'stale-epoch');
  }
  // A cancel that is late must not abort what a later epoch executes.
  const reason = stopReason(header);
  if (reason !== undefined) engine.aborts.stop(event.runId, reason);
  const isOver = terminalStatuses.has(header.status);
  // What it nested by the graph of then, the one of now need not.
  const mayNest = workflow.nests || !isSameGraph(header.graphHash, workflow.graphHash);
  if (isOver && mayNest) await cancelNestedRuns(engine, header, event.hop);
  if (isOver) await leavePlace(engine, header);
  const isTold = await tellCallbacks(engine, workflow.definition, header, event);
  if (header.parent !== undefined) await tellParents(engine, header, event.hop);
  // What is not registered here may have callbacks: whoever has it tells them, at a sweep.
  const isKnown = engine.registry.find(header.workflowId) !== undefined;
  if (!isOver || !isTold || !isKnown || header.sweepAt === undefined) return;
  // Only now: as long as something of an end is not done, the sweeper announces it again.
  const { runId, wakes, position } = header;
  await store.setSweep({ runId, wakes, position, sweepAt: null });
}
