import { deadlineFrom } from '../core/deadline.ts';
import { publishStart, storedRun } from './begin.ts';
import { startVerdict } from '../core/decide.ts';
import { WorkflowError } from '../core/errors.ts';
import {
  type HistoryKind,
  recordFormat,
  type RunHeader,
  type RunInput,
  type SharedData,
} from '../core/records.ts';
import type { NewRun } from '../ports/index.ts';
import { forbidden } from './access.ts';
import type { CreateRequest, StartRequest, StoredRun } from './api.ts';
import { checkId, checkRecord, checkTimeout } from './arguments.ts';
import { startInfo } from './callbacks.ts';
import { goOnStarting } from './concurrency.ts';
import { enterStart, type Entrance, giveBack } from './concurrency-start.ts';
import type { Engine } from './engine.ts';
import type { CompiledWorkflow } from './registry.ts';
import { validate } from './validation.ts';
import { sha256 } from './values.ts';

function conflict(stored: RunHeader, wanted: RunHeader): WorkflowError {
  const other =
    stored.workflowId === wanted.workflowId ? 'with other input' : `of workflow "${stored.workflowId}"`;
  return new WorkflowError(
    'WORKFLOW_RUN_CONFLICT',
    `Run "${stored.runId}" exists already, ${other}: start under another run id`,
    { details: { runId: stored.runId, workflowId: stored.workflowId, status: stored.status } },
  );
}

function newHeader(engine: Engine, workflow: CompiledWorkflow, request: CreateRequest): RunHeader {
  const now = engine.backend.clock.now();
  const { resourceId, owner } = request;
  return {
    format: recordFormat,
    runId: request.runId === undefined ? engine.backend.ids.unique() : checkId(request.runId, 'runId'),
    workflowId: workflow.definition.id,
    status: 'pending',
    epoch: 1,
    position: '',
    wakes: 0,
    graphHash: workflow.graphHash,
    inputHash: '',
    from: [],
    createdAt: now,
    updatedAt: now,
    ...(resourceId === undefined ? {} : { resourceId: checkId(resourceId, 'resourceId') }),
    ...(owner === undefined ? {} : { owner }),
    ...historyOf(engine, workflow, request),
  };
}

function historyOf(
  engine: Engine,
  { definition }: CompiledWorkflow,
  request: CreateRequest,
): { readonly history?: HistoryKind } {
  const usual = definition.history ?? engine.history;
  // Who asks for a stream does not ask for less than is kept anyway.
  const kind = request.history === 'stream' && usual === 'full' ? usual : (request.history ?? usual);
  return kind === 'none' ? {} : { history: kind };
}

/** Writes a pending run; one that is there already is answered as it is. */
export async function createRun(engine: Engine, request: CreateRequest): Promise<StoredRun> {
  const workflow = engine.registry.get(request.workflowId);
  const header = newHeader(engine, workflow, request);
  const write = await engine.backend.store.createRun({ header });
  if (write.won) return storedRun(write.image, true);
  const stored = write.image ?? header;
  if (stored.owner !== header.owner) throw forbidden(header.runId);
  if (stored.workflowId !== header.workflowId) throw conflict(stored, header);
  return storedRun(stored, false);
}

interface ValidStart {
  readonly input: unknown;
  readonly state: unknown;
  readonly requestContext: unknown;
}

async function validStart(workflow: CompiledWorkflow, request: StartRequest): Promise<ValidStart> {
  const { definition } = workflow;
  const details = { workflowId: definition.id };
  const code = 'WORKFLOW_SCHEMA_VALIDATION_FAILED' as const;
  const given = {
    input: request.inputData,
    state: checkRecord(request.initialState ?? {}, 'initialState'),
    requestContext: checkRecord(request.requestContext ?? {}, 'requestContext'),
  };
  if (!definition.validateInputs) return given;
  const state = request.initialState === undefined ? undefined : definition.stateSchema;
  await validate(definition.requestContextSchema, given.requestContext, {
    code,
    headline: `Request context validation failed for workflow '${definition.id}'`,
    details,
  });
  return {
    input: await validate(definition.inputSchema, given.input, {
      code,
      headline: 'Invalid input data',
      details,
    }),
    state: await validate(state, given.state, { code, headline: 'Invalid initial data', details }),
    requestContext: given.requestContext,
  };
}

