import type { RecordKey, RunHeader, RunInput, StepRecord } from '../../core/records.ts';
import type {
  AppendResult,
  AppendWrite,
  CancelWrite,
  ClaimWrite,
  CommitWrite,
  FinishWrite,
  JoinKey,
  JoinLog,
  JoinOpening,
  NewRun,
  OpenJoinWrite,
  RenewWrite,
  ResumeResult,
  ResumeWrite,
  SleepWrite,
  RunLoad,
  RunPage,
  RunQuery,
  RunStore,
  StatusWrite,
  StepLoad,
  StepRead,
  SweepWrite,
  TakeOverWrite,
  WakeWrite,
  TurnKey,
  Write,
} from '../../ports/index.ts';
import * as transitions from '../transitions/index.ts';
import type { Connection } from './connection.ts';
import { failure } from './failure.ts';
import type { Durability, GroupCommit } from './group-commit.ts';
import { Joins } from './joins.ts';
import { Records } from './records.ts';
import { Runs } from './runs.ts';

/** The store in one SQLite file. Reads see what this process has written, committed or not: nobody else can. */
export class SqliteRunStore implements RunStore {
  readonly #file: string;
  readonly #commit: GroupCommit;
  readonly #runs: Runs;
  readonly #records: Records;
  readonly #joins: Joins;

  constructor(connection: Connection, commit: GroupCommit) {
    this.#file = connection.file;
    this.#commit = commit;
    this.#runs = new Runs(connection);
    this.#records = new Records(connection);
    this.#joins = new Joins(connection);
  }

  loadHeader(runId: string): Promise<RunHeader | undefined> {
    return this.#read(() => this.#runs.header(runId));
  }

