import { handlingOf, storedRun } from './begin.ts';
import { resumedTurn } from '../core/decide.ts';
import { isWorkflowError, WorkflowError } from '../core/errors.ts';
import { type RecordKey, type RunHeader, type StepRecord, terminalStatuses } from '../core/records.ts';
import type { SuspendedPlace } from '../core/resume-target.ts';
import { parseTurn } from '../core/turn.ts';
import { notFound } from './access.ts';
import { checkId } from './arguments.ts';
import type { ResumeRequest, StoredRun } from './api.ts';
import { decideOnce } from './decide-once.ts';
import type { Engine } from './engine.ts';
import { goingOn } from './parking.ts';
import { publishResumed, showResumed, storeResumption, superseded } from './resume-place.ts';

/** The suspension of a place: its turn tells it from every other that the step goes through. */
interface Suspension extends Pick<SuspendedPlace, 'runId' | 'runs'> {
  readonly key: RecordKey;
  readonly turn: string;
  readonly stepId: string;
}

/**
 * Resumes by a request that can come again. It means the suspensions that it found when it came first: whatever was resumed of
 * them since then stays so, the rest is resumed now, and no later suspension is touched.
 */
export async function resumeOnce(
  engine: Engine,
  request: ResumeRequest,
  requestKey: string,
  find: () => Promise<readonly SuspendedPlace[]>,
): Promise<StoredRun> {
  const suspensions = await decideOnce(
    engine,
    request.runId,
    `resume:${checkId(requestKey, 'requestKey')}`,
    async () =>
      (await find()).map(
        ({ runId, runs, record: { key, turn, stepId } }): Suspension => ({ runId, runs, key, turn, stepId }),
      ),
  );
  return resumeSuspensions(engine, request, suspensions);
}

/** Resumes what a request that can come again means; the outermost run that it names is answered. */
export async function resumeSuspensions(
  engine: Engine,
  request: ResumeRequest,
  suspensions: readonly Suspension[],
): Promise<StoredRun> {
  let changed = false;
  const announcements: (() => Promise<void>)[] = [];
  for (const [index, suspension] of suspensions.entries()) {
    const resumed = resumeSuspension(engine, request, suspension).then(({ isNow, announce }) => {
      changed ||= isNow;
      announcements.push(announce);
    });
    await (index === 0 ? resumed : tolerant(resumed));
  }
  for (const announce of announcements) await announce();
  const { store } = engine.backend;
  await store.durable();
  const header = await store.loadHeader(request.runId);
  if (header === undefined) throw notFound(request.runId);
  return storedRun(header, changed);
}

/** Whoever resumed an item apart from the others has had the same right to it. */
export async function tolerant(resumed: Promise<unknown>): Promise<void> {
  try {
    await resumed;
  } catch (error) {
    if (!isWorkflowError(error, 'WORKFLOW_RESUME_ALREADY_CLAIMED', 'WORKFLOW_RUN_ALREADY_FINISHED'))
      throw error;
  }
}

interface Resumed {
  /** This call resumed it: another one may have. */
  readonly isNow: boolean;
  readonly announce: () => Promise<void>;
}

async function resumeSuspension(
  engine: Engine,
  request: ResumeRequest,
  suspension: Suspension,
): Promise<Resumed> {
  const record = await recordAt(engine, suspension);
  if (record?.turn !== suspension.turn) {
    return { isNow: false, announce: await ensureResumed(engine, request, suspension, record) };
  }
  try {
    const { announce } = await storeResumption(engine, request, { ...suspension, record });
    return { isNow: true, announce };
  } catch (error) {
    if (!isWorkflowError(error, 'WORKFLOW_RESUME_ALREADY_CLAIMED')) throw error;
    // The same request, delivered twice at once, may have been faster, and the step may have gone on since.
    const found = await recordAt(engine, suspension);
    return { isNow: false, announce: await ensureResumed(engine, request, suspension, found) };
  }
}

const nothing = async (): Promise<void> => {};

async function recordAt({ backend }: Engine, { runId, key }: Suspension): Promise<StepRecord | undefined> {
  const load = await backend.store.loadStep({ runId, keys: [key], input: false, consistent: true });
  return load.records[0];
}

/**
 * Of a suspension that is over. Who resumed it is known as long as the step was not resumed again; after that it is taken for
 * done, since a request that another one came before was answered then. What its first handling may not have lived to publish
 * is published again.
 */
async function ensureResumed(
  engine: Engine,
  { requestKey }: ResumeRequest,
  suspension: Suspension,
  record: StepRecord | undefined,
): Promise<() => Promise<void>> {
  const { runId, turn } = suspension;
  const header = await engine.backend.store.loadHeader(runId);
  if (header === undefined) throw notFound(runId);
  if (record === undefined || record.turn <= turn) throw superseded(header, suspension);
  if (!isNextGeneration(record.turn, turn)) return nothing;
  if (record.resumeRequest !== requestKey) throw claimed(header, record);
  if (record.turn !== resumedTurn(turn) || record.status !== 'due') return nothing;
  // Of a run that is over, or in a later epoch, nothing is to be announced: it is not this place that it stands at.
  if (parseTurn(turn).epoch !== header.epoch || terminalStatuses.has(header.status)) return nothing;
  // Of a parked run a sweep does it, when the definition is there again.
  const current = await goingOn(engine, header, [record]);
  if (current === undefined) return nothing;
  const handling = handlingOf(engine, engine.registry.get(header.workflowId), current);
  await showResumed(handling, record);
  return () => publishResumed(handling, record);
}

function isNextGeneration(turn: string, before: string): boolean {
  const [now, then] = [parseTurn(turn), parseTurn(before)];
  const isSame = now.epoch === then.epoch && now.iteration === then.iteration;
  return isSame && now.generation === then.generation + 1;
}

function claimed({ runId }: RunHeader, { stepId, resumeRequest: winner }: StepRecord): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RESUME_ALREADY_CLAIMED',
    `Another caller resumed step "${stepId}" of run "${runId}" first`,
    { details: { runId, stepId, ...(winner === undefined ? {} : { winner }) } },
  );
}
