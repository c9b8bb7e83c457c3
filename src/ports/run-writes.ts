import type { LogEntry } from '../core/history.ts';
import type {
  EpochStart,
  Parked,
  RecordKey,
  RunHeader,
  RunInput,
  RunStatus,
  StepRecord,
  StoredRestarts,
  StoredValue,
} from '../core/records.ts';
import type { NewRun } from './run-store.ts';

/** What the writing methods of `RunStore` take. */

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
  /** The run is marked with this graph still: the end of that is none of a graph that goes on. @default whichever it is */
  readonly graphHash?: string;
  /** Absent: nothing is left to do for the sweeper. */
  readonly sweepAt?: number;
}

/** See {@link RunStore.cancel}. */
export interface CancelWrite {
  readonly runId: string;
  readonly owner?: string;
  /** Only this epoch is canceled: one that was begun meanwhile goes on. @default whichever the run is in */
  readonly epoch?: number;
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
  /** The `wakes` that it saw: a run that went on since then is not what the parameters were taken from. */
  readonly wakes: number;
  /** That of the new epoch, whose number is one higher. */
  readonly start: EpochStart;
  readonly parameters: StoredValue;
  readonly input?: RunInput;
  /** Only with `input`. */
  readonly inputHash?: string;
  readonly graphHash: string;
  readonly perStep: boolean;
  /** See {@link RunHeader.limit}. Absent: that of the run stays. */
  readonly limit?: string;
  readonly now: number;
  readonly sweepAt: number;
  /** That of the new epoch; absent: it has none. */
  readonly deadlineAt?: number;
}

/** See {@link RunStore.restart}. */
export interface RestartWrite {
  readonly runId: string;
  readonly now: number;
  readonly sweepAt: number;
  /** Takes the place of the one that the run has. */
  readonly restarts?: StoredRestarts;
  /** The `wakes` of the run that the caller saw: only with `restarts`, so that none of another caller is lost. */
  readonly wakes?: number;
  /** Also of a run that is suspended or paused: it is nested in one that is not. @default false */
  readonly suspended?: boolean;
}

/** See {@link RunStore.park}. */
export interface ParkWrite extends RunEpoch {
  readonly parked: Parked;
  readonly now: number;
  readonly sweepAt: number;
}

/** See {@link RunStore.unpark}. */
export interface UnparkWrite extends RunEpoch {
  /** That of the code that is here. */
  readonly graphHash: string;
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

/** See {@link RunStore.decideRequest}. */
export interface RequestDecision {
  readonly runId: string;
  /** Id of the request, unique among those about the run; 1 to 210 characters. */
  readonly request: string;
  /** What it was found to mean. */
  readonly decision: StoredValue;
  readonly now: number;
}

/** See {@link RunStore.writeNamed}. */
export interface NamedWrite {
  /** 1 to 200 characters: what it is made of is hashed by whoever makes it. */
  readonly name: string;
  /** What the caller read. Absent: there was nothing. */
  readonly seen?: string;
  /** What is to be there, up to 300 KB. Absent: nothing. */
  readonly text?: string;
  /**
   * Since when no run needs the text, ms since 1970: a place that removes runs which are over by their age removes it as long
   * after that as it removes a run after its end, unless it is written again. Absent: it stays.
   */
  readonly unusedSince?: number;
}

/** See {@link RunStore.writeNamed}. */
export interface NamedResult {
  readonly won: boolean;
  /** What is there after the call; absent: nothing. */
  readonly text?: string;
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
  /** See `StepRecord.graph`: that of whoever begins a fresh turn. */
  readonly graph?: string;
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
  readonly graph?: string;
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
      readonly resumeKeys?: readonly string[];
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
  readonly graph?: string;
  /** What the sleep passes on: only for the log. */
  readonly executesWith?: StoredValue;
}

/** See {@link RunStore.wake}. */
export interface WakeWrite extends TurnKey {
  /** Becomes `endedAt`. */
  readonly now: number;
  readonly output: StoredValue;
}

/** A run in one of its epochs. */
export interface RunEpoch {
  readonly runId: string;
  readonly epoch: number;
}

/** See {@link RunStore.closeBlock}. */
export interface PlaceWrite {
  readonly runId: string;
  readonly record: StepRecord;
  /** The run has to be in this epoch. @default any */
  readonly epoch?: number;
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
  /** The run and its ancestors, each in the epoch in which the caller saw the suspension. */
  readonly runs: readonly RunEpoch[];
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
