import {
  formatKey,
  type RecordKey,
  type RunHeader,
  type RunInput,
  type StepRecord,
} from '../../core/records.ts';
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
} from '../../ports/run-store.ts';
import { appendToSegments, readSegments } from '../segments/index.ts';
import * as transitions from '../transitions/index.ts';
import { frozenCopy } from './frozen.ts';
import { listHeaders } from './list.ts';
import { MemorySegments } from './segments.ts';

/** What is stored of one run. */
interface RunData {
  header?: RunHeader;
  input?: RunInput;
  /** By formatted key. */
  readonly records: Map<string, StepRecord>;
}

/**
 * All runs in maps. A method first lets other work go on and then reads, decides and writes at once, so that concurrent
 * calls interleave and each write is as atomic as on a database.
 */
export class MemoryStore implements RunStore {
  readonly #runs = new Map<string, RunData>();
  readonly #segments: MemorySegments;
  readonly #segmentSize: number;
  readonly #pause: () => Promise<void>;

  /** `pause`: the point of each call at which other work goes on. */
  constructor(options: { readonly segmentSize: number; readonly pause: () => Promise<void> }) {
    this.#segmentSize = options.segmentSize;
    this.#pause = options.pause;
    this.#segments = new MemorySegments(options.pause);
  }

  async loadHeader(runId: string): Promise<RunHeader | undefined> {
    await this.#pause();
    return this.#runs.get(runId)?.header;
  }

  async loadStep(request: StepRead): Promise<StepLoad> {
    await this.#pause();
    const run = this.#runs.get(request.runId);
    return {
      ...(run?.header === undefined ? {} : { header: run.header }),
      ...(run?.input === undefined || !request.input ? {} : { input: run.input }),
      records: request.keys.map((key) => run?.records.get(formatKey(key))),
    };
  }

  async loadRun(runId: string): Promise<RunLoad | undefined> {
    await this.#pause();
    const run = this.#runs.get(runId);
    if (run?.header === undefined) return undefined;
    const keys = [...run.records.keys()].toSorted();
    return {
      header: run.header,
      ...(run.input === undefined ? {} : { input: run.input }),
      records: keys.flatMap((key) => run.records.get(key) ?? []),
    };
  }

  loadJoin(at: JoinKey): Promise<JoinLog | undefined> {
    return readSegments(this.#segments, at, this.#segmentSize);
  }

  async listRuns(query: RunQuery): Promise<RunPage> {
    await this.#pause();
    return listHeaders(
      [...this.#runs.values()].flatMap((run) => run.header ?? []),
      query,
    );
  }

  readRecordSync(runId: string, key: RecordKey): StepRecord | undefined {
    return this.#runs.get(runId)?.records.get(formatKey(key));
  }

  readInputSync(runId: string): RunInput | undefined {
    return this.#runs.get(runId)?.input;
  }

  createRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#writeHeader(run.header.runId, (stored) => transitions.created(stored, run), run.input);
  }

  startRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#writeHeader(run.header.runId, (stored) => transitions.started(stored, run), run.input);
  }

  setStatus(write: StatusWrite): Promise<Write<RunHeader>> {
    return this.#writeHeader(write.runId, (stored) => transitions.withStatus(stored, write));
  }

  finish(write: FinishWrite): Promise<Write<RunHeader>> {
    return this.#writeHeader(write.runId, (stored) => transitions.finished(stored, write));
  }

  cancel(write: CancelWrite): Promise<Write<RunHeader>> {
    return this.#writeHeader(write.runId, (stored) => transitions.canceled(stored, write));
  }

