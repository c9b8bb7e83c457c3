import type { RunPage, RunQuery } from '../core/host.ts';
import type { LogEntry } from '../core/history.ts';
import type { JoinConsequence, JoinKey, JoinOpening, JoinState } from '../core/join.ts';
import type {
  EpochStart,
  RecordKey,
  RunHeader,
  RunInput,
  RunStatus,
  SharedDelta,
  StepRecord,
  StoredValue,
} from '../core/records.ts';

export type { RunPage, RunQuery } from '../core/host.ts';
export type { JoinKey, JoinOpening } from '../core/join.ts';

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
  /** Headers of root runs, newest first; pages are stable while runs are added. */
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
  /** Condition: not over, and `owner` is that of the run when given. */
  cancel(write: CancelWrite): Promise<Write<RunHeader>>;
  /**
   * Starts a nested run, or the next epoch of one: `run.header.parent` is given. Condition: none with this id, or one whose
   * parent's turn is earlier. Of an existing one `epoch` and `wakes` are raised by 1, `from` gets the new epoch beginning at
   * `from`, `createdAt` stays, and the input is replaced.
   */
  startChild(write: ChildStartWrite): Promise<Write<RunHeader>>;
  /**
   * Begins a new epoch. Condition: same epoch, and pending, suspended, paused or over. The run is running then, without a
   * position and without what its end left behind; `input`, when given, replaces that of the run.
   */
  travel(write: TravelWrite): Promise<Write<RunHeader>>;
  /** Opens an active run for a restart: `wakes` is raised by 1. Condition: running or waiting. */
  restart(write: RestartWrite): Promise<Write<RunHeader>>;
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
   * Removes a run with all that belongs to it: input, records, items, joins, pages, cells, log, payloads. Nested runs are
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
   * transaction. Conditions: this turn and suspended; no run of `runs` is over.
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
  /** Puts the whole record of a place that nobody claims: the result of a block, a sleep that failed, what a time travel keeps. Condition: no record, or one of an earlier turn. */
  closeBlock(write: { readonly runId: string; readonly record: StepRecord }): Promise<Write<StepRecord>>;

  // The log of a run with history.

  /** Appends what a step writes to its stream. It is on stable storage at the latest with whatever is written later. */
  appendChunks(write: ChunksWrite): Promise<void>;
  /** Entries after `after`, in the order in which all readers see them; a reader never misses one by going on from the last. */
  readLog(request: LogRead): Promise<LogPage>;

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

/** See {@link RunStore.setStatus}. */
export interface StatusWrite {
  readonly runId: string;
  readonly epoch: number;
  readonly status: RunStatus;
  readonly position: string;
  readonly now: number;
  /** Moves the time of the next sweep; `null` takes the run out of the sweeper's sight. */
  readonly sweepAt?: number | null;
}

/** See {@link RunStore.finish}. */
export interface FinishWrite {
  readonly runId: string;
  readonly epoch: number;
  readonly status: 'success' | 'failed' | 'tripwire' | 'canceled';
  readonly endedBy: number;
  readonly error?: StoredValue;
  readonly now: number;
  /** Absent: nothing is left to do for the sweeper. */
  readonly sweepAt?: number;
}

/** See {@link RunStore.cancel}. */
export interface CancelWrite {
  readonly runId: string;
  readonly owner?: string;
  readonly now: number;
  readonly sweepAt: number;
}

/** See {@link RunStore.startChild}. */
export interface ChildStartWrite extends NewRun {
  /** First entry of the epoch, when it is not the first. */
  readonly from: number;
  /** Entries that had begun in the epoch before. */
  readonly begun: number;
  /** What the epoch is prepared from; kept for {@link RunStore.loadTravel}. */
  readonly parameters?: StoredValue;
}

/** See {@link RunStore.travel}. */
export interface TravelWrite {
  readonly runId: string;
  /** The epoch that the caller saw. */
  readonly epoch: number;
  /** That of the new epoch, whose number is one higher. */
  readonly start: EpochStart;
  readonly parameters: StoredValue;
  readonly input?: RunInput;
  /** Only with `input`. */
  readonly inputHash?: string;
  readonly graphHash: string;
  readonly perStep: boolean;
  readonly now: number;
  readonly sweepAt: number;
}

/** See {@link RunStore.restart}. */
export interface RestartWrite {
  readonly runId: string;
  readonly now: number;
  readonly sweepAt: number;
}

/** See {@link RunStore.claimCallback}. */
export interface CallbackWrite {
  readonly runId: string;
  readonly mark: string;
  readonly owner: string;
  readonly leaseUntil: number;
  readonly now: number;
}

/** See {@link RunStore.finishCallback}. */
export interface CallbackEndWrite {
  readonly runId: string;
  readonly mark: string;
  readonly owner: string;
  readonly sweepAt?: number | null;
}

/** See {@link RunStore.showSnapshot}. */
export interface SnapshotWrite {
  readonly runId: string;
  readonly mark: string;
  readonly snapshot: StoredValue;
}

/** See {@link RunStore.setSweep}. */
export interface SweepWrite {
  readonly runId: string;
  readonly wakes: number;
  readonly position: string;
  /** `null`: there is nothing to do until somebody resumes the run. */
  readonly sweepAt: number | null;
}

/** What identifies a turn of a record. */
export interface TurnKey {
  readonly runId: string;
  readonly key: RecordKey;
  readonly turn: string;
}

