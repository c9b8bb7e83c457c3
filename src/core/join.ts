import { WorkflowError } from './errors.ts';
import { limits } from './limits.ts';

/**
 * The join of a block (parallel, branch, foreach): an ordered log of settlements, folded by one pure function. What the
 * settlement at position k must publish is a function of the log up to k, so any worker derives the same at any time.
 */

/** What happened to a member (arm or item), in the order of the stored code. */
export const settlementKinds = ['success', 'failed', 'suspended', 'resumed', 'bailed', 'canceled'] as const;
/** See {@link settlementKinds}. */
export type SettlementKind = (typeof settlementKinds)[number];

/** One settlement of one member. */
export interface Settlement {
  /** Resumptions of the member before it settled: makes each settlement of a member a different token. */
  readonly generation: number;
  readonly kind: SettlementKind;
  /** The member's record carries a state or context delta. */
  readonly hasDelta: boolean;
  /** Arm or item number. */
  readonly member: number;
}

/** `(generation * 16 + kind * 2 + delta) * 16384 + member`: all of it fixed by the record, so a duplicate makes the same token. */
export function encodeToken(settlement: Settlement): number {
  const kind = settlementKinds.indexOf(settlement.kind);
  const head = settlement.generation * 16 + kind * 2 + (settlement.hasDelta ? 1 : 0);
  return head * limits.joinMembers + settlement.member;
}

/** The inverse of {@link encodeToken}. Throws WORKFLOW_RECORD_CORRUPT for a number that is no token. */
export function decodeToken(token: number): Settlement {
  const member = token % limits.joinMembers;
  const head = Math.floor(token / limits.joinMembers);
  const kind = settlementKinds[Math.floor((head % 16) / 2)];
  if (kind === undefined) {
    throw new WorkflowError(
      'WORKFLOW_RECORD_CORRUPT',
      `${token} in the log of a block is no settlement: a newer version wrote it, run that version`,
    );
  }
  return { generation: Math.floor(head / 16), kind, hasDelta: head % 2 === 1, member };
}

/** What a block was opened with; never changes afterwards. */
export interface JoinShape {
  /** Members in all. */
  readonly total: number;
  /** Members that may be in flight at once; `total` for parallel and branch. */
  readonly concurrency: number;
}

/** The whole of it, as a store keeps it. */
export interface JoinOpening extends JoinShape {
  /** The block's turn. */
  readonly turn: string;
  /** Of a conditional, and where not all arms take part: those that do, ascending. Members of the join are these. */
  readonly taken?: readonly number[];
  /** Of a parallel or branch of a run that pauses after each entry: its arms begin one by one, and the run pauses before each later one. */
  readonly perStep?: boolean;
  /** When the block was opened, ms since 1970. */
  readonly openedAt: number;
  /** Of a foreach whose array is kept in pages: elements of each. */
  readonly pageSize?: number;
  /** Of a foreach: `StepRecord.sharedFrom` of the entry before. */
  readonly sharedFrom?: number;
  /** Of a foreach that a time travel goes on with: items that succeeded in an earlier epoch keep their results. */
  readonly keepsItems?: boolean;
  /** See `StepRecord.log`. */
  readonly log?: string;
  /** See `StepRecord.graph`; it says as well which members it was opened for. */
  readonly graph?: string;
}

/** A block of a run in an epoch. */
export interface JoinKey {
  readonly runId: string;
  readonly entry: number;
  readonly epoch: number;
}

/** The fold of a log. Small and JSON-safe, because a segment stores it as the state before its first token. */
export interface JoinState {
  /** Number of the next member to launch. */
  readonly next: number;
  readonly inFlight: number;
  readonly suspended: number;
  /** Lowest member that failed. */
  readonly failed?: number;
  /** The member that bailed first. */
  readonly bailed?: number;
  readonly canceled?: boolean;
  readonly closed?: 'success' | 'failed' | 'bailed' | 'canceled';
  /** A token so far carried a delta. */
  readonly hasDelta: boolean;
}

/** What one settlement sets off. */
export interface JoinConsequence {
  /** First member to launch, and how many: a settlement can reopen a window that was held shut by a suspension. */
  readonly launch: { readonly from: number; readonly count: number };
  /** The block as a whole changed: nothing is in flight any more, or something is again. */
  readonly block?: 'suspended' | 'resumed';
  readonly closed?: 'success' | 'failed' | 'bailed' | 'canceled';
}

/** Members that have settled, for good or for now. */
export function settledCount(state: JoinState): number {
  return state.next - state.inFlight;
}

/** State of a block that was just opened: the first window is in flight. */
export function openJoin(shape: JoinShape): JoinState {
  const window = Math.min(shape.concurrency, shape.total);
  return { next: window, inFlight: window, suspended: 0, hasDelta: false };
}

const nothing: JoinConsequence = { launch: { from: 0, count: 0 } };

