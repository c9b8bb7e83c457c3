import { entryCount } from '../core/assemble.ts';
import { encode } from '../core/codec.ts';
import { stepIdAt } from '../core/graph.ts';
import type { RecordKey, RunInput, StepRecord, StoredValue } from '../core/records.ts';
import { type TravelParameters, travelTarget } from '../core/travel.ts';
import type { Epoch } from './epoch.ts';
import { cancelNested } from './cascade.ts';
import { childHeader, childRunId, isForsaken } from './handle-nested.ts';
import { entryTurn, type Handling, logged } from './handling.ts';
import { stepAt } from './registry.ts';
import { loadTree, type RunTree } from './run-tree.ts';
import { publishEpoch } from './travel.ts';
import { sha256 } from './values.ts';

/**
 * Begins an epoch inside of a nested run: the place waits for it, and the nested run gets an epoch of its own, which begins
 * at the rest of the path with what the caller gave for it.
 */
export async function beginNested(at: Epoch, key: RecordKey, inner: readonly string[]): Promise<void> {
  const { handling, parameters } = at;
  const { engine, runId, workflow, publisher } = handling;
  const nested = stepAt(workflow, key)?.workflow;
  const stepId = stepIdAt(workflow.graph, key) ?? '';
  if (nested === undefined) return;
  const turn = entryTurn(handling);
  const childId = childRunId(runId, { key, turn });
  const record = await placeFor(handling, { key, turn, stepId, childId });
  if (record === undefined) return;
  const before = await loadTree(engine, childId, 'none');
  const compiled = engine.registry.get(nested.id);
  const target = travelTarget(nested.graph, inner, { runId: childId, workflowId: nested.id });
  const own: TravelParameters = {
    ...parameters,
    path: target.path,
    hasInput: false,
    context: parameters.nestedStepsContext[stepId] ?? {},
  };
  const input = await inputOf(at, key, before, own);
  const header = {
    ...childHeader(handling, compiled.graphHash, nested, record),
    inputHash: sha256(JSON.stringify(input)),
  };
  const write = await engine.backend.store.startChild({
    header,
    input,
    from: target.key.entry,
    begun: before === undefined ? 0 : entryCount(before),
    parameters: await engine.values.store(childId, own, 'time travel'),
  });
  const stored = write.image ?? header;
  if (stored.parent?.turn !== header.parent?.turn) return;
  if (await isForsaken(handling)) return cancelNested(engine, record, publisher.scope.hop);
  await publishEpoch(engine, compiled, stored, publisher.scope.hop);
}

/** The record that waits for the nested run; undefined when a later turn has it. */
async function placeFor(
  handling: Handling,
  { key, turn, stepId, childId }: { key: RecordKey; turn: string; stepId: string; childId: string },
): Promise<StepRecord | undefined> {
  const { engine, runId } = handling;
  const write = await engine.backend.store.nest({
    runId,
    key,
    turn,
    fresh: true,
    stepId,
    childRunId: childId,
    now: engine.backend.clock.now(),
    inputFrom: key.entry - 1,
    sharedFrom: key.entry - 1,
    ...logged(handling),
  });
  return write.image?.turn === turn ? write.image : undefined;
}

/** What the nested run is started with: what it had, else what the entry before gives. */
async function inputOf(
  { handling, tree, parameters }: Epoch,
  key: RecordKey,
  before: RunTree | undefined,
  own: TravelParameters,
): Promise<RunInput> {
  const { engine, runId, workflow } = handling;
  const { values, backend } = engine;
  const childId = childRunId(runId, { key, turn: entryTurn(handling) });
  const shared = await values.store(childId, parameters.shared, 'initialState');
  const first = own.context[own.path[0] ?? ''];
  const isFirst =
    travelTarget(stepAt(workflow, key)?.workflow?.graph ?? [], own.path, tree.header).key.entry === 0;
  if ('input' in own.context)
    return { input: await values.store(childId, own.context['input'], 'input'), shared };
  if (isFirst && first !== undefined && 'payload' in first) {
    return { input: await values.store(childId, first.payload, 'input'), shared };
  }
  if (before?.input !== undefined) return { input: before.input.input, shared };
  const load = await backend.store.loadStep({
    runId,
    keys: key.entry === 0 ? [] : [{ entry: key.entry - 1 }],
    input: key.entry === 0,
    consistent: true,
  });
  const stored: StoredValue = (key.entry === 0 ? load.input?.input : load.records[0]?.output) ?? {
    inline: encode(undefined),
  };
  return { input: await values.copy(runId, childId, stored), shared };
}
