import { iterationStands, predecessorStands } from '../core/decide.ts';
import type { Reads } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import { type Graph, placesOf } from '../core/graph.ts';
import {
  isVisible,
  type RecordKey,
  type RunHeader,
  type RunInput,
  sameKey,
  type SharedData,
  type StepRecord,
  type StoredValue,
} from '../core/records.ts';
import { noShared } from '../core/shared-data.ts';
import { parseTurn } from '../core/turn.ts';
import type { JoinHead, StepLoad } from '../ports/index.ts';
import type { Engine, SharedAt } from './engine.ts';
import type { StepResults } from './step-executor.ts';

/** What a handling has read of its run. */
export interface Loaded {
  readonly header: RunHeader | undefined;
  readonly input: RunInput | undefined;
  readonly records: readonly StepRecord[];
  /** Of an item: the block that it is in. */
  readonly join?: JoinHead;
  /** Of an item whose array is kept in pages: the one that it is on. */
  readonly page?: StoredValue;
}

/** Whether the place reads single records without waiting, so that bodies load what they ask for and nothing else. */
function readsLazily(engine: Engine): boolean {
  const { store, payloads } = engine.backend;
  return (
    store.readRecordSync !== undefined && store.readInputSync !== undefined && payloads.getSync !== undefined
  );
}

/** The record of a key among those that were read. */
export function recordAt(records: readonly StepRecord[], key: RecordKey): StepRecord | undefined {
  return records.find((record) => sameKey(record.key, key));
}

/** A turn of a place: what is to be executed. */
export interface TurnAt {
  readonly runId: string;
  readonly key: RecordKey;
  readonly turn: string;
  readonly graph: Graph;
  /** What the header has to tell of restarts, at least. */
  readonly restartedAt?: number | undefined;
}

/**
 * The entry whose record feeds a turn: the one before it, or for a later iteration of a loop the entry itself. -1 is what
 * the run was started with.
 */
export function sourceOf({ key, turn }: Pick<TurnAt, 'key' | 'turn'>): number {
  return parseTurn(turn).iteration > 0 ? key.entry : key.entry - 1;
}

/** Whether what feeds a turn is there, so that it may run. */
export function sourceStands(at: Pick<TurnAt, 'key' | 'turn'>, { header, records, join }: Loaded): boolean {
  if (header === undefined) return false;
  if (at.key.item !== undefined) return isLaunchable(at.key.item, at.turn, join);
  const turn = parseTurn(at.turn);
  const source = recordAt(records, { entry: sourceOf(at) });
  return turn.iteration > 0 ? iterationStands(source, turn) : predecessorStands(header, at.key.entry, source);
}

/** An item stands on the join that was opened for its array. */
function isLaunchable(item: number, turn: string, join: JoinHead | undefined): boolean {
  return join !== undefined && item < join.opening.total && join.opening.turn <= turn;
}

/**
 * Reads what one step needs: its run's header, its predecessor, and earlier results only as far as its body can ask for
 * them. The first read may be stale, because what stands before a step does not change while the step's turn lasts; what
 * is missing in it, or older than the event, is read again consistently.
 */
export async function loadForStep(engine: Engine, at: TurnAt, reads: Reads): Promise<Loaded> {
  if (at.key.item !== undefined) return loadForItem(engine, at, reads, at.key.item);
  const { store } = engine.backend;
  const lazy = readsLazily(engine);
  if (reads === 'all' && !lazy) {
    const run = await store.loadRun(at.runId);
    return { header: run?.header, input: run?.input, records: run?.records ?? [] };
  }
  const named = reads === 'all' || lazy ? { steps: [], init: false } : reads;
  const earlier = earlierPlaces(at, named.steps);
  const source = sourceOf(at);
  const keys: RecordKey[] = [...(source < 0 ? [] : [{ entry: source }]), ...earlier];
  const request = { runId: at.runId, keys, input: source < 0 || named.init };
  const read = async (consistent: boolean): Promise<Loaded> => {
    const load = await store.loadStep({ ...request, consistent });
    return { header: load.header, input: load.input, records: present(load.records) };
  };
  // A resumption may have changed what the header says of the run, and a time travel (or a nested run that begins anew)
  // what stands before the step: an older version of that would pass for the new one.
  const { generation, epoch } = parseTurn(at.turn);
  const first = await read(earlier.length > 0 || generation > 0 || epoch > 1);
  const { header } = first;
  const fresh =
    header !== undefined &&
    header.status !== 'pending' &&
    header.epoch >= epoch &&
    tellsOfRestarts(header, at) &&
    (!request.input || first.input !== undefined) &&
    sourceStands(at, first);
  return fresh ? first : read(true);
}

