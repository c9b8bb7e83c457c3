import { mkdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './commands.ts';
import { type Emulator, startEmulator } from './emulator.ts';

/**
 * `npm run test:integration`: deploys the construct with the CDK's command line, calls it over HTTP, kills a worker, and
 * removes it again. On an emulator that it starts itself, or on the LocalStack-compatible endpoint in AWS_ENDPOINT_URL.
 */
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(REPOSITORY, '.cache');
const ASSEMBLY = join(CACHE, 'integration', 'cdk.out');
const OUTPUTS = join(CACHE, 'integration', 'outputs.json');
const MODULES = join(REPOSITORY, 'node_modules');
const CDK = join(MODULES, 'aws-cdk', 'bin', 'cdk');
const VITEST = join(MODULES, 'vitest', 'vitest.mjs');

const TIMEOUT_SECONDS = 12;
const LEASE_SECONDS = 3;

const began = performance.now();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error(`${signal} was received.`)));
}
process.chdir(REPOSITORY);

function step(what: string): void {
  console.log(`\n[${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s] ${what}`);
}

/** What every command sees: this Node first, no account but that of the endpoint, no calls to anywhere else. */
function environmentFor(endpoint: string | undefined): NodeJS.ProcessEnv {
  const { AWS_PROFILE: _, AWS_SESSION_TOKEN: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  return {
    ...inherited,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint }),
    NO_PROXY: ['127.0.0.1,localhost', process.env.NO_PROXY].filter(Boolean).join(','),
    // The CDK remembers which account a key belongs to; that of the emulator is not to be found elsewhere.
    CDK_HOME: join(CACHE, 'cdk'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CI: 'true',
    INTEGRATION_OUTPUTS: OUTPUTS,
    INTEGRATION_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
  };
}

async function main(): Promise<void> {
  const { signal } = interrupted;
  const given = process.env.AWS_ENDPOINT_URL;
  if (given !== undefined && /\.amazonaws\.com(\.cn)?(:|\/|$)/.test(given)) {
    throw new Error(
      'AWS_ENDPOINT_URL is AWS itself; this suite is for emulators. See docs/deploy.md for AWS.',
    );
  }
  await rm(join(CACHE, 'integration'), { recursive: true, force: true });
  await mkdir(join(CACHE, 'integration'), { recursive: true });

  let emulator: Emulator | undefined;
  if (given === undefined) {
    step('start the emulator');
    emulator = await startEmulator(
      { cache: CACHE, modules: MODULES },
      { env: environmentFor(undefined), signal },
    );
    console.log(`${emulator.endpoint}, output in ${emulator.log}`);
  }
  try {
    await deployAndTest(environmentFor(given ?? emulator?.endpoint), signal, emulator !== undefined);
  } finally {
    await emulator?.stop();
  }
  step('done');
}

async function deployAndTest(env: NodeJS.ProcessEnv, signal: AbortSignal, ours: boolean): Promise<void> {
  const cdk = (...args: string[]) =>
    run(process.execPath, [CDK, '--no-notices', '--no-version-reporting', ...args], { env, signal });
  const vitest = (file: string) =>
    run(process.execPath, [VITEST, 'run', '--config', 'vitest.integration.config.ts', file], { env, signal });

  step('synthesize');
  const app = `"${process.execPath}" --conditions=evented-workflows-source test/integration/app.ts`;
  const context = [`timeoutSeconds=${TIMEOUT_SECONDS}`, `leaseSeconds=${LEASE_SECONDS}`];
  await cdk('synth', '--quiet', '--app', app, '--output', ASSEMBLY, ...context.flatMap((c) => ['-c', c]));
  step('bootstrap');
  await cdk('--app', ASSEMBLY, 'bootstrap', 'aws://000000000000/us-east-1');
  try {
    step('deploy');
    await cdk('--app', ASSEMBLY, 'deploy', '--require-approval', 'never', '--outputs-file', OUTPUTS);
    step('test');
    await vitest('test/integration/deployed.test.ts');
  } catch (error) {
    // An emulator of our own goes with everything in it; another one is not left with the stack of a failed run.
    if (!ours && !signal.aborted) await cdk('--app', ASSEMBLY, 'destroy', '--force');
    throw error;
  }
  step('destroy');
  await cdk('--app', ASSEMBLY, 'destroy', '--force');
  await vitest('test/integration/destroyed.test.ts');
}

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
