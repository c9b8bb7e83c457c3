import { handlingOf } from './begin.ts';
import { encode } from '../core/codec.ts';
import { turnOfNested } from '../core/decide.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { armsOf, stepIdAt } from '../core/graph.ts';
import {
  type RecordKey,
  type RunHeader,
  sameKey,
  type StepRecord,
  type StoredValue,
  terminalStatuses,
} from '../core/records.ts';
import { givenFor, type TravelParameters, type TravelTarget, travelTarget } from '../core/travel.ts';
import { type Pin, pinsBefore, storedAt } from '../core/travel-pins.ts';
import { formatTurn, parseTurn } from '../core/turn.ts';
import type { JoinOpening } from '../ports/index.ts';
import { cancelNested, holdsNested } from './cascade.ts';
import { followChild } from './child.ts';
import { fulfilMember } from './duty-member.ts';
import type { Engine } from './engine.ts';
import { resumeAnew } from './epoch-resume.ts';
import { drop, entryTurn, type Handling, begunBy } from './handling.ts';
import { loadTree, type RunTree } from './run-tree.ts';

/** What the parts of a preparation share. */
export interface Epoch {
  readonly handling: Handling;
  /** The run with the header of this epoch. */
  readonly tree: RunTree;
  readonly parameters: TravelParameters;
}

/**
 * Prepares an epoch that a time travel began: puts what lies before its target, and begins there. All of it is derived from
 * the stored parameters and every write is conditional, so a repeated event does the same again or nothing.
 */
export async function handleEpochStart(
  engine: Engine,
  header: RunHeader,
  event: WorkflowEvent,
): Promise<void> {
  const { runId, epoch } = header;
  if (event.epoch !== epoch) return drop(engine, event.epoch < epoch ? 'stale-epoch' : 'future-epoch');
  if (terminalStatuses.has(header.status)) return drop(engine, 'run-over');
  const stored = await engine.backend.store.loadTravel({ runId, epoch });
  const tree = stored === undefined ? undefined : await loadTree(engine, runId, 'none');
  if (stored === undefined || tree === undefined) return drop(engine, 'no-such-entry');
  const parameters = (await engine.values.load(runId, stored)) as TravelParameters;
  const workflow = engine.registry.get(header.workflowId);
  const target = travelTarget(workflow.graph, parameters.path, header);
  const at: Epoch = { handling: handlingOf(engine, workflow, header, event.hop), tree, parameters };
  await cancelSuperseded(at, target);
  for (const pin of pinsBefore(tree, target.key.entry, parameters)) await putPin(at, pin);
  const { key } = target;
  if (key.arm === undefined) return publish(at, await turnOf(at, key));
  const around = await openAround(at, key.entry, key.arm);
  // Before the others are logged: they are settled, and would close the block without an arm that waits to be resumed.
  const turn = await turnOf(at, key);
  await keepArms(at, key.entry, around);
  await publish(at, turn);
}

/** Puts a record before the target; one that is there already in this epoch stands. */
async function putPin({ handling, tree, parameters }: Epoch, pin: Pin): Promise<void> {
  const { engine, runId, epoch } = handling;
  const { values, backend } = engine;
  const { key, stepId, stored, given, hasShared } = pin;
  const now = backend.clock.now();
  const payload =
    given !== undefined && 'payload' in given
      ? { input: await values.store(runId, given.payload, `payload of "${stepId}"`) }
      : {};
  const sharedFrom = hasShared ? key.entry : stored?.sharedFrom;
  const record: StepRecord = {
    ...(stored === undefined ? {} : settledPart(stored)),
    key,
    stepId,
    turn: pinnedTurn(handling, stored),
    status: 'success',
    kept: true,
    startedAt: given?.startedAt ?? stored?.startedAt ?? now,
    endedAt: given?.endedAt ?? stored?.endedAt ?? now,
    inputFrom: key.entry - 1,
    ...payload,
    output: await outputOf(handling, tree, pin),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
    ...(hasShared ? { shared: await values.store(runId, parameters.shared, 'state') } : {}),
    ...begunBy(handling, key.entry),
  };
  await backend.store.closeBlock({ runId, record, epoch });
}

