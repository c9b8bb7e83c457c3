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
  RunLoad,
  RunPage,
  RunQuery,
  RunStore,
  SleepWrite,
  SnapshotWrite,
  StatusWrite,
  StepLoad,
  StepRead,
  StoredDelta,
  SweepWrite,
  TakeOverWrite,
  TravelWrite,
  TurnKey,
  UnparkWrite,
  WakeWrite,
  Write,
} from '../../ports/index.ts';
import * as transitions from '../transitions/index.ts';
import type { Connection } from './connection.ts';
import { failure } from './failure.ts';
import type { Durability, GroupCommit } from './group-commit.ts';
import type { Hands } from './hands.ts';
import { type HeaderParts, Tables, type Visibility } from './tables.ts';

/** The store in one SQLite file. Reads see what this process has written, committed or not: nobody else can. */
export class SqliteRunStore implements RunStore {
  readonly #file: string;
  readonly #commit: GroupCommit;
  readonly #tables: Tables;

  constructor(connection: Connection, commit: GroupCommit, hands: Hands) {
    this.#file = connection.file;
    this.#commit = commit;
    this.#tables = new Tables(connection, hands);
  }

  loadHeader(runId: string): Promise<RunHeader | undefined> {
    return this.#read(({ runs }) => runs.header(runId));
  }

