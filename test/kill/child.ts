import { closeSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { openSqlite } from '../../src/adapters/sqlite/backend.ts';
import { terminalStatuses } from '../../src/core/records.ts';
import { createRuntime } from '../../src/runtime/index.ts';
import { type Fault, faults } from './faults.ts';
import type { Body, BodyRecorder } from './workflows.ts';
import { slotCount, StatusWriter } from './status-record.ts';
import { type Killer, type Order, Watch } from './watch.ts';
import { startOf, workflowsFor } from './workflows.ts';

/** What a child is told to do: one line of JSON on its standard input. */
export interface Task {
  readonly database: string;
  readonly journal: string;
  readonly status: string;
  /** Runs that were accepted: to be seen to their end. */
  readonly follow: readonly string[];
  /** Runs to be started, a few at a time. */
  readonly start: readonly string[];
  /** Kill yourself there. */
  readonly order?: Order;
  /** How long after the beginning of a COMMIT the kill comes that falls inside it, microseconds. */
  readonly insideMicroseconds: number;
  readonly fault?: Fault;
}

/** What a child says at its end, when nobody killed it: one line of JSON. */
export interface Ending {
  /** What it took to open the file, ms. */
  readonly opening: number;
  /** What all took from there on, ms. */
  readonly working: number;
  readonly reached: Readonly<Record<string, number>>;
  /** Runs that nothing in the file will ever bring to an end. */
  readonly stuck: readonly string[];
}

/** Runs that are being started or followed at once, of those that a life starts. */
const startsAtOnce = 6;
/** Pause between two looks for runs that do not go on, ms. */
const lookMs = 150;
/** More kills than any file lives through: the cap of claims is not what this is about. */
const claims = 1_000;

/** Appends lines to a file; each is one write that a kill cannot take back. */
class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(...words: (string | number)[]): void {
    writeSync(this.#file, `${words.join('\t')}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Kills this process, at once or from another thread. */
function killerFor(microseconds: number, order: Order | undefined): { killer: Killer; end: () => void } {
  const now = (): void => {
    process.kill(process.pid, 'SIGKILL');
  };
  if (order?.point !== 'commit.inside') return { killer: { now, soon: now }, end: () => {} };
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const source = `const { workerData: { signal, microseconds } } = require('node:worker_threads');
    Atomics.wait(signal, 0, 0);
    const until = performance.now() + microseconds / 1000;
    while (performance.now() < until);
    process.kill(process.pid, 'SIGKILL');`;
  const worker = new Worker(source, { eval: true, workerData: { signal, microseconds } });
  worker.unref();
  const soon = (): void => {
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  return { killer: { now, soon }, end: () => void worker.terminate() };
}

function recorderFor(journal: Journal, watch: Watch): BodyRecorder {
  const write = (mark: string, { idempotencyKey, retryCount, stepId }: Body, how: string): void =>
    journal.write(mark, idempotencyKey, retryCount, stepId, how);
  return {
    started: (body) => {
      write('S', body, '');
      watch.at('execute.started');
    },
    ended: (body, how) => {
      write('E', body, how);
      watch.at('execute.ended');
    },
  };
}

/** One life: works on the file until all runs that it was given are over, or until it is killed. */
class Life {
  readonly #task: Task;
  readonly #journal: Journal;
  readonly #status: StatusWriter;
  readonly #watch: Watch;
  readonly #backend: ReturnType<typeof openSqlite>;
  readonly #runtime: ReturnType<typeof createRuntime>;
  readonly #open: Set<string>;

  constructor(task: Task, killer: Killer) {
    this.#task = task;
    this.#journal = new Journal(task.journal);
    this.#status = new StatusWriter(openSync(task.status, 'w'));
    this.#watch = new Watch(this.#status, killer, task.order);
    this.#open = new Set([...task.follow, ...task.start]);
    this.#backend = openSqlite({ file: task.database }, this.#watch.hooks);
    const { fault } = task;
    const inner = fault === undefined ? this.#backend : faults[fault](this.#backend);
    this.#runtime = createRuntime({
      workflows: workflowsFor(recorderFor(this.#journal, this.#watch)),
      backend: this.#watch.backend(inner),
      concurrency: slotCount,
      limits: { claims },
    });
    this.#status.setOpen();
  }

  /** `opening`: what it took to open the file, ms. */
  async live(opening: number): Promise<Ending> {
    const began = performance.now();
    const { follow, start } = this.#task;
    const left = [...start];
    const starting = async (): Promise<void> => {
      for (let runId = left.shift(); runId !== undefined; runId = left.shift()) {
        await this.#start(runId);
        await this.#follow(runId);
      }
    };
    const all = Promise.all([
      ...follow.map((runId) => this.#follow(runId)),
      ...Array.from({ length: startsAtOnce }, starting),
    ]);
    const stuck = await Promise.race([all.then(() => []), this.#untilStuck()]);
    if (stuck.length === 0) await this.#untilQuiet();
    const working = performance.now() - began;
    await this.#runtime.close();
    this.#journal.close();
    return { opening, working, reached: Object.fromEntries(this.#watch.reached), stuck };
  }

  async #start(runId: string): Promise<void> {
    const start = () => this.#runtime.start({ runId, ...startOf(runId) });
    await this.#watch.call(start, () => this.#journal.write('A', runId));
  }

  /** Sees a run to its end, and resumes it when it is suspended. */
  async #follow(runId: string): Promise<void> {
    for (;;) {
      const status = await this.#runtime.settled({ runId });
      if (terminalStatuses.has(status)) break;
      const header = await this.#backend.store.loadHeader(runId);
      const resume = () => this.#runtime.resume({ runId, resumeData: 5 });
      await this.#watch.call(resume, () => this.#journal.write('R', runId, header?.wakes ?? 0));
    }
    this.#open.delete(runId);
  }

  /** Resolves when two looks after one another find runs open that nothing is left to bring on: no handling, no message. */
  async #untilStuck(): Promise<string[]> {
    const file = new DatabaseSync(this.#task.database, { readOnly: true });
    const messages = file.prepare('SELECT count(*) AS count FROM msg WHERE body IS NOT NULL');
    let before = -1;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      const changes = this.#status.changes;
      const isQuiet = this.#watch.isIdle && messages.get()?.['count'] === 0 && this.#open.size > 0;
      if (isQuiet && changes === before) return [...this.#open];
      before = isQuiet ? changes : -1;
    }
  }

  /** Resolves when nothing is in flight, and no message is left that comes soon. */
  async #untilQuiet(): Promise<void> {
    const file = new DatabaseSync(this.#task.database, { readOnly: true });
    const soon = file.prepare('SELECT count(*) AS count FROM msg WHERE body IS NOT NULL AND due < ?');
    while (!this.#watch.isIdle || soon.get(Date.now() + 2_000)?.['count'] !== 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    file.close();
  }
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => {
  const task = JSON.parse(line) as Task;
  const { killer, end } = killerFor(task.insideMicroseconds, task.order);
  // Synchronous, so that the clock of whoever kills us starts with our work.
  writeSync(1, 'go\n');
  const began = performance.now();
  const life = new Life(task, killer);
  void life.live(performance.now() - began).then((ending) => {
    writeSync(1, `${JSON.stringify(ending)}\n`);
    end();
    process.exit(ending.stuck.length === 0 ? 0 : 3);
  });
});
