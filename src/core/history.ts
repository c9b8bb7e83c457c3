import { foldJoin, type JoinKey, type JoinOpening, type JoinState } from './join.ts';
import {
  formatKey,
  type RecordKey,
  type RunHeader,
  type RunInput,
  type StepRecord,
  type StoredValue,
} from './records.ts';

/**
 * The ordered log of a run with history: one for the root run and all runs nested in it. Each entry is whole by itself, so a
 * reader can begin anywhere.
 */
export type LogEntry =
  /** A state of a header; `input` with the state that began with it. */
  | { readonly kind: 'run'; readonly header: RunHeader; readonly input?: RunInput }
  /** A state of a record. `input`: what a claim executes with, when it is a claim. */
  | {
      readonly kind: 'step';
      readonly runId: string;
      readonly record: StepRecord;
      readonly input?: StoredValue;
    }
  /** A block was opened. */
  | ({ readonly kind: 'opened'; readonly opening: JoinOpening } & JoinKey)
  /** A member of a block settled: its token, its place in the block's log, and the state of the block after it. */
  | ({
      readonly kind: 'settled';
      readonly token: number;
      readonly position: number;
      readonly total: number;
      readonly after: JoinState;
      /** Of an item that succeeded. */
      readonly output?: StoredValue;
    } & JoinKey)
  /** What a step wrote to its stream. */
  | {
      readonly kind: 'chunk';
      /** Unique to the execution that wrote it, so that a reader can drop repeats. */
      readonly id: string;
      readonly runId: string;
      readonly key: RecordKey;
      readonly stepId: string;
      /** Written by `writer.custom`: it reaches the stream as it is. */
      readonly custom: boolean;
      readonly chunk: StoredValue;
      /** ms since 1970. */
      readonly time: number;
    };

/**
 * Names the state that an entry tells of, uniquely in its log. A state may be in the log twice, also after later ones:
 * readers drop repeats by this.
 */
export function logEntryId(entry: LogEntry): string {
  switch (entry.kind) {
    case 'run': {
      const { runId, epoch, position, wakes, status, shown } = entry.header;
      return `${runId}/run/${epoch}/${position}/${wakes}/${status}/${shown?.mark ?? ''}`;
    }
    case 'step': {
      const { key, turn, status } = entry.record;
      return `${entry.runId}/step/${formatKey(key)}/${turn}/${status}`;
    }
    case 'opened':
      return `${entry.runId}/opened/${entry.entry}/${entry.epoch}`;
    case 'settled':
      return `${entry.runId}/settled/${entry.entry}/${entry.epoch}/${entry.position}`;
    case 'chunk':
      return entry.id;
  }
}

/** A run as its log tells it. Owners and leases are those of the last state that was logged. */
export interface ReplayedRun {
  readonly header: RunHeader;
  /** Absent while pending. */
  readonly input?: RunInput;
  /** Of entries and arms, in graph order. */
  readonly records: readonly StepRecord[];
  /** Items of each foreach by its entry, in the order of their numbers. */
  readonly items: ReadonlyMap<number, readonly StepRecord[]>;
  readonly joins: readonly ReplayedJoin[];
}

/** A block as its log tells it. */
export interface ReplayedJoin extends JoinKey {
  readonly opening: JoinOpening;
  readonly tokens: readonly number[];
  readonly state: JoinState;
}

interface Replaying {
  header?: RunHeader;
  input?: RunInput;
  readonly records: Map<string, StepRecord>;
  readonly joins: Map<string, { readonly at: JoinKey; opening?: JoinOpening; readonly tokens: number[] }>;
}

/** Rebuilds the runs of a log from its entries alone, by their ids: the root run and those nested in it. */
export function replay(entries: Iterable<LogEntry>): ReadonlyMap<string, ReplayedRun> {
  const runs = new Map<string, Replaying>();
  const told = new Set<string>();
  for (const entry of entries) {
    const id = logEntryId(entry);
    if (!told.has(id)) apply(runs, entry);
    told.add(id);
  }
  return new Map([...runs].flatMap(([runId, run]) => replayed(run).map((whole) => [runId, whole])));
}

function apply(runs: Map<string, Replaying>, entry: LogEntry): void {
  const runId = entry.kind === 'run' ? entry.header.runId : entry.runId;
  const run: Replaying = runs.get(runId) ?? { records: new Map(), joins: new Map() };
  runs.set(runId, run);
  switch (entry.kind) {
    case 'run':
      run.header = entry.header;
      if (entry.input !== undefined) run.input = entry.input;
      break;
    case 'step':
      run.records.set(formatKey(entry.record.key), entry.record);
      break;
    case 'opened':
      joinAt(run, entry).opening = entry.opening;
      break;
    case 'settled':
      joinAt(run, entry).tokens[entry.position] = entry.token;
      break;
    case 'chunk':
  }
}

function joinAt({ joins }: Replaying, { runId, entry, epoch }: JoinKey) {
  const name = `${entry}/${epoch}`;
  const join = joins.get(name) ?? { at: { runId, entry, epoch }, tokens: [] };
  joins.set(name, join);
  return join;
}

/** Nothing, when the log does not begin with the run. */
function replayed({ header, input, records: byKey, joins: byName }: Replaying): ReplayedRun[] {
  if (header === undefined) return [];
  // The text of a key orders entries and arms like the graph, and items behind them all.
  const all = [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  const items = Map.groupBy(
    all.filter(({ key }) => key.item !== undefined),
    ({ key }) => key.entry,
  );
  const joins = [...byName.values()].flatMap(({ at, opening, tokens }) =>
    opening === undefined ? [] : [{ ...at, opening, tokens, state: foldJoin(opening, tokens) }],
  );
  const records = all.filter(({ key }) => key.item === undefined);
  return [{ header, records, items, joins, ...(input === undefined ? {} : { input }) }];
}
