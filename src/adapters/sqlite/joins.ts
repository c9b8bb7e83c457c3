import { WorkflowError } from '../../core/errors.ts';
import { applyToken, foldJoin, type JoinState, openJoin } from '../../core/join.ts';
import type {
  AppendResult,
  AppendWrite,
  JoinKey,
  JoinLog,
  JoinOpening,
  OpenJoinWrite,
} from '../../ports/index.ts';
import type { Connection } from './connection.ts';
import { toText } from './text.ts';

interface StoredJoin {
  readonly opening: JoinOpening;
  readonly tokens: number;
  readonly carry: JoinState;
}

/** Rows of `join_state` and `join_log`. Needs no segments: one counter orders a whole log within one file. */
export class Joins {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  log(at: JoinKey): JoinLog | undefined {
    const join = this.#load(at);
    if (join === undefined) return undefined;
    return { ...join.opening, tokens: this.#tokens(at, join.tokens), state: join.carry };
  }

  /** What a block was opened with. */
  opening(at: JoinKey): JoinOpening | undefined {
    return this.#load(at)?.opening;
  }

  /** The opening that stands, and whether it is this one. */
  open({ runId, entry, epoch, ...opening }: OpenJoinWrite): { won: boolean; opening: JoinOpening } {
    const stored = this.#load({ runId, entry, epoch });
    if (stored !== undefined) return { won: false, opening: stored.opening };
    this.#connection.run(
      'INSERT INTO join_state (run, entry, epoch, opening, tokens, carry) VALUES (?, ?, ?, ?, 0, ?)',
      toText(runId),
      entry,
      epoch,
      JSON.stringify(opening),
      JSON.stringify(openJoin(opening)),
    );
    return { won: true, opening };
  }

  append(write: AppendWrite): AppendResult {
    const join = this.#load(write);
    if (join === undefined || join.opening.turn !== write.turn) throw notOpen(write, join);
    const { opening } = join;
    const inserted = this.#connection.run(
      'INSERT INTO join_log (run, entry, epoch, pos, tok) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ...place(write),
      join.tokens,
      write.token,
    );
    if (inserted === 0) return this.#repeated(write, opening);
    const { state, consequence } = applyToken(opening, join.carry, write.token);
    this.#connection.run(
      'UPDATE join_state SET tokens = tokens + 1, carry = ? WHERE run = ? AND entry = ? AND epoch = ?',
      JSON.stringify(state),
      ...place(write),
    );
    return { won: true, position: join.tokens, consequence, after: state, opening };
  }

  /** What the token set off when it came first: a function of the log up to it. */
  #repeated(write: AppendWrite, opening: JoinOpening): AppendResult {
    const found = this.#connection.row<{ pos: number }>(
      'SELECT pos FROM join_log WHERE run = ? AND entry = ? AND epoch = ? AND tok = ?',
      ...place(write),
      write.token,
    );
    if (found === undefined) throw notOpen(write, undefined);
    const before = foldJoin(opening, this.#tokens(write, found.pos));
    const { state, consequence } = applyToken(opening, before, write.token);
    return { won: false, position: found.pos, consequence, after: state, opening };
  }

  #load(at: JoinKey): StoredJoin | undefined {
    const row = this.#connection.row<{ opening: string; tokens: number; carry: string }>(
      'SELECT opening, tokens, carry FROM join_state WHERE run = ? AND entry = ? AND epoch = ?',
      ...place(at),
    );
    if (row === undefined) return undefined;
    return {
      opening: JSON.parse(row.opening) as JoinOpening,
      tokens: row.tokens,
      carry: JSON.parse(row.carry) as JoinState,
    };
  }

  #tokens(at: JoinKey, below: number): number[] {
    return this.#connection
      .rows<{ tok: number }>(
        'SELECT tok FROM join_log WHERE run = ? AND entry = ? AND epoch = ? AND pos < ? ORDER BY pos',
        ...place(at),
        below,
      )
      .map(({ tok }) => tok);
  }
}

function place({ runId, entry, epoch }: JoinKey): [string, number, number] {
  return [toText(runId), entry, epoch];
}

/** A token is appended only by whoever saw its block open, so this is a file that lost rows, or a forged event. */
function notOpen(write: AppendWrite, join: StoredJoin | undefined): WorkflowError {
  const found = join === undefined ? 'is not open' : `was opened in turn ${join.opening.turn}`;
  return new WorkflowError(
    'WORKFLOW_RECORD_CORRUPT',
    `the block at entry ${write.entry} of run ${write.runId} ${found}, and a settlement of turn ${write.turn} came: restore the file`,
    { details: { runId: write.runId, entry: write.entry, epoch: write.epoch } },
  );
}
