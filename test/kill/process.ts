import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Ending, Task } from './child.ts';
import { type Death, deathOf } from './status-record.ts';

/** Longest that a child may take when nobody kills it, ms: not a measurement, but the end of waiting for one that hangs. */
const patienceMs = 60_000;

/** Puts the program of the child into one file, which a process loads in a fraction of the time. Resolves with its path. */
export async function programIn(folder: string): Promise<string> {
  const outfile = join(folder, 'child.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('child.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    conditions: ['evented-workflows-source'],
    logLevel: 'warning',
  });
  return outfile;
}

/** How a life ended. */
export type End =
  | { readonly type: 'killed'; readonly death: Death }
  | { readonly type: 'ended'; readonly ending: Ending }
  /** By itself, and not as it should: what it said. */
  | { readonly type: 'failed'; readonly text: string };

/** A process of the load. It loads its program as soon as it is made, and then waits for its task. */
export class LoadProcess {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  readonly #exit: Promise<NodeJS.Signals | number | null>;
  #errors = '';
  #onGo = (): void => {};

  constructor(program: string) {
    const child = spawn(process.execPath, [program], {
      // What V8 compiled is kept by the processes that end by themselves, for all those to come.
      env: { ...process.env, NODE_COMPILE_CACHE: `${program}-cache` },
    });
    this.#process = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'go') this.#onGo();
      else this.#lines.push(line);
    });
    child.stderr.on('data', (data: Buffer) => {
      this.#errors += data.toString();
    });
    // A process that died before it got its task is seen by how it ended.
    child.stdin.on('error', () => {});
    this.#exit = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  }

  /** Lets it live. `killAfterMs`: kill it so long after it has begun. */
  async live(task: Task, killAfterMs?: number): Promise<End> {
    let timer: NodeJS.Timeout | undefined;
    if (killAfterMs !== undefined) {
      this.#onGo = () => {
        timer = setTimeout(() => this.#process.kill('SIGKILL'), killAfterMs);
      };
    }
    let isHanging = false;
    const patience = setTimeout(() => {
      isHanging = true;
      this.#process.kill('SIGKILL');
    }, patienceMs);
    this.#process.stdin.end(`${JSON.stringify(task)}\n`);
    const exit = await this.#exit;
    clearTimeout(timer);
    clearTimeout(patience);
    const line = this.#lines.at(-1);
    if (line !== undefined) return { type: 'ended', ending: JSON.parse(line) as Ending };
    const isKilled = exit === 'SIGKILL' && !isHanging;
    if (isKilled) return { type: 'killed', death: deathOf(readFileSync(task.status)) };
    return { type: 'failed', text: `${isHanging ? 'it hangs' : `it ended with ${exit}`}: ${this.#errors}` };
  }

  /** Ends one that has got no task. */
  async discard(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
  }
}

/** Processes to come; one is always loading its program while another one works. */
export class Processes {
  readonly #program: string;
  #spare: LoadProcess | undefined;

  constructor(program: string) {
    this.#program = program;
  }

  next(): LoadProcess {
    const ready = this.#spare ?? new LoadProcess(this.#program);
    this.#spare = new LoadProcess(this.#program);
    return ready;
  }

  async close(): Promise<void> {
    await this.#spare?.discard();
  }
}