  async dueRuns({
    now,
    limit,
  }: {
    readonly now: number;
    readonly limit: number;
  }): Promise<readonly string[]> {
    await this.#pause();
    return [...this.#runs.values()]
      .flatMap(({ header }) =>
        header?.sweepAt === undefined ? [] : { runId: header.runId, at: header.sweepAt },
      )
      .filter(({ at }) => at <= now)
      .toSorted((a, b) => a.at - b.at)
      .slice(0, limit)
      .map(({ runId }) => runId);
  }

  setSweep(write: SweepWrite): Promise<Write<RunHeader>> {
    return this.#writeHeader(write.runId, (stored) => transitions.withSweep(stored, write));
  }

  claim(write: ClaimWrite): Promise<Write<StepRecord>> {
    return this.#writeRecord(write, (stored) => transitions.claimed(stored, write));
  }

  takeOver(write: TakeOverWrite): Promise<Write<StepRecord>> {
    return this.#writeRecord(write, (stored) => transitions.takenOver(stored, write));
  }

  renew(write: RenewWrite): Promise<Write<StepRecord>> {
    return this.#writeRecord(write, (stored) => transitions.renewed(stored, write));
  }

  commit(write: CommitWrite): Promise<Write<StepRecord>> {
    return this.#writeRecord(write, (stored) => transitions.committed(stored, write));
  }

  sleep(write: SleepWrite): Promise<Write<StepRecord>> {
    return this.#writeRecord(write, (stored) => transitions.slept(stored, write));
  }

  wake(write: WakeWrite): Promise<Write<StepRecord>> {
    return this.#writeRecord(write, (stored) => transitions.woken(stored, write));
  }

  async resume(write: ResumeWrite): Promise<ResumeResult> {
    await this.#pause();
    const records = this.#run(write.runId).records;
    const key = formatKey(write.key);
    const stored = records.get(key);
    if (transitions.isResumedBy(stored, write)) return { won: true, image: stored };
    const next = transitions.resumed(stored, write);
    if (next === undefined) return { won: false, lost: 'record', ...imageOf<StepRecord>(stored) };

    const headers = write.runs.map((runId) => ({ runId, stored: this.#runs.get(runId)?.header }));
    const lost = headers.find((run) => transitions.reopened(run.stored, write) === undefined);
    if (lost !== undefined)
      return { won: false, lost: 'run', runId: lost.runId, ...imageOf<RunHeader>(lost.stored) };
    for (const run of headers) {
      const header = transitions.reopened(run.stored, write);
      if (header !== undefined) this.#run(run.runId).header = frozenCopy(header);
    }
    const image = frozenCopy(next);
    records.set(key, image);
    return { won: true, image };
  }

  async openJoin(write: OpenJoinWrite): Promise<Write<JoinOpening>> {
    const { runId, entry, epoch, ...opening } = write;
    await this.#pause();
    const stored = this.#segments.begin({ runId, entry, epoch }, opening);
    return stored === undefined
      ? { won: true, image: frozenCopy(opening) }
      : { won: false, image: stored.opening };
  }

  appendToken(write: AppendWrite): Promise<AppendResult> {
    return appendToSegments(this.#segments, write, this.#segmentSize);
  }

  closeBlock(write: { readonly runId: string; readonly record: StepRecord }): Promise<Write<StepRecord>> {
    const { runId, record } = write;
    return this.#writeRecord({ runId, key: record.key }, (stored) => transitions.closed(stored, record));
  }

  async durable(): Promise<void> {}

  #run(runId: string): RunData {
    const run = this.#runs.get(runId) ?? { records: new Map() };
    this.#runs.set(runId, run);
    return run;
  }

  async #writeHeader(
    runId: string,
    next: (stored: RunHeader | undefined) => RunHeader | undefined,
    input?: RunInput,
  ): Promise<Write<RunHeader>> {
    await this.#pause();
    const stored = this.#runs.get(runId)?.header;
    const header = next(stored);
    if (header === undefined) return { won: false, ...imageOf(stored) };
    const image = frozenCopy(header);
    const run = this.#run(runId);
    run.header = image;
    if (input !== undefined) run.input = frozenCopy(input);
    return { won: true, image };
  }

  async #writeRecord(
    at: Pick<TurnKey, 'runId' | 'key'>,
    next: (stored: StepRecord | undefined) => StepRecord | undefined,
  ): Promise<Write<StepRecord>> {
    await this.#pause();
    const key = formatKey(at.key);
    const stored = this.#runs.get(at.runId)?.records.get(key);
    const record = next(stored);
    if (record === undefined) return { won: false, ...imageOf(stored) };
    const image = frozenCopy(record);
    this.#run(at.runId).records.set(key, image);
    return { won: true, image };
  }
}

function imageOf<T extends RunHeader | StepRecord>(stored: T | undefined): { readonly image?: T } {
  return stored === undefined ? {} : { image: stored };
}
