import { publishEpoch, storedRun } from './begin.ts';
import { entryCount } from '../core/assemble.ts';
import { deadlineFrom } from '../core/deadline.ts';
import { WorkflowError } from '../core/errors.ts';
import {
  isVisible,
  type RunHeader,
  type RunInput,
  type SharedData,
  type StepRecord,
  travelStatuses,
} from '../core/records.ts';
import {
  checkPredecessors,
  givenFor,
  type TravelParameters,
  travelTarget,
  type TravelTarget,
} from '../core/travel.ts';
import { parseTurn } from '../core/turn.ts';
import type { StoredRun, TimeTravelRequest } from './api.ts';
import { checkRecord } from './arguments.ts';
import { isTold, tellBefore } from './callbacks.ts';
import { signalChange } from './duty-entry.ts';
import { takePlace } from './concurrency.ts';
import { enterEpoch, giveBack } from './concurrency-start.ts';
import type { Engine } from './engine.ts';
import { checkAccess } from './access.ts';
import { goesOnHere, review } from './parking.ts';
import { type CompiledWorkflow, stepAt } from './registry.ts';
import { loadTree, type RunTree } from './run-tree.ts';
import { sharedNow } from './shared-now.ts';
import { validate } from './validation.ts';
import { sha256 } from './values.ts';

/** The refusal of a call that needs what a run has stored. */
export function snapshotNotFound(runId: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_NOT_FOUND', `Snapshot not found for run ${runId}`, {
    details: { runId },
  });
}

/**
 * Begins a new epoch of a run at a step. Everything is checked before anything is written; then one conditional write on the
 * header makes all older events and workers stale, and the event of the new epoch prepares what lies before the step.
 */
export async function timeTravel(engine: Engine, request: TimeTravelRequest): Promise<StoredRun> {
  const { store, clock } = engine.backend;
  const { tree, workflow } = await travelTree(engine, request);
  const { header } = tree;
  const target = travelTarget(workflow.graph, checkStep(request.step), header);
  const parameters = await parametersOf(engine, tree, target, request);
  checkKnown(tree, target, parameters);
  const input = await inputOf(engine, tree, target, parameters);
  if (!isTold(workflow.definition, header)) await tellBefore(engine, header.runId);
  const entrance = await enterEpoch(engine, workflow, header, async () => ({
    inputData: await firstValue(engine, tree, input),
    resourceId: header.resourceId,
    requestContext: parameters.shared.requestContext,
  }));
  const now = clock.now();
  const write = await store.travel({
    runId: header.runId,
    epoch: header.epoch,
    wakes: header.wakes,
    start: [header.epoch + 1, target.key.entry, entryCount(tree)],
    parameters: await engine.values.store(header.runId, parameters, 'time travel'),
    graphHash: workflow.graphHash,
    perStep: request.perStep === true,
    now,
    sweepAt: now + engine.times.sweepMs,
    ...deadlineFrom(header.timeoutMs ?? workflow.definition.timeoutMs, now),
    ...(input === undefined ? {} : input),
    ...(entrance === undefined ? {} : { limit: entrance.key.name }),
  });
  if (!write.won) {
    await giveBack(engine, entrance, { runId: header.runId, epoch: header.epoch + 1 }, write.image);
    throw stillActive(write.image ?? header);
  }
  if (await takePlace(engine, write.image)) await publishEpoch(engine, workflow, write.image);
  await store.durable();
  signalChange(engine, write.image);
  return storedRun(write.image, true);
}

/** What the first entry gets. */
async function firstValue(
  { values }: Engine,
  { header, input: stored }: RunTree,
  input: { readonly input: RunInput } | undefined,
): Promise<unknown> {
  const first = input?.input.input ?? stored?.input;
  return first === undefined ? undefined : values.load(header.runId, first);
}

/** The run as the graph that is here sees it: from now on it is that one which counts. */
async function travelTree(
  engine: Engine,
  request: TimeTravelRequest,
): Promise<{ readonly tree: RunTree; readonly workflow: CompiledWorkflow }> {
  const { runId } = request;
  const seen = await engine.backend.store.loadHeader(runId);
  if (seen === undefined) throw snapshotNotFound(runId);
  checkAccess(seen, request);
  const workflow = engine.registry.get(seen.workflowId);
  // One that only looks active, because nobody has found yet that it cannot go on, may travel.
  if (!travelStatuses.has(seen.status) && !goesOnHere(engine, seen)) await review(engine, seen);
  const tree = await loadTree(engine, runId, 'none');
  if (tree === undefined) throw snapshotNotFound(runId);
  const { header } = tree;
  if (!travelStatuses.has(header.status) && header.parked === undefined) throw stillActive(header);
  return { tree: { ...tree, graph: workflow.graph }, workflow };
}

