import type { RunPage, RunQuery } from '../core/host.ts';
import type { JoinConsequence, JoinState } from '../core/join.ts';
import type { RecordKey, RunHeader, RunInput, RunStatus, StepRecord, StoredValue } from '../core/records.ts';

export type { RunPage, RunQuery } from '../core/host.ts';

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
  /** Ends a sleep: the record succeeds with what it got as its output. Condition: this turn, waiting, and due at `now`. */
  wake(write: WakeWrite): Promise<Write<StepRecord>>;
  /**
   * Resumes a suspension: the record becomes `due` at `nextTurn`, and each run of `runs` is marked as open again, in one
   * transaction. Conditions: this turn and suspended; no run of `runs` is over.
   */
  resume(write: ResumeWrite): Promise<ResumeResult>;

  // Blocks.

  /** Puts the first segment of a block's log. Condition: none for this entry and epoch. The image of a loser holds the shape. */
  openJoin(write: OpenJoinWrite): Promise<Write<JoinOpening>>;
  /**
   * Appends a token exactly once, whoever calls how often. `turn` is the block's: rejects with WORKFLOW_RECORD_CORRUPT when
   * the join is not open, or open at another turn.
   */
  appendToken(write: AppendWrite): Promise<AppendResult>;
  /** Puts the whole record of an entry that nobody claims: the result of a block, or a sleep that failed. Condition: no record, or one of an earlier turn. */
  closeBlock(write: { readonly runId: string; readonly record: StepRecord }): Promise<Write<StepRecord>>;

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
  readonly consistent: boolean;
}

/** See {@link RunStore.loadStep}; `records` is in the order of the keys. */
export interface StepLoad {
  readonly header?: RunHeader;
  readonly input?: RunInput;
  readonly records: readonly (StepRecord | undefined)[];
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

/** A block of a run in an epoch. */
export interface JoinKey {
  readonly runId: string;
  readonly entry: number;
  readonly epoch: number;
}

/** What a block was opened with. */
export interface JoinOpening {
  /** The block's turn. */
  readonly turn: string;
  readonly total: number;
  readonly concurrency: number;
  /** For a conditional: the arms taken, by their number in the graph, ascending. Members of the join are these. */
  readonly taken?: readonly number[];
  /** When the block was opened, ms since 1970. */
  readonly openedAt: number;
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
}

/** Result of a resume; a loser learns which condition failed. */
export type ResumeResult =
  | { readonly won: true; readonly image: StepRecord }
  | { readonly won: false; readonly lost: 'record'; readonly image?: StepRecord }
  | { readonly won: false; readonly lost: 'run'; readonly runId: string; readonly image?: RunHeader };
