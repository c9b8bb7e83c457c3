import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenFiles } from '../parity/places/deployed/choice.ts';
import { DEPLOYED_PLACE, PLACES_VARIABLE } from '../parity/places/names.ts';
import { markForEmptying } from './buckets.ts';
import { run } from './commands.ts';

/** What is deployed by the CDK's command line, tested by Vitest, and removed again: on an emulator or on AWS. */

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const cache = join(repository, '.cache');
export const modules = join(repository, 'node_modules');
const cdkCommand = join(modules, 'aws-cdk', 'bin', 'cdk');
const vitestCommand = join(modules, 'vitest', 'vitest.mjs');

/** The commands of one deployment. */
export interface Deployment {
  /** Path of what was synthesized. */
  readonly assembly: string;
  /** Calls the CDK on what was synthesized. */
  cdk(...args: readonly string[]): Promise<void>;
  /** Deploys all stacks; tests find their outputs. */
  deploy(): Promise<void>;
  /** Runs the tests of files, or of folders, below test/integration. */
  test(...files: readonly string[]): Promise<void>;
  /** Runs the parity tests that were chosen for the stack of their own. */
  testParity(): Promise<void>;
  destroy(): Promise<void>;
}

/** Where a deployment goes, and what it is. */
export interface DeploymentOptions {
  /** Name of the folder below .cache that it works in. */
  readonly name: string;
  /** The CDK app, from the root of the repository. */
  readonly app: string;
  /** The stack that tests are about when they name none. */
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Synthesizes an app. Resolves with what deploys it. */
export async function synthesize(options: DeploymentOptions): Promise<Deployment> {
  const { app, signal } = options;
  const folder = join(cache, options.name);
  const assembly = join(folder, 'cdk.out');
  const outputs = join(folder, 'outputs.json');
  const env = { ...options.env, INTEGRATION_OUTPUTS: outputs, INTEGRATION_STACK: options.stack };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });

  const node = (args: readonly string[], until = signal) =>
    run(process.execPath, args, { env, signal: until });
  const onAssembly = [cdkCommand, '--no-notices', '--no-version-reporting', '--app', assembly];
  const cdk = (...args: readonly string[]) => node([...onAssembly, ...args]);
  const command = `"${process.execPath}" --conditions=evented-workflows-source ${app}`;
  const synth = ['synth', '--quiet', '--app', command, '--output', assembly];
  await node([cdkCommand, '--no-notices', ...synth]);
  return {
    assembly,
    cdk,
    deploy: () =>
      cdk(
        'deploy',
        '--all',
        '--concurrency=3',
        '--progress=events',
        '--require-approval=never',
        `--outputs-file=${outputs}`,
      ),
    test: (...files) =>
      node([
        vitestCommand,
        'run',
        '--config',
        'vitest.integration.config.ts',
        ...files.map((file) => `test/integration/${file}`),
      ]),
    testParity: () =>
      run(
        process.execPath,
        [
          vitestCommand,
          'run',
          '--config',
          'vitest.parity.config.ts',
          // Most of what they do is to wait, while two cores execute the functions.
          '--maxWorkers=4',
          ...chosenFiles.map((file) => `test/parity/${file}`),
        ],
        { env: { ...env, [PLACES_VARIABLE]: DEPLOYED_PLACE }, signal },
      ),
    // Whoever interrupts is not left with what was deployed.
    async destroy() {
      // A deployment that failed has no outputs, and nothing in its buckets.
      if (options.env.AWS_ENDPOINT_URL !== undefined && existsSync(outputs))
        await markForEmptying(outputs, options.env);
      await node([...onAssembly, 'destroy', '--all', '--force'], new AbortController().signal);
    },
  };
}

/** What commands see, whatever they are about: this Node first, and no calls to anywhere else. */
export function commandEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return {
    ...inherited,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CI: 'true',
  };
}

const began = performance.now();

/** Says what is done now, and how long all has taken so far. */
export function step(what: string): void {
  console.log(`\n[${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s] ${what}`);
}

/** Aborted when the user wants to stop: what was begun is cleaned up then. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupted.abort(new Error(`${signal} was received.`)));
  }
  return interrupted.signal;
}
