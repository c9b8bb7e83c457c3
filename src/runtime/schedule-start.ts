import { isWorkflowError, WorkflowError } from '../core/errors.ts';
import type { ScheduleDefinition } from '../core/definition.ts';
import { scheduledRunId, type ScheduleStart, type ScheduleTick } from '../core/schedule.ts';
import type { StartRequest, StoredRun } from './api.ts';
import type { Engine } from './engine.ts';
import { startRun } from './start.ts';

/**
 * Starts the run of a tick, unless it was started. Resolves with undefined for one that cannot be started, however often it is
 * tried: the workflow or its schedule is not there any more, or what it is started with is refused; that is told to the
 * logger and counted. Rejects with what another try may mend.
 */
export async function startScheduled(
  engine: Engine,
  tick: ScheduleTick,
  given?: ScheduleStart,
): Promise<StoredRun | undefined> {
  const { metrics } = engine.backend;
  const runId = scheduledRunId(tick);
  try {
    const run = await startRun(engine, startRequest(runId, tick, given ?? declared(engine, tick)));
    if (run.changed) metrics.count('schedule.fired', { workflowId: tick.workflowId });
    return run;
  } catch (error) {
    const { workflowId, scheduleId } = tick;
    // It was started already, with what the schedule or its schemas said then.
    if (isWorkflowError(error, 'WORKFLOW_RUN_CONFLICT') && error.details.workflowId === workflowId) {
      return undefined;
    }
    if (!isFinal(error)) throw error;
    metrics.count('request.refused', { code: error.code });
    engine.logger.warn('A scheduled run could not be started', { workflowId, scheduleId, runId, error });
    return undefined;
  }
}

/** Whether the same start would fail again until somebody changes the code. */
function isFinal(error: unknown): error is WorkflowError {
  return isWorkflowError(
    error,
    'WORKFLOW_NOT_FOUND',
    'WORKFLOW_ARGUMENT_INVALID',
    // Somebody else has a run of this id.
    'WORKFLOW_RUN_CONFLICT',
    'WORKFLOW_RUN_FORBIDDEN',
    'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    'WORKFLOW_VALUE_NOT_STORABLE',
    'WORKFLOW_LIMIT_EXCEEDED',
    // A tick that finds no place is left out.
    'WORKFLOW_CONCURRENCY_LIMIT',
  );
}

function declared({ registry }: Engine, { workflowId, scheduleId }: ScheduleTick): ScheduleDefinition {
  const schedules = registry.get(workflowId).definition.schedules ?? [];
  const schedule = schedules.find(({ id }) => id === scheduleId);
  if (schedule !== undefined) return schedule;
  const which = scheduleId === undefined ? 'no schedule without an id' : `no schedule "${scheduleId}"`;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `Workflow "${workflowId}" declares ${which} any more: deploy again, so that it is removed where it is kept`,
    { details: { workflowId } },
  );
}

function startRequest(runId: string, { workflowId }: ScheduleTick, start: ScheduleStart): StartRequest {
  const { inputData, initialState, requestContext, owner } = start;
  return {
    workflowId,
    runId,
    inputData,
    ...(initialState === undefined ? {} : { initialState }),
    ...(requestContext === undefined ? {} : { requestContext }),
    ...(owner === undefined ? {} : { owner }),
  };
}
