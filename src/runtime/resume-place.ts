import { handlingOf } from './begin.ts';
import { resumedTurn } from '../core/decide.ts';
import { WorkflowError } from '../core/errors.ts';
import {
  formatKey,
  isEntryKey,
  pathOf,
  type RunHeader,
  type StepRecord,
  type StoredValue,
  terminalStatuses,
} from '../core/records.ts';
import type { SuspendedPlace } from '../core/resume-target.ts';
import { parseTurn } from '../core/turn.ts';
import type { ResumeResult, RunEpoch } from '../ports/index.ts';
import { notFound } from './access.ts';
import type { ResumeRequest } from './api.ts';
import { checkRecord } from './arguments.ts';
import { hasEndCallbacks, tellBefore } from './callbacks.ts';
import { tellParents } from './child.ts';
import { ensureEntryResumed, ensureEntrySuspended, runEventOf, signalChange } from './duty-entry.ts';
import { ensureMemberLogged } from './duty-member.ts';
import type { Engine } from './engine.ts';
import type { Handling } from './handling.ts';
import { mustGoOn } from './parking.ts';
import { stepAt } from './registry.ts';
import { releaseRecord } from './resume-keys.ts';
import { validate } from './validation.ts';

/** Rule O: a record leaves its state only when that state's effects are stored and published. */
async function ensureSuspended(handling: Handling, record: StepRecord): Promise<void> {
  if (isEntryKey(record.key)) await ensureEntrySuspended(handling, record);
  else if (!(await ensureMemberLogged(handling, record))) throw blockEnded(handling, record);
}

function blockEnded({ runId }: Handling, record: StepRecord): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_ALREADY_FINISHED',
    `The block around step "${record.stepId}" ended before this resume: the run goes on without it`,
    { details: { runId, stepId: record.stepId } },
  );
}

/** The refusal of a resumption that a time travel overtook. */
export function superseded({ runId }: RunHeader, { stepId }: Pick<StepRecord, 'stepId'>): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_NOT_SUSPENDED',
    `Step "${stepId}" of run "${runId}" is not suspended any more: a time travel began anew before this resume`,
    { details: { runId, stepId } },
  );
}

function paused({ runId }: RunHeader, { stepId }: StepRecord): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_NOT_SUSPENDED',
    `Run "${runId}" paused before step "${stepId}" was resumed: go on by a time travel`,
    { details: { runId, stepId } },
  );
}

/** A resumption that is stored, and shows: nothing of it goes on before it is announced. */
export interface StoredResumption {
  readonly header: RunHeader;
  readonly announce: () => Promise<void>;
}

/** Resumes one suspended step. */
export async function resumePlace(
  engine: Engine,
  request: ResumeRequest,
  place: Pick<SuspendedPlace, 'runId' | 'record' | 'runs'>,
): Promise<void> {
  const { announce } = await storeResumption(engine, request, place);
  await announce();
}

/**
 * Stores the resumption of one suspended step. Of several items of a foreach all are stored before the first one is announced:
 * it could be over, and the foreach wait again, before the last one is resumed.
 */