/** What a start says of its time, or else its workflow. */
function deadlineOf(
  { definition }: CompiledWorkflow,
  given: unknown,
  now: number,
): Pick<RunHeader, 'deadlineAt' | 'timeoutMs'> {
  const timeoutMs = checkTimeout(given);
  return {
    ...deadlineFrom(timeoutMs ?? definition.timeoutMs, now),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Starts a run: validates, stores, publishes the first step. Nothing is written when anything is invalid. */
export async function startRun(engine: Engine, request: StartRequest): Promise<StoredRun> {
  const workflow = engine.registry.get(request.workflowId);
  const draft = newHeader(engine, workflow, request);
  const valid = await validStart(workflow, request);
  const { input: inputData, requestContext } = valid;
  const { resourceId } = draft;
  const entrance = await enterStart(engine, workflow, draft, { inputData, resourceId, requestContext });
  if (entrance?.type === 'instead') return entrance.run;
  const stored = await storeStart(engine, workflow, { request, draft, valid, entrance });
  await engine.backend.store.durable();
  engine.signals.changed(draft.runId);
  return stored;
}

/** A start that may be stored. */
interface AdmittedStart {
  readonly request: StartRequest;
  readonly draft: RunHeader;
  readonly valid: ValidStart;
  readonly entrance: Exclude<Entrance, { type: 'instead' }> | undefined;
}

async function storeStart(
  engine: Engine,
  workflow: CompiledWorkflow,
  start: AdmittedStart,
): Promise<StoredRun> {
  const { draft, entrance } = start;
  let stored: RunHeader | undefined;
  let isSent = false;
  try {
    const wanted = await preparedStart(engine, workflow, start);
    isSent = true;
    const { won, image } = await engine.backend.store.startRun(wanted);
    const write = { won, image: image ?? wanted.header, wanted: wanted.header };
    stored = write.image;
    if (!write.won) {
      const verdict = startVerdict(write.image, write.wanted);
      if (verdict === 'forbidden') throw forbidden(draft.runId);
      if (verdict === 'conflict') throw conflict(write.image, write.wanted);
    } else {
      engine.backend.metrics.count('run.started', { workflowId: draft.workflowId });
    }
    stored = write.image;
    if (stored.limit !== undefined)
      return storedRun(await goOnStarting(engine, stored, write.won), write.won);
    // A later epoch begins in its own way.
    if (stored.epoch === 1) await publishStart(engine, workflow, stored, write.won);
    return storedRun(stored, write.won);
  } catch (error) {
    // What is not answered may be stored, or may be yet: its place is found abandoned later, when it is not. So it is when this fails.
    if (!isSent || stored !== undefined)
      await giveBack(engine, entrance, draft, stored).catch(() => undefined);
    throw error;
  }
}

/** Calls `onStart`; resolves with what is to be stored. */
async function preparedStart(
  engine: Engine,
  workflow: CompiledWorkflow,
  { request, draft, valid, entrance }: AdmittedStart,
): Promise<NewRun> {
  const { values } = engine;
  const identity = [valid.input, valid.state, valid.requestContext, draft.resourceId ?? null];
  const header: RunHeader = {
    ...draft,
    status: entrance?.type === 'queue' ? 'waiting' : 'running',
    inputHash: sha256(values.encodeCanonical(identity, 'input')),
    startedAt: draft.createdAt,
    sweepAt: draft.createdAt + engine.times.sweepMs,
    ...(request.perStep === true ? { perStep: true } : {}),
    ...deadlineOf(workflow, request.timeoutMs, draft.createdAt),
    ...(entrance === undefined ? {} : { limit: entrance.key.name }),
  };
  const shared = { state: valid.state, requestContext: valid.requestContext };
  const input: RunInput = {
    input: await values.store(draft.runId, valid.input, 'inputData'),
    ...(isEmpty(valid.state) && isEmpty(valid.requestContext)
      ? {}
      : { shared: await values.store(draft.runId, shared, 'initialState') }),
  };
  await callOnStart(engine, workflow, draft, valid);
  return { header, input };
}

/**
 * Calls `onStart` before the start is stored, when the run has not been started before: what it throws leaves the run
 * pending, and nothing is executed.
 */
async function callOnStart(
  engine: Engine,
  { definition }: CompiledWorkflow,
  header: RunHeader,
  { input, state, requestContext }: ValidStart,
): Promise<void> {
  const { callbacks } = definition;
  if (callbacks?.onStart === undefined) return;
  const { store } = engine.backend;
  const write = await store.createRun({ header });
  if (!write.won && write.image?.status !== 'pending') return;
  // Refused by the start itself as well, but then the callback would have been called.
  if (write.image !== undefined && write.image.owner !== header.owner) throw forbidden(header.runId);
  const shared = {
    state: state as SharedData['state'],
    requestContext: requestContext as SharedData['state'],
  };
  await callbacks.onStart(startInfo(engine, header, { input, ...shared }));
}
