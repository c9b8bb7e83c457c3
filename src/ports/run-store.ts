import type { RunPage, RunQuery } from '../core/host.ts';
import type { JoinConsequence, JoinKey, JoinOpening, JoinState } from '../core/join.ts';
import type {
  RecordKey,
  RunHeader,
  RunInput,
  SharedDelta,
  StepRecord,
  StoredValue,
} from '../core/records.ts';
import type { RunCost } from '../core/snapshot.ts';

export type { RunPage, RunQuery } from '../core/host.ts';
export type { JoinKey, JoinOpening } from '../core/join.ts';
export type * from './run-writes.ts';
import type {
  CallbackEndWrite,
  CallbackWrite,
  CancelWrite,
  ChildStartWrite,
  ChildWrite,
  ChunksWrite,
  ClaimWrite,
  CommitWrite,
  FinishWrite,
  LogPage,
  LogRead,
  NamedResult,
  NamedWrite,
  NestWrite,
  ParkWrite,
  PlaceWrite,
  RenewWrite,
  RequestDecision,
  RestartWrite,
  ResumeResult,
  ResumeWrite,
  SleepWrite,
  SnapshotWrite,
  StatusWrite,
  SweepWrite,
  TakeOverWrite,
  TravelWrite,
  TurnKey,
  UnparkWrite,
  WakeWrite,
} from './run-writes.ts';

/**
 * The records of all runs. Each writing method is one transition of the protocol and one conditional write: among
 * concurrent callers exactly one wins. A lost write changes nothing and returns the record as it stands, so that the loser
 * can act on it without another read.
 *
 * Durability: `claim` and `takeOver` resolve when the write is on stable storage, together with every write accepted before
 * it, because a body may run only after that. The others may resolve earlier, but only where no other process can see them
 * before that, and where a crash loses a suffix of the order in which they were accepted (so that a start and the event it
 * publishes are kept or lost together); {@link RunStore.durable} waits for them.
 *
 * History: a header with `history`, a record with `log` and a join with `log` have each of their states in the log of their
 * root run. A state is in it before the call resolves that wrote it, or that lost and returns it as its image; so whoever
 * acts on a state finds it logged, and a later state of a record never comes before an earlier one. It may be there twice.
 *
 * Failures of the place reject with WORKFLOW_BACKEND_UNAVAILABLE; such a write may have been done. An implementation
 * recognises its own earlier write by its values (`owner` of a claim, `request` of a resume), so that a repeated call wins.
 */
export interface RunStore {
  // Reading.

  /** The header; `consistent` (default true) sees every write that was won before the call. */
  loadHeader(runId: string, options?: { readonly consistent?: boolean }): Promise<RunHeader | undefined>;
  /** What one step needs. With `consistent: false` (one read unit on DynamoDB) parts may be older or absent. */
  loadStep(request: StepRead): Promise<StepLoad>;
  /**
   * Header, input and all records of entries and arms, in graph order: never an item of a foreach. Each of them is as
   * stored at the call or later; together they are no snapshot, but the header is the oldest of them.
   */
  loadRun(runId: string): Promise<RunLoad | undefined>;
  /** Items of a foreach in the order of their numbers: those of `items`, or all that have a record. Consistent. */
  loadItems(request: ItemsRead): Promise<readonly StepRecord[]>;
  /** A page of the array that a foreach goes through; undefined when it was not put. */
  loadPage(at: PageKey): Promise<StoredValue | undefined>;
  /** What members of a block have changed so far: see {@link RunStore.mergeCell}. Consistent. */
  loadCell(at: JoinKey): Promise<StoredDelta>;
  /** What a time travel was asked for, by the epoch that it began. */
  loadTravel(request: { readonly runId: string; readonly epoch: number }): Promise<StoredValue | undefined>;
  /** The whole log of a block. Consistent in this sense: it is a prefix of the log, at least as long as at the call. */
  loadJoin(at: JoinKey): Promise<JoinLog | undefined>;
  /** Headers of root runs, with `parked` of nested ones too, newest first; pages are stable while runs are added. */
  listRuns(query: RunQuery): Promise<RunPage>;
  /** A record without waiting, where the place can: it lets `getStepResult` read only what a body asks for. */
  readRecordSync?(runId: string, key: RecordKey): StepRecord | undefined;
  /** The same for the input of the run. */
  readInputSync?(runId: string): RunInput | undefined;

