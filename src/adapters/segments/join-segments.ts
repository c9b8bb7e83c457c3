import { WorkflowError } from '../../core/errors.ts';
import { applyToken, foldJoin, type JoinState } from '../../core/join.ts';
import { limits } from '../../core/limits.ts';
import type { AppendResult, AppendWrite, JoinKey, JoinLog, JoinOpening } from '../../ports/run-store.ts';

/**
 * A block's log of settlements, cut into segments of a fixed number of tokens, for stores that bill or lock a whole item.
 * This is the one walk over the segments; a store brings only the conditional writes on a single segment.
 *
 *     segment 0 (full)     segment 1 (full)     segment 2
 *     t t t ... t          t t t ... t          t t .            carry of s+1 = fold(carry of s, tokens of s)
 *     ^ from: every appender of a token starts here, and passes a segment only when it is full and lacks the token
 *
 * Exactly once: a full segment never changes, and all appenders of a token start at the same segment. So if one of them put
 * it into s, any other one meets s, where it finds the token or has put it first.
 */

/** One segment of the log of a block. */
export interface SegmentKey extends JoinKey {
  /** From 0. */
  readonly segment: number;
}

/** A segment as stored. Each one holds the opening, so that the answer to an append needs no further read. */
export interface Segment {
  readonly opening: JoinOpening;
  /** Fold of all tokens before this segment. */
  readonly carry: JoinState;
  readonly tokens: readonly number[];
}

/** Outcome of {@link SegmentTable.append}. */
export type SegmentAppend =
  /** `image`: the segment right after the write. */
  | { readonly appended: true; readonly image: Segment }
  /** `image`: the segment that made the condition fail; absent when there is none. */
  | { readonly appended: false; readonly image?: Segment };

/** The writes and reads of one segment that a store provides. Each write is one conditional write. */
export interface SegmentTable {
  /** Condition: the segment exists, its opening has `turn`, it holds fewer than `size` tokens, and not this one. */
  append(
    at: SegmentKey,
    write: { readonly turn: string; readonly token: number; readonly size: number },
  ): Promise<SegmentAppend>;
  /** Puts an empty segment. Condition: there is none. Losing is normal and not reported. */
  open(at: SegmentKey, segment: { readonly opening: JoinOpening; readonly carry: JoinState }): Promise<void>;
  /** Notes on segment 0 that `newest` exists, unless a later one is noted. A hint: nothing is wrong when it is lost. */
  hint(at: JoinKey, newest: number): Promise<void>;
  /** Without `consistent` the segment may be older or absent; one that is read as full is final in any case. */
  read(at: SegmentKey, options: { readonly consistent: boolean }): Promise<Segment | undefined>;
}

/**
 * Appends a token exactly once. `size`: tokens of a segment, 1 to 100, the same for every process that works on the store
 * (default `limits.segmentTokens`). Rejects with WORKFLOW_RECORD_CORRUPT when the block was never opened, or at another turn.
 */
export async function appendToSegments(
  table: SegmentTable,
  write: AppendWrite,
  size: number = limits.segmentTokens,
): Promise<AppendResult> {
  let full: Segment | undefined;
  for (let segment = write.fromSegment; ; segment += 1) {
    const at = { runId: write.runId, entry: write.entry, epoch: write.epoch, segment };
    // From the second segment on, the token may belong far ahead: a read costs a fraction of a refused write.
    const seen = segment === write.fromSegment ? undefined : await table.read(at, { consistent: false });
    const known = seen !== undefined && isFinal(seen, write.token, size);
    const tried = known ? { appended: false, image: seen } : await put(table, at, write, size, full);
    const { image } = tried;
    if (image.opening.turn !== write.turn) throw otherTurn(write, image.opening.turn);
    if (image.tokens.includes(write.token)) return answer(write.token, image, segment * size, tried.appended);
    if (image.tokens.length < size) throw refused(write, segment);
    full = image;
  }
}