function stillActive({ runId, workflowId, status }: RunHeader): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RUN_ACTIVE',
    `This workflow run is still running, cannot time travel: run "${runId}" is ${status}, wait for it or cancel it`,
    { details: { runId, workflowId, status } },
  );
}

function checkStep(step: unknown): string | readonly string[] {
  const ids: unknown[] = Array.isArray(step) ? step : [step];
  if (ids.length > 0 && ids.every((id): id is string => typeof id === 'string' && id !== '')) return ids;
  throw new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    'Step is required and must be a valid step or array of steps',
    { details: { field: 'step' } },
  );
}

async function parametersOf(
  engine: Engine,
  tree: RunTree,
  target: TravelTarget & { readonly path: readonly string[] },
  request: TimeTravelRequest,
): Promise<TravelParameters> {
  const { inputData, resumeData } = request;
  const workflow = engine.registry.get(tree.header.workflowId);
  const context = checkRecord(request.context ?? {}, 'context');
  const nested = checkRecord(request.nestedStepsContext ?? {}, 'nestedStepsContext');
  const isSingle = target.inner.length === 0;
  const { validateInputs } = workflow.definition;
  const foreach = workflow.graph[target.key.entry]?.type === 'foreach';
  const { initialState, requestContext } = request;
  if (initialState !== undefined) checkRecord(initialState, 'initialState');
  if (requestContext !== undefined) checkRecord(requestContext, 'requestContext');
  const schema =
    isSingle && validateInputs && !foreach && inputData !== undefined
      ? stepAt(workflow, target.key)?.inputSchema
      : undefined;
  const input = await validate(schema, inputData, {
    code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    headline: 'Invalid inputData',
    details: { runId: request.runId },
  });
  return {
    path: target.path,
    hasInput: inputData !== undefined && isSingle,
    hasResume: resumeData !== undefined,
    shared: await sharedNow(engine, tree, request),
    context: context as TravelParameters['context'],
    nestedStepsContext: nested as TravelParameters['nestedStepsContext'],
    ...(inputData === undefined ? {} : { inputData: input }),
    ...(resumeData === undefined ? {} : { resumeData }),
  };
}

/** Of a run that was never started nothing is known, and all of it may come from the caller. */
function checkKnown(
  tree: RunTree,
  target: TravelTarget & { readonly path: readonly string[] },
  { context, hasInput }: TravelParameters,
): void {
  const { header, records, graph } = tree;
  if (header.startedAt === undefined) return;
  const recorded = new Set(
    records.filter((record) => isCurrent(header, record)).map(({ stepId, key }) => `${key.entry}/${stepId}`),
  );
  const before = target.key.entry - 1;
  checkPredecessors(
    graph,
    target,
    (id, entry) =>
      recorded.has(`${entry}/${id}`) || Object.hasOwn(context, id) || (hasInput && entry === before),
    header,
  );
}

function isCurrent(header: RunHeader, { turn, key }: StepRecord): boolean {
  return isVisible(parseTurn(turn).epoch, key.entry, header);
}

/** What the run is started with from now on, when the first entry is the target, or it was never started. */
async function inputOf(
  engine: Engine,
  tree: RunTree,
  { key }: TravelTarget,
  parameters: TravelParameters,
): Promise<{ input: RunInput; inputHash: string } | undefined> {
  const { values } = engine;
  const { header, input } = tree;
  const isFirst = key.entry === 0;
  if (!isFirst && input !== undefined) return undefined;
  const { shared } = parameters;
  const given = firstInput(tree, key, parameters);
  const data = given.has || input === undefined ? given.value : await values.load(header.runId, input.input);
  const inputHash = sha256(
    values.encodeCanonical([data, shared.state, shared.requestContext, header.resourceId ?? null], 'input'),
  );
  return {
    input: {
      input: await values.store(header.runId, data, 'inputData'),
      ...(isEmpty(shared) ? {} : { shared: await values.store(header.runId, shared, 'initialState') }),
    },
    inputHash,
  };
}

function isEmpty({ state, requestContext }: SharedData): boolean {
  return Object.keys(state).length + Object.keys(requestContext).length === 0;
}

/** The input of the first entry: the payload that its context has, else the input that was given. */
function firstInput(
  { graph }: RunTree,
  key: TravelTarget['key'],
  { context, hasInput, inputData, path }: TravelParameters,
): { has: boolean; value?: unknown } {
  if (Object.hasOwn(context, 'input')) return { has: true, value: context['input'] };
  const own = key.entry === 0 ? givenFor(context, path[0] ?? '') : undefined;
  if (own !== undefined && 'payload' in own) return { has: true, value: own.payload };
  const isForFirst = key.entry === 0 || graph.length === 0;
  return hasInput && isForFirst ? { has: true, value: inputData } : { has: false };
}
