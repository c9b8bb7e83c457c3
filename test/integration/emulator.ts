import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cache, commandEnvironment, modules } from './cdk.ts';
import { run, stop } from './commands.ts';

/** The release of the emulator that this suite was written against, and what it signs and verifies tokens by. */
const PACKAGES = ['ministack==1.5.33', 'cryptography==50.0.2'];

/** What every command sees: no account but that of the endpoint. */
export function emulatorEnvironment(endpoint: string): NodeJS.ProcessEnv {
  const { AWS_PROFILE: _, AWS_SESSION_TOKEN: __, ...inherited } = commandEnvironment();
  return {
    ...inherited,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: endpoint,
    NO_PROXY: ['127.0.0.1,localhost', process.env.NO_PROXY].filter(Boolean).join(','),
    // The CDK remembers which account a key belongs to; that of the emulator is not to be found elsewhere.
    CDK_HOME: join(cache, 'cdk'),
  };
}

/** How long it may take to answer, ms. */
const START_LIMIT = 60_000;

/** An emulator of AWS that this process started. */
export interface Emulator {
  readonly endpoint: string;
  /** Where its output goes. */
  readonly log: string;
  stop(): Promise<void>;
}

/** Installs the emulator in .cache when it is missing, and starts it on a free port of the loopback interface. */
export async function startEmulator(signal: AbortSignal): Promise<Emulator> {
  const env = commandEnvironment();
  const venv = join(cache, 'emulator');
  if (!(await isInstalled(venv))) await install(venv, { env, signal });

  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(cache, 'emulator.log');
  const output = await open(log, 'w');
  const child = spawn(join(venv, 'bin', 'ministack'), {
    // Functions inherit all of this, so nothing is in it but what the emulator needs.
    env: {
      // It runs functions under the `node` that comes first, whatever their runtime says.
      PATH: [dirname(process.execPath), env.PATH].join(delimiter),
      HOME: env.HOME,
      TMPDIR: env.TMPDIR,
      // The runtimes of Lambda bring the AWS clients along, and the CDK's function that empties a bucket counts on it. Ours
      // are modules, which do not look here.
      NODE_PATH: modules,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      // Part of the domain of an API, which with an address at its end would be no valid one.
      MINISTACK_HOST: 'localhost',
      AWS_ENDPOINT_URL: endpoint,
      // Every call is checked against the policies of who makes it, those of the functions' roles included.
      AUTH: 'true',
    },
    stdio: ['ignore', output.fd, output.fd],
    // A group of its own: it ends by us, not by the terminal's Ctrl-C in the middle of our cleaning up.
    detached: true,
  });
  await output.close();
  const emulator = { endpoint, log, stop: () => stop(child) };
  try {
    await healthy(endpoint, child, signal);
  } catch (error) {
    await emulator.stop();
    throw new Error(`The emulator did not start; see ${log}.`, { cause: error });
  }
  return emulator;
}

/** Whether the environment has these packages: those of another release of the suite do not count. */
async function isInstalled(venv: string): Promise<boolean> {
  const marker = await readFile(join(venv, 'installed'), 'utf8').catch(() => '');
  return marker === PACKAGES.join('\n');
}

async function install(
  venv: string,
  options: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  await mkdir(dirname(venv), { recursive: true });
  await run('python3', ['-m', 'venv', '--clear', venv], options);
  await run(
    join(venv, 'bin', 'pip'),
    ['install', '--quiet', '--disable-pip-version-check', ...PACKAGES],
    options,
  );
  // Written last: an installation that was interrupted is done again.
  await writeFile(join(venv, 'installed'), PACKAGES.join('\n'));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

async function healthy(endpoint: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT)]);
  for (;;) {
    limit.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    const answer = await fetch(`${endpoint}/_ministack/health`, { signal: limit }).catch(() => undefined);
    if (answer?.ok) return;
    await wait(100, undefined, { signal: limit });
  }
}
