import { membersOf, settlementOf } from '../core/decide.ts';
import type { WorkflowEvent } from '../core/event.ts';
import { entryId, stepIdAt } from '../core/graph.ts';
import { decodeToken, encodeToken } from '../core/join.ts';
import {
  formatPosition,
  type MemberDelta,
  memberOf,
  type RecordKey,
  type StepRecord,
  type StoredValue,
} from '../core/records.ts';
import { applyDeltas, changeIn } from '../core/shared-data.ts';
import { parseTurn } from '../core/turn.ts';
import type { AppendResult, JoinOpening } from '../ports/index.ts';
import { mergeIntoCell } from './cell.ts';
import { announceStatus, finish, fulfilEntry, pause } from './duty-entry.ts';
import { entryTurn, type Handling, begunBy } from './handling.ts';
import { type Loaded, loadShared, sharedAt } from './load.ts';
import { memberRecords, memberRuns, unclaimedMembers } from './members.ts';
import { goingOn } from './parking.ts';
import { isPerStepNow } from './per-step.ts';
import { releaseRecords } from './resume-keys.ts';
import { isUnstorable } from './values.ts';

/**
 * What the record of a member implies: its newest settlement goes into the block's log, and the position it got there says
 * whether this worker launches others, and suspends, resumes or closes the block. Any worker derives the same from the log, so a loser knows
 * exactly its own duty.
 */
export async function fulfilMember(handling: Handling, record: StepRecord, won: boolean): Promise<void> {
  const { publisher } = handling;
  const append = await appendSettlement(handling, record);
  if (record.status === 'due') {
    const seesCell = record.seesCell === true || append?.after.hasDelta === true;
    const run = publisher.stepRun({ ...record, dueAt: record.dueAt, seesCell });
    return publisher.publishAt(run, record.dueAt);
  }
  if (record.status === 'paused') return pause(handling, record.key.entry, parseTurn(record.turn).iteration);
  if (append === undefined) return;
  const facts = settled(record) ? publisher.stepEnd(record) : [];
  // The whole run ends, not only when the other members have come to their ends.
  if (record.aborted === true || record.status === 'canceled') {
    return finish(handling, { status: 'canceled', by: record.key.entry }, facts);
  }
  const { closed, block } = append.consequence;
  if (closed !== undefined) return closeBlock(handling, record.key.entry, append, won && append.won, facts);
  const launched = await launches(handling, record.key.entry, append, won && append.won);
  if (launched.length > 0 && append.opening.perStep === true && (await isPerStepNow(handling))) {
    return pause(handling, record.key.entry, 0, facts);
  }
  const told = [...facts, ...launched];
  if (block === undefined) return publisher.publish(told);
  const status = block === 'suspended' ? 'suspended' : 'running';
  await announceStatus(handling, status, positionOf(record, append), told, { at: placeOf(handling, record) });
}

/** What a settlement launches: all of it for the one who won, else what has no record yet. */
async function launches(
  handling: Handling,
  entry: number,
  { consequence, after, opening }: AppendResult,
  won: boolean,
): Promise<WorkflowEvent[]> {
  if (consequence.launch.count === 0) return [];
  const members = membersOf(opening, consequence.launch);
  const missing = won ? members : await unclaimedMembers(handling, entry, opening, members);
  return memberRuns(handling, entry, missing, { turn: opening.turn, seesCell: after.hasDelta });
}

function settled(record: StepRecord): boolean {
  return record.status !== 'running' && record.status !== 'due' && record.status !== 'child';
}

/** Where a block stands that this settlement suspended: at the member, or when that ended as the last one, at the block. */
function placeOf(
  { workflow }: Handling,
  { status, key, stepId }: StepRecord,
): Pick<StepRecord, 'key' | 'stepId'> {
  const block = workflow.graph[key.entry];
  if (status === 'suspended' || block === undefined) return { key, stepId };
  return { key: { entry: key.entry }, stepId: entryId(block, key.entry) };
}

function positionOf(record: StepRecord, append: AppendResult): string {
  return formatPosition(record.key.entry, 0, append.position + 1);
}

