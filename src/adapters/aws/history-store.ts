import type { LogEntry } from '../../core/history.ts';
import { applyToken, decodeToken, type JoinKey, openJoin } from '../../core/join.ts';
import type { RunHeader, RunInput, StepRecord, StoredValue } from '../../core/records.ts';
import type {
  AppendResult,
  AppendWrite,
  ResumeResult,
  ResumeWrite,
  RunStore,
  TurnKey,
  Write,
} from '../../ports/run-store.ts';
import {
  headerState,
  type LoggedSettlement,
  openedJoin,
  recordState,
  settledMember,
} from '../log-entries.ts';
import { type RunLog, settlesAtOnce } from './run-log.ts';

/**
 * Keeps the log of runs with history beside a store that knows nothing of it: for each state, after the write that made it,
 * and before the call resolves. Whoever loses a write gets a state whose writer may have died in between, so it makes sure
 * of it, too, and so does whoever reads that a run is over, because nobody may write to it any more. A run without history
 * costs nothing here, but half a read unit for a resume.
 *
 * What may come late is the log of a state that nobody needs: a worker that is slow between its write and its log lets
 * others go on, who log what they find. Readers know a state that comes again by its id.
 */
export function withHistory(
  store: Omit<RunStore, 'appendChunks' | 'readLog' | 'durable'>,
  log: RunLog,
): RunStore {
  const logged = new LoggedWrites(store, log);
  return {
    ...store,
    loadHeader: async (...request) => await logged.whole(await store.loadHeader(...request)),

    async loadStep(request) {
      const load = await store.loadStep(request);
      await logged.whole(load.header);
      return load;
    },

    async loadRun(runId) {
      const load = await store.loadRun(runId);
      await logged.whole(load?.header);
      return load;
    },

    createRun: (write) => logged.header(() => store.createRun(write), write.input),
    startRun: (write) => logged.header(() => store.startRun(write), write.input),
    setStatus: (write) => logged.header(() => store.setStatus(write)),
    finish: (write) => logged.header(() => store.finish(write)),
    cancel: (write) => logged.header(() => store.cancel(write)),
    startChild: (write) => logged.header(() => store.startChild(write), write.input),
    travel: (write) => logged.header(() => store.travel(write), write.input),
    restart: (write) => logged.header(() => store.restart(write)),
    park: (write) => logged.header(() => store.park(write)),
    unpark: (write) => logged.header(() => store.unpark(write)),
    showSnapshot: (write) => logged.header(() => store.showSnapshot(write)),
    claim: (write) => logged.record(write, () => store.claim(write), write.executesWith),
    commit: (write) => logged.record(write, () => store.commit(write)),
    sleep: (write) => logged.record(write, () => store.sleep(write), write.executesWith),
    nest: (write) => logged.record(write, () => store.nest(write), write.executesWith),
    followChild: (write) => logged.record(write, () => store.followChild(write)),
    wake: (write) => logged.record(write, () => store.wake(write)),
    closeBlock: (write) =>
      logged.record({ runId: write.runId, turn: write.record.turn }, () => store.closeBlock(write)),
    // A lease is no state; a loser gets one even so.
    takeOver: (write) => logged.lease(write, () => store.takeOver(write)),
    renew: (write) => logged.lease(write, () => store.renew(write)),
    voidLease: (write) => logged.lease(write, () => store.voidLease(write)),
    resume: (write) => logged.resume(write),

    async openJoin(write) {
      await log.flush();
      const result = await store.openJoin(write);
      const { runId, entry, epoch } = write;
      const state = result.image && openedJoin({ runId, entry, epoch, ...result.image });
      await (result.won ? log.add(state) : log.ensure(state));
      return result;
    },

    async appendToken(write) {
      await log.flush();
      const result = await store.appendToken(write);
      await logged.settled(write, result);
      return result;
    },

    appendChunks: (write) => log.addChunks(write),
    readLog: (request) => log.read(request),
    // DynamoDB answers a write when it is on stable storage.
    durable: () => log.flush(),
  };
}

type Store = Parameters<typeof withHistory>[0];

/** Ends that this process knows to be logged; the oldest are forgotten. */
const knownEnds = 1_000;

class LoggedWrites {
  readonly #store: Store;
  readonly #log: RunLog;
  readonly #ends = new Set<string>();

  constructor(store: Store, log: RunLog) {
    this.#store = store;
    this.#log = log;
  }