export async function storeResumption(
  engine: Engine,
  request: ResumeRequest,
  { runId, record, runs }: Pick<SuspendedPlace, 'runId' | 'record' | 'runs'>,
): Promise<StoredResumption> {
  const { store, clock, ids } = engine.backend;
  const found = await store.loadHeader(runId);
  if (found === undefined) throw notFound(runId);
  const header = await mustGoOn(engine, found, [record]);
  // A time travel came between: nothing of the epoch that was looked at can be resumed any more.
  if (parseTurn(record.turn).epoch !== header.epoch) throw superseded(header, record);
  const workflow = engine.registry.get(header.workflowId);
  const handling = handlingOf(engine, workflow, header);
  const { definition } = workflow;
  const schema = definition.validateInputs ? stepAt(workflow, record.key)?.resumeSchema : undefined;
  const data = await validate(schema, request.resumeData, {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    headline: 'Invalid resume data',
    // The run that the caller knows, also when the step is in one nested in it.
    details: { runId: request.runId, stepId: record.stepId },
  });
  const context = checkRecord(request.requestContext ?? {}, 'requestContext');
  await ensureSuspended(handling, record);
  const asked = request.runId === runId ? header : await store.loadHeader(request.runId);
  const path = [...runs, ...(await runsAbove(engine, asked))];
  // Of a suspension its callbacks are told, even when this comes before its event.
  for (const run of path) {
    if (run.runId !== runId || hasEndCallbacks(definition)) await tellBefore(engine, run.runId);
  }
  const now = clock.now();
  const optional = async (
    name: string,
    value: unknown,
    given: boolean,
  ): Promise<Record<string, StoredValue>> =>
    given ? { [name]: await engine.values.store(header.runId, value, name) } : {};
  const result = await store.resume({
    runId: header.runId,
    key: record.key,
    turn: record.turn,
    nextTurn: resumedTurn(record.turn),
    request: request.requestKey ?? ids.unique(),
    now,
    sweepAt: now + engine.times.sweepMs,
    runs: path,
    ...(request.perStep === true ? { perStep: true } : {}),
    ...(await optional('resumeData', data, data !== undefined)),
    ...(await optional('resumeContext', context, Object.keys(context).length > 0)),
  });
  if (!result.won) throw lostResume(header, record, result);
  const { image } = result;
  await showResumed(handling, image);
  return {
    header,
    announce: async () => {
      await publishResumed(handling, image);
      await releaseRecord(engine, header, record);
    },
  };
}

/** The runs that one is nested in, from the inside outwards. */
async function runsAbove({ backend }: Engine, asked: RunHeader | undefined): Promise<RunEpoch[]> {
  const runs: RunEpoch[] = [];
  let parent = asked?.parent;
  while (parent !== undefined) {
    const above = await backend.store.loadHeader(parent.runId);
    if (above !== undefined) runs.push({ runId: above.runId, epoch: above.epoch });
    parent = above?.parent;
  }
  return runs;
}

/** The run of a stored resumption shows as running. */
export async function showResumed(handling: Handling, record: StepRecord): Promise<void> {
  if (isEntryKey(record.key)) await ensureEntryResumed(handling, record);
  else if (!(await ensureMemberLogged(handling, record))) throw blockEnded(handling, record);
}

/** The turn of a resumed step is published. */
export async function publishResumed(handling: Handling, record: StepRecord): Promise<void> {
  const { engine, publisher, runId, header } = handling;
  // Before anything of it can be over: a caller that looks right after its own resumption must not find the outer runs
  // suspended, and their places show what it was resumed with.
  if (header.parent !== undefined) {
    const stored = await engine.backend.store.loadHeader(runId);
    if (stored !== undefined) await tellParents(engine, stored, 0);
  }
  // What others of its block changed meanwhile, a resumed member sees.
  const run = publisher.stepRun({ ...record, seesCell: !isEntryKey(record.key) });
  const { key, turn, stepId } = record;
  const resumed = runEventOf(handling, 'workflow.resume', 'running', `${formatKey(key)}/${turn}`);
  await publisher.publish([{ ...resumed, path: pathOf(key), turn, stepId }, run]);
  await engine.backend.store.durable();
  signalChange(engine, header);
}

function lostResume(
  header: RunHeader,
  record: StepRecord,
  result: Extract<ResumeResult, { won: false }>,
): WorkflowError {
  const details = { runId: header.runId, stepId: record.stepId };
  if (result.lost === 'run') {
    const status = result.image?.status ?? header.status;
    if (result.image === undefined) return notFound(result.runId);
    if (status === 'paused') return paused(header, record);
    if (!terminalStatuses.has(status)) return superseded(header, record);
    return new WorkflowError(
      'WORKFLOW_RUN_ALREADY_FINISHED',
      `Run "${result.runId}" ended with status ${status} before this resume`,
      { details: { ...details, status } },
    );
  }
  const { turn } = result.image ?? record;
  if (parseTurn(turn).epoch !== parseTurn(record.turn).epoch) return superseded(header, record);
  const winner = result.image?.resumeRequest;
  return new WorkflowError(
    'WORKFLOW_RESUME_ALREADY_CLAIMED',
    `Another caller resumed step "${record.stepId}" of run "${header.runId}" first`,
    { details: { ...details, ...(winner === undefined ? {} : { winner }) } },
  );
}