function count(state: JoinState, settlement: Settlement): JoinState {
  const base = { ...state, hasDelta: state.hasDelta || settlement.hasDelta };
  switch (settlement.kind) {
    case 'success':
      return { ...base, inFlight: state.inFlight - 1 };
    case 'failed':
      return {
        ...base,
        inFlight: state.inFlight - 1,
        failed: Math.min(settlement.member, state.failed ?? settlement.member),
      };
    case 'bailed':
      return { ...base, inFlight: state.inFlight - 1, bailed: state.bailed ?? settlement.member };
    case 'canceled':
      return { ...base, inFlight: state.inFlight - 1, canceled: true };
    case 'suspended':
      return { ...base, inFlight: state.inFlight - 1, suspended: state.suspended + 1 };
    case 'resumed':
      return { ...base, inFlight: state.inFlight + 1, suspended: state.suspended - 1 };
  }
}

function verdict(state: JoinState): NonNullable<JoinState['closed']> | 'suspended' {
  if (state.failed !== undefined) return 'failed';
  if (state.bailed !== undefined) return 'bailed';
  if (state.suspended > 0) return 'suspended';
  return state.canceled ? 'canceled' : 'success';
}

/** Applies one settlement. A closed join ignores what comes later. */
export function applyToken(
  shape: JoinShape,
  before: JoinState,
  token: number,
): { state: JoinState; consequence: JoinConsequence } {
  if (before.closed !== undefined) return { state: before, consequence: nothing };
  const wasQuiet = before.inFlight === 0 && before.suspended > 0;
  let state = count(before, decodeToken(token));
  const stopped = state.failed !== undefined || state.bailed !== undefined || state.canceled === true;
  const open = stopped || state.suspended > 0 ? 0 : shape.concurrency - state.inFlight;
  const launch = { from: state.next, count: Math.max(0, Math.min(open, shape.total - state.next)) };
  state = { ...state, next: state.next + launch.count, inFlight: state.inFlight + launch.count };
  if (state.inFlight > 0) {
    return { state, consequence: wasQuiet ? { launch, block: 'resumed' } : { launch } };
  }
  const end = verdict(state);
  if (end === 'suspended') return { state, consequence: { launch, block: 'suspended' } };
  return { state: { ...state, closed: end }, consequence: { launch, closed: end } };
}

/** Folds a whole log, from `carry` (the state before its first token; a fresh block's when absent). */
export function foldJoin(
  shape: JoinShape,
  tokens: readonly number[],
  carry: JoinState = openJoin(shape),
): JoinState {
  return tokens.reduce((state, token) => applyToken(shape, state, token).state, carry);
}

/** The member whose settlement closed the block; undefined while it is open, and for a block without members. */
export function closingMember(shape: JoinShape, tokens: readonly number[]): number | undefined {
  let state = openJoin(shape);
  for (const token of tokens) {
    ({ state } = applyToken(shape, state, token));
    if (state.closed !== undefined) return decodeToken(token).member;
  }
  return undefined;
}

/**
 * The settlements that launched `members`, each with its position in the log. Those of the first window were launched by whoever
 * opened the block.
 */
export function launchingSettlements(
  opening: JoinOpening,
  tokens: readonly number[],
  members: readonly number[],
): (Settlement & { readonly position: number })[] {
  const wanted = new Set(members);
  const numberOf = (place: number): number => opening.taken?.[place] ?? place;
  let state = openJoin(opening);
  return tokens.flatMap((token, position) => {
    const applied = applyToken(opening, state, token);
    ({ state } = applied);
    const { from, count: launched } = applied.consequence.launch;
    const isWanted = Array.from({ length: launched }, (_, place) => numberOf(from + place)).some((member) =>
      wanted.has(member),
    );
    return isWanted ? [{ ...decodeToken(token), position }] : [];
  });
}

/** The lowest member that is suspended after these settlements. */
export function firstSuspended(tokens: readonly number[]): number | undefined {
  const last = new Map(tokens.map(decodeToken).map(({ member, kind }) => [member, kind]));
  const suspended = [...last].flatMap(([member, kind]) => (kind === 'suspended' ? [member] : []));
  return suspended.toSorted((a, b) => a - b)[0];
}

/** Members that were launched and may still settle: what is in flight, and what stands suspended. */
export function membersOpen(opening: JoinOpening, tokens: readonly number[]): number[] {
  const members = opening.taken ?? Array.from({ length: opening.total }, (_, member) => member);
  const last = new Map<number, SettlementKind>();
  for (const token of tokens) {
    const { kind, member } = decodeToken(token);
    last.set(member, kind);
  }
  return members.slice(0, foldJoin(opening, tokens).next).filter((member) => {
    const kind = last.get(member);
    return kind === undefined || kind === 'resumed' || kind === 'suspended';
  });
}

/**
 * Members that were launched and have neither settled for good nor stand suspended, by the whole log. `members` lists the
 * numbers that take part, in launch order (a conditional takes some arms only); by default 0 to `total` - 1.
 */
export function membersInFlight(
  shape: JoinShape,
  tokens: readonly number[],
  members: readonly number[] = Array.from({ length: shape.total }, (_, member) => member),
): number[] {
  const { next } = foldJoin(shape, tokens);
  const quiet = new Set<number>();
  for (const token of tokens) {
    const { kind, member } = decodeToken(token);
    if (kind === 'resumed') quiet.delete(member);
    else quiet.add(member);
  }
  return members.slice(0, next).filter((member) => !quiet.has(member));
}
