import { formatKey, type RecordKey, type RunHeader, type StepRecord } from '../../core/records.ts';
import type { RunStore, StepLoad, StepRead } from '../../ports/index.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';

/** States of a record that a stale read can still show. */
const keptStates = 4;

/**
 * Older states, for the reads that may give them: eventually consistent ones of headers and records, and the sweep index.
 * Each part of a read is as old as it likes.
 */
export class StaleReads {
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #headers = new Map<string, (RunHeader | undefined)[]>();
  readonly #records = new Map<string, (StepRecord | undefined)[]>();
  #lastDue: readonly string[] = [];

  constructor(faults: Faults, random: Random) {
    this.#faults = faults;
    this.#random = random;
  }

  noteHeader(header: RunHeader): void {
    keep(this.#headers, header.runId, header);
  }

  noteRecord(runId: string, record: StepRecord): void {
    keep(this.#records, recordName(runId, record.key), record);
  }

  /** What a reader sees of `result`. */
  seen(method: keyof RunStore, [first, second]: readonly unknown[], result: unknown): unknown {
    if (method === 'loadHeader') {
      const { consistent = true } = (second ?? {}) as { consistent?: boolean };
      return consistent
        ? result
        : this.#older(this.#headers, first as string, result as RunHeader | undefined);
    }
    if (method === 'loadStep') return this.#step(first as StepRead, result as StepLoad);
    return method === 'dueRuns' ? this.#due(result as readonly string[]) : result;
  }

  #step(request: StepRead, load: StepLoad): StepLoad {
    if (request.consistent || this.#faults.stopped) return load;
    const { header: _, ...rest } = load;
    const header = this.#older(this.#headers, request.runId, load.header);
    const records = request.keys.map((key, index) =>
      this.#older(this.#records, recordName(request.runId, key), load.records[index]),
    );
    return { ...rest, ...(header === undefined ? {} : { header }), records };
  }

  #older<T>(
    states: ReadonlyMap<string, (T | undefined)[]>,
    name: string,
    newest: T | undefined,
  ): T | undefined {
    if (!this.#faults.strikes('stale-read')) return newest;
    return this.#random.pick(states.get(name) ?? [newest]);
  }

  #due(due: readonly string[]): readonly string[] {
    const before = this.#lastDue;
    this.#lastDue = due;
    if (!this.#faults.strikes('stale-index')) return due;
    return [...new Set([...before, ...due.filter(() => this.#random.chance(0.5))])];
  }
}

function keep<T>(states: Map<string, (T | undefined)[]>, name: string, state: T): void {
  const known = states.get(name) ?? [undefined];
  known.push(state);
  if (known.length > keptStates) known.shift();
  states.set(name, known);
}

function recordName(runId: string, key: RecordKey): string {
  return `${runId}/${formatKey(key)}`;
}
