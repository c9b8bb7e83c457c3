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
import { encodeToken } from '../core/join.ts';
import { type TravelParameters, type TravelTarget, travelTarget } from '../core/travel.ts';
import { type Pin, pinsBefore, storedAt } from '../core/travel-pins.ts';
import { formatTurn, parseTurn } from '../core/turn.ts';
import type { JoinOpening } from '../ports/index.ts';
import { cancelNested, holdsNested } from './cascade.ts';
import { fulfilMember } from './duty-member.ts';
import type { Engine } from './engine.ts';
import { beginNested } from './epoch-nested.ts';
import { drop, entryTurn, type Handling, logged } from './handling.ts';
import { stepAt } from './registry.ts';
import { loadTree, type RunTree } from './run-tree.ts';
import { handlingOf } from './start.ts';
import { validate } from './validation.ts';

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
  if (target.key.arm !== undefined) await openAround(at, target, target.key.arm);
  if (target.inner.length > 0) return beginNested(at, target.key, target.inner);
  await begin(at, target.key);
}

/** Puts a record before the target; one that is there already in this epoch stands. */
async function putPin({ handling, tree, parameters }: Epoch, pin: Pin): Promise<void> {
  const { engine, runId } = handling;
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
    turn: entryTurn(handling),
    status: 'success',
    startedAt: given?.startedAt ?? stored?.startedAt ?? now,
    endedAt: given?.endedAt ?? stored?.endedAt ?? now,
    inputFrom: key.entry - 1,
    ...payload,
    output: await outputOf(handling, tree, pin),
    ...(sharedFrom === undefined ? {} : { sharedFrom }),
    ...(hasShared ? { shared: await values.store(runId, parameters.shared, 'state') } : {}),
    ...logged(handling),
  };
  await backend.store.closeBlock({ runId, record });
}

/** What a pinned record keeps of the stored one: how it was suspended and resumed, and where its state is. */
function settledPart(stored: StepRecord): Partial<StepRecord> {
  const { input, suspendPayload, suspendOutput, suspendedAt, resumeData, resumedAt, shared, delta } = stored;
  const part = { input, suspendPayload, suspendOutput, suspendedAt, resumeData, resumedAt, shared, delta };
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
 * Nested runs that no place of this epoch waits for are canceled: all of earlier epochs but for the one that this begins
 * inside of, and those of arms that are kept. Those that a place comes to again begin anew.
 */
async function cancelSuperseded({ handling, tree }: Epoch, target: TravelTarget): Promise<void> {
  const { engine, runId, workflow } = handling;
  const { key } = target;
  const entries = workflow.graph.flatMap((entry, index) =>
    entry.type === 'foreach' && entry.step.nested !== undefined ? [index] : [],
  );
  const items = await Promise.all(entries.map((entry) => engine.backend.store.loadItems({ runId, entry })));
  const superseded = [...tree.records, ...items.flat()].filter((record) => {
    if (!holdsNested(record) || parseTurn(record.turn).epoch >= tree.header.epoch) return false;
    if (sameKey(record.key, key)) return target.inner.length === 0;
    const isSibling = key.arm !== undefined && record.key.entry === key.entry;
    return !(isSibling && kept.has(record.status));
  });
  await Promise.all(superseded.map((record) => cancelNested(engine, record)));
}

/**
 * Opens the block around an arm: the other arms that had come to something keep it, those that had not take no part. An arm
 * of a branch that takes no part shows as skipped.
 */
async function openAround(at: Epoch, target: TravelTarget, arm: number): Promise<void> {
  const { entry } = target.key;
  const { handling, tree, parameters } = at;
  const { engine, runId, epoch, workflow } = handling;
  const definition = workflow.graph[entry];
  const arms = (definition === undefined ? undefined : armsOf(definition)) ?? [];
  const before = storedBefore(tree, entry);
  const recorded = arms.flatMap(({ id }, number) => {
    if (number === arm) return [];
    const given = parameters.context[id];
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
    ...logged(handling),
  };
  await engine.backend.store.openJoin({ runId, entry, epoch, ...opening });
  const isResumed = target.inner.length === 0 && (await resumeDataOf(at, { entry, arm })) !== undefined;
  if (isResumed) await logResumption(at, { entry, arm });
  for (const { id, number, given, stored } of recorded) {
    const key = { entry, arm: number };
    const output = given !== undefined && 'output' in given;
    if (stored === undefined || output) {
      const from = output ? ({ from: 'value', value: given.output } as const) : ({ from: 'stored' } as const);
      await putPin(at, { key, stepId: id, stored, given, output: from, hasShared: false });
    } else {
      const record = { ...keptArm(stored, entryTurn(handling)), ...logged(handling) };
      await engine.backend.store.closeBlock({ runId, record });
    }
    const load = await engine.backend.store.loadStep({ runId, keys: [key], input: false, consistent: true });
    const [record] = load.records;
    if (record !== undefined) await fulfilMember(handling, record, false);
  }
  if (definition?.type === 'conditional') await putSkipped(at, entry, taken);
}
/**
 * The log of the block says first that the arm was suspended and is resumed, as it will stand: else the other arms, which
 * are settled, would close the block without it.
 */
async function logResumption(
  { handling }: Epoch,
  { entry, arm }: { entry: number; arm: number },
): Promise<void> {
  const { engine, runId, epoch } = handling;
  const turn = entryTurn(handling);
  for (const [generation, kind] of (['suspended', 'resumed'] as const).entries()) {
    const token = encodeToken({ generation, kind, hasDelta: false, member: arm });
    await engine.backend.store.appendToken({ runId, entry, epoch, turn, token, fromSegment: 0 });
  }
}

/** The record of an arm as it stands in a later epoch; the run that is nested in it goes on waiting for the old one. */
function keptArm(stored: StepRecord, turn: string): StepRecord {
  if (stored.childRunId === undefined) return { ...stored, turn };
  return { ...stored, turn, childTurn: turnOfNested(stored) };
}

const kept: ReadonlySet<StepRecord['status']> = new Set(['success', 'failed', 'suspended']);

/** Records of a block's arms as the epoch before had them. */
function storedBefore({ records, header }: RunTree, entry: number): StepRecord[] {
  return records.filter(({ key, turn }) => {
    const isArm = key.entry === entry && key.arm !== undefined;
    return isArm && Number(turn.slice(0, 4)) < header.epoch;
  });
}

async function putSkipped({ handling }: Epoch, entry: number, taken: readonly number[]): Promise<void> {
  const { engine, runId, workflow } = handling;
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
      startedAt: now,
      endedAt: now,
      inputFrom: entry - 1,
      ...logged(handling),
    };
    await store.closeBlock({ runId, record });
  }
}

