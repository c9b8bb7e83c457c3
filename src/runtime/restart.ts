import { handlingOf, storedRun } from './begin.ts';
import { WorkflowError } from '../core/errors.ts';
import {
  isVisible,
  type RestartContext,
  type RunHeader,
  type StepRecord,
  terminalStatuses,
} from '../core/records.ts';
import { parseTurn } from '../core/turn.ts';
import type { RestartRequest, StoredRun } from './api.ts';
import { checkRecord } from './arguments.ts';
import { followChild } from './child.ts';
import { signalChange } from './duty-entry.ts';
import type { Engine } from './engine.ts';
import type { Handling } from './handling.ts';
import { checkAccess } from './access.ts';
import { goingOn, mustGoOn } from './parking.ts';
import { openAgain, passRestarts } from './restart-context.ts';
import { loadTree } from './run-tree.ts';
import { sweepListed } from './sweep.ts';
import { snapshotNotFound } from './travel.ts';

/**
 * Executes again what was active in a run: the leases of its steps are void, so that whoever still works on one loses it,
 * and its open places are published once more. What has finished stays finished.
 */
export async function restartRun(engine: Engine, request: RestartRequest): Promise<StoredRun> {
  const { store, clock } = engine.backend;
  const requestContext = checkRecord(request.requestContext ?? {}, 'requestContext');
  const header = await store.loadHeader(request.runId);
  if (header === undefined) throw snapshotNotFound(request.runId);
  checkAccess(header, request);
  if (terminalStatuses.has(header.status)) return storedRun(header, false);
  const isBringing = Object.keys(requestContext).length > 0;
  const current = await mustGoOn(engine, header);
  const restarted = await reopen(engine, current, isBringing ? [{ at: clock.now(), requestContext }] : []);
  if (restarted === undefined) throw notActive(header);
  await store.durable();
  return storedRun(restarted, true);
}

function notActive({ runId, workflowId, status }: RunHeader): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_NOT_ACTIVE',
    `This workflow run was not active: run "${runId}" is ${status}, start or resume it instead`,
    { details: { runId, workflowId, status } },
  );
}

/** Undefined when the run is not active. */
async function reopen(
  engine: Engine,
  header: RunHeader,
  brought: readonly RestartContext[],
): Promise<RunHeader | undefined> {
  const opened = await openAgain(engine, header, brought);
  if (opened === undefined) return undefined;
  const workflow = engine.registry.get(header.workflowId);
  const handling = handlingOf(engine, workflow, opened);
  const tree = await loadTree(engine, header.runId, 'none');
  // What an earlier epoch has left behind is no place of the run any more.
  const records = [...(tree?.records ?? []), ...(tree?.open?.items ?? [])].filter(({ key, turn }) =>
    isVisible(parseTurn(turn).epoch, key.entry, opened),
  );
  for (const record of records) await release(handling, record);
  await handling.publisher.armDeadline(opened);
  await sweepListed(engine, opened);
  signalChange(engine, header);
  return opened;
}

/** Takes a place from whoever holds it, or sets its timer again; what is nested in it is restarted as well. */
async function release(handling: Handling, record: StepRecord): Promise<void> {
  const { engine, publisher, runId } = handling;
  const { store } = engine.backend;
  const { key, turn, owner } = record;
  if (record.status === 'running' && owner !== undefined) {
    await store.voidLease({ runId, key, turn, seenOwner: owner });
  }
  if (record.status === 'waiting' || record.status === 'due') {
    await publisher.publishAt(publisher.stepRun({ ...record, dueAt: record.dueAt }), record.dueAt);
  }
  if (record.childRunId === undefined) return;
  const child = await store.loadHeader(record.childRunId);
  // One that waits to be resumed sees what the restart brought when it is.
  const nested = child === undefined ? undefined : await passRestarts(engine, handling.header, child);
  if (record.status !== 'child') return;
  const current = nested === undefined ? undefined : await goingOn(engine, nested);
  if (current !== undefined) await reopen(engine, current, []);
  await followChild(handling, record);
}
