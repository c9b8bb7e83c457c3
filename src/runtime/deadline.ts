import { endedByDeadline } from '../core/deadline.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { type RunHeader, terminalStatuses } from '../core/records.ts';
import { finish } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import { drop, type Handling } from './handling.ts';
import { handlingOf } from './begin.ts';
import { workflowOf } from './registry.ts';
import { runTimeout } from './stop-reason.ts';

/**
 * Handles the event of a deadline. The deadline that is stored counts: an event that comes early waits for it, and one of an epoch
 * that is over means nothing.
 */
export async function handleDeadline(engine: Engine, header: RunHeader, event: WorkflowEvent): Promise<void> {
  const { clock, timers } = engine.backend;
  if (event.epoch !== header.epoch) {
    return drop(engine, event.epoch < header.epoch ? 'stale-epoch' : 'future-epoch');
  }
  const { deadlineAt, status, endedBy } = header;
  // Whoever ended it may have died before it said so.
  if (terminalStatuses.has(status) && endedBy !== endedByDeadline) return drop(engine, 'run-over');
  if (deadlineAt === undefined) return drop(engine, 'stale-turn');
  if (deadlineAt > clock.now()) return timers.schedule({ ...event, dueAt: deadlineAt }, deadlineAt);
  await timeOut(handlingOf(engine, workflowOf(engine, header), header, event.hop));
}

/** Fails a run whose time is over, unless it is over by now. */
export async function timeOut(handling: Handling): Promise<void> {
  const { engine, header, runId } = handling;
  const reason = runTimeout(header);
  const error = await engine.values.storeError(runId, reason);
  await finish(handling, { status: 'failed', by: endedByDeadline, error, stop: reason }, []);
}
