import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteBackend } from '../../src/adapters/sqlite/index.ts';
import type { LogEntry } from '../../src/core/history.ts';
import type { RecordKey, RunHeader, StepRecord } from '../../src/core/records.ts';
import type { Backend } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { workflowsFor } from './workflows.ts';

/**
 * Reads what a process has left on the disk. From a copy: whoever opens the file first recovers it, and that has to be the next
 * process of the load.
 */
export class Reader {
  readonly #backend: Backend;
  readonly #runtime: Runtime;
  readonly #folder: string;

  /** `folder`: for the copy; made, and removed by {@link close}. */
  constructor(database: string, folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'copy.db');
    for (const suffix of ['', '-wal']) {
      if (existsSync(database + suffix)) copyFileSync(database + suffix, file + suffix);
    }
    this.#backend = sqliteBackend({ file });
    const recorder = { started: () => {}, ended: () => {} };
    this.#runtime = createRuntime({ workflows: workflowsFor(recorder), backend: this.#backend, work: false });
  }

  header(runId: string): Promise<RunHeader | undefined> {
    return this.#backend.store.loadHeader(runId);
  }

  record(runId: string, key: RecordKey): StepRecord | undefined {
    return this.#backend.store.readRecordSync?.(runId, key);
  }

  /** All states of a run and of those nested in it. */
  async log(runId: string): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let after = -1; ; ) {
      const page = await this.#backend.store.readLog({ log: runId, after, limit: 1_000 });
      if (page.entries.length === 0) return entries;
      entries.push(...page.entries);
      after = page.next;
    }
  }

  async result(runId: string): Promise<unknown> {
    return this.#runtime.result({ runId, includeState: true });
  }

  /** Runs that a sweep will look at, whenever. */
  async swept(): Promise<readonly string[]> {
    return this.#backend.store.dueRuns({ now: Number.MAX_SAFE_INTEGER, limit: 1_000 });
  }

  async close(): Promise<void> {
    await this.#runtime.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What is left in a file that no process works on any more: messages, leases, processes. */
export function leftIn(database: string): string[] {
  const file = new DatabaseSync(database, { readOnly: true });
  try {
    const rows = (sql: string) =>
      file
        .prepare(sql)
        .all()
        .map((row) => JSON.stringify(row));
    return [
      ...rows('SELECT due, body FROM msg').map((row) => `a message or lease is left: ${row}`),
      ...rows('SELECT incarnation FROM owner').map((row) => `a process is left: ${row}`),
      ...readdirSync(`${database}-owners`).map((name) => `a lock file is left: ${name}`),
    ];
  } finally {
    file.close();
  }
}