async function appendSettlement(handling: Handling, record: StepRecord): Promise<AppendResult | undefined> {
  const settlement = settlementOf(record);
  if (settlement === undefined) return undefined;
  const { engine, runId, epoch } = handling;
  const { entry, item } = record.key;
  const append = await engine.backend.store.appendToken({
    runId,
    entry,
    epoch,
    turn: entryTurn(handling),
    token: encodeToken(settlement),
    fromSegment: record.fromSegment ?? 0,
    ...(item === undefined || record.output === undefined ? {} : { output: record.output }),
  });
  // Before anything that follows is published: whoever is launched after this one sees what it changed.
  if (settlement.hasDelta && record.delta !== undefined) {
    const at = { position: append.position, generation: settlement.generation };
    await mergeIntoCell(engine, { runId, entry, epoch }, at, record.delta);
  }
  return append;
}

/**
 * Makes sure that an arm's suspension, or its resumption, is in the log and effective: on the run's status, and on the
 * block when it was this that closed it. Resolves with false when the block is closed by then, so that the arm can no
 * longer matter.
 */
export async function ensureMemberLogged(handling: Handling, record: StepRecord): Promise<boolean> {
  const append = await appendSettlement(handling, record);
  if (append === undefined) return true;
  const facts = settled(record) ? handling.publisher.stepEnd(record) : [];
  const { block, closed } = append.consequence;
  if (closed !== undefined) await closeBlock(handling, record.key.entry, append, false, facts);
  const launched = await launches(handling, record.key.entry, append, false);
  // Whoever resumed another arm just before may not have shown yet that the run is running again, and a caller that looks
  // right after its own resumption must not find the run suspended.
  const resumed = record.status === 'due' && append.after.closed === undefined;
  if (block !== undefined || resumed) {
    const status = block === 'suspended' ? 'suspended' : 'running';
    await announceStatus(handling, status, positionOf(record, append), facts, {
      onlyIfWon: true,
      at: placeOf(handling, record),
    });
  }
  await handling.publisher.publish(launched);
  return append.after.closed === undefined;
}

/** Puts the result of a block whose last settlement is `append`, and does what that implies. */
export async function closeBlock(
  handling: Handling,
  entry: number,
  append: Pick<AppendResult, 'after' | 'opening'>,
  won: boolean,
  facts: readonly WorkflowEvent[],
): Promise<void> {
  const { engine, runId } = handling;
  const { store } = engine.backend;
  const keys: RecordKey[] = [{ entry }, ...(entry === 0 ? [] : [{ entry: entry - 1 }])];
  const load = await store.loadStep({ runId, keys, input: entry === 0, consistent: true });
  const turn = entryTurn(handling);
  const [existing] = load.records;
  // A member may have been resumed since the handling began, by somebody who decided anew whether the run pauses.
  const { header = handling.header } = load;
  const current = await goingOn(engine, header, [append.opening, existing]);
  if (current === undefined) return;
  const now = { ...handling, header: current };
  if (!won && existing?.turn === turn) return fulfilEntry(now, existing, false, facts);
  const before: Loaded = {
    header: load.header,
    input: load.input,
    records: load.records.slice(1, keys.length).filter((record) => record !== undefined),
  };
  const isForeach = handling.workflow.graph[entry]?.type === 'foreach';
  const stored = isForeach
    ? await store.loadItems({ runId, entry })
    : await memberRecords(handling, entry, membersOf(append.opening));
  // An earlier epoch may have gone through a longer array.
  const records = stored.filter((record) => record.turn >= turn);
  if ((await goingOn(engine, current, records)) === undefined) return;
  const record = await storableRecord(handling, entry, append, { before, records });
  const write = await store.closeBlock({ runId, record });
  if (write.won) {
    await fulfilEntry(now, write.image, true, facts);
    return releaseRecords(engine, handling.header, records);
  }
  if (write.image?.turn === turn) await fulfilEntry(now, write.image, false, facts);
}

interface BlockParts {
  readonly before: Loaded;
  readonly records: readonly StepRecord[];
}

/** What a block comes to. It fails when what its arms gave is too much to be stored together. */
async function storableRecord(
  handling: Handling,
  entry: number,
  append: Pick<AppendResult, 'after' | 'opening'>,
  parts: BlockParts,
): Promise<StepRecord> {
  try {
    return await blockRecord(handling, entry, append, parts);
  } catch (error) {
    if (!isUnstorable(error)) throw error;
    const { engine, runId } = handling;
    const sharedFrom = sharedAt(parts.before, blockAt(handling, entry));
    return {
      ...recordBase(handling, entry, append.opening),
      ...(sharedFrom === undefined ? {} : { sharedFrom }),
      status: 'failed',
      error: await engine.values.storeError(runId, error),
    };
  }
}

