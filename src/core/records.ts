import { WorkflowError } from './errors.ts';

/**
 * The stored records of a run. Every attribute is written by exactly the transitions that its port method names; nothing
 * here is ever read, changed and written back as a whole.
 */

/** Version of the record format. A reader refuses a higher one instead of guessing. */
export const recordFormat = 1;

/** Throws WORKFLOW_RECORD_CORRUPT for a run that a newer version of this package wrote: to guess would damage it. */
export function assertReadable(header: { readonly format: number; readonly runId: string }): void {
  if (header.format <= recordFormat) return;
  throw new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `Run ${header.runId} has record format ${header.format}, this version reads up to ${recordFormat}: upgrade the package`,
    { details: { runId: header.runId, format: header.format } },
  );
}

/** A value at rest: encoded inline, or a claim check for the payload store. */
export type StoredValue =
  | { readonly inline: string }
  | {
      /** SHA-256 of the encoded text, in hex: the name under which the payload store keeps it. */
      readonly ref: string;
      /** UTF-8 bytes of the encoded text. */
      readonly bytes: number;
    };

/**
 * Where a step's record lives: entry `entry` of the graph, arm `arm` of the block at that entry, or item `item` of the
 * foreach at that entry. Arms and items are the members of a block.
 */
export interface RecordKey {
  readonly entry: number;
  readonly arm?: number;
  readonly item?: number;
}

/** Number of the arm or item that a key means; undefined for an entry. */
export function memberOf(key: RecordKey): number | undefined {
  return key.arm ?? key.item;
}

/** Statuses of a run, as the snapshot shows them. */
export const runStatuses = [
  'pending',
  'running',
  'waiting',
  'suspended',
  'paused',
  'success',
  'failed',
  'tripwire',
  'canceled',
] as const;

/** See {@link runStatuses}. */
export type RunStatus = (typeof runStatuses)[number];

/** Statuses a run never leaves again, but by a new epoch. */
export const terminalStatuses: ReadonlySet<RunStatus> = new Set([
  'success',
  'failed',
  'tripwire',
  'canceled',
]);

/** Whether nothing of a run goes on by itself: it is over, suspended or paused. */
export function isQuiet(status: RunStatus): boolean {
  return terminalStatuses.has(status) || status === 'suspended' || status === 'paused';
}

/** Statuses in which a time travel may begin an epoch: neither in the hands of a worker nor asleep. */
export const travelStatuses: ReadonlySet<RunStatus> = new Set([
  'pending',
  'suspended',
  'paused',
  ...terminalStatuses,
]);

/** Statuses in which a run goes on by itself: what a restart opens. */
export const activeStatuses: ReadonlySet<RunStatus> = new Set(['running', 'waiting']);

/** Statuses of a run that was started and is not over. */
export const openStatuses: ReadonlySet<RunStatus> = new Set([...activeStatuses, 'suspended', 'paused']);

/** Link of a child run to the record of its parent that waits for it. */
export interface ParentLink {
  readonly runId: string;
  readonly key: RecordKey;
  /** Turn of the parent's record without its generation (`baseTurn`): a retry of the parent starts a new epoch of the child. */
  readonly turn: string;
}

/** How much of a run is kept beside its records: `full` until the run is removed, `stream` for as long as a stream is read. */
export type HistoryKind = 'full' | 'stream';

/** The beginning of an epoch above 1. */
export type EpochStart = readonly [
  epoch: number,
  /** First entry that is executed in it. */
  from: number,
  /** Entries that had begun in the epoch before: what its share of the execution path is derived from. */
  begun: number,
];

/** What became of the lifecycle callbacks of a run. */
export interface CallbackState {
  /** Which end or suspension it is about; compared as text, a later one is greater. */
  readonly mark: string;
  readonly owner: string;
  /** End of the claim, ms since 1970. */
  readonly leaseUntil: number;
  readonly done?: boolean;
}

/** The last snapshot that the workflow's `shouldPersistSnapshot` let through. */
export interface ShownSnapshot {
  /** See {@link CallbackState.mark}. */
  readonly mark: string;
  readonly value: StoredValue;
}

/** What restarts have brought into the request context of a run. */
export interface StoredRestarts {
  /** {@link RestartContext.at} of the newest of them. */
  readonly at: number;
  /** {@link RestartContext}s, oldest first; of a key, only the newest value. */
  readonly value: StoredValue;
}

/**
 * Why a run does not go on although nothing of it failed: the code that is here is not what it was started with. Its status
 * stays, its events are acknowledged, and each sweep looks whether the definition is there again.
 */
export interface Parked {
  /** The graph has another step where the run has been, or is to go; or the workflow is not registered. */
  readonly code: 'WORKFLOW_GRAPH_CHANGED' | 'WORKFLOW_NOT_FOUND';
  /** When that was found, ms since 1970. */
  readonly since: number;
  /** What to do about it, for people. */
  readonly remedy: string;
  /** The step that an event was for, when no record tells of it. */
  readonly place?: { readonly path: readonly number[]; readonly stepId: string };
}