/**
 * The same for an item of a foreach: its join says whether the array is kept in pages, so what it needs of the array is a
 * second read.
 */
async function loadForItem(engine: Engine, at: TurnAt, reads: Reads, item: number): Promise<Loaded> {
  const { store } = engine.backend;
  const { runId, key } = at;
  const block = { entry: key.entry, epoch: parseTurn(at.turn).epoch };
  const ahead = reads === 'all' && !readsLazily(engine);
  const named = reads === 'all' || readsLazily(engine) ? { steps: [], init: false } : reads;
  const earlier = earlierPlaces(at, named.steps);
  const read = async (consistent: boolean): Promise<Loaded> => {
    const request = { runId, keys: earlier, input: named.init, join: block, consistent };
    const load = await store.loadStep(request);
    return { header: load.header, input: load.input, records: present(load.records), ...optionalJoin(load) };
  };
  const first = await read(earlier.length > 0);
  const { header } = first;
  const isCurrent = header !== undefined && header.epoch >= block.epoch && tellsOfRestarts(header, at);
  const fresh = isCurrent && sourceStands(at, first);
  const loaded = fresh ? first : await read(true);
  if (loaded.join === undefined) return loaded;
  const { pageSize } = loaded.join.opening;
  if (pageSize !== undefined) {
    const page = await store.loadPage({ runId, ...block, pageSize, page: Math.floor(item / pageSize) });
    if (page === undefined) throw missingPage(at, item);
    if (!ahead) return { ...loaded, page };
    const run = await store.loadRun(runId);
    return { ...loaded, input: run?.input, records: run?.records ?? [], page };
  }
  if (ahead) {
    const run = await store.loadRun(runId);
    return { ...loaded, input: run?.input, records: run?.records ?? [] };
  }
  const source = key.entry - 1;
  const keys = source < 0 ? [] : [{ entry: source }];
  const load = await store.loadStep({ runId, keys, input: source < 0, consistent: true });
  const records = [...loaded.records, ...present(load.records)];
  return { ...loaded, input: loaded.input ?? load.input, records };
}

function tellsOfRestarts({ restarts }: RunHeader, { restartedAt = 0 }: TurnAt): boolean {
  return restartedAt <= (restarts?.at ?? 0);
}

function missingPage({ runId, key }: TurnAt, item: number): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `The page with item ${item} of the foreach at entry ${key.entry} of run ${runId} is missing: restore the store`,
    { details: { runId, entry: key.entry, item } },
  );
}

function optionalJoin({ join }: StepLoad): Pick<Loaded, 'join'> {
  return join === undefined ? {} : { join };
}

function present(records: readonly (StepRecord | undefined)[]): StepRecord[] {
  return records.filter((record) => record !== undefined);
}

/** Where the results are that a body names, but for the entry before, which is read in any case. */
function earlierPlaces(at: TurnAt, steps: readonly string[]): RecordKey[] {
  return steps
    .flatMap((id) => placesOf(at.graph, id))
    .filter((place) => place.entry < at.key.entry - 1 || isArmOf(place, at.key.entry - 1));
}