  loadStep({ runId, keys, input, join: block }: StepRead): Promise<StepLoad> {
    return this.#read(({ runs, records, joins }) => {
      const header = runs.header(runId);
      const given = input ? runs.input(runId) : undefined;
      const opening = block === undefined ? undefined : joins.opening({ runId, ...block });
      return {
        ...(header === undefined ? {} : { header }),
        ...(given === undefined ? {} : { input: given }),
        ...(opening === undefined ? {} : { join: { opening, newestSegment: 0 } }),
        records: keys.map((key) => records.get(runId, key)),
      };
    });
  }

  loadRun(runId: string): Promise<RunLoad | undefined> {
    return this.#read(({ runs, records }) => {
      const header = runs.header(runId);
      if (header === undefined) return undefined;
      const input = runs.input(runId);
      return { header, ...(input === undefined ? {} : { input }), records: records.all(runId) };
    });
  }

  loadItems(request: ItemsRead): Promise<readonly StepRecord[]> {
    return this.#read(({ records }) => records.items(request));
  }

  loadPage(at: PageKey): Promise<StoredValue | undefined> {
    return this.#read(({ blockData }) => blockData.page(at));
  }

  loadCell(at: JoinKey): Promise<StoredDelta> {
    return this.#read(({ blockData }) => blockData.cell(at));
  }

  loadTravel({ runId, epoch }: { runId: string; epoch: number }): Promise<StoredValue | undefined> {
    return this.#read(({ runs }) => runs.travel(runId, epoch));
  }

  loadJoin(at: JoinKey): Promise<JoinLog | undefined> {
    return this.#read(({ joins }) => joins.log(at));
  }

  listRuns(query: RunQuery): Promise<RunPage> {
    return this.#read(({ runs }) => runs.list(query));
  }

  dueRuns({ now, limit }: { readonly now: number; readonly limit: number }): Promise<readonly string[]> {
    return this.#read(({ runs }) => runs.due(now, limit));
  }

  /** Only what is committed: whoever got an entry goes on behind it, so it must not vanish again. */
  readLog(request: LogRead): Promise<LogPage> {
    return this.#commit.readCommitted(() => this.#tables.logs.read(request));
  }

  readRecordSync(runId: string, key: RecordKey): StepRecord | undefined {
    return this.#now(({ records }) => records.get(runId, key));
  }

  readInputSync(runId: string): RunInput | undefined {
    return this.#now(({ runs }) => runs.input(runId));
  }

  createRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#header(run.header.runId, 'logged', (stored) => transitions.created(stored, run), run);
  }

  startRun(run: NewRun): Promise<Write<RunHeader>> {
    return this.#header(run.header.runId, 'logged', (stored) => transitions.started(stored, run), run);
  }

  setStatus(write: StatusWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.withStatus(stored, write));
  }

  finish(write: FinishWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.finished(stored, write));
  }

  cancel(write: CancelWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.canceled(stored, write));
  }

  startChild(write: ChildStartWrite): Promise<Write<RunHeader>> {
    return this.#header(
      write.header.runId,
      'logged',
      (stored) => transitions.childStarted(stored, write),
      write,
    );
  }

  travel(write: TravelWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.traveled(stored, write), write);
  }

  restart(write: RestartWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.restarted(stored, write));
  }

  park(write: ParkWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.parked(stored, write));
  }

  unpark(write: UnparkWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.unparked(stored, write));
  }

  claimCallback(write: CallbackWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'unlogged', (stored) => transitions.callbackClaimed(stored, write));
  }

  finishCallback(write: CallbackEndWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'unlogged', (stored) => transitions.callbackFinished(stored, write));
  }

  showSnapshot(write: SnapshotWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'logged', (stored) => transitions.snapshotShown(stored, write));
  }

  setSweep(write: SweepWrite): Promise<Write<RunHeader>> {
    return this.#header(write.runId, 'unlogged', (stored) => transitions.withSweep(stored, write));
  }

  decideRequest(write: RequestDecision): Promise<Write<StoredValue>> {
    return this.#write(({ runs }) => runs.decideRequest(write));
  }

  loadNamed(name: string): Promise<string | undefined> {
    return this.#read(({ runs }) => runs.named(name));
  }

  writeNamed(write: NamedWrite): Promise<NamedResult> {
    return this.#write(({ runs }) => runs.writeNamed(write));
  }

  removeRun(runId: string): Promise<boolean> {
    return this.#write((tables) => tables.removeRun(runId));
  }

  claim(write: ClaimWrite): Promise<Write<StepRecord>> {
    return this.#record(
      write,
      'stable',
      'logged',
      (stored) => transitions.claimed(stored, write),
      write.executesWith,
    );
  }

  takeOver(write: TakeOverWrite): Promise<Write<StepRecord>> {
    return this.#record(write, 'stable', 'unlogged', (stored) => transitions.takenOver(stored, write));
  }

  renew(write: RenewWrite): Promise<Write<StepRecord>> {
    return this.#record(write, 'accepted', 'unlogged', (stored) => transitions.renewed(stored, write));
  }

  commit(write: CommitWrite): Promise<Write<StepRecord>> {
    return this.#record(write, 'accepted', 'logged', (stored) => transitions.committed(stored, write));
  }

  sleep(write: SleepWrite): Promise<Write<StepRecord>> {
    return this.#record(
      write,
      'accepted',
      'logged',
      (stored) => transitions.slept(stored, write),
      write.executesWith,
    );
  }

  nest(write: NestWrite): Promise<Write<StepRecord>> {
    return this.#record(
      write,
      'accepted',
      'logged',
      (stored) => transitions.nested(stored, write),
      write.executesWith,
    );
  }

  followChild(write: ChildWrite): Promise<Write<StepRecord>> {
    return this.#record(write, 'accepted', 'logged', (stored) => transitions.childFollowed(stored, write));
  }

  voidLease(write: TurnKey & { readonly seenOwner: string }): Promise<Write<StepRecord>> {
    return this.#record(write, 'accepted', 'unlogged', (stored) => transitions.leaseVoided(stored, write));
  }

  wake(write: WakeWrite): Promise<Write<StepRecord>> {
    return this.#record(write, 'accepted', 'logged', (stored) => transitions.woken(stored, write));
  }

  closeBlock(write: PlaceWrite): Promise<Write<StepRecord>> {
    return this.#write((tables) => tables.closeBlock(write));
  }

  resume(write: ResumeWrite): Promise<ResumeResult> {
    return this.#write((tables) => tables.resume(write));
  }

  putPages(write: PagesWrite): Promise<void> {
    return this.#write(({ blockData }) => blockData.putPages(write));
  }

  mergeCell(write: CellWrite): Promise<void> {
    return this.#write(({ blockData }) => blockData.mergeCell(write));
  }

  openJoin(write: OpenJoinWrite): Promise<Write<JoinOpening>> {
    return this.#write((tables) => tables.openJoin(write));
  }

  appendToken(write: AppendWrite): Promise<AppendResult> {
    return this.#write((tables) => tables.appendToken(write));
  }

  appendChunks({ log, chunks }: ChunksWrite): Promise<void> {
    return this.#write(({ logs }) => {
      for (const entry of chunks) logs.append({ log, entry });
    });
  }

  durable(): Promise<void> {
    return this.#commit.durable();
  }

  #header(
    runId: string,
    visibility: Visibility,
    decide: (stored: RunHeader | undefined) => RunHeader | undefined,
    parts?: HeaderParts,
  ): Promise<Write<RunHeader>> {
    return this.#write((tables) => tables.writeHeader(runId, decide, visibility, parts));
  }

  #record(
    at: Omit<TurnKey, 'turn'>,
    durability: Durability,
    visibility: Visibility,
    decide: (stored: StepRecord | undefined) => StepRecord | undefined,
    input?: StoredValue,
  ): Promise<Write<StepRecord>> {
    return this.#write((tables) => tables.writeRecord(at, decide, visibility, input), durability);
  }

  #write<T>(work: (tables: Tables) => T, durability: Durability = 'accepted'): Promise<T> {
    return this.#commit.write(() => work(this.#tables), { durability, atomic: true });
  }

  #now<T>(read: (tables: Tables) => T): T {
    try {
      this.#commit.refresh();
      return read(this.#tables);
    } catch (cause) {
      throw failure(this.#file, cause);
    }
  }

  /** A read takes microseconds and needs no lock, so it is done before the promise is even returned. */
  async #read<T>(read: (tables: Tables) => T): Promise<T> {
    return this.#now(read);
  }
}