/** The first turn of the epoch; a loop keeps the number of its iterations. */
function pinnedTurn({ epoch }: Handling, stored: StepRecord | undefined): string {
  const iteration = stored === undefined ? 0 : parseTurn(stored.turn).iteration;
  return formatTurn({ epoch, iteration, generation: 0, attempt: 0 });
}

/** What a pinned record keeps of the stored one: how it was suspended and resumed, where its state is, and what it nests. */
function settledPart(stored: StepRecord): Partial<StepRecord> {
  const { input, suspendPayload, suspendOutput, suspendedAt, resumeData, resumedAt } = stored;
  const { shared, delta, childRunId } = stored;
  const suspension = { suspendPayload, suspendOutput, suspendedAt, resumeData, resumedAt };
  const part = { input, ...suspension, shared, delta, childRunId };
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));
}

async function outputOf(
  { engine, runId, workflow }: Handling,
  tree: RunTree,
  pin: Pin,
): Promise<StoredValue> {
  const { values, backend } = engine;
  const { output, stored, key, stepId } = pin;
  if (output.from === 'value') return values.store(runId, output.value, `output of "${stepId}"`);
  if (output.from === 'stored') return stored?.output ?? { inline: encode(undefined) };
  const definition = workflow.graph[key.entry];
  const arms = (definition === undefined ? undefined : armsOf(definition)) ?? [];
  const keys = arms.map((_, arm) => ({ entry: key.entry, arm }));
  const load = await backend.store.loadStep({ runId, keys, input: false, consistent: true });
  const records = load.records.filter((record) => record !== undefined);
  const visible = keys.flatMap((arm) => storedAt({ ...tree, records }, arm) ?? []);
  const outputs = await Promise.all(
    visible.map(async (record) => [
      record.stepId,
      record.output === undefined ? undefined : await values.load(runId, record.output),
    ]),
  );
  return values.store(runId, Object.fromEntries(outputs), `output of "${stepId}"`);
}

/**
 * Nested runs of earlier epochs that no place of this one waits for are canceled: all but those that it begins inside of, and
 * those of arms that are kept. Those whose places it comes to begin anew then.
 */
async function cancelSuperseded({ handling, tree }: Epoch, { key, inner }: TravelTarget): Promise<void> {
  const { engine, runId, workflow } = handling;
  const foreachs = workflow.graph.flatMap((entry, index) =>
    entry.type === 'foreach' && entry.step.nested !== undefined ? [index] : [],
  );
  const items = await Promise.all(foreachs.map((entry) => engine.backend.store.loadItems({ runId, entry })));
  const superseded = [...tree.records, ...items.flat()].filter((record) => {
    if (!holdsNested(record) || parseTurn(record.turn).epoch >= tree.header.epoch) return false;
    if (record.key.entry !== key.entry) return true;
    const isTarget = record.key.arm === key.arm;
    return isTarget ? inner.length === 0 : !kept.has(record.status);
  });
  await Promise.all(superseded.map((record) => cancelNested(engine, record)));
}

/** What becomes of the arms around a target. */
interface Around {
  readonly taken: readonly number[];
  /** Those beside the target that keep what they had come to, or were given. */
  readonly recorded: readonly {
    readonly id: string;
    readonly number: number;
    readonly given: TravelParameters['context'][string] | undefined;
    readonly stored: StepRecord | undefined;
  }[];
}

/** Opens the block around an arm: the other arms that had come to something keep it, those that had not take no part. */
async function openAround(at: Epoch, entry: number, arm: number): Promise<Around> {
  const { handling, tree, parameters } = at;
  const { engine, runId, epoch, workflow } = handling;
  const definition = workflow.graph[entry];
  const arms = (definition === undefined ? undefined : armsOf(definition)) ?? [];
  const before = storedBefore(tree, entry);
  const recorded = arms.flatMap(({ id }, number) => {
    if (number === arm) return [];
    const given = givenFor(parameters.context, id);
    const stored = before.find((record) => record.key.arm === number);
    const isSettled = stored !== undefined && kept.has(stored.status);
    return given === undefined && !isSettled ? [] : [{ id, number, given, stored }];
  });
  const taken = [arm, ...recorded.map(({ number }) => number)].toSorted((a, b) => a - b);
  const opening: JoinOpening = {
    turn: entryTurn(handling),
    total: taken.length,
    concurrency: taken.length,
    taken,
    openedAt: engine.backend.clock.now(),
    ...begunBy(handling, entry, { taken }),
  };
  await engine.backend.store.openJoin({ runId, entry, epoch, ...opening });
  return { taken, recorded };
}

