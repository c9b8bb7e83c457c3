import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromServer, LoadFailure, ServedWorkflow, ToServer } from './messages.ts';

/** A process that serves one version of the user's workflows, as seen by the one that started it. */

/** Of the file of this module: sources and the compiler's output have the same names. */
const program = fileURLToPath(
  new URL(`./server-process${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
);

/** What became of loading the module. */
export type Loaded = { readonly workflows: readonly ServedWorkflow[] } | { readonly failure: LoadFailure };

/** What became of taking the port. */
export type Listening = { readonly url: string } | { readonly failure: LoadFailure };

/** See above. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** Of the process: what it has said and nobody has taken yet. */
  readonly #inbox: FromServer[] = [];
  #wake: () => void = () => {};
  #isGone = false;
  #isWanted = true;
  #files: readonly string[] = [];

  /** Starts the process, which loads the module at once. */
  constructor(module: string, cwd: string, env: NodeJS.ProcessEnv, onDeath: () => void) {
    this.#child = fork(program, [module], {
      cwd,
      env,
      execArgv: [...process.execArgv, ...stripping()],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message: FromServer) => {
      if (message.type === 'files') this.#files = message.files;
      else this.#inbox.push(message);
      this.#wake();
    });
    this.#exited = once(this.#child, 'exit').then(() => {
      this.#isGone = true;
      this.#wake();
      if (this.#isWanted) onDeath();
    });
  }

  /** Files that the module consists of, as far as they are known. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** The workflows of the module, or why it cannot be loaded. */
  async loaded(): Promise<Loaded> {
    const message = await this.#next();
    if (message?.type === 'loaded') return { workflows: message.workflows };
    return { failure: message?.type === 'failed' ? message.failure : this.#death() };
  }

  /** Takes the port. */
  async serve(options: Omit<Extract<ToServer, { type: 'serve' }>, 'type'>): Promise<Listening> {
    this.#tell({ type: 'serve', ...options });
    const message = await this.#next();
    if (message?.type === 'listening') return { url: message.url };
    return { failure: message?.type === 'failed' ? message.failure : this.#death() };
  }

  /** Gives the port away; steps that are running go on. */
  release(): void {
    this.#tell({ type: 'release' });
  }

  /** Lets running steps finish and ends the process; at once when that takes longer than `graceMs`. */
  async end(graceMs: number): Promise<void> {
    this.#isWanted = false;
    this.#tell({ type: 'end' });
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#isWanted = false;
    this.#child.kill('SIGKILL');
  }

  #tell(message: ToServer): void {
    // A process that is gone answers by its death.
    if (!this.#isGone && this.#child.connected) this.#child.send(message, () => {});
  }

  async #next(): Promise<FromServer | undefined> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message !== undefined || this.#isGone) return message;
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await woken.promise;
    }
  }

  #death(): LoadFailure {
    const { exitCode, signalCode } = this.#child;
    return { message: `The process of the server ended (${signalCode ?? `exit code ${exitCode}`})` };
  }
}

/** Older versions of Node need a flag to leave types out, and tell of a package.json that does not say what its files are. */
function stripping(): string[] {
  const has = (process.features as { readonly typescript?: unknown }).typescript;
  const strip = has === undefined || has === false ? ['--experimental-strip-types'] : [];
  return [
    ...strip,
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
    // SQLite and the stripping of types are announced as experimental by Node 22.
    '--disable-warning=ExperimentalWarning',
  ];
}
