import type { RecordKey, RunHeader, RunInput, StepRecord, StoredValue } from '../../core/records.ts';
import type {
  AppendResult,
  AppendWrite,
  CallbackEndWrite,
  CallbackWrite,
  CancelWrite,
  CellWrite,
  ChildStartWrite,
  ChildWrite,
  ChunksWrite,
  ClaimWrite,
  CommitWrite,
  FinishWrite,
  ItemsRead,
  JoinKey,
  JoinLog,
  JoinOpening,
  LogPage,
  LogRead,
  NamedResult,
  NamedWrite,
  NestWrite,
  NewRun,
  OpenJoinWrite,
  PageKey,
  PagesWrite,
  ParkWrite,
  PlaceWrite,
  RenewWrite,
  RequestDecision,
  RestartWrite,
  ResumeResult,
  ResumeWrite,
  SleepWrite,
  SnapshotWrite,
  StoredDelta,
  TravelWrite,
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
  UnparkWrite,
  Write,
} from '../../ports/run-store.ts';
import { headerState, openedJoin, recordState, settledMember } from '../log-entries.ts';
import { appendToSegments, readSegments } from '../segments/index.ts';
import * as transitions from '../transitions/index.ts';
import { frozenCopy } from './frozen.ts';
import { listHeaders } from './list.ts';
import type { Pause } from './pause.ts';
import { RunData } from './run-data.ts';
import { MemorySegments } from './segments.ts';
import { imageOf, type MemoryData, MemoryWrites } from './writes.ts';

/**
 * All runs in maps. A method first lets other work go on and then reads, decides and writes at once, so that concurrent
 * calls interleave and each write is as atomic as on a database.
 */
export class MemoryStore implements RunStore {
  readonly #segments: MemorySegments;
  readonly #segmentSize: number;
  readonly #writes: MemoryWrites;
  readonly #pause: Pause;
  readonly #onRemove: (runId: string) => void;

  /** `data`: what other stores may share. `onRemove`: called with the id of each removed run. */
  constructor(options: {
    readonly data: MemoryData;
    readonly segmentSize: number;
    readonly pause: Pause;
    readonly onRemove: (runId: string) => void;
  }) {
    this.#segmentSize = options.segmentSize;
    this.#pause = options.pause;
    this.#onRemove = options.onRemove;
    this.#segments = new MemorySegments(options.data.joins, options.pause);
    this.#writes = new MemoryWrites(options.data, options.pause);
  }

  async loadHeader(runId: string): Promise<RunHeader | undefined> {
    await this.#pause();
    return this.#writes.runs.get(runId)?.header;
  }

  async loadStep(request: StepRead): Promise<StepLoad> {
    const { runId, join: block } = request;
    await this.#pause();
    const run = this.#writes.runs.get(runId);
    const opening = block === undefined ? undefined : this.#segments.opening({ runId, ...block });
    return {
      ...(run?.header === undefined ? {} : { header: run.header }),
      ...(run?.input === undefined || !request.input ? {} : { input: run.input }),
      ...(opening === undefined ? {} : { join: opening }),
      records: request.keys.map((key) => run?.record(key)),
    };
  }

  async loadRun(runId: string): Promise<RunLoad | undefined> {
    await this.#pause();
    const run = this.#writes.runs.get(runId);
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

  async loadItems({ runId, entry, items }: ItemsRead): Promise<readonly StepRecord[]> {
    await this.#pause();
    return this.#writes.runs.get(runId)?.items(entry, items) ?? [];
  }

  async loadPage(at: PageKey): Promise<StoredValue | undefined> {
    await this.#pause();
    return this.#writes.runs.get(at.runId)?.page(at);
  }

  async loadCell(at: JoinKey): Promise<StoredDelta> {
    await this.#pause();
    return (this.#writes.runs.get(at.runId) ?? new RunData()).cell(at);
  }

  async loadTravel({ runId, epoch }: { runId: string; epoch: number }): Promise<StoredValue | undefined> {
    await this.#pause();
    return this.#writes.runs.get(runId)?.travels.get(epoch);
  }

  async listRuns(query: RunQuery): Promise<RunPage> {
    await this.#pause();
    return listHeaders(
      [...this.#writes.runs.values()].flatMap((run) => run.header ?? []),
      query,
    );
  }

  readRecordSync(runId: string, key: RecordKey): StepRecord | undefined {
    return this.#writes.runs.get(runId)?.record(key);
  }

  readInputSync(runId: string): RunInput | undefined {
    return this.#writes.runs.get(runId)?.input;
  }

  createRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(
      run.header.runId,
      (stored) => transitions.created(stored, run),
      run.input,
    );
  }

  startRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(
      run.header.runId,
      (stored) => transitions.started(stored, run),
      run.input,
    );
  }

  setStatus(write: StatusWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.withStatus(stored, write));
  }

