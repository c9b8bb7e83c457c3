import { publishEpoch, publishStart } from './begin.ts';
import { errorOf } from '../core/codec-error.ts';
import { deadlineFrom } from '../core/deadline.ts';
import { afterLostClaim } from '../core/decide.ts';
import type { WorkflowDefinition } from '../core/definition.ts';
import {
  formatKey,
  recordFormat,
  type RunHeader,
  type RunInput,
  type SharedData,
  type StepRecord,
  terminalStatuses,
} from '../core/records.ts';
import { baseTurn, parseTurn } from '../core/turn.ts';
import { withRestarts } from '../core/shared-data.ts';
import { RequestContext } from '../core/request-context.ts';
import { startInfo } from './callbacks.ts';
import { withCell } from './cell.ts';
import { followChild } from './child.ts';
import { cancelNested, holdsNested } from './cascade.ts';
import { epochInside } from './epoch-inside.ts';
import { admitted, fulfil, isKept, standsHere } from './handle-step.ts';
import type { Engine } from './engine.ts';
import {
  drop,
  type EventHandling,
  type Handling,
  begunBy,
  type StepEvent,
  type StepHandling,
} from './handling.ts';
import { inputAt, inputValue, type Loaded, loadForStep, loadShared, sharedAt, sourceOf } from './load.ts';
import { isPerStep } from './per-step.ts';
import { passRestarts, restartsOf } from './restart-context.ts';
import { validInput } from './step-executor.ts';
import { isOfThePlace, sha256 } from './values.ts';

/** Id of the run that a place of a run executes: the same whoever asks, and another one for each iteration and item. */
export function childRunId(runId: string, record: Pick<StepRecord, 'key' | 'turn'>): string {
  const { iteration } = parseTurn(record.turn);
  return sha256(`${runId}\n${formatKey(record.key)}\n${iteration}`).slice(0, 32);
}

/** What a nested run is started with. */
interface ChildStart {
  readonly input: unknown;
  readonly shared: SharedData;
}

/**
 * Handles the `step.run` of a step that is a workflow: the record waits for a run of its own, which is stored after it, so
 * that no run exists which nobody waits for. A loser finds the same run, and starts it if the winner died before.
 */
export async function handleNested(
  event: EventHandling & StepEvent,
  nested: WorkflowDefinition,
): Promise<void> {
  const { engine, workflow, runId, key, turn } = event;
  const reads = { steps: [], init: false };
  const { restartedAt } = event.publisher.scope;
  const at = { runId, key, turn, graph: workflow.graph, restartedAt };
  const loaded = await loadForStep(engine, at, reads);
  const handling = await admitted(event, event, loaded);
  if (handling === undefined) return abandon(event);
  if (await isKept(handling, loaded)) return;
  const given = await startOf(handling, loaded);
  if ('error' in given) return failBefore(handling, loaded, given.error);
  const write = await nest(handling, loaded, given);
  const { image } = write;
  if (image !== undefined && !(await standsHere(handling, image))) return;
  if (write.won) return startChild(handling, nested, write.image, given, true);
  if (image?.turn === turn && image.status === 'child') {
    await startChild(handling, nested, image, given, false);
    return followChild(handling, image);
  }
  await afterLoss(handling, image);
}

/**
 * The run does not go on at this place. Whoever stored the nested run may have died before it saw that, and whoever ended
 * the run may have looked for nested ones before that one was stored.
 */
async function abandon({ engine, runId, key, turn, event }: EventHandling & StepEvent): Promise<void> {
  const { store } = engine.backend;
  const { header, records } = await store.loadStep({ runId, keys: [key], input: false, consistent: true });
  const [record] = records;
  if (record?.turn !== turn || header === undefined) return;
  const isOver = terminalStatuses.has(header.status) || header.epoch > event.epoch;
  if (isOver && holdsNested(record)) await cancelNested(engine, record, event.hop);
}

