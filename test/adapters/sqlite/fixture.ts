import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import type { CommitHooks } from '../../../src/adapters/sqlite/group-commit.ts';
import { openSqlite, type SqliteBackend, type SqliteOptions } from '../../../src/adapters/sqlite/backend.ts';
import { type VirtualClock, virtualClock } from '../../../src/testing/virtual-clock.ts';
import { now } from './parts.ts';

/** A path for a database in a directory that goes with the test. */
export function temporaryFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'workflow-sqlite-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'runs.db');
}

/** A backend that is closed with the test. */
export function open(options: Partial<SqliteOptions> = {}, hooks: CommitHooks = {}): SqliteBackend {
  const backend = openSqlite({ file: options.file ?? temporaryFile(), ...options }, hooks);
  onTestFinished(() => backend.close());
  return backend;
}

/** Matches a text that contains `part`; Vitest's own is untyped. */
export function containing(part: string): unknown {
  return expect.stringContaining(part) as unknown;
}

/** Matches an object that has these fields among others. */
export function having(fields: Readonly<Record<string, unknown>>): unknown {
  return expect.objectContaining(fields) as unknown;
}

/** Virtual time. What each timer sets off is one or two commits, and these are done at the end of a turn. */
export function manualClock(): VirtualClock {
  const clock = virtualClock({ start: now });
  clock.settleWith(quiet);
  return clock;
}

/** Waits until the event loop has turned a few times: commits are done at the end of a turn. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Another process, in a role of child.ts, that one talks with by lines. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #exited: Promise<void>;
  #wake: () => void = () => {};
  #isOver = false;

  constructor(role: string, file: string) {
    const program = new URL('child.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, role, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    this.#exited = new Promise((resolve) => child.once('close', () => resolve()));
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    void this.#exited.then(() => {
      this.#isOver = true;
      this.#wake();
    });
    onTestFinished(async () => {
      await this.kill();
    });
  }

  /** The lines so far, once there are `count`. Fails when the process ends before. */
  async lines(count: number): Promise<readonly string[]> {
    while (this.#lines.length < count) {
      if (this.#isOver) throw new Error(`the process ended after ${this.#lines.length} of ${count} lines`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines;
  }

  send(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<readonly string[]> {
    this.#process.kill('SIGKILL');
    await this.#exited;
    return this.#lines;
  }

  /** Resolves when it has ended by itself. */
  async end(): Promise<void> {
    await this.#exited;
  }
}
