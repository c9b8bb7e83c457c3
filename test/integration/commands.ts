import { type ChildProcess, spawn } from 'node:child_process';

/** Runs a command to its end, its output on ours. Rejects when it fails, with the command in the message. */
export async function run(
  command: string,
  args: readonly string[],
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'], signal });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('error', reject);
  child.once('exit', (code, killedBy) => {
    if (code === 0) resolve();
    else reject(new Error(`${[command, ...args].join(' ')} ended with ${killedBy ?? code}`));
  });
  return promise;
}

/** How long a process may take to end before it is killed, ms. */
const GRACE = 5_000;

/** Ends a process that leads a group of its own (`detached`), and what it started. Resolves when it is gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const group = -child.pid;
  signalGroup(group, 'SIGTERM');
  const kill = setTimeout(() => signalGroup(group, 'SIGKILL'), GRACE);
  await gone;
  clearTimeout(kill);
  // Its own children (a function's process) outlive it when it does not wait for them.
  signalGroup(group, 'SIGKILL');
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(group, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