/** The header of a run: under 1 KB always, written only by start, status, resume, cancel, finish and park. */
export interface RunHeader {
  readonly format: number;
  readonly runId: string;
  readonly workflowId: string;
  readonly status: RunStatus;
  readonly epoch: number;
  /** Orders status writes: `entry.iteration.k`, compared as text. Empty at the start of an epoch. */
  readonly position: string;
  /** When the sweeper looks at the run, ms since 1970. Absent: never. */
  readonly sweepAt?: number;
  /** Resumptions, time travels and restarts so far; guards every decision that nothing is open. */
  readonly wakes: number;
  /** Mark of the graph that the run was started with, or has gone on with since: its hash, and the kinds of its entries. */
  readonly graphHash: string;
  /** The code that is here does not fit the run. */
  readonly parked?: Parked;
  /** Hash of the canonical encoding of input, initial state, request context and resourceId; empty while pending. */
  readonly inputHash: string;
  /** The author's grouping key. */
  readonly resourceId?: string;
  /** The verified principal that started the run; authorises. Absent where no authentication is in use. */
  readonly owner?: string;
  readonly parent?: ParentLink;
  /** Outermost run of a nested one. */
  readonly root?: string;
  /** One for each epoch above 1. */
  readonly from: readonly EpochStart[];
  /** Every state of the run's records is kept in the log of its root run. */
  readonly history?: HistoryKind;
  /** The run pauses after one entry. */
  readonly perStep?: boolean;
  /** When the run fails unless it is over, ms since 1970; each epoch has its own. Absent: it may take as long as it likes. */
  readonly deadlineAt?: number;
  /** Time that each epoch may take, ms, where its start said so. Absent: what the workflow says. */
  readonly timeoutMs?: number;
  /** Name of the text that says whether it has a place under its concurrency key. Absent where the number of runs has no limit. */
  readonly limit?: string;
  readonly callback?: CallbackState;
  readonly shown?: ShownSnapshot;
  /** Given over to nested runs; a step that does not see them yet adds them to what it finds before it. */
  readonly restarts?: StoredRestarts;
  readonly createdAt: number;
  /** When the run was started; absent while pending. */
  readonly startedAt?: number;
  /** Last change of the header. */
  readonly updatedAt: number;
  /** Set exactly when the status is terminal. */
  readonly endedAt?: number;
  /** Entry that ended the run; -1 for a cancel, -2 for its deadline. */
  readonly endedBy?: number;
  /** Why the run failed, when no record of an entry says so. */
  readonly error?: StoredValue;
}

/** What a run was started with; immutable. */
export interface RunInput {
  /** The validated input. */
  readonly input: StoredValue;
  /** Initial state and request context ({@link SharedData}); absent when both are empty, so that no step reads them. */
  readonly shared?: StoredValue;
}

/** State and request context, decoded. Both are merged by key along the path of execution. */
export interface SharedData {
  readonly state: Readonly<Record<string, unknown>>;
  readonly requestContext: Readonly<Record<string, unknown>>;
  /** {@link RestartContext.at} of the newest restart that is in `requestContext`. Absent: none is. */
  readonly restartedAt?: number;
}

/** Keys of the request context that one restart brought. */
export interface RestartContext {
  /** When it was called, ms since 1970, or 1 more than the one before in the same run: orders them. */
  readonly at: number;
  readonly requestContext: Readonly<Record<string, unknown>>;
}

/** What one step changed: keys that were set, and keys of the request context that were removed. */
export interface SharedDelta {
  /** What restarts had brought before the step began, and what it found before it did not hold yet. The change comes after. */
  readonly restarts?: readonly RestartContext[];
  readonly state?: Readonly<Record<string, unknown>>;
  readonly requestContext?: Readonly<Record<string, unknown>>;
  readonly removed?: readonly string[];
}

/**
 * What a member of a block changed, by the turns that did so, ascending: a member that is suspended settles more than once, and
 * of two members that set a key, the one that settled later with it counts. A key is only where it was changed last.
 */
export type MemberDelta = readonly (SharedDelta & { readonly turn: string })[];

/** Statuses of a step's record. `due`: the next turn is decided but not yet claimed. */
export const stepStatuses = [
  'running',
  'due',
  'child',
  'waiting',
  'suspended',
  'paused',
  'success',
  'failed',
  'skipped',
  'canceled',
] as const;

/** See {@link stepStatuses}. */
export type StepStatus = (typeof stepStatuses)[number];