/** See {@link RunStore.claim}. */
export interface ClaimWrite extends TurnKey {
  readonly fresh: boolean;
  /** A later iteration of a loop. @default false */
  readonly iterates?: boolean;
  readonly stepId: string;
  readonly owner: string;
  readonly leaseUntil: number;
  /** Time of the claim; becomes `startedAt` of a fresh turn. */
  readonly now: number;
  readonly inputFrom: number;
  readonly sharedFrom?: number;
  readonly seesCell?: boolean;
  /** Root run in whose log the record's states are kept. */
  readonly log?: string;
  /** What the turn executes with: only for the log. */
  readonly executesWith?: StoredValue;
}

/** See {@link RunStore.nest}. */
export interface NestWrite extends TurnKey {
  readonly fresh: boolean;
  /** A later iteration of a loop. @default false */
  readonly iterates?: boolean;
  readonly stepId: string;
  readonly childRunId: string;
  /** Becomes `startedAt` of a fresh turn. */
  readonly now: number;
  readonly inputFrom: number;
  /** Only when it is not what `inputFrom` holds. */
  readonly input?: StoredValue;
  readonly sharedFrom?: number;
  readonly fromSegment?: number;
  readonly seesCell?: boolean;
  readonly log?: string;
  /** What the nested run is given: only for the log. */
  readonly executesWith?: StoredValue;
}

/** See {@link RunStore.followChild}. */
export interface ChildWrite extends TurnKey {
  readonly seen: 'child' | 'suspended';
  readonly outcome:
    | CommitOutcome
    /** It runs again, in the next generation; `resumeData` is what it was resumed with, if with anything. */
    | {
        readonly status: 'child';
        readonly nextTurn: string;
        readonly now: number;
        readonly resumeData?: StoredValue;
      }
    | { readonly status: 'canceled' | 'paused'; readonly now: number };
}

/** See {@link RunStore.takeOver}. */
export interface TakeOverWrite extends TurnKey {
  readonly seenOwner: string;
  readonly owner: string;
  readonly leaseUntil: number;
}

/** See {@link RunStore.renew}. */
export interface RenewWrite extends TurnKey {
  readonly owner: string;
  readonly leaseUntil: number;
}

/** See {@link RunStore.commit}. */
export interface CommitWrite extends TurnKey {
  readonly owner: string;
  readonly outcome: CommitOutcome;
}

/** What every outcome can carry. */
export interface OutcomeBase {
  readonly now: number;
  /** Only when it is not what `inputFrom` holds. */
  readonly input?: StoredValue;
  readonly delta?: StoredValue;
  readonly shared?: StoredValue;
  readonly sharedFrom?: number;
  readonly fromSegment?: number;
}

/** What became of an execution. */
export type CommitOutcome =
  | (OutcomeBase & {
      readonly status: 'success';
      readonly output: StoredValue;
      readonly bailed?: boolean;
      readonly aborted?: boolean;
      readonly again?: boolean;
    })
  | (OutcomeBase & {
      readonly status: 'failed';
      readonly error: StoredValue;
      readonly nonRetryable?: boolean;
      readonly tripwire?: boolean;
    })
  | (OutcomeBase & {
      readonly status: 'suspended';
      readonly suspendPayload?: StoredValue;
      readonly suspendOutput?: StoredValue;
      readonly labels?: readonly string[];
    })
  | (OutcomeBase & {
      /** Attempts are left: the record becomes due at `nextTurn`. */
      readonly status: 'due';
      readonly nextTurn: string;
      readonly dueAt: number;
      readonly error: StoredValue;
    });

/** See {@link RunStore.sleep}. */
export interface SleepWrite extends TurnKey {
  readonly stepId: string;
  /** Becomes `startedAt`. */
  readonly now: number;
  readonly dueAt: number;
  readonly inputFrom: number;
  readonly sharedFrom?: number;
  readonly log?: string;
  /** What the sleep passes on: only for the log. */
  readonly executesWith?: StoredValue;
}

/** See {@link RunStore.wake}. */
export interface WakeWrite extends TurnKey {
  /** Becomes `endedAt`. */
  readonly now: number;
  readonly output: StoredValue;
}

/** See {@link RunStore.resume}. */
export interface ResumeWrite extends TurnKey {
  readonly nextTurn: string;
  readonly resumeData?: StoredValue;
  readonly resumeContext?: StoredValue;
  /** Id of the request: a repetition of the winner's call wins again, others learn it. */
  readonly request: string;
  readonly now: number;
  readonly sweepAt: number;
  /** The run and its ancestors. */
  readonly runs: readonly string[];
  /** Whether these runs pause after one entry from now on; each resume decides it anew. @default false */
  readonly perStep?: boolean;
}

/** Result of a resume; a loser learns which condition failed. */
export type ResumeResult =
  | { readonly won: true; readonly image: StepRecord }
  | { readonly won: false; readonly lost: 'record'; readonly image?: StepRecord }
  | { readonly won: false; readonly lost: 'run'; readonly runId: string; readonly image?: RunHeader };

/** See {@link RunStore.appendChunks}. */
export interface ChunksWrite {
  /** Root run whose log it is. */
  readonly log: string;
  readonly chunks: readonly Extract<LogEntry, { readonly kind: 'chunk' }>[];
}

/** See {@link RunStore.readLog}. */
export interface LogRead {
  /** Root run whose log it is. */
  readonly log: string;
  /** `next` of the page before; -1 for the beginning. */
  readonly after: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** See {@link RunStore.readLog}. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Where to go on: that of the request when nothing came. */
  readonly next: number;
}
