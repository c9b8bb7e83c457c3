import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A running `serve.ts`. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** Ends it at once, as the system does when memory runs out: nothing in it can react. */
  kill(): Promise<void>;
  /** Lets it finish what it does; ends it at once when that takes longer than 5 s. */
  stop(): Promise<void>;
}

/** How long a server may take until it says where it listens, ms. */
const startTimeout = 20_000;
const stopTimeout = 5_000;

/** Starts `serve.ts` with these arguments, and resolves when it says where it listens. */
export async function startServer(args: readonly string[]): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('./serve.ts', import.meta.url)), [...args], {
    execArgv: process.execArgv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const endChild = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', endChild);
  const gone = once(child, 'exit').then(() => {
    process.off('exit', endChild);
  });

  const url = await addressOf(child);
  return {
    url,
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    async stop() {
      const timer = setTimeout(endChild, stopTimeout);
      child.kill('SIGTERM');
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Reads the address line that `serve.ts` prints; throws with the server's own words when it never comes. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null || child.stderr === null)
    throw new Error('The server was started without its output.');
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2_000);
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const url = /^Listening on (http:\/\/\S+)$/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`The server did not say within ${startTimeout / 1000} s where it listens.\n${words}`));
  }, startTimeout);
  child.once('error', (cause) => {
    reject(new Error('The server could not be started.', { cause }));
  });
  // Later than its exit: by then all it said has been read.
  child.once('close', (code, signal) => {
    reject(new Error(`The server ended (${signal ?? `exit code ${code}`}) before it listened.\n${words}`));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