  // The run's header.

  /** Puts a pending run. Condition: none with this id. */
  createRun(run: NewRun): Promise<Write<RunHeader>>;
  /**
   * Puts a running run, or makes a pending one run (keeping its `createdAt`, and its `resourceId` when the new one is
   * absent). Condition: none with this id, or pending and of the same owner and workflow.
   */
  startRun(run: NewRun): Promise<Write<RunHeader>>;
  /** Condition: same epoch, not over, and `position` is later than the stored one. Losing is normal. */
  setStatus(write: StatusWrite): Promise<Write<RunHeader>>;
  /** Condition: same epoch and not over. */
  finish(write: FinishWrite): Promise<Write<RunHeader>>;
  /** Condition: not over, and `owner` and `epoch` are those of the run when given. */
  cancel(write: CancelWrite): Promise<Write<RunHeader>>;
  /**
   * Starts a nested run, or the next epoch of one: `run.header.parent` is given. Condition: none with this id, or one whose
   * parent's turn is earlier. Of an existing one `epoch` and `wakes` are raised by 1, `from` gets the new epoch beginning at
   * `from`, `createdAt` stays, and the input is replaced.
   */
  startChild(write: ChildStartWrite): Promise<Write<RunHeader>>;
  /**
   * Begins a new epoch. Condition: same epoch and `wakes`, and pending, suspended, paused, over or parked. The run is running then, without a
   * position and without what its end left behind; `input`, when given, replaces that of the run.
   */
  travel(write: TravelWrite): Promise<Write<RunHeader>>;
  /**
   * Opens an active run for a restart: `wakes` is raised by 1, and `restarts`, when given, put. Condition: running or waiting,
   * with `suspended` also suspended or paused, and `wakes` is that of the run when given.
   */
  restart(write: RestartWrite): Promise<Write<RunHeader>>;
  /**
   * Puts `parked`, moves the time of the next sweep and raises `wakes` by 1, so that no sweep that had begun before takes the
   * run out of sight. Condition: same epoch and not over. An end and a time travel remove what it put.
   */
  park(write: ParkWrite): Promise<Write<RunHeader>>;
  /**
   * The run goes on with another graph: removes `parked`, puts the graph's mark, moves the time of the next sweep and raises
   * `wakes` by 1. Condition: same epoch, not over, and parked or of another mark.
   */
  unpark(write: UnparkWrite): Promise<Write<RunHeader>>;
  /**
   * Claims the callbacks of an end or suspension. Condition: none were claimed so far, or of an earlier mark; or of this
   * one, not done, and with a lease that ended before `now`.
   */
  claimCallback(write: CallbackWrite): Promise<Write<RunHeader>>;
  /** The claimed callbacks are done. `sweepAt` as in {@link StatusWrite}. Condition: this mark, claimed by `owner`. */
  finishCallback(write: CallbackEndWrite): Promise<Write<RunHeader>>;
  /** Keeps the snapshot that a query shows. Condition: none, or one with an earlier mark. */
  showSnapshot(write: SnapshotWrite): Promise<Write<RunHeader>>;
  /**
   * Keeps what a request was found to mean, until the run is removed: whoever handles it again gets the same. Condition: none
   * of this request. The image is what is kept.
   */
  decideRequest(write: RequestDecision): Promise<Write<StoredValue>>;
  /**
   * Removes a run with all that belongs to it: input, records, items, joins, pages, cells, decisions, log, payloads. Nested runs are
   * runs of their own. Resolves with false when there is none. Work on it that is under way may leave a record behind.
   */
  removeRun(runId: string): Promise<boolean>;

  // The sweeper.

  /** Ids of runs whose `sweepAt` is at or before `now`: the longest overdue ones, about `limit` (1 to 1,000). May be stale. */
  dueRuns(request: { readonly now: number; readonly limit: number }): Promise<readonly string[]>;
  /** Moves the time of the next sweep. Condition: `wakes` and `position` are still those that the sweeper decided by. */
  setSweep(write: SweepWrite): Promise<Write<RunHeader>>;