/** The validated input, and the state and request context that the place sees. */
async function startOf(handling: StepHandling, loaded: Loaded): Promise<ChildStart | { error: Error }> {
  const { engine, runId, key, step, workflow, event, epoch } = handling;
  const { data } = await loadShared(engine, runId, sharedAt(loaded, handling), loaded);
  const found =
    event.seesCell === true ? await withCell(engine, { runId, entry: key.entry, epoch }, data) : data;
  const shared = withRestarts(found, await restartsOf(engine, loaded.header));
  const raw = await inputValue(engine, handling, loaded);
  try {
    const { validateInputs } = workflow.definition;
    const requestContext = new RequestContext(shared.requestContext);
    return { input: await validInput({ step, input: raw, validateInputs, requestContext }), shared };
  } catch (thrown) {
    return { error: errorOf(thrown) };
  }
}

async function nest(handling: StepHandling, loaded: Loaded, given: ChildStart) {
  const { engine, runId, key, turn, step, event } = handling;
  const { generation, attempt, iteration } = parseTurn(turn);
  const sharedFrom = sharedAt(loaded, handling);
  const came = key.item === undefined ? inputAt(loaded, sourceOf(handling)) : undefined;
  const executesWith = await engine.values.store(runId, given.input, `input of step "${step.id}"`);
  const isChanged = came !== undefined && JSON.stringify(came) !== JSON.stringify(executesWith);
  const fromSegment = loaded.join?.newestSegment ?? 0;
  return engine.backend.store.nest({
    runId,
    key,
    turn,
    fresh: generation === 0 && attempt === 0,
    stepId: step.id,
    childRunId: childRunId(runId, { key, turn }),
    now: engine.backend.clock.now(),
    inputFrom: sourceOf(handling),
    executesWith,
    ...begunBy(handling, key.entry),
    ...(iteration > 0 ? { iterates: true } : {}),
    ...(isChanged ? { input: executesWith } : {}),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
    ...(fromSegment === 0 ? {} : { fromSegment }),
    ...(event.seesCell === true ? { seesCell: true } : {}),
  });
}

/** The step fails before there is a nested run. Its input is the same for every attempt, so none is made. */
async function failBefore(handling: StepHandling, loaded: Loaded, error: Error): Promise<void> {
  const { engine, runId, key, turn, step } = handling;
  const now = engine.backend.clock.now();
  const sharedFrom = sharedAt(loaded, handling);
  const record: StepRecord = {
    key,
    stepId: step.id,
    turn,
    status: 'failed',
    startedAt: now,
    endedAt: now,
    inputFrom: sourceOf(handling),
    ...begunBy(handling, key.entry),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
    error: await engine.values.storeError(runId, error),
  };
  const write = await engine.backend.store.closeBlock({ runId, record });
  if (write.won) return fulfil(handling, write.image, true);
  await afterLoss(handling, write.image);
}

async function afterLoss(handling: StepHandling, image: StepRecord | undefined): Promise<void> {
  const { engine, publisher, turn } = handling;
  const clock = { now: engine.backend.clock.now(), skewMs: engine.times.skewMs };
  const verdict = afterLostClaim(image, turn, clock);
  if (image === undefined || verdict.type === 'drop') {
    return drop(engine, verdict.type === 'drop' ? verdict.reason : 'stale-turn');
  }
  if (verdict.type === 'publish-turn') {
    const run = publisher.stepRun({ ...image, turn: verdict.turn, dueAt: verdict.dueAt });
    return publisher.publishAt(run, verdict.dueAt);
  }
  await fulfil(handling, image, false);
  await followChild(handling, image);
}

/**
 * Stores the nested run and publishes its first step. The run above is read again after that: if it ended meanwhile, whoever
 * ended it may not have seen the nested run, and one of the two has to.
 */
