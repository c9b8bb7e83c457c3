import { WorkflowError } from '../core/errors.ts';
import { type KeyHolder, type KeyRequest, parseKeyState, withRequest } from '../core/resume-key.ts';
import { checkAccess, notFound } from './access.ts';
import type { KeyResumeRequest, ResumeRequest, StoredRun } from './api.ts';
import { checkId, checkResumeKey } from './arguments.ts';
import type { Engine } from './engine.ts';
import { lookAgainMs } from './resume.ts';
import {
  headerAndRecord,
  type HolderPlace,
  keyName,
  placeOfHolder,
  runsAround,
  writeKey,
} from './resume-keys.ts';
import { resumeSuspensions } from './resume-once.ts';
import { resumePlace } from './resume-place.ts';
import { storedRun } from './begin.ts';

/**
 * Resumes the step that waits under a key. What it does to the run is a resume like any other, so of several callers, by whatever
 * they name the step, one wins.
 */
export async function resumeByKey(engine: Engine, request: KeyResumeRequest): Promise<StoredRun> {
  const key = checkResumeKey(request.key, 'key');
  if (request.requestKey !== undefined) checkId(request.requestKey, 'requestKey');
  const name = keyName(request.owner, key);
  const { clock } = engine.backend;
  const until = clock.now() + engine.times.resumeWaitMs;
  for (;;) {
    const resumed = await resumeHolder(engine, request, name);
    if (resumed !== undefined) return resumed;
    const left = until - clock.now();
    if (left <= 0) throw keyNotFound(key);
    await engine.signals.next(name, Math.min(lookAgainMs, left));
  }
}

/** Undefined when nobody waits under the key now. */
async function resumeHolder(
  engine: Engine,
  request: KeyResumeRequest,
  name: string,
): Promise<StoredRun | undefined> {
  const { store } = engine.backend;
  for (;;) {
    const seen = await store.loadNamed(name);
    const state = parseKeyState(seen);
    const { requestKey } = request;
    const before = state.requests?.find((one) => one.request === requestKey);
    if (before !== undefined) return resumeAgain(engine, request, before);
    const { holder } = state;
    const place = holder === undefined ? undefined : await placeOfHolder(engine, holder, request.key);
    if (holder === undefined || place?.status !== 'waiting') return undefined;
    const asked = requestOf(request, place.root.runId);
    checkAccess(place.root, asked);
    if (requestKey === undefined) return resumeNow(engine, asked, place);
    // What the request means is stored before it is done: however often it comes, and whoever waits here then, it means this.
    const kept = await writeKey(engine, name, seen, withRequest(state, { ...holder, request: requestKey }));
    if (kept.won) return resumeSuspensions(engine, asked, [{ ...holder, runs: place.runs }]);
  }
}

function requestOf(request: KeyResumeRequest, runId: string): ResumeRequest {
  const { key: _, ...rest } = request;
  return { ...rest, runId };
}

async function resumeNow(
  engine: Engine,
  request: ResumeRequest,
  { record, runs, root }: Extract<HolderPlace, { status: 'waiting' }>,
): Promise<StoredRun> {
  const { store } = engine.backend;
  const runId = runs[0]?.runId ?? root.runId;
  await resumePlace(engine, request, { runId, record, runs });
  await store.durable();
  const header = (await store.loadHeader(root.runId)) ?? root;
  return storedRun({ ...header, status: 'running' }, true);
}

/** A request that came before: it means the suspension that it found then. */
async function resumeAgain(
  engine: Engine,
  request: KeyResumeRequest,
  suspension: KeyRequest,
): Promise<StoredRun> {
  const { header, record } = await headerAndRecord(engine, suspension);
  const root = header?.root === undefined ? header : await engine.backend.store.loadHeader(header.root);
  if (header === undefined || root === undefined) throw notFound(suspension.runId);
  const asked = requestOf(request, root.runId);
  checkAccess(root, asked);
  const around = await runsAround(engine, header);
  if (around === undefined && record?.turn === suspension.turn) throw notWaitedFor(suspension);
  return resumeSuspensions(engine, asked, [{ ...suspension, runs: around?.runs ?? [] }]);
}

function notWaitedFor({ runId, stepId }: KeyHolder): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_NOT_SUSPENDED',
    `Step "${stepId}" of run "${runId}" is not waited for any more: a run around it ended, or began anew`,
    { details: { runId, stepId } },
  );
}

function keyNotFound(key: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RESUME_KEY_NOT_FOUND',
    `No step waits under the resume key "${key}": it was resumed already, or has not been suspended yet, or another principal started its run`,
    { details: { key } },
  );
}
