import type { RunHeader, RunInput, StepRecord, StoredValue } from '../../core/records.ts';
import type { TurnKey, Write } from '../../ports/run-store.ts';
import { headerState, type Logged, recordState } from '../log-entries.ts';
import { frozenCopy } from './frozen.ts';
import type { Pause } from './pause.ts';
import { MemoryLogs, RunData } from './run-data.ts';
import { SegmentMaps } from './segments.ts';

/** What is stored of all runs. */
export class MemoryData {
  readonly runs = new Map<string, RunData>();
  readonly logs = new MemoryLogs();
  readonly joins = new SegmentMaps();
  readonly named = new Map<string, string>();
}

/** The conditional writes of headers and records, and the logs of those with history. */
export class MemoryWrites {
  readonly runs: Map<string, RunData>;
  readonly logs: MemoryLogs;
  readonly named: Map<string, string>;
  readonly #pause: Pause;

  constructor(data: MemoryData, pause: Pause) {
    this.runs = data.runs;
    this.logs = data.logs;
    this.named = data.named;
    this.#pause = pause;
  }

  run(runId: string): RunData {
    const run = this.runs.get(runId) ?? new RunData();
    this.runs.set(runId, run);
    return run;
  }

  log(logged: Logged | undefined): void {
    if (logged !== undefined) this.logs.append(logged.log, logged.entry);
  }

  noteTravel(write: Write<RunHeader>, parameters: StoredValue | undefined): void {
    if (!write.won || parameters === undefined) return;
    const { runId, epoch } = write.image;
    this.run(runId).travels.set(epoch, frozenCopy(parameters));
  }

  async writeHeader(
    runId: string,
    next: (stored: RunHeader | undefined) => RunHeader | undefined,
    input?: RunInput,
  ): Promise<Write<RunHeader>> {
    const write = await this.changeHeader(runId, next, input);
    if (write.won) this.log(headerState(write.image, input));
    return write;
  }

  /** A write that is no state of the run which its log shows. */
  async changeHeader(
    runId: string,
    next: (stored: RunHeader | undefined) => RunHeader | undefined,
    input?: RunInput,
  ): Promise<Write<RunHeader>> {
    await this.#pause();
    const stored = this.runs.get(runId)?.header;
    const header = next(stored);
    if (header === undefined) return { won: false, ...imageOf(stored) };
    const image = frozenCopy(header);
    const run = this.run(runId);
    run.header = image;
    if (input !== undefined) run.input = frozenCopy(input);
    return { won: true, image };
  }

  async writeRecord(
    at: Pick<TurnKey, 'runId' | 'key'>,
    next: (stored: StepRecord | undefined) => StepRecord | undefined,
    input?: StoredValue,
  ): Promise<Write<StepRecord>> {
    const write = await this.changeRecord(at, next);
    if (write.won) this.log(recordState(at.runId, write.image, input));
    return write;
  }

  /** A write that is no state of the record which its log shows. */
  async changeRecord(
    { runId, key }: Pick<TurnKey, 'runId' | 'key'>,
    next: (stored: StepRecord | undefined) => StepRecord | undefined,
  ): Promise<Write<StepRecord>> {
    await this.#pause();
    const stored = this.runs.get(runId)?.record(key);
    const record = next(stored);
    if (record === undefined) return { won: false, ...imageOf(stored) };
    const image = frozenCopy(record);
    this.run(runId).setRecord(image);
    return { won: true, image };
  }
}

/** What a loser gets. */
export function imageOf<T extends RunHeader | StepRecord>(stored: T | undefined): { readonly image?: T } {
  return stored === undefined ? {} : { image: stored };
}
