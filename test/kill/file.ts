import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from './child.ts';
import type { Draw } from './draws.ts';
import type { Fault } from './faults.ts';
import { type Expected, Ledger } from './ledger.ts';
import type { End, Processes } from './process.ts';
import { leftIn, Reader } from './reader.ts';
import { runOf } from './workflows.ts';

/** One database file, from the first process that opens it to the last. */
export class File {
  readonly ledger = new Ledger();
  readonly #folder: string;
  readonly #processes: Processes;
  readonly #fault: Fault | undefined;
  /** Runs that any life was to start. */
  readonly #attempted: string[] = [];
  #read = 0;

  constructor(folder: string, processes: Processes, fault?: Fault) {
    this.#folder = folder;
    this.#processes = processes;
    this.#fault = fault;
  }

  /** One life: whatever is open, and as many new runs as make it `open`. */
  async live(open: number, draw: Draw | undefined, insideMicroseconds: number): Promise<End> {
    const { accepted, over } = this.ledger;
    const unfinished = this.#attempted.filter((runId) => !over.has(runId));
    const added = Array.from({ length: Math.max(0, open - unfinished.length) }, (_, index) =>
      runOf(this.#attempted.length + index),
    );
    this.#attempted.push(...added);
    // A process may die before it opens them.
    writeFileSync(this.#status, '');
    writeFileSync(this.#journal, '', { flag: 'a' });
    const task: Task = {
      database: this.#database,
      journal: this.#journal,
      status: this.#status,
      follow: unfinished.filter((runId) => accepted.has(runId)),
      start: [...unfinished.filter((runId) => !accepted.has(runId)), ...added],
      insideMicroseconds,
      ...(draw !== undefined && 'order' in draw ? { order: draw.order } : {}),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    };
    const end = await this.#processes
      .next()
      .live(task, draw !== undefined && 'killAfterMs' in draw ? draw.killAfterMs : undefined);
    await this.#takeDown(end);
    return end;
  }

  /** Checks the file as a whole, after its last life. */
  async check(expected: (runId: string) => Expected | undefined): Promise<void> {
    const reader = this.#reader();
    await this.ledger.atTheEnd(reader, leftIn(this.#database), expected);
    await reader.close();
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #database(): string {
    return join(this.#folder, 'runs.db');
  }

  get #journal(): string {
    return join(this.#folder, 'journal');
  }

  get #status(): string {
    return join(this.#folder, 'status');
  }

  #reader(): Reader {
    return new Reader(this.#database, join(this.#folder, 'copy'));
  }

  async #takeDown(end: End): Promise<void> {
    if (end.type === 'failed') this.ledger.violations.push(`a process failed, ${end.text}`);
    else if (end.type === 'ended') {
      for (const runId of end.ending.stuck)
        this.ledger.violations.push(`run ${runId} is lost: nothing is left to bring it on`);
    }
    const journal = readFileSync(this.#journal);
    const lines = journal.subarray(this.#read).toString().split('\n').slice(0, -1);
    this.#read = journal.length;
    const reader = this.#reader();
    await this.ledger.afterLife(lines, reader, this.#attempted);
    await reader.close();
  }
}