  loadStep({ runId, keys, input }: StepRead): Promise<StepLoad> {
    return this.#read(() => {
      const header = this.#runs.header(runId);
      const given = input ? this.#runs.input(runId) : undefined;
      return {
        ...(header === undefined ? {} : { header }),
        ...(given === undefined ? {} : { input: given }),
        records: keys.map((key) => this.#records.get(runId, key)),
      };
    });
  }

  loadRun(runId: string): Promise<RunLoad | undefined> {
    return this.#read(() => {
      const header = this.#runs.header(runId);
      if (header === undefined) return undefined;
      const input = this.#runs.input(runId);
      return { header, ...(input === undefined ? {} : { input }), records: this.#records.all(runId) };
    });
  }

  loadJoin(at: JoinKey): Promise<JoinLog | undefined> {
    return this.#read(() => this.#joins.log(at));
  }

  listRuns(query: RunQuery): Promise<RunPage> {
    return this.#read(() => this.#runs.list(query));
  }

  readRecordSync(runId: string, key: RecordKey): StepRecord | undefined {
    return this.#now(() => this.#records.get(runId, key));
  }

  readInputSync(runId: string): RunInput | undefined {
    return this.#now(() => this.#runs.input(runId));
  }

  createRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#putRun(run, (stored) => transitions.created(stored, run));
  }

  startRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#putRun(run, (stored) => transitions.started(stored, run));
  }

  setStatus(write: StatusWrite): Promise<Write<RunHeader>> {
    return this.#changeHeader(write.runId, 'accepted', (stored) => transitions.withStatus(stored, write));
  }

  dueRuns({ now, limit }: { readonly now: number; readonly limit: number }): Promise<readonly string[]> {
    return this.#read(() => this.#runs.due(now, limit));
  }

  setSweep(write: SweepWrite): Promise<Write<RunHeader>> {
    return this.#changeHeader(write.runId, 'accepted', (stored) => transitions.withSweep(stored, write));
  }

  finish(write: FinishWrite): Promise<Write<RunHeader>> {
    return this.#changeHeader(write.runId, 'accepted', (stored) => transitions.finished(stored, write));
  }

  cancel(write: CancelWrite): Promise<Write<RunHeader>> {
    return this.#changeHeader(write.runId, 'accepted', (stored) => transitions.canceled(stored, write));
  }

  claim(write: ClaimWrite): Promise<Write<StepRecord>> {
    return this.#changeRecord(write, 'stable', (stored) => transitions.claimed(stored, write));
  }

  takeOver(write: TakeOverWrite): Promise<Write<StepRecord>> {
    return this.#changeRecord(write, 'stable', (stored) => transitions.takenOver(stored, write));
  }

  renew(write: RenewWrite): Promise<Write<StepRecord>> {
    return this.#changeRecord(write, 'accepted', (stored) => transitions.renewed(stored, write));
  }

  commit(write: CommitWrite): Promise<Write<StepRecord>> {
    return this.#changeRecord(write, 'accepted', (stored) => transitions.committed(stored, write));
  }

  closeBlock({ runId, record }: { runId: string; record: StepRecord }): Promise<Write<StepRecord>> {
    return this.#changeRecord({ runId, key: record.key }, 'accepted', (stored) =>
      transitions.closed(stored, record),
    );
  }

  sleep(write: SleepWrite): Promise<Write<StepRecord>> {
    return this.#changeRecord(write, 'accepted', (stored) => transitions.slept(stored, write));
  }

  wake(write: WakeWrite): Promise<Write<StepRecord>> {
    return this.#changeRecord(write, 'accepted', (stored) => transitions.woken(stored, write));
  }

  resume(write: ResumeWrite): Promise<ResumeResult> {
    return this.#commit.write(() => this.#resume(write), { durability: 'accepted', atomic: true });
  }

  openJoin(write: OpenJoinWrite): Promise<Write<JoinOpening>> {
    return this.#commit.write(
      () => {
        const { won, opening } = this.#joins.open(write);
        return { won, image: opening };
      },
      { durability: 'accepted' },
    );
  }

  appendToken(write: AppendWrite): Promise<AppendResult> {
    return this.#commit.write(() => this.#joins.append(write), { durability: 'accepted', atomic: true });
  }

  durable(): Promise<void> {
    return this.#commit.durable();
  }

  #resume(write: ResumeWrite): ResumeResult {
    const stored = this.#records.get(write.runId, write.key);
    if (transitions.isResumedBy(stored, write)) return { won: true, image: stored };
    const next = transitions.resumed(stored, write);
    if (next === undefined) {
      return { won: false, lost: 'record', ...(stored === undefined ? {} : { image: stored }) };
    }
    const headers: RunHeader[] = [];
    for (const runId of write.runs) {
      const image = this.#runs.header(runId);
      const open = transitions.reopened(image, write);
      if (open === undefined) {
        return { won: false, lost: 'run', runId, ...(image === undefined ? {} : { image }) };
      }
      headers.push(open);
    }
    this.#records.update(write.runId, next);
    for (const header of headers) this.#runs.update(header);
    return { won: true, image: next };
  }

  #putRun(
    { header, input }: NewRun,
    decide: (stored: RunHeader | undefined) => RunHeader | undefined,
  ): Promise<Write<RunHeader>> {
    const work = (): Write<RunHeader> => {
      const stored = this.#runs.header(header.runId);
      const next = decide(stored);
      if (next === undefined) return lost(stored);
      if (stored === undefined) this.#runs.insert(next);
      else this.#runs.update(next);
      if (input !== undefined) this.#runs.insertInput(header.runId, input);
      return { won: true, image: next };
    };
    return this.#commit.write(work, { durability: 'accepted', atomic: true });
  }

  #changeHeader(
    runId: string,
    durability: Durability,
    decide: (stored: RunHeader | undefined) => RunHeader | undefined,
  ): Promise<Write<RunHeader>> {
    const work = (): Write<RunHeader> => {
      const stored = this.#runs.header(runId);
      const next = decide(stored);
      if (next === undefined) return lost(stored);
      this.#runs.update(next);
      return { won: true, image: next };
    };
    return this.#commit.write(work, { durability });
  }

  #changeRecord(
    { runId, key }: Omit<TurnKey, 'turn'>,
    durability: Durability,
    decide: (stored: StepRecord | undefined) => StepRecord | undefined,
  ): Promise<Write<StepRecord>> {
    const work = (): Write<StepRecord> => {
      const stored = this.#records.get(runId, key);
      const next = decide(stored);
      if (next === undefined) return lost(stored);
      if (stored === undefined) this.#records.insert(runId, next);
      else this.#records.update(runId, next);
      return { won: true, image: next };
    };
    return this.#commit.write(work, { durability });
  }

  #now<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw failure(this.#file, cause);
    }
  }

  /** A read takes microseconds and needs no lock, so it is done before the promise is even returned. */
  async #read<T>(read: () => T): Promise<T> {
    return this.#now(read);
  }
}

function lost<T>(image: T | undefined): Write<T> {
  return { won: false, ...(image === undefined ? {} : { image }) };
}
