import type { LogEntry } from '../../src/core/history.ts';
import { terminalStatuses } from '../../src/core/records.ts';
import { type Execution, executionOf, nameOf, Records } from './executions.ts';
import type { Reader } from './reader.ts';
import { startOf } from './workflows.ts';

/** What a run comes to in a process that nobody kills. */
export interface Expected {
  readonly result: string;
  /** Every execution of a body, without the ids of runs, sorted. */
  readonly executions: readonly string[];
}

/** What the ledger reads of a file. */
export type Reading = Pick<Reader, 'header' | 'record' | 'log' | 'result' | 'swept'>;

/** What is known of one execution of a body. */
interface Known {
  readonly execution: Execution;
  /** Lives in which it began. */
  readonly starts: number[];
  /** How it ended, each time that it came to its end. */
  readonly ends: string[];
  /** The life after which its end was found on the disk. */
  endedBy?: number;
}

/**
 * What is known of one file from outside: what its processes told before they died, and what was on its disk after each death.
 * Every contradiction between the two, or between two readings, is a violation.
 */
export class Ledger {
  readonly violations: string[] = [];
  /** Runs whose start was answered, and those that are over. */
  readonly accepted = new Set<string>();
  readonly over = new Map<string, string>();
  readonly #executions = new Map<string, Known>();
  readonly #records = new Records();
  readonly #logs = new Map<string, string[]>();
  /** Root run of each run. */
  readonly #roots = new Map<string, string>();
  /** Answered resumes: how often each run had been resumed before. */
  readonly #resumed = new Map<string, number>();
  #life = 0;

  /** Executions that a kill made begin once more. */
  get repeated(): number {
    return [...this.#executions.values()].reduce((sum, { starts }) => sum + starts.length - 1, 0);
  }

  get executions(): number {
    return this.#executions.size;
  }

  /**
   * Takes down what one life told, line by line, and then what was found on the disk after it. `attempted`: all runs that any
   * life was to start.
   */
  async afterLife(lines: readonly string[], reader: Reading, attempted: readonly string[]): Promise<void> {
    this.#life += 1;
    const begun = new Set<Known>();
    for (const line of lines) this.#told(line.split('\t'), begun);
    for (const runId of attempted) await this.#readRun(runId, reader);
    for (const known of this.#executions.values()) this.#compare(known, begun.has(known), reader);
  }

  /**
   * Checks the whole after the last life, which nobody killed: all is over, and what came of it is as `expected` says. `left`:
   * what is left in the file that no run needs any more.
   */
  async atTheEnd(
    reader: Reading,
    left: readonly string[],
    expected: (runId: string) => Expected | undefined,
  ): Promise<void> {
    for (const runId of this.accepted) {
      const result = this.over.get(runId);
      if (result === undefined) {
        this.#violation(`run ${runId} is not over`);
        continue;
      }
      await this.#readLog(runId, reader);
      const now = JSON.stringify(await reader.result(runId));
      if (now !== result) this.#violation(`result of ${runId} has changed: ${result} was ${now}`);
      const wanted = expected(runId);
      if (wanted !== undefined) this.#compareWith(runId, wanted);
    }
    for (const runId of await reader.swept()) this.#violation(`the sweeper still looks at ${runId}`);
    for (const one of left) this.#violation(one);
  }

  /** What a run came to, as others of its workflow and input can be compared with it. */
  outcome(runId: string): Expected {
    const executions = [...this.#executions.values()]
      .filter(({ execution }) => this.#roots.get(execution.runId) === runId)
      .map(({ execution }) => nameOf({ ...execution, runId: execution.stepId }));
    return { result: comparable(this.over.get(runId) ?? '{}', runId), executions: executions.toSorted() };
  }

  #violation(text: string): void {
    this.violations.push(`life ${this.#life}: ${text}`);
  }

  #told([mark, ...words]: readonly string[], begun: Set<Known>): void {
    const [first = '', second = '', third = '', how = ''] = words;
    if (mark === 'A') this.accepted.add(first);
    else if (mark === 'R') this.#toldResumed(first, Number(second));
    else if (mark === 'S' || mark === 'E') {
      const execution = executionOf(first, Number(second), third);
      const name = nameOf(execution);
      const known: Known = this.#executions.get(name) ?? { execution, starts: [], ends: [] };
      this.#executions.set(name, known);
      if (mark === 'E') known.ends.push(how);
      else this.#began(known, name, begun);
    }
  }

  #toldResumed(runId: string, before: number): void {
    const last = this.#resumed.get(runId) ?? -1;
    if (before <= last)
      this.#violation(`run ${runId} was resumed twice from the same suspension, number ${before}`);
    this.#resumed.set(runId, before);
  }

  #began(known: Known, name: string, begun: Set<Known>): void {
    if (begun.has(known)) this.#violation(`${name} began twice in one life`);
    if (known.endedBy !== undefined) {
      this.#violation(`${name} began again, and its end was on the disk after life ${known.endedBy}`);
    }
    begun.add(known);
    known.starts.push(this.#life);
  }

  async #readRun(runId: string, reader: Reading): Promise<void> {
    if (this.over.has(runId)) return;
    const header = await reader.header(runId);
    if (header === undefined) {
      if (!this.accepted.has(runId)) return;
      this.#violation(`run ${runId} is not there, and its start was answered`);
      return;
    }
    const resumed = this.#resumed.get(runId);
    if (resumed !== undefined && header.wakes <= resumed) {
      this.#violation(`a resume of ${runId} was answered and is not there`);
    }
    await this.#readLog(runId, reader);
    if (terminalStatuses.has(header.status)) this.over.set(runId, JSON.stringify(await reader.result(runId)));
  }