/** The predecessor itself is always read; when it is a block, its arms are records of their own. */
function isArmOf({ entry, arm }: RecordKey, block: number): boolean {
  return entry === block && arm !== undefined;
}

/** The stored form of a turn's input: the output of its {@link sourceOf}. */
export function inputAt(loaded: Loaded, source: number): StoredValue | undefined {
  return source < 0 ? loaded.input?.input : recordAt(loaded.records, { entry: source })?.output;
}

/** The input of a turn, not yet validated: what {@link inputAt} holds, or one element of it. */
export async function inputValue(
  engine: Engine,
  { runId, key, turn }: Pick<TurnAt, 'runId' | 'key' | 'turn'>,
  loaded: Loaded,
): Promise<unknown> {
  const { page, join } = loaded;
  if (page !== undefined && key.item !== undefined) {
    const elements = (await engine.values.load(runId, page)) as unknown[];
    return elements[key.item % (join?.opening.pageSize ?? 1)];
  }
  const stored = inputAt(loaded, sourceOf({ key, turn }));
  const input = stored === undefined ? undefined : await engine.values.load(runId, stored);
  return key.item === undefined ? input : (input as ArrayLike<unknown> | undefined)?.[key.item];
}

/** Where the shared data that a turn starts with is kept. */
export function sharedAt(loaded: Loaded, at: Pick<TurnAt, 'key' | 'turn'>): number | undefined {
  if (at.key.item !== undefined) return loaded.join?.opening.sharedFrom;
  const source = sourceOf(at);
  if (source < 0) return loaded.input?.shared === undefined ? undefined : -1;
  return recordAt(loaded.records, { entry: source })?.sharedFrom;
}

/** State and request context kept at `from`, from what was read, else by one more read. */
export async function loadShared(
  engine: Engine,
  runId: string,
  from: number | undefined,
  loaded: Loaded,
): Promise<SharedAt> {
  if (from === undefined) return { data: noShared, from };
  const key = { entry: from };
  let stored = from < 0 ? loaded.input?.shared : recordAt(loaded.records, key)?.shared;
  if (stored === undefined) {
    const request = { runId, keys: from < 0 ? [] : [key], input: from < 0, consistent: true };
    const load = await engine.backend.store.loadStep(request);
    stored = from < 0 ? load.input?.shared : load.records[0]?.shared;
  }
  if (stored === undefined) return { data: noShared, from };
  return { data: (await engine.values.load(runId, stored)) as SharedData, from };
}

/** Earlier results for a body to read synchronously; claim checks were fetched before unless the place reads lazily. */
export async function stepResultsOf(
  engine: Engine,
  at: { runId: string; graph: Graph },
  loaded: Loaded,
  reads: Reads,
): Promise<StepResults> {
  const { store } = engine.backend;
  const lazy = readsLazily(engine);
  const stored = [loaded.input?.input, ...loaded.records.map((record) => record.output)];
  const read = lazy
    ? (value: StoredValue) => engine.values.loadSync(at.runId, value)
    : await engine.values.prefetch(at.runId, readsNothing(reads) ? [] : stored);
  const find = (key: RecordKey): StepRecord | undefined =>
    recordAt(loaded.records, key) ?? store.readRecordSync?.(at.runId, key);
  return {
    init: () => {
      const input = loaded.input ?? store.readInputSync?.(at.runId);
      return input === undefined ? undefined : read(input.input);
    },
    output: (stepId) => {
      for (const place of placesOf(at.graph, stepId).toReversed()) {
        const record = find(place);
        if (record === undefined || record.status !== 'success' || record.output === undefined) continue;
        if (loaded.header === undefined || !visible(record, loaded.header)) continue;
        return read(record.output);
      }
      return null;
    },
  };
}

function visible(record: StepRecord, header: RunHeader): boolean {
  return isVisible(parseTurn(record.turn).epoch, record.key.entry, header);
}

function readsNothing(reads: Reads): boolean {
  return reads !== 'all' && reads.steps.length === 0 && !reads.init;
}