  // Records of steps. The condition of each names the turn, so that a stale worker cannot write.

  /**
   * Claims a turn. `fresh` (first turn of an iteration): no record, an earlier turn, or our own claim of this turn.
   * Otherwise (a retried or resumed turn): this very turn is `due`, or our own claim of it; then `startedAt`, `inputFrom`
   * and `sharedFrom` stay as they are. A fresh claim begins a new record; only with `iterates` it keeps `output`, which is
   * the input of the next iteration.
   */
  claim(write: ClaimWrite): Promise<Write<StepRecord>>;
  /** Takes a turn over from a worker whose lease has ended. Condition: this turn, running, still owned by `seenOwner`. */
  takeOver(write: TakeOverWrite): Promise<Write<StepRecord>>;
  /** Extends our lease. Condition: this turn, running, ours. */
  renew(write: RenewWrite): Promise<Write<StepRecord>>;
  /** Records the outcome of our claim. Condition: this turn, running, ours. */
  commit(write: CommitWrite): Promise<Write<StepRecord>>;
  /** Begins a sleep: the record waits for `dueAt`. Condition: no record, or one of an earlier turn. */
  sleep(write: SleepWrite): Promise<Write<StepRecord>>;
  /**
   * The record waits for a nested run from now on. `fresh` as in {@link RunStore.claim}: no record or one of an earlier turn;
   * otherwise this very turn is `due`.
   */
  nest(write: NestWrite): Promise<Write<StepRecord>>;
  /** Follows the nested run. Condition: this turn, and `seen` is its status. */
  followChild(write: ChildWrite): Promise<Write<StepRecord>>;
  /** Ends the lease of a turn at once: its worker is known to be gone, or is to lose it. Condition: this turn, running, owned by `seenOwner`. */
  voidLease(write: TurnKey & { readonly seenOwner: string }): Promise<Write<StepRecord>>;
  /** Ends a sleep: the record succeeds with what it got as its output. Condition: this turn, waiting, and due at `now`. */
  wake(write: WakeWrite): Promise<Write<StepRecord>>;
  /**
   * Resumes a suspension: the record becomes `due` at `nextTurn`, and each run of `runs` is marked as open again, in one
   * transaction. Conditions: this turn and suspended; each run of `runs` is in its epoch, and neither over nor paused.
   */
  resume(write: ResumeWrite): Promise<ResumeResult>;

  // Blocks.

  /** Puts pages of the array that a foreach goes through, before its join is opened. They are the same whoever puts them. */
  putPages(write: PagesWrite): Promise<void>;
  /**
   * Merges what one member changed into what the members after it see. Of two changes of one key that with the later
   * `position` in the block's log stays, in whatever order they come. A view: the records of the members are the truth.
   */
  mergeCell(write: CellWrite): Promise<void>;
  /** Puts the first segment of a block's log. Condition: none for this entry and epoch. The image of a loser holds the shape. */
  openJoin(write: OpenJoinWrite): Promise<Write<JoinOpening>>;
  /**
   * Appends a token exactly once, whoever calls how often. `turn` is the block's: rejects with WORKFLOW_RECORD_CORRUPT when
   * the join is not open, or open at another turn.
   */
  appendToken(write: AppendWrite): Promise<AppendResult>;
  /**
   * Puts the whole record of a place that nobody claims: the result of a block, a sleep that failed, what a time travel keeps.
   * Condition: no record, or one of an earlier turn; and with `epoch`, that the run is in it: a later epoch may keep the record
   * of an earlier one, and then whoever still prepares one between them must not overwrite that.
   */
  closeBlock(write: PlaceWrite): Promise<Write<StepRecord>>;

  // The log of a run with history.

  /** Appends what a step writes to its stream. It is on stable storage at the latest with whatever is written later. */
  appendChunks(write: ChunksWrite): Promise<void>;
  /** Entries after `after`, in the order in which all readers see them; a reader never misses one by going on from the last. */
  readLog(request: LogRead): Promise<LogPage>;

