import type { WorkflowEvent } from '../core/event.ts';
import { terminalStatuses } from '../core/records.ts';
import { tellCallbacks } from './callbacks.ts';
import { cancelNestedRuns } from './cascade.ts';
import { tellParents } from './child.ts';
import type { Engine } from './engine.ts';
import { handleEpochStart } from './epoch.ts';
import { drop } from './handling.ts';

/**
 * Handles what happened to a whole run (it ended, was canceled, suspended or resumed): ends the runs nested in it, and moves
 * the place that waits for it. Everything is derived from what is stored, so an event that comes late or twice does no harm.
 */
export async function handleRunEvent(engine: Engine, event: WorkflowEvent): Promise<void> {
  if (event.type === 'workflow.cancel') engine.aborts.cancel(event.runId);
  const header = await engine.backend.store.loadHeader(event.runId);
  if (header === undefined) return drop(engine, 'unknown-run');
  if (event.type === 'workflow.start') return handleEpochStart(engine, header, event);
  if (event.epoch < header.epoch) return drop(engine, 'stale-epoch');
  const workflow = engine.registry.get(header.workflowId);
  if (terminalStatuses.has(header.status) && workflow.nests)
    await cancelNestedRuns(engine, header, event.hop);
  await tellCallbacks(engine, workflow.definition, header, event);
  if (header.parent !== undefined) await tellParents(engine, header, event.hop);
}
