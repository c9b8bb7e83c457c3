import type { RunHeader, RunInput, StepRecord, StoredValue } from '../../core/records.ts';
import type {
  AppendResult,
  AppendWrite,
  JoinOpening,
  OpenJoinWrite,
  PlaceWrite,
  ResumeResult,
  ResumeWrite,
  TurnKey,
  Write,
} from '../../ports/index.ts';
import { headerState, openedJoin, recordState, settledMember } from '../log-entries.ts';
import * as transitions from '../transitions/index.ts';
import { BlockData } from './block-data.ts';
import type { Connection } from './connection.ts';
import type { Hands } from './hands.ts';
import { Joins } from './joins.ts';
import { Logs } from './logs.ts';
import { Names } from './names.ts';
import { Records } from './records.ts';
import { Runs } from './runs.ts';
import { toText } from './text.ts';

/** What has rows under the id of a run. */
const byId = ['run_input', 'join_state', 'join_log', 'page', 'cell', 'travel', 'kept', 'request'];

/** Whether the log of a run shows this write as a state of what it wrote. */
export type Visibility = 'logged' | 'unlogged';

/** What a write puts beside the header. */
export interface HeaderParts {
  readonly input?: RunInput | undefined;
  /** See `RunStore.loadTravel`. */
  readonly parameters?: StoredValue | undefined;
}

/** The writes on several tables of one file. Every method runs within the caller's transaction. */
export class Tables {
  readonly runs: Runs;
  readonly records: Records;
  readonly joins: Joins;
  readonly blockData: BlockData;
  readonly logs: Logs;
  readonly #connection: Connection;
  readonly #names: Names;

  constructor(connection: Connection, hands: Hands) {
    this.#connection = connection;
    this.#names = new Names(connection);
    this.runs = new Runs(connection);
    this.records = new Records(connection, this.#names, hands);
    this.joins = new Joins(connection);
    this.blockData = new BlockData(connection);
    this.logs = new Logs(connection, this.#names);
  }

  writeHeader(
    runId: string,
    decide: (stored: RunHeader | undefined) => RunHeader | undefined,
    visibility: Visibility,
    { input, parameters }: HeaderParts = {},
  ): Write<RunHeader> {
    const stored = this.runs.header(runId);
    const next = decide(stored);
    if (next === undefined) return lost(stored);
    if (stored === undefined) this.runs.insert(next);
    else this.runs.update(next, stored);
    if (input !== undefined) this.runs.insertInput(runId, input);
    if (parameters !== undefined) this.runs.insertTravel(runId, next.epoch, parameters);
    if (visibility === 'logged') this.logs.append(headerState(next, input));
    return { won: true, image: next };
  }

  /** `input`: see `recordState`. */
  writeRecord(
    { runId, key }: Omit<TurnKey, 'turn'>,
    decide: (stored: StepRecord | undefined) => StepRecord | undefined,
    visibility: Visibility,
    input?: StoredValue,
  ): Write<StepRecord> {
    const stored = this.records.get(runId, key);
    const next = decide(stored);
    if (next === undefined) return lost(stored);
    if (stored === undefined) this.records.insert(runId, next);
    else this.records.update(runId, next, stored);
    if (visibility === 'logged') this.logs.append(recordState(runId, next, input));
    return { won: true, image: next };
  }

  closeBlock({ runId, record, epoch }: PlaceWrite): Write<StepRecord> {
    const isLate = epoch !== undefined && this.runs.header(runId)?.epoch !== epoch;
    const decide = (stored: StepRecord | undefined): StepRecord | undefined =>
      isLate ? undefined : transitions.closed(stored, record);
    return this.writeRecord({ runId, key: record.key }, decide, 'logged');
  }

  resume(write: ResumeWrite): ResumeResult {
    const stored = this.records.get(write.runId, write.key);
    if (transitions.isResumedBy(stored, write)) return { won: true, image: stored };
    const next = transitions.resumed(stored, write);
    if (next === undefined) {
      return { won: false, lost: 'record', ...(stored === undefined ? {} : { image: stored }) };
    }
    const headers: { before: RunHeader; open: RunHeader }[] = [];
    for (const { runId, epoch } of write.runs) {
      const before = this.runs.header(runId);
      const open = transitions.reopened(before, write, epoch);
      if (before === undefined || open === undefined) {
        return { won: false, lost: 'run', runId, ...(before === undefined ? {} : { image: before }) };
      }
      headers.push({ before, open });
    }
    for (const { before, open } of headers) {
      this.runs.update(open, before);
      this.logs.append(headerState(open));
    }
    if (stored !== undefined) this.records.update(write.runId, next, stored);
    this.logs.append(recordState(write.runId, next));
    return { won: true, image: next };
  }

  openJoin(write: OpenJoinWrite): Write<JoinOpening> {
    const { won, opening } = this.joins.open(write);
    if (won) this.logs.append(openedJoin(write));
    return { won, image: opening };
  }

  appendToken(write: AppendWrite): AppendResult {
    const result = this.joins.append(write);
    // A repetition met the token, and so its entry, too.
    if (result.won) this.logs.append(settledMember(write, result));
    return result;
  }

  /** Returns whether there was a run. */
  removeRun(runId: string): boolean {
    const id = toText(runId);
    const number = this.#names.find(runId);
    this.#connection.known.clear();
    for (const table of byId) this.#connection.run(`DELETE FROM ${table} WHERE run = ?`, id);
    if (number !== undefined) {
      for (const table of ['rec', 'log']) {
        this.#connection.run(`DELETE FROM ${table} WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32`, number);
      }
      this.#connection.run('DELETE FROM payload WHERE run = ?', number);
      this.#connection.run('DELETE FROM name WHERE num = ?', number);
    }
    return this.#connection.run('DELETE FROM run WHERE id = ?', id) > 0;
  }
}

function lost<T>(image: T | undefined): Write<T> {
  return { won: false, ...(image === undefined ? {} : { image }) };
}