  // Texts that belong to no run: who waits under a key, who holds a place.

  /** The text under a name; undefined when there is none. Consistent. */
  loadNamed(name: string): Promise<string | undefined>;
  /**
   * Puts, replaces or removes the text under a name. Condition: what is there is `seen`, or already what is wanted; so of callers
   * that want different texts one wins, and a call that is repeated wins again.
   */
  writeNamed(write: NamedWrite): Promise<NamedResult>;

  /** Resolves when every write that was accepted so far is on stable storage. */
  durable(): Promise<void>;
}

/** Result of a conditional write. */
export type Write<T> =
  | { readonly won: true; readonly image: T }
  /** `image`: the record that made the condition fail; absent when there is none. */
  | { readonly won: false; readonly image?: T };

/** See {@link RunStore.loadStep}. */
export interface StepRead {
  readonly runId: string;
  readonly keys: readonly RecordKey[];
  /** Also load what the run was started with. */
  readonly input: boolean;
  /** Also load what this block was opened with. */
  readonly join?: Omit<JoinKey, 'runId'>;
  readonly consistent: boolean;
}

/** See {@link RunStore.loadStep}; `records` is in the order of the keys. */
export interface StepLoad {
  readonly header?: RunHeader;
  readonly input?: RunInput;
  readonly records: readonly (StepRecord | undefined)[];
  readonly join?: JoinHead;
}

/** What a block was opened with, and where its log can go on. */
export interface JoinHead {
  readonly opening: JoinOpening;
  /** A segment that exists: tokens that are first possible now are in none before it. 0 where logs have no segments. */
  readonly newestSegment: number;
}

/** See {@link RunStore.loadItems}. */
export interface ItemsRead {
  readonly runId: string;
  readonly entry: number;
  /** @default all */
  readonly items?: readonly number[];
}

/** One page of the array of a foreach. */
export interface PageKey extends JoinKey {
  /** Elements of each page; part of the key, so that two versions of this package never mix theirs. */
  readonly pageSize: number;
  readonly page: number;
}

/** See {@link RunStore.putPages}: all pages, from the first one on. */
export interface PagesWrite extends JoinKey {
  readonly pageSize: number;
  readonly pages: readonly StoredValue[];
}

/** A change of state and request context by key, each value encoded for itself. */
export interface StoredDelta {
  readonly state: Readonly<Record<string, StoredValue>>;
  readonly requestContext: Readonly<Record<string, StoredValue>>;
  /** Keys of the request context that were removed. */
  readonly removed: NonNullable<SharedDelta['removed']>;
}

/** See {@link RunStore.mergeCell}. */
export interface CellWrite extends JoinKey {
  readonly position: number;
  readonly delta: StoredDelta;
}

/** A whole run without its joins. */
export interface RunLoad {
  readonly header: RunHeader;
  /** Absent while pending. */
  readonly input?: RunInput;
  readonly records: readonly StepRecord[];
  /** What the run has used so far, where the place counts it. */
  readonly cost?: RunCost;
}

/** A header and what it was started with; a pending run has no input. */
export interface NewRun {
  readonly header: RunHeader;
  readonly input?: RunInput;
}

/** See {@link RunStore.openJoin}. */
export interface OpenJoinWrite extends JoinKey, JoinOpening {}

/** A block's whole log. */
export interface JoinLog extends JoinOpening {
  readonly tokens: readonly number[];
  readonly state: JoinState;
}

/** See {@link RunStore.appendToken}. */
export interface AppendWrite extends JoinKey {
  readonly turn: string;
  readonly token: number;
  /** First segment that can hold this member's tokens: stored with the record, never guessed. */
  readonly fromSegment: number;
  /** Output of the member: only for the log of a foreach. */
  readonly output?: StoredValue;
}

/** Outcome of an append, the same for whoever appends this token. */
export interface AppendResult {
  /** Whether this call put the token in. */
  readonly won: boolean;
  /** Position of the token in the whole log. */
  readonly position: number;
  /** What this token, at its position, sets off. */
  readonly consequence: JoinConsequence;
  /** State right after this token. */
  readonly after: JoinState;
  readonly opening: JoinOpening;
}
