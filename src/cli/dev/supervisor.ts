import { relative } from 'node:path';
import type { Context } from '../command.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { padded, printable, shellWord, shortened, shortenedInMiddle } from '../text.ts';
import type { LoadFailure, ServedWorkflow } from './messages.ts';
import { ServerProcess } from './server.ts';
import { type FileWatch, watchFiles } from './watch.ts';

/** What `evented dev` is told. */
export interface DevOptions {
  /** Absolute path of the module with the workflows. */
  readonly module: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Absolute path of the SQLite file. */
  readonly file: string;
  readonly token: string | undefined;
}

/** How long steps of a version that was replaced, or of all at the end, may go on, ms; then they begin again in the next process. */
const graceMs = 30_000;
/** How long a version may take to give the port away to the next one, ms. */
const handoverMs = 10_000;

/**
 * Serves the workflows of a module, and of its next version whenever a file changes that it consists of. A version that cannot
 * be loaded changes nothing: the one before goes on. Each version has a process of its own, because Node keeps what a process
 * has imported.
 */
export class DevSupervisor {
  readonly #context: Context;
  readonly #options: DevOptions;
  readonly #watch: FileWatch;
  readonly #ending = new Set<Promise<void>>();
  readonly #processes = new Set<ServerProcess>();
  readonly #fatal = Promise.withResolvers<never>();
  #current: ServerProcess | undefined;
  #url = '';
  /** Loads that are asked for: one at a time, and the last one counts. */
  #isLoading = false;
  #isStale = false;
  #isClosed = false;

  constructor(context: Context, options: DevOptions) {
    this.#context = context;
    this.#options = options;
    this.#watch = watchFiles(() => void this.#reload());
  }

  /** Serves until the user ends it. */
  async run(): Promise<number> {
    const { signal } = this.#context.console;
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    const killAll = (): void => {
      for (const child of this.#processes) child.kill();
    };
    process.once('exit', killAll);
    try {
      await Promise.race([this.#reload().then(() => ended.promise), ended.promise, this.#fatal.promise]);
      this.#context.print('', 'Stopping: running steps may finish (Ctrl-C once more ends at once) ...');
    } finally {
      this.#isClosed = true;
      this.#watch.close();
      await Promise.all([...[...this.#processes].map((child) => child.end(graceMs)), ...this.#ending]);
      process.off('exit', killAll);
    }
    return exitCodes.ok;
  }

  async #reload(): Promise<void> {
    if (this.#isClosed) return;
    this.#isStale = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      while (this.#isStale && !this.#isClosed) {
        this.#isStale = false;
        await this.#load();
      }
    } catch (error) {
      this.#fatal.reject(error);
    } finally {
      this.#isLoading = false;
    }
  }

  async #load(): Promise<void> {
    const { module } = this.#options;
    const { cwd, env } = this.#context.console;
    const next = new ServerProcess(module, cwd, env, () => this.#onDeath(next));
    this.#processes.add(next);
    const loaded = await next.loaded();
    // Also of a version that failed: one of its files is the one that is going to be mended.
    const old = 'failure' in loaded ? (this.#current?.files ?? []) : [];
    this.#watch.follow([...new Set([module, ...next.files, ...old])]);
    if ('failure' in loaded) {
      this.#drop(next);
      this.#sayFailure(loaded.failure);
      return;
    }
    await this.#replace(next, loaded.workflows);
  }

  async #replace(next: ServerProcess, workflows: readonly ServedWorkflow[]): Promise<void> {
    const { file, token } = this.#options;
    const before = this.#current;
    const port = this.#url === '' ? this.#options.port : Number(new URL(this.#url).port);
    const serve = { port, file, ...(token === undefined ? {} : { token }) };
    before?.release();
    const waitMs = before === undefined ? 0 : handoverMs;
    const listening = await next.serve({ ...serve, waitMs });
    if ('failure' in listening) {
      this.#drop(next);
      // Of the first one: another port, or another database, is for its user to choose.
      if (before === undefined && !isOfModule(listening.failure)) {
        throw new CommandError('CLI_FAILED', listening.failure.message);
      }
      this.#sayFailure(listening.failure);
      await before?.serve({ ...serve, waitMs: handoverMs });
      return;
    }
    this.#current = next;
    if (before !== undefined) this.#drop(before);
    const isFirst = this.#url === '';
    this.#url = listening.url;
    this.#context.print(...(isFirst ? this.#welcome(workflows, next) : this.#reloaded(workflows)));
  }

  /** Ends a process when its steps have finished. */
  #drop(child: ServerProcess): void {
    const ending = child.end(graceMs).then(() => {
      this.#processes.delete(child);
      this.#ending.delete(ending);
    });
    this.#ending.add(ending);
  }

  #onDeath(child: ServerProcess): void {
    this.#processes.delete(child);
    if (child !== this.#current || this.#isClosed) return;
    this.#current = undefined;
    const { print, paint } = this.#context;
    print(paint('red', 'The process of the server ended: it starts again when a file changes.'));
  }

  #name(path: string): string {
    return printable(relative(this.#context.console.cwd, path) || path);
  }

  #sayFailure({ message, file, line }: LoadFailure): void {
    const { print, paint } = this.#context;
    const place =
      file === undefined
        ? this.#name(this.#options.module)
        : `${this.#name(file)}${line === undefined ? '' : `:${line}`}`;
    print(
      `${paint('red', `✗ ${place}`)}  ${printable(message)}`,
      this.#current === undefined
        ? '  Nothing is served yet: waiting for a change ...'
        : '  The version before goes on.',
    );
  }

  #reloaded(workflows: readonly ServedWorkflow[]): string[] {
    const names = workflows.map(({ id }) => printable(id)).join(', ');
    return [shortened(`${this.#context.paint('green', '✓')} reloaded  ${names}`, this.#context.width + 12)];
  }

  #welcome(workflows: readonly ServedWorkflow[], { files }: ServerProcess): string[] {
    const { paint, width, commandLine } = this.#context;
    const { module, file } = this.#options;
    const widest = Math.min(32, Math.max(...workflows.map(({ id }) => id.length)));
    const rows = workflows.map(({ id, description }) =>
      shortened(
        `  ${padded(shortenedInMiddle(printable(id), widest), widest)}  ${printable(description ?? '')}`.trimEnd(),
        width,
      ),
    );
    const [first] = workflows;
    const url = this.#url === 'http://127.0.0.1:4400' ? [] : ['--url', this.#url];
    const id = first?.id ?? '';
    return [
      `${paint('bold', 'Listening on')} ${paint('cyan', this.#url)}`,
      paint('gray', `Runs are kept in ${this.#name(file)}`),
      '',
      paint('bold', `Workflows of ${this.#name(module)}`),
      ...rows,
      '',
      paint('bold', 'In another terminal'),
      `  ${commandLine('start', id, ...url)}   ${paint('gray', '# asks for its input')}`,
      `  ${commandLine('runs', ...url)}`,
      `  curl -sS ${shellWord(`${this.#url}/workflows/${encodeURIComponent(id)}`)}`,
      '',
      paint(
        'gray',
        `Watching ${files.length} file${files.length === 1 ? '' : 's'}. Stop with Ctrl-C: unfinished runs go on at the next start.`,
      ),
    ];
  }
}

/** Whether a change of the module can mend it. */
function isOfModule({ code }: LoadFailure): boolean {
  return ['WORKFLOW_DEFINITION_INVALID', 'WORKFLOW_EMPTY_GRAPH', 'WORKFLOW_NOT_COMMITTED'].includes(
    code ?? '',
  );
}