/** The record of an entry (a step, a mapping, or a block's own result) or of an arm. */
export interface StepRecord {
  readonly key: RecordKey;
  /** Id under which the result appears; for a block, its kind. */
  readonly stepId: string;
  /** Formatted turn of the latest execution. */
  readonly turn: string;
  readonly status: StepStatus;
  /** `<process incarnation>/<number of the handling>` of the claim; only ever recognises one's own write. */
  readonly owner?: string;
  /** End of the lease, ms since 1970. */
  readonly leaseUntil?: number;
  /** Claims of this turn so far. */
  readonly claims?: number;
  /** First claim of this iteration. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** The input, when it is not simply what {@link inputFrom} holds: validation filled in or changed something. */
  readonly input?: StoredValue;
  /** Entry whose output is the input; -1 for the input of the run. Of a later iteration of a loop: the entry itself. */
  readonly inputFrom?: number;
  readonly output?: StoredValue;
  readonly error?: StoredValue;
  /** The body ended the whole run with its output. */
  readonly bailed?: boolean;
  /** The body canceled the run; its own result stands. */
  readonly aborted?: boolean;
  /** Of a loop: its condition says that another iteration follows. Until that is claimed, `output` is its input. */
  readonly again?: boolean;
  /** The error forbids retries, of this step and of an enclosing one. */
  readonly nonRetryable?: boolean;
  /** The error is a tripwire, which ends the run with a status of its own. */
  readonly tripwire?: boolean;
  readonly suspendPayload?: StoredValue;
  /** What the body returned after it called `suspend`, when truthy. */
  readonly suspendOutput?: StoredValue;
  readonly suspendedAt?: number;
  readonly labels?: readonly string[];
  /** Keys under which it waits, or waited last: see `KeyHolder`. */
  readonly resumeKeys?: readonly string[];
  readonly resumeData?: StoredValue;
  /** Keys of the request context that came with the resumption, encoded; they win over those of the run. */
  readonly resumeContext?: StoredValue;
  readonly resumedAt?: number;
  /** Id of the request that resumed: whoever lost learns who won. */
  readonly resumeRequest?: string;
  /** When a `due` or `waiting` turn may run, ms since 1970. */
  readonly dueAt?: number;
  /** Of a member of a block: {@link MemberDelta}. */
  readonly delta?: StoredValue;
  /** {@link SharedData} after this entry, when it changed something. */
  readonly shared?: StoredValue;
  /** Entry whose record holds the shared data after this one; -1 for that of the run's start, absent for none at all. */
  readonly sharedFrom?: number;
  /** First join segment that can hold tokens of this member. */
  readonly fromSegment?: number;
  /** Run id of the nested run. */
  readonly childRunId?: string;
  /** Turn that the nested run was begun for ({@link ParentLink.turn}), when a time travel has kept the record since. */
  readonly childTurn?: string;
  /** Of an item or a resumed arm: others of its block had changed state or request context before it began. */
  readonly seesCell?: boolean;
  /** Root run in whose log every state of this record is kept. */
  readonly log?: string;
  /** Graph and kind of entry by which it was begun, see `graphStamp`. Absent: an earlier version of the package began it. */
  readonly graph?: string;
  /** A time travel put it at the first turn of its epoch, without executing it: streams do not tell of it again. */
  readonly kept?: boolean;
}

/** Root run in whose log the states of a run are kept; undefined for a run without history. */
export function logOf(header: Pick<RunHeader, 'runId' | 'root' | 'history'>): string | undefined {
  return header.history === undefined ? undefined : (header.root ?? header.runId);
}

/** Whether a record of `recordEpoch` at `entry` still counts in `epoch`: no later epoch started at or before it. */
export function isVisible(
  recordEpoch: number,
  entry: number,
  header: Pick<RunHeader, 'epoch' | 'from'>,
): boolean {
  return header.from.every(([epoch, from]) => epoch <= recordEpoch || epoch > header.epoch || entry < from);
}

/** Whether a key means an entry itself, and no member of a block. */
export function isEntryKey(key: RecordKey): boolean {
  return memberOf(key) === undefined;
}

/** `[i]` for an entry, `[i, j]` for an arm or item: the execution path that events and snapshots show. */
export function pathOf(key: RecordKey): readonly number[] {
  const member = memberOf(key);
  return member === undefined ? [key.entry] : [key.entry, member];
}

/** Text of a key, unique within a run and ordered like the graph; items come after all entries and arms. */
export function formatKey(key: RecordKey): string {
  const entry = String(key.entry).padStart(5, '0');
  if (key.item !== undefined) return `i${entry}#${String(key.item).padStart(5, '0')}`;
  return key.arm === undefined ? entry : `${entry}#${String(key.arm).padStart(2, '0')}`;
}

/** Whether two keys mean the same record. */
export function sameKey(a: RecordKey, b: RecordKey): boolean {
  return a.entry === b.entry && a.arm === b.arm && a.item === b.item;
}

/** Position of a status write: text order is the order of what happened. `k` orders the changes within one entry. */
export function formatPosition(entry: number, iteration: number, k: number): string {
  return `${String(entry).padStart(5, '0')}.${String(iteration).padStart(6, '0')}.${String(k).padStart(7, '0')}`;
}