/** What the record of a block has, whatever the block came to. */
function recordBase(handling: Handling, entry: number, opening: JoinOpening): Omit<StepRecord, 'status'> {
  const { engine, workflow } = handling;
  const definition = workflow.graph[entry];
  return {
    key: { entry },
    stepId: definition === undefined ? '' : entryId(definition, entry),
    turn: entryTurn(handling),
    startedAt: opening.openedAt,
    endedAt: engine.backend.clock.now(),
    inputFrom: entry - 1,
    ...begunBy(handling, entry, opening.total === 0 ? {} : undefined),
  };
}

async function blockRecord(
  handling: Handling,
  entry: number,
  { after, opening }: Pick<AppendResult, 'after' | 'opening'>,
  parts: BlockParts,
): Promise<StepRecord> {
  const base = {
    ...recordBase(handling, entry, opening),
    ...(await sharedAfter(handling, entry, after.hasDelta, parts)),
  };
  const at = (member: number | undefined): StepRecord | undefined =>
    parts.records.find((record) => memberOf(record.key) === member);
  switch (after.closed) {
    case 'failed': {
      const failed = at(after.failed);
      return {
        ...base,
        status: 'failed',
        ...(failed?.error === undefined ? {} : { error: failed.error }),
        ...(failed?.nonRetryable === undefined ? {} : { nonRetryable: failed.nonRetryable }),
        ...(failed?.tripwire === undefined ? {} : { tripwire: failed.tripwire }),
      };
    }
    case 'bailed': {
      const { output, input } = at(after.bailed) ?? {};
      return {
        ...base,
        status: 'success',
        bailed: true,
        ...(output === undefined ? {} : { output }),
        ...(input === undefined ? {} : { input }),
      };
    }
    case 'canceled':
      return { ...base, status: 'canceled' };
    default:
      return { ...base, status: 'success', output: await mergedOutput(handling, entry, parts.records) };
  }
}

function blockAt(handling: Handling, entry: number): { key: RecordKey; turn: string } {
  return { key: { entry }, turn: entryTurn(handling) };
}

/** `{ [stepId]: output }` of the arms, or the array of what the items gave, in their order. */
async function mergedOutput(
  handling: Handling,
  entry: number,
  records: readonly StepRecord[],
): Promise<StoredValue> {
  const { engine, runId, workflow } = handling;
  const outputs = await Promise.all(
    records.map(async (record) => {
      const value = record.output === undefined ? undefined : await engine.values.load(runId, record.output);
      return [record.stepId, value] as const;
    }),
  );
  const isForeach = workflow.graph[entry]?.type === 'foreach';
  const merged = isForeach ? outputs.map(([, output]) => output) : Object.fromEntries(outputs);
  return engine.values.store(runId, merged, `output of ${stepIdAt(workflow.graph, { entry })}`);
}

/** State and request context after a block: the deltas of its members, in the order in which they settled. */
async function sharedAfter(
  handling: Handling,
  entry: number,
  hasDelta: boolean,
  { before, records }: BlockParts,
): Promise<Pick<StepRecord, 'shared' | 'sharedFrom'>> {
  const { engine, runId, epoch } = handling;
  const from = sharedAt(before, blockAt(handling, entry));
  if (!hasDelta) return from === undefined ? {} : { sharedFrom: from };
  const [base, log] = await Promise.all([
    loadShared(engine, runId, from, before),
    engine.backend.store.loadJoin({ runId, entry, epoch }),
  ]);
  const changes = new Map(
    await Promise.all(
      records.map(
        async ({ key, delta }) =>
          [memberOf(key), delta === undefined ? [] : await engine.values.load(runId, delta)] as const,
      ),
    ),
  ) as ReadonlyMap<number | undefined, MemberDelta>;
  // A member that was suspended settled more than once; others may have changed between what it changed before.
  const deltas = (log?.tokens ?? []).map(decodeToken).flatMap(({ member, generation, hasDelta: has }) => {
    return (has ? changeIn(changes.get(member) ?? [], { epoch, generation }) : undefined) ?? [];
  });
  const merged = applyDeltas(base.data, deltas);
  return { shared: await engine.values.store(runId, merged, 'state'), sharedFrom: entry };
}