  /** A log only grows: what a reader has seen of it stays as it is. */
  async #readLog(runId: string, reader: Reading): Promise<void> {
    const log = await reader.log(runId);
    const texts = log.map((entry) => JSON.stringify(entry));
    const seen = this.#logs.get(runId) ?? [];
    const changed = seen.findIndex((text, index) => text !== texts[index]);
    if (changed >= 0) {
      this.#violation(`entry ${changed} of ${runId} was ${seen[changed]} and is ${texts[changed] ?? 'gone'}`);
    }
    this.#logs.set(runId, texts);
    for (const entry of log.slice(seen.length)) this.#learn(runId, entry);
  }

  #learn(root: string, entry: LogEntry): void {
    this.#records.add(entry);
    this.#roots.set(entry.kind === 'run' ? entry.header.runId : entry.runId, root);
  }

  #compare(known: Known, isOfThisLife: boolean, reader: Reading): void {
    if (known.endedBy !== undefined) return;
    const { execution, starts, ends } = known;
    const name = nameOf(execution);
    if (isOfThisLife) {
      const claims = reader.record(execution.runId, execution.key)?.claims ?? 0;
      const isTooFew = this.#records.isRunning(execution) && claims < starts.length;
      if (!this.#records.isClaimed(execution) || isTooFew) {
        this.#violation(`${name} began, and its claim was not on the disk`);
      }
    }
    if (!this.#records.isEnded(execution)) return;
    known.endedBy = this.#life;
    if (ends.length === 0) this.#violation(`${name} has an outcome, and never came to its end`);
  }

  #compareWith(runId: string, expected: Expected): void {
    const { result, executions } = this.outcome(runId);
    if (result !== expected.result) {
      this.#violation(`${runId} came to ${result}, and a process that is not killed to ${expected.result}`);
    }
    const ours = executions.join(' ');
    const theirs = expected.executions.join(' ');
    if (ours !== theirs) this.#violation(`${runId} executed ${ours}, and not ${theirs}`);
  }
}

/** Name under which {@link Expected} is kept. */
export function kindOf(runId: string): string {
  const { workflowId, inputData } = startOf(runId);
  return `${workflowId}.${inputData}`;
}

const times: ReadonlySet<string> = new Set(['startedAt', 'endedAt', 'suspendedAt', 'resumedAt']);

/** A result without its times and its id, with keys in one order: arms change the state in the order in which they end. */
function comparable(json: string, runId: string): string {
  const ordered = (_: string, value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .filter(([name]) => !times.has(name))
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        );
  return JSON.stringify(JSON.parse(json), ordered).replaceAll(runId, 'RUN');
}