  /** The header that was read, when its end is in the log. */
  async whole(header: RunHeader | undefined): Promise<RunHeader | undefined> {
    if (header?.history === undefined || header.endedAt === undefined) return header;
    const name = `${header.runId}/${header.epoch}`;
    if (this.#ends.has(name)) return header;
    await this.#log.flush();
    await this.#ensureHeader(header);
    const [oldest] = this.#ends;
    if (this.#ends.size >= knownEnds && oldest !== undefined) this.#ends.delete(oldest);
    this.#ends.add(name);
    return header;
  }

  async header(write: () => Promise<Write<RunHeader>>, input?: RunInput): Promise<Write<RunHeader>> {
    await this.#log.flush();
    const result = await write();
    if (result.won) await this.#log.add(headerState(result.image, input));
    else if (result.image !== undefined) await this.#ensureHeader(result.image);
    return result;
  }

  /** `input`: what the turn executes with. */
  async record(
    { runId, turn }: Pick<TurnKey, 'runId' | 'turn'>,
    write: () => Promise<Write<StepRecord>>,
    input?: StoredValue,
  ): Promise<Write<StepRecord>> {
    await this.#log.flush();
    const result = await write();
    const { won, image } = result;
    if (image === undefined) return result;
    const isThisTurn = image.turn === turn && (image.status === 'running' || image.status === 'child');
    const state = recordState(runId, image, won || isThisTurn ? input : undefined);
    await (won ? this.#log.add(state) : this.#log.ensure(state));
    return result;
  }

  /** Settlements of one block are in the log in their order, however many processes write them at once. */
  async settled(write: AppendWrite, result: AppendResult): Promise<void> {
    const state = settledMember(write, result);
    if (state === undefined) return;
    if (!result.won && (await this.#log.has(state))) return;
    if (!settlesAtOnce(result.opening)) return await this.#log.add(state);
    await this.#log.addSettled(state, (from, to) => this.#settlements(write, from, to));
  }

  /** Settlements of a block from one position to before another, as their writers log them. */
  async #settlements(
    { runId, entry, epoch }: JoinKey,
    from: number,
    to: number,
  ): Promise<LoggedSettlement[]> {
    const at = { runId, entry, epoch };
    const join = await this.#store.loadJoin(at);
    if (join === undefined) return [];
    const found: LoggedSettlement[] = [];
    let after = openJoin(join);
    for (const [position, token] of join.tokens.slice(0, to).entries()) {
      ({ state: after } = applyToken(join, after, token));
      if (position < from) continue;
      const output = await this.#outputOf(at, token);
      const settlement = { ...at, token, ...(output === undefined ? {} : { output }) };
      const state = settledMember(settlement, { opening: join, position, after });
      if (state !== undefined) found.push(state);
    }
    return found;
  }

  /** What an item gave that succeeded, or ended its run. */
  async #outputOf({ runId, entry }: JoinKey, token: number): Promise<StoredValue | undefined> {
    const { kind, member: item } = decodeToken(token);
    if (kind !== 'success' && kind !== 'bailed') return undefined;
    const keys = [{ entry, item }];
    const { records } = await this.#store.loadStep({ runId, keys, input: false, consistent: true });
    return records[0]?.output;
  }

  async lease(
    { runId }: Pick<TurnKey, 'runId'>,
    write: () => Promise<Write<StepRecord>>,
  ): Promise<Write<StepRecord>> {
    const result = await write();
    if (!result.won && result.image !== undefined) {
      await this.#log.flush();
      await this.#log.ensure(recordState(runId, result.image));
    }
    return result;
  }

  /**
   * Whoever resumes acts on what it has read, so no write of its own has shown that the suspension is logged: that is made
   * sure of before, for the record and for each run of the path.
   */
  async resume(write: ResumeWrite): Promise<ResumeResult> {
    const { runId, key, runs } = write;
    const header =
      (await this.#store.loadHeader(runId, { consistent: false })) ?? (await this.#store.loadHeader(runId));
    if (header?.history === undefined) return this.#store.resume(write);
    await this.#log.flush();
    await this.#ensureRuns(runs);
    const load = await this.#store.loadStep({ runId, keys: [key], input: false, consistent: true });
    await this.#ensureRecord(runId, load.records[0]);
    const result = await this.#store.resume(write);
    if (result.won) await this.#ensureRuns(runs);
    if (result.won || result.lost === 'record') await this.#ensureRecord(runId, result.image);
    else if (result.image !== undefined) await this.#ensureHeader(result.image);
    return result;
  }

  async #ensureRuns(runs: readonly Pick<RunHeader, 'runId'>[]): Promise<void> {
    for (const { runId } of runs) {
      const header = await this.#store.loadHeader(runId);
      if (header !== undefined) await this.#ensureHeader(header);
    }
  }

  async #ensureRecord(runId: string, record: StepRecord | undefined): Promise<void> {
    if (record !== undefined) await this.#log.ensure(recordState(runId, record));
  }

  /** The state with which an epoch begins is logged with the input. */
  async #ensureHeader(header: RunHeader): Promise<void> {
    const { runId, status, position } = header;
    await this.#log.ensure(headerState(header), async (entry): Promise<LogEntry> => {
      if (entry.kind !== 'run' || status !== 'running' || position !== '') return entry;
      const { input } = await this.#store.loadStep({ runId, keys: [], input: true, consistent: true });
      return { ...entry, ...(input === undefined ? {} : { input }) };
    });
  }
}
