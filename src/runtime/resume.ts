import { resumedTurn } from '../core/decide.ts';
import { WorkflowError } from '../core/errors.ts';
import { resumeTarget } from '../core/resume-target.ts';
import type { RunHeader, StepRecord, StoredValue } from '../core/records.ts';
import type { ResumeResult, RunLoad } from '../ports/index.ts';
import type { ResumeRequest, StoredRun } from './api.ts';
import { checkRecord } from './arguments.ts';
import { ensureEntryResumed, ensureEntrySuspended } from './duty-entry.ts';
import { ensureMemberLogged } from './duty-member.ts';
import type { Engine } from './engine.ts';
import type { Handling } from './handling.ts';
import { checkAccess, notFound } from './queries.ts';
import { stepAt } from './registry.ts';
import { handlingOf, storedRun } from './start.ts';
import { validate } from './validation.ts';

/** How often a resume looks again for a suspension that is not stored yet, ms. */
const lookAgainMs = 50;

interface Target {
  readonly run: RunLoad;
  readonly record: StepRecord;
}

/** Finds what the request means; waits a moment for a suspension whose event overtook its record. */
async function findTarget(engine: Engine, request: ResumeRequest): Promise<Target> {
  const { clock, store } = engine.backend;
  const until = clock.now() + engine.times.resumeWaitMs;
  for (;;) {
    const run = await store.loadRun(request.runId);
    if (run === undefined) throw notFound(request.runId);
    checkAccess(run.header, request);
    const target = resumeTarget(run.header, run.records, request);
    if ('record' in target) return { run, record: target.record };
    const left = until - clock.now();
    if (!target.mayCome || left <= 0) throw target.refusal;
    await engine.signals.next(request.runId, Math.min(lookAgainMs, left));
  }
}

/** Rule O: a record leaves its state only when that state's effects are stored and published. */
async function ensureSuspended(handling: Handling, record: StepRecord): Promise<void> {
  if (record.key.arm === undefined) await ensureEntrySuspended(handling, record);
  else if (!(await ensureMemberLogged(handling, record))) throw blockEnded(handling, record);
}

function blockEnded({ runId }: Handling, record: StepRecord): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_ALREADY_FINISHED',
    `The block around step "${record.stepId}" ended before this resume: the run goes on without it`,
    { details: { runId, stepId: record.stepId } },
  );
}

/** Resumes a suspended step. Of several callers exactly one wins; the 2xx follows the write. */
export async function resumeRun(engine: Engine, request: ResumeRequest): Promise<StoredRun> {
  const { run, record } = await findTarget(engine, request);
  const { header } = run;
  const workflow = engine.registry.get(header.workflowId);
  const handling = handlingOf(engine, workflow, header);
  const { definition } = workflow;
  const schema = definition.validateInputs ? stepAt(workflow, record.key)?.resumeSchema : undefined;
  const data = await validate(schema, request.resumeData, {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    headline: 'Invalid resume data',
    details: { runId: header.runId, stepId: record.stepId },
  });
  const context = checkRecord(request.requestContext ?? {}, 'requestContext');
  await ensureSuspended(handling, record);
  const { store, clock, ids } = engine.backend;
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
    request: ids.unique(),
    now,
    sweepAt: now + engine.times.sweepMs,
    runs: [header.runId],
    ...(await optional('resumeData', data, data !== undefined)),
    ...(await optional('resumeContext', context, Object.keys(context).length > 0)),
  });
  if (!result.won) throw lostResume(header, record, result);
  await announceResumed(handling, result.image);
  return storedRun({ ...header, status: 'running' }, true);
}

/** What a stored resumption implies: the run shows as running, and the turn of the step is published. */
async function announceResumed(handling: Handling, record: StepRecord): Promise<void> {
  const { engine, publisher, runId } = handling;
  if (record.key.arm === undefined) {
    await ensureEntryResumed(handling, record);
  } else if (!(await ensureMemberLogged(handling, record))) {
    throw blockEnded(handling, record);
  }
  await publisher.publish([publisher.resumed(record), publisher.stepRun(record)]);
  await engine.backend.store.durable();
  engine.signals.changed(runId);
}

function lostResume(
  header: RunHeader,
  record: StepRecord,
  result: Extract<ResumeResult, { won: false }>,
): WorkflowError {
  const details = { runId: header.runId, stepId: record.stepId };
  if (result.lost === 'run') {
    const status = result.image?.status ?? header.status;
    return new WorkflowError(
      'WORKFLOW_RUN_ALREADY_FINISHED',
      `Run "${result.runId}" ended with status ${status} before this resume`,
      { details: { ...details, status } },
    );
  }
  const winner = result.image?.resumeRequest;
  return new WorkflowError(
    'WORKFLOW_RESUME_ALREADY_CLAIMED',
    `Another caller resumed step "${record.stepId}" of run "${header.runId}" first`,
    { details: { ...details, ...(winner === undefined ? {} : { winner }) } },
  );
}
