import { iterationStands, predecessorStands } from '../core/decide.ts';
import type { Reads } from '../core/definition.ts';
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
import type { Engine, SharedAt } from './engine.ts';
import type { StepResults } from './step-executor.ts';

/** What a handling has read of its run. */
export interface Loaded {
  readonly header: RunHeader | undefined;
  readonly input: RunInput | undefined;
  readonly records: readonly StepRecord[];
}

/** Whether the place reads single records without waiting, so that bodies load what they ask for and nothing else. */
function readsLazily(engine: Engine): boolean {
  const { store, payloads } = engine.backend;
  return (
    store.readRecordSync !== undefined && store.readInputSync !== undefined && payloads.getSync !== undefined
  );
}

/** The record of a key among those that were read. */
function recordAt(records: readonly StepRecord[], key: RecordKey): StepRecord | undefined {
  return records.find((record) => sameKey(record.key, key));
}

/** A turn of a place: what is to be executed. */
export interface TurnAt {
  readonly runId: string;
  readonly key: RecordKey;
  readonly turn: string;
  readonly graph: Graph;
}

/**
 * The entry whose record feeds a turn: the one before it, or for a later iteration of a loop the entry itself. -1 is what
 * the run was started with.
 */
export function sourceOf({ key, turn }: Pick<TurnAt, 'key' | 'turn'>): number {
  return parseTurn(turn).iteration > 0 ? key.entry : key.entry - 1;
}

/** Whether what feeds a turn is there, so that it may run. */
export function sourceStands(at: Pick<TurnAt, 'key' | 'turn'>, { header, records }: Loaded): boolean {
  if (header === undefined) return false;
  const turn = parseTurn(at.turn);
  const source = recordAt(records, { entry: sourceOf(at) });
  return turn.iteration > 0 ? iterationStands(source, turn) : predecessorStands(header, at.key.entry, source);
}

/**
 * Reads what one step needs: its run's header, its predecessor, and earlier results only as far as its body can ask for
 * them. The first read may be stale, because what stands before a step does not change while the step's turn lasts; what
 * is missing in it, or older than the event, is read again consistently.
 */
export async function loadForStep(engine: Engine, at: TurnAt, reads: Reads): Promise<Loaded> {
  const { store } = engine.backend;
  const lazy = readsLazily(engine);
  if (reads === 'all' && !lazy) {
    const run = await store.loadRun(at.runId);
    return { header: run?.header, input: run?.input, records: run?.records ?? [] };
  }
  const named = reads === 'all' || lazy ? { steps: [], init: false } : reads;
  const earlier = named.steps
    .flatMap((id) => placesOf(at.graph, id))
    .filter((place) => place.entry < at.key.entry - 1 || isArmOf(place, at.key.entry - 1));
  const source = sourceOf(at);
  const keys: RecordKey[] = [...(source < 0 ? [] : [{ entry: source }]), ...earlier];
  const request = { runId: at.runId, keys, input: source < 0 || named.init };
  const read = async (consistent: boolean): Promise<Loaded> => {
    const load = await store.loadStep({ ...request, consistent });
    const records = load.records.filter((record) => record !== undefined);
    return { header: load.header, input: load.input, records };
  };
  const first = await read(earlier.length > 0);
  const { header } = first;
  const fresh =
    header !== undefined &&
    header.status !== 'pending' &&
    header.epoch >= parseTurn(at.turn).epoch &&
    (!request.input || first.input !== undefined) &&
    sourceStands(at, first);
  return fresh ? first : read(true);
}

/** The predecessor itself is always read; when it is a block, its arms are records of their own. */
function isArmOf({ entry, arm }: RecordKey, block: number): boolean {
  return entry === block && arm !== undefined;
}

/** The stored form of a turn's input: the output of its {@link sourceOf}. */
export function inputAt(loaded: Loaded, source: number): StoredValue | undefined {
  return source < 0 ? loaded.input?.input : recordAt(loaded.records, { entry: source })?.output;
}

/** Where the shared data that a turn starts with is kept. */
export function sharedAt(loaded: Loaded, source: number): number | undefined {
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