  finish(write: FinishWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.finished(stored, write));
  }

  cancel(write: CancelWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.canceled(stored, write));
  }

  async startChild(write: ChildStartWrite): Promise<Write<RunHeader>> {
    const { header, input, parameters } = write;
    const next = (stored: RunHeader | undefined) => transitions.childStarted(stored, write);
    const started = await this.#writes.writeHeader(header.runId, next, input);
    this.#writes.noteTravel(started, parameters);
    return started;
  }

  async travel(write: TravelWrite): Promise<Write<RunHeader>> {
    const next = (stored: RunHeader | undefined) => transitions.traveled(stored, write);
    const begun = await this.#writes.writeHeader(write.runId, next, write.input);
    this.#writes.noteTravel(begun, write.parameters);
    return begun;
  }

  restart(write: RestartWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.restarted(stored, write));
  }

  park(write: ParkWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.parked(stored, write));
  }

  unpark(write: UnparkWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.unparked(stored, write));
  }

  claimCallback(write: CallbackWrite): Promise<Write<RunHeader>> {
    return this.#writes.changeHeader(write.runId, (stored) => transitions.callbackClaimed(stored, write));
  }

  finishCallback(write: CallbackEndWrite): Promise<Write<RunHeader>> {
    return this.#writes.changeHeader(write.runId, (stored) => transitions.callbackFinished(stored, write));
  }

  showSnapshot(write: SnapshotWrite): Promise<Write<RunHeader>> {
    return this.#writes.writeHeader(write.runId, (stored) => transitions.snapshotShown(stored, write));
  }

  async decideRequest({ runId, request, decision }: RequestDecision): Promise<Write<StoredValue>> {
    await this.#pause();
    const { decisions } = this.#writes.run(runId);
    const image = decisions.get(request);
    if (image !== undefined) return { won: false, image };
    decisions.set(request, frozenCopy(decision));
    return { won: true, image: decision };
  }

  async loadNamed(name: string): Promise<string | undefined> {
    await this.#pause();
    return this.#writes.named.get(name);
  }

  async writeNamed(write: NamedWrite): Promise<NamedResult> {
    await this.#pause();
    const stored = this.#writes.named.get(write.name);
    const result = transitions.namedWritten(stored, write);
    if (!result.won) return result;
    if (write.text === undefined) this.#writes.named.delete(write.name);
    else this.#writes.named.set(write.name, write.text);
    return result;
  }

  async removeRun(runId: string): Promise<boolean> {
    await this.#pause();
    this.#segments.remove(runId);
    this.#writes.logs.remove(runId);
    this.#onRemove(runId);
    const header = this.#writes.runs.get(runId)?.header;
    this.#writes.runs.delete(runId);
    return header !== undefined;
  }

  async dueRuns({
    now,
    limit,
  }: {
    readonly now: number;
    readonly limit: number;
  }): Promise<readonly string[]> {
    await this.#pause();
    return [...this.#writes.runs.values()]
      .flatMap(({ header }) =>
        header?.sweepAt === undefined ? [] : { runId: header.runId, at: header.sweepAt },
      )
      .filter(({ at }) => at <= now)
      .toSorted((a, b) => a.at - b.at)
      .slice(0, limit)
      .map(({ runId }) => runId);
  }

  setSweep(write: SweepWrite): Promise<Write<RunHeader>> {
    return this.#writes.changeHeader(write.runId, (stored) => transitions.withSweep(stored, write));
  }

  claim(write: ClaimWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord(
      write,
      (stored) => transitions.claimed(stored, write),
      write.executesWith,
    );
  }

  takeOver(write: TakeOverWrite): Promise<Write<StepRecord>> {
    return this.#writes.changeRecord(write, (stored) => transitions.takenOver(stored, write));
  }

  renew(write: RenewWrite): Promise<Write<StepRecord>> {
    return this.#writes.changeRecord(write, (stored) => transitions.renewed(stored, write));
  }

  commit(write: CommitWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord(write, (stored) => transitions.committed(stored, write));
  }

  sleep(write: SleepWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord(write, (stored) => transitions.slept(stored, write), write.executesWith);
  }

  nest(write: NestWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord(write, (stored) => transitions.nested(stored, write), write.executesWith);
  }

  followChild(write: ChildWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord(write, (stored) => transitions.childFollowed(stored, write));
  }

  voidLease(write: TurnKey & { readonly seenOwner: string }): Promise<Write<StepRecord>> {
    return this.#writes.changeRecord(write, (stored) => transitions.leaseVoided(stored, write));
  }

  wake(write: WakeWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord(write, (stored) => transitions.woken(stored, write));
  }

  async resume(write: ResumeWrite): Promise<ResumeResult> {
    await this.#pause();
    const run = this.#writes.run(write.runId);
    const stored = run.record(write.key);
    if (transitions.isResumedBy(stored, write)) return { won: true, image: stored };
    const next = transitions.resumed(stored, write);
    if (next === undefined) return { won: false, lost: 'record', ...imageOf<StepRecord>(stored) };

    const headers = write.runs.map((one) => ({ ...one, stored: this.#writes.runs.get(one.runId)?.header }));
    const lost = headers.find((one) => transitions.reopened(one.stored, write, one.epoch) === undefined);
    if (lost !== undefined)
      return { won: false, lost: 'run', runId: lost.runId, ...imageOf<RunHeader>(lost.stored) };
    for (const { runId, epoch, stored: before } of headers) {
      const header = transitions.reopened(before, write, epoch);
      if (header === undefined) continue;
      this.#writes.run(runId).header = frozenCopy(header);
      this.#writes.log(headerState(header));
    }
    const image = frozenCopy(next);
    run.setRecord(image);
    this.#writes.log(recordState(write.runId, image));
    return { won: true, image };
  }

  async openJoin(write: OpenJoinWrite): Promise<Write<JoinOpening>> {
    const { runId, entry, epoch, ...opening } = write;
    await this.#pause();
    const stored = this.#segments.begin({ runId, entry, epoch }, opening);
    if (stored === undefined) this.#writes.log(openedJoin(write));
    return stored === undefined
      ? { won: true, image: frozenCopy(opening) }
      : { won: false, image: stored.opening };
  }

  async putPages(write: PagesWrite): Promise<void> {
    await this.#pause();
    this.#writes.run(write.runId).putPages(write);
  }

  async mergeCell(write: CellWrite): Promise<void> {
    await this.#pause();
    this.#writes.run(write.runId).mergeCell(write);
  }

  async appendToken(write: AppendWrite): Promise<AppendResult> {
    const result = await appendToSegments(this.#segments, write, this.#segmentSize);
    this.#writes.log(settledMember(write, result));
    return result;
  }

  async appendChunks({ log, chunks }: ChunksWrite): Promise<void> {
    await this.#pause();
    for (const chunk of chunks) this.#writes.logs.append(log, chunk);
  }

  async readLog(request: LogRead): Promise<LogPage> {
    await this.#pause();
    return this.#writes.logs.read(request);
  }

  closeBlock({ runId, record, epoch }: PlaceWrite): Promise<Write<StepRecord>> {
    return this.#writes.writeRecord({ runId, key: record.key }, (stored) => {
      const isLate = epoch !== undefined && this.#writes.runs.get(runId)?.header?.epoch !== epoch;
      return isLate ? undefined : transitions.closed(stored, record);
    });
  }

  async durable(): Promise<void> {}
}
