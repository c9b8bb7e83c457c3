import { turnOfNested } from './decide.ts';
import { limits } from './limits.ts';
import { type RecordKey, type RunHeader, type StepRecord, terminalStatuses } from './records.ts';
import { parseTurn } from './turn.ts';

/**
 * Who waits under a resume key. What is stored under the key only names the step that took it; whether that still waits is asked
 * of its own records, so that a text that nobody took away bars nobody.
 */

/** An execution of a step that waits under a key, or is about to. */
export interface KeyHolder {
  /** The run that executes the step. */
  readonly runId: string;
  readonly key: RecordKey;
  readonly stepId: string;
  readonly turn: string;
  /** Owner of its claim. No two claims share one, so no later execution is taken for this one, even of a new run of the same id. */
  readonly owner: string;
}

/** A request that named a key, and the suspension that it found under it. */
export interface KeyRequest extends KeyHolder {
  readonly request: string;
}

/** What is stored under a key. */
export interface KeyState {
  readonly holder?: KeyHolder;
  /** Oldest first. */
  readonly requests?: readonly KeyRequest[];
}

/** The text of a state; undefined when there is nothing to be kept. Equal states have equal texts. */
export function formatKeyState({ holder, requests = [] }: KeyState): string | undefined {
  if (holder === undefined && requests.length === 0) return undefined;
  return JSON.stringify({
    ...(holder === undefined ? {} : { holder: holderOf(holder) }),
    ...(requests.length === 0
      ? {}
      : { requests: requests.map((request) => ({ ...holderOf(request), request: request.request })) }),
  });
}

/** The state that a text holds. */
export function parseKeyState(text: string | undefined): KeyState {
  return text === undefined ? {} : (JSON.parse(text) as KeyState);
}

function holderOf({ runId, key, stepId, turn, owner }: KeyHolder): KeyHolder {
  const { entry, arm, item } = key;
  const place = { entry, ...(arm === undefined ? {} : { arm }), ...(item === undefined ? {} : { item }) };
  return { runId, key: place, stepId, turn, owner };
}

/** The state with one more request; of too many the oldest are forgotten. */
export function withRequest({ requests = [], ...state }: KeyState, request: KeyRequest): KeyState {
  return { ...state, requests: [...requests, request].slice(-limits.resumeKeyRequests) };
}

/** The state without the holder, when `isOver` says so of it, and without the requests of which it says so. */
export function withoutHolder(
  { holder, requests = [] }: KeyState,
  isOver: {
    readonly holder: (holder: KeyHolder) => boolean;
    readonly request: (request: KeyRequest) => boolean;
  },
): KeyState {
  return {
    ...(holder === undefined || isOver.holder(holder) ? {} : { holder }),
    requests: requests.filter((request) => !isOver.request(request)),
  };
}

/** Whether two holders are the same execution. */
export function isSameHolder(one: KeyHolder, other: KeyHolder): boolean {
  return one.runId === other.runId && one.turn === other.turn && one.owner === other.owner;
}

/**
 * What the holder of a key does by its run and its record: it waits, it is at work and may come to wait, or it is gone for good.
 * Nothing that is gone comes back: a later execution has another turn, and one of another worker another owner.
 */
export function holderStatus(
  holder: KeyHolder,
  resumeKey: string,
  header: RunHeader | undefined,
  record: StepRecord | undefined,
): 'waiting' | 'working' | 'gone' {
  if (header === undefined || terminalStatuses.has(header.status)) return 'gone';
  const isCurrent = record?.turn === holder.turn && parseTurn(holder.turn).epoch === header.epoch;
  if (!isCurrent || record.owner !== holder.owner) return 'gone';
  if (record.status === 'running') return 'working';
  return record.status === 'suspended' && record.resumeKeys?.includes(resumeKey) === true
    ? 'waiting'
    : 'gone';
}

/** Statuses of a record whose nested run may wait. One that is paused goes on by a time travel only, and holds what it has till then. */
const holding: ReadonlySet<StepRecord['status']> = new Set(['child', 'suspended', 'paused']);

/** Whether a run is still the one that its place in the run above waits for. */
export function isWaitedFor(
  child: RunHeader,
  above: RunHeader | undefined,
  record: StepRecord | undefined,
): boolean {
  if (above === undefined || terminalStatuses.has(above.status)) return false;
  if (record?.childRunId !== child.runId || !holding.has(record.status)) return false;
  return parseTurn(record.turn).epoch === above.epoch && turnOfNested(record) === child.parent?.turn;
}
