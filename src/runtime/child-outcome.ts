import { encode } from '../core/codec.ts';
import { errorOf } from '../core/codec-error.ts';
import { WorkflowError } from '../core/errors.ts';
import {
  isEntryKey,
  type MemberDelta,
  type RunHeader,
  type SharedData,
  type SharedDelta,
  type StepRecord,
  type StoredValue,
} from '../core/records.ts';
import { RequestContext } from '../core/request-context.ts';
import {
  applyDelta,
  deltaOf,
  mergeDeltas,
  noShared,
  restartsAfter,
  withRestarts,
} from '../core/shared-data.ts';
import { suspendedPlaces } from '../core/suspended-places.ts';
import { parseTurn } from '../core/turn.ts';
import type { CommitOutcome, OutcomeBase, RunLoad } from '../ports/index.ts';
import type { Handling } from './handling.ts';
import { type Loaded, loadForStep, loadShared } from './load.ts';
import { askLoop } from './loop.ts';
import { readExecution } from './read-execution.ts';
import { restartsOf } from './restart-context.ts';
import { nextAttempt } from './next-attempt.ts';
import { loopAt, readsOfBody } from './registry.ts';
import { loadTree, openDeltaOf } from './run-tree.ts';

/** What a record that waits for a nested run becomes when that has ended as a success or failed. */
export async function outcomeOfChild(
  handling: Handling,
  record: StepRecord,
  child: RunHeader,
  now: number,
): Promise<CommitOutcome> {
  const { engine, runId } = handling;
  const ender = { entry: child.endedBy ?? 0 };
  const load = await engine.backend.store.loadStep({
    runId: child.runId,
    keys: [ender],
    input: true,
    consistent: true,
  });
  const [last] = load.records;
  const common = { now, ...(await sharedOfChild(handling, record, child, load)) };
  if (child.status !== 'success') {
    const error = child.error ?? last?.error;
    return failureOfChild(handling, record, common, {
      error: error === undefined ? await lostError(handling, child) : error,
      child,
      nonRetryable: last?.nonRetryable === true,
    });
  }
  const output = last?.output ?? { inline: encode(undefined) };
  const copied = await engine.values.copy(child.runId, runId, output);
  const loop = loopAt(handling.workflow, record.key);
  if (loop === undefined) return { ...common, status: 'success', output: copied };
  return afterIteration(handling, record, common, copied);
}

/** A nested run that failed without saying why: nothing of it is left to read. */
async function lostError({ engine, runId }: Handling, child: RunHeader): Promise<StoredValue> {
  const error = new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `The nested run ${child.runId} failed, and its error is not stored: it was removed in part`,
    { details: { runId: child.runId } },
  );
  return engine.values.storeError(runId, error);
}

async function failureOfChild(
  handling: Handling,
  record: StepRecord,
  common: OutcomeBase,
  { error, child, nonRetryable }: { error: StoredValue; child: RunHeader; nonRetryable: boolean },
): Promise<CommitOutcome> {
  const { engine, runId } = handling;
  const { key, turn, stepId } = record;
  const isTripwire = child.status === 'tripwire';
  const next = await nextAttempt(handling, {
    key,
    turn,
    stepId,
    isFinal: nonRetryable || isTripwire,
    now: common.now,
    error: async () => errorOf(await engine.values.load(child.runId, error)),
  });
  if (next.error !== undefined) {
    return { ...common, status: 'failed', error: await engine.values.storeError(runId, next.error) };
  }
  const copied = await engine.values.copy(child.runId, runId, error);
  if (next.type === 'retry') {
    return { now: common.now, status: 'due', nextTurn: next.nextTurn, dueAt: next.dueAt, error: copied };
  }
  return {
    ...common,
    status: 'failed',
    error: copied,
    ...(nonRetryable ? { nonRetryable } : {}),
    ...(isTripwire ? { tripwire: true } : {}),
  };
}

/** Asks the condition of the loop whose iteration the nested run was. */
async function afterIteration(
  handling: Handling,
  record: StepRecord,
  common: OutcomeBase,
  output: StoredValue,
): Promise<CommitOutcome> {
  const { engine, runId, workflow } = handling;
  const loop = loopAt(workflow, record.key);
  if (loop === undefined) return { ...common, status: 'success', output };
  const reads = readsOfBody(loop.condition);
  const at = { runId, key: record.key, turn: record.turn, graph: workflow.graph };
  const loaded = await loadForStep(engine, at, reads);
  const execution = await readExecution(handling, at, loaded, reads);
  const shared =
    common.shared === undefined
      ? undefined
      : ((await engine.values.load(runId, common.shared)) as SharedData);
  // The output of an iteration takes the place of its input.
  const input = record.input ?? record.output;
  const kept = parseTurn(record.turn).iteration > 0 && input !== undefined ? { input } : {};
  try {
    const again = await askLoop(handling, loop, record, {
      ...execution,
      ...(shared === undefined
        ? {}
        : { state: shared.state, requestContext: new RequestContext(shared.requestContext) }),
      input: await engine.values.load(runId, output),
    });
    return { ...common, ...kept, status: 'success', output, ...(again ? { again } : {}) };
  } catch (thrown) {
    const error = await engine.values.storeError(runId, errorOf(thrown));
    return { ...common, ...kept, status: 'failed', error };
  }
}