/** Settles the arms that are kept. An arm of a branch that takes no part shows as skipped. */
async function keepArms(at: Epoch, entry: number, { taken, recorded }: Around): Promise<void> {
  const { handling } = at;
  const { engine, runId, epoch, workflow } = handling;
  for (const { id, number, given, stored } of recorded) {
    const key = { entry, arm: number };
    const output = given !== undefined && 'output' in given;
    if (stored === undefined || output) {
      const from = output ? ({ from: 'value', value: given.output } as const) : ({ from: 'stored' } as const);
      await putPin(at, { key, stepId: id, stored, given, output: from, hasShared: false });
    } else {
      const record = { ...keptArm(stored, entryTurn(handling)), ...begunBy(handling, entry) };
      await engine.backend.store.closeBlock({ runId, record, epoch });
    }
    const load = await engine.backend.store.loadStep({ runId, keys: [key], input: false, consistent: true });
    const [record] = load.records;
    if (record === undefined) continue;
    await fulfilMember(handling, record, false);
    // What is nested in it may have gone on while its place was of no epoch that anybody could follow it to.
    await followChild(handling, record);
  }
  if (workflow.graph[entry]?.type === 'conditional') await putSkipped(at, entry, taken);
}

/** The record of an arm as it stands in a later epoch; a run that is nested in it goes on for the turn that began it. */
function keptArm(stored: StepRecord, turn: string): StepRecord {
  const record = { ...stored, turn, kept: true };
  return stored.childRunId === undefined ? record : { ...record, childTurn: turnOfNested(stored) };
}

const kept: ReadonlySet<StepRecord['status']> = new Set(['success', 'failed', 'suspended']);

/** Records of a block's arms as the epoch before had them, or as this one keeps them: whoever put those may have died then. */
function storedBefore({ records, header }: RunTree, entry: number): StepRecord[] {
  return records.filter(({ key, turn, kept: isKept }) => {
    const isArm = key.entry === entry && key.arm !== undefined;
    return isArm && (isKept === true || parseTurn(turn).epoch < header.epoch);
  });
}

async function putSkipped({ handling }: Epoch, entry: number, taken: readonly number[]): Promise<void> {
  const { engine, runId, epoch, workflow } = handling;
  const { store, clock } = engine.backend;
  const definition = workflow.graph[entry];
  const arms = (definition === undefined ? undefined : armsOf(definition)) ?? [];
  const now = clock.now();
  for (const [number, { id }] of arms.entries()) {
    if (taken.includes(number)) continue;
    const record: StepRecord = {
      key: { entry, arm: number },
      stepId: id,
      turn: entryTurn(handling),
      status: 'skipped',
      kept: true,
      startedAt: now,
      endedAt: now,
      inputFrom: entry - 1,
      ...begunBy(handling, entry),
    };
    await store.closeBlock({ runId, record, epoch });
  }
}

/** A turn of a place that is to be published. */
type Begin = Pick<StepRecord, 'key' | 'turn' | 'stepId'>;

async function publish({ handling: { publisher } }: Epoch, begin: Begin): Promise<void> {
  await publisher.publish([publisher.stepRun(begin)]);
}

/**
 * The target's turn, with what it is resumed with when the caller gave that. What is nested there, and the items of a
 * foreach, find out by themselves how they begin.
 */
async function turnOf({ handling, tree, parameters }: Epoch, key: RecordKey): Promise<Begin> {
  const { workflow } = handling;
  const stepId = stepIdAt(workflow.graph, key) ?? '';
  if (parameters.path.length === 1) {
    const before = tree.records.find((record) => sameKey(record.key, key));
    const resumed = await resumeAnew(handling, parameters, { key, stepId, before });
    if (resumed !== undefined) return resumed;
  }
  return { key, turn: entryTurn(handling), stepId };
}