async function startChild(
  handling: StepHandling,
  nested: WorkflowDefinition,
  record: StepRecord,
  given: ChildStart,
  won: boolean,
): Promise<void> {
  const { engine, runId, epoch, event } = handling;
  const { store, metrics } = engine.backend;
  const workflow = engine.registry.get(nested.id);
  const perStep = await isPerStep(handling);
  let header = childHeader(handling, workflow.graphHash, nested, record, perStep);
  try {
    const inside = await epochInside(handling, nested, header.runId, given);
    const inputHash = sha256(engine.values.encodeCanonical([given.input, given.shared], 'input'));
    header = { ...header, inputHash };
    if (inside === undefined) await callOnStart(engine, nested, header, given);
    const start = inside ?? { input: await storedStart(engine, header.runId, given), from: 0, begun: 0 };
    const write = await store.startChild({ header, ...start });
    if (write.won) metrics.count('run.started', { workflowId: nested.id });
    let stored = write.image ?? header;
    // A nested run of a later turn than this event's: the event is late.
    if (stored.parent?.turn !== header.parent?.turn) return;
    const above = await store.loadHeader(runId);
    if (above === undefined || terminalStatuses.has(above.status) || above.epoch !== epoch) {
      return await cancelNested(engine, record, event.hop);
    }
    stored = await passRestarts(engine, above, stored);
    if (inside !== undefined) return await publishEpoch(engine, workflow, stored, event.hop);
    await publishStart(engine, workflow, stored, won && write.won, event.hop);
  } catch (error) {
    if (isOfThePlace(error)) throw error;
    await followFailure(handling, record, errorOf(error));
  }
}

async function storedStart(
  { values }: Engine,
  childId: string,
  { input, shared }: ChildStart,
): Promise<RunInput> {
  return {
    input: await values.store(childId, input, 'inputData'),
    shared: await values.store(childId, shared, 'initialState'),
  };
}

/** Told before the nested run is stored; what it throws fails the step. */
async function callOnStart(
  engine: Engine,
  { callbacks }: WorkflowDefinition,
  header: RunHeader,
  { input, shared }: ChildStart,
): Promise<void> {
  if (callbacks?.onStart === undefined) return;
  const stored = await engine.backend.store.loadHeader(header.runId);
  if ((stored?.parent?.turn ?? '') >= (header.parent?.turn ?? '')) return;
  await callbacks.onStart(startInfo(engine, header, { input, ...shared }));
}

/** The nested run cannot be stored, or its `onStart` threw: the step fails, as if the nested run had. */
async function followFailure(handling: StepHandling, record: StepRecord, error: Error): Promise<void> {
  const { engine, runId } = handling;
  const now = engine.backend.clock.now();
  const write = await engine.backend.store.followChild({
    runId,
    key: record.key,
    turn: record.turn,
    seen: 'child',
    outcome: { now, status: 'failed', error: await engine.values.storeError(runId, error) },
  });
  if (write.image !== undefined) await fulfil(handling, write.image, write.won);
}

/** The header that a nested run begins with. */
function childHeader(
  { engine, header, runId }: Handling,
  graphHash: string,
  nested: WorkflowDefinition,
  record: StepRecord,
  perStep: boolean,
): RunHeader {
  const now = engine.backend.clock.now();
  const { resourceId, owner, history } = header;
  return {
    format: recordFormat,
    runId: record.childRunId ?? childRunId(runId, record),
    workflowId: nested.id,
    status: 'running',
    epoch: 1,
    position: '',
    wakes: 0,
    graphHash,
    inputHash: '',
    from: [],
    createdAt: now,
    startedAt: now,
    updatedAt: now,
    sweepAt: now + engine.times.sweepMs,
    parent: { runId, key: record.key, turn: baseTurn(record.turn) },
    root: header.root ?? runId,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(owner === undefined ? {} : { owner }),
    ...(history === undefined ? {} : { history }),
    ...(perStep ? { perStep } : {}),
    ...deadlineFrom(nested.timeoutMs, now),
  };
}