/**
 * The log that `segments`, read one after the other in this order, show. Reading several segments is no snapshot: one that
 * follows a segment which was not full **as read** is left out, because tokens between the two would be missing.
 * Undefined when there is no segment.
 */
export function foldSegments(
  segments: Iterable<Segment>,
  size: number = limits.segmentTokens,
): JoinLog | undefined {
  const tokens: number[] = [];
  let last: Segment | undefined;
  for (const segment of segments) {
    last = segment;
    tokens.push(...segment.tokens);
    if (segment.tokens.length < size) break;
  }
  if (last === undefined) return undefined;
  return { ...last.opening, tokens, state: foldJoin(last.opening, last.tokens, last.carry) };
}

/** Reads a whole log, segment by segment and consistently: at least what it held at the call. */
export async function readSegments(
  table: Pick<SegmentTable, 'read'>,
  at: JoinKey,
  size: number = limits.segmentTokens,
): Promise<JoinLog | undefined> {
  const segments: Segment[] = [];
  for (let segment = 0; ; segment += 1) {
    const read = await table.read({ ...at, segment }, { consistent: true });
    if (read !== undefined) segments.push(read);
    if (read === undefined || read.tokens.length < size) return foldSegments(segments, size);
  }
}

/** Whether what was read decides about the token for good, however old it is. */
function isFinal(segment: Segment, token: number, size: number): boolean {
  return segment.tokens.length >= size || segment.tokens.includes(token);
}

/** Appends to a segment, which is opened first where the one before it is full. */
async function put(
  table: SegmentTable,
  at: SegmentKey,
  write: AppendWrite,
  size: number,
  previous: Segment | undefined,
): Promise<{ readonly appended: boolean; readonly image: Segment }> {
  const token = { turn: write.turn, token: write.token, size };
  const first = await table.append(at, token);
  if (first.image !== undefined) return { appended: first.appended, image: first.image };
  if (at.segment === 0) throw neverOpened(write);
  const before = previous ?? (await table.read({ ...at, segment: at.segment - 1 }, { consistent: true }));
  // To go back instead would put the token twice: another appender may find the segment in existence by then.
  if (before === undefined || before.tokens.length < size) throw neverOpened(write);
  const { opening } = before;
  await table.open(at, { opening, carry: foldJoin(opening, before.tokens, before.carry) });
  await table.hint({ runId: at.runId, entry: at.entry, epoch: at.epoch }, at.segment);
  const second = await table.append(at, token);
  if (second.image === undefined) throw neverOpened(write);
  return { appended: second.appended, image: second.image };
}

/** Everything in the answer is a function of the log up to the token, so that whoever appends it gets the same. */
function answer(token: number, image: Segment, offset: number, won: boolean): AppendResult {
  const index = image.tokens.indexOf(token);
  const before = foldJoin(image.opening, image.tokens.slice(0, index), image.carry);
  const { state, consequence } = applyToken(image.opening, before, token);
  return { won, position: offset + index, consequence, after: state, opening: image.opening };
}

function neverOpened(write: AppendWrite): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `Segment ${write.fromSegment} of the join at entry ${write.entry} in epoch ${write.epoch} was never reached: ` +
      'open the join, and take fromSegment from the stored record',
    {
      details: { runId: write.runId, entry: write.entry, epoch: write.epoch, fromSegment: write.fromSegment },
    },
  );
}

function otherTurn(write: AppendWrite, turn: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `The join at entry ${write.entry} was opened at turn ${turn}, not ${write.turn}: append at the block's turn`,
    { details: { runId: write.runId, entry: write.entry, turn, given: write.turn } },
  );
}

function refused(write: AppendWrite, segment: number): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `Segment ${segment} of the join at entry ${write.entry} refused a token though it has room: ` +
      'give every process of a store the same segment size',
    { details: { runId: write.runId, entry: write.entry, segment } },
  );
}