/** Publishes the target's turn, with what it is resumed with when the caller gave that. */
async function begin(at: Epoch, key: RecordKey): Promise<void> {
  const { handling } = at;
  const { publisher, workflow, epoch } = handling;
  const stepId = stepIdAt(workflow.graph, key) ?? '';
  const data = await resumeDataOf(at, key);
  if (data === undefined) {
    return publisher.publish([publisher.stepRun({ key, turn: entryTurn(handling), stepId })]);
  }
  const turn = formatTurn({ epoch, iteration: 0, generation: 1, attempt: 0 });
  await putDue(at, key, { turn, stepId, data });
  await publisher.publish([publisher.stepRun({ key, turn, stepId })]);
}

/** Undefined when none was given, or there is no step to take it, or its schema refuses it: then the place begins without. */
async function resumeDataOf(
  { handling, parameters }: Epoch,
  key: RecordKey,
): Promise<{ value: unknown } | undefined> {
  const { engine, workflow, runId } = handling;
  const step = stepAt(workflow, key);
  if (!parameters.hasResume || step === undefined) return undefined;
  const schema = workflow.definition.validateInputs ? step.resumeSchema : undefined;
  try {
    const subject = {
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
      headline: 'Invalid resume data',
    } as const;
    return { value: await validate(schema, parameters.resumeData, subject) };
  } catch (error) {
    engine.logger.warn('The resume data of a time travel does not fit and is ignored', { runId, error });
    return undefined;
  }
}

/** The target stands as if it had been suspended and resumed: the turn that follows finds the data on its record. */
async function putDue(
  { handling, tree }: Epoch,
  key: RecordKey,
  { turn, stepId, data }: { turn: string; stepId: string; data: { value: unknown } },
): Promise<void> {
  const { engine, runId } = handling;
  const { values, backend } = engine;
  const before = tree.records.find((record) => record.key.entry === key.entry && record.key.arm === key.arm);
  const { suspendPayload, suspendedAt, startedAt } = before ?? {};
  const now = backend.clock.now();
  const record: StepRecord = {
    key,
    stepId,
    turn,
    status: 'due',
    startedAt: startedAt ?? now,
    resumedAt: now,
    inputFrom: key.entry - 1,
    resumeData: await values.store(runId, data.value, 'resumeData'),
    ...(suspendPayload === undefined ? {} : { suspendPayload }),
    ...(suspendedAt === undefined ? {} : { suspendedAt }),
    sharedFrom: key.entry - 1,
    ...logged(handling),
  };
  await backend.store.closeBlock({ runId, record });
}