/** What a record shows while its nested run is suspended: what the first suspended step of it said. */
export async function suspensionOfChild(
  handling: Handling,
  record: StepRecord,
  child: RunHeader,
  now: number,
): Promise<CommitOutcome> {
  const { engine, runId } = handling;
  const tree = await loadTree(engine, child.runId, 'suspended');
  const [first] = tree === undefined ? [] : suspendedPlaces(tree);
  const payload = first?.record.suspendPayload;
  const shared =
    tree === undefined
      ? {}
      : await sharedOfChild(handling, record, child, tree, await openDeltaOf(engine, tree));
  return {
    now,
    ...shared,
    status: 'suspended',
    ...(payload === undefined || first === undefined
      ? {}
      : { suspendPayload: await engine.values.copy(first.runId, runId, payload) }),
  };
}

/** What a record shows of the resumption of its nested run: the data of the step that was resumed last. */
export async function resumptionOfChild(
  { engine, runId }: Handling,
  child: RunHeader,
): Promise<Pick<StepRecord, 'resumeData'>> {
  const tree = await loadTree(engine, child.runId, 'none');
  const records = [...(tree?.records ?? []), ...(tree?.open?.items ?? [])];
  const last = records.toSorted((a, b) => (a.resumedAt ?? 0) - (b.resumedAt ?? 0)).at(-1);
  if (last?.resumeData === undefined) return {};
  return { resumeData: await engine.values.copy(child.runId, runId, last.resumeData) };
}

/**
 * What a nested run changed of state and request context so far, as the record's kind keeps it. It was given what holds at
 * its place, so what an entry that is one comes to is what its nested run has.
 */
async function sharedOfChild(
  handling: Handling,
  record: StepRecord,
  child: RunHeader,
  load: Pick<RunLoad, 'input'> & { readonly records: readonly (StepRecord | undefined)[] },
  openDelta: SharedDelta = {},
): Promise<Pick<OutcomeBase, 'delta' | 'shared' | 'sharedFrom'>> {
  const { engine, runId, workflow } = handling;
  const records = load.records.filter((one) => one !== undefined);
  const last = records.findLast((one) => isEntryKey(one.key) && one.sharedFrom !== undefined);
  const loaded: Loaded = { header: child, input: load.input, records };
  const given = await startShared(handling, child, load);
  const finished = await loadShared(engine, child.runId, last?.sharedFrom ?? -1, loaded);
  const restarts = await restartsOf(engine, child);
  const data = withRestarts(applyDelta(finished.data, openDelta), restarts);
  if (isEntryKey(record.key)) {
    const isKept = record.sharedFrom !== record.key.entry && changesBetween(given, data) === undefined;
    if (isKept) return {};
    const name = `state after "${workflow.definition.id}"`;
    return { shared: await engine.values.store(runId, data, name), sharedFrom: record.key.entry };
  }
  // What an earlier suspension has told the others of the block has to be taken back where it does not hold any more. All of it
  // counts as changed now: a nested run gives what it holds to the run above when it settles.
  const earlier = await earlierDelta(handling, record);
  const before = applyDelta(given, earlier ?? {});
  const brought = restartsAfter(restarts, before);
  const delta = changesBetween(withRestarts(before, brought), data);
  if (delta === undefined && earlier === undefined && brought.length === 0) return {};
  const change = { ...delta, ...(brought.length === 0 ? {} : { restarts: brought }) };
  const { turn } = record;
  const whole = [{ ...mergeDeltas(earlier ?? {}, change), turn }] satisfies MemberDelta;
  return { delta: await engine.values.store(runId, whole, 'state') };
}

/** What the record says already that its nested run has changed. */
async function earlierDelta(
  { engine, runId }: Handling,
  { delta }: StepRecord,
): Promise<SharedDelta | undefined> {
  if (delta === undefined) return undefined;
  return ((await engine.values.load(runId, delta)) as MemberDelta).reduce(mergeDeltas, {});
}

async function startShared(
  { engine }: Handling,
  child: RunHeader,
  { input }: Pick<RunLoad, 'input'>,
): Promise<SharedData> {
  if (input?.shared === undefined) return noShared;
  return (await engine.values.load(child.runId, input.shared)) as SharedData;
}

function encodedEntries(values: Readonly<Record<string, unknown>>): Map<string, string> {
  return new Map(Object.entries(values).map(([key, value]) => [key, encode(value)]));
}

function changesBetween(before: SharedData, after: SharedData): SharedDelta | undefined {
  const earlier = encodedEntries(before.state);
  const changed = Object.entries(after.state).filter(([key, value]) => earlier.get(key) !== encode(value));
  const state = changed.length === 0 ? undefined : Object.fromEntries(changed);
  const [from, to] = [encodedEntries(before.requestContext), encodedEntries(after.requestContext)];
  return deltaOf(state, from, to, after.requestContext);
}
