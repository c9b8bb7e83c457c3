import { commandEnvironment, interruption, repository, step, synthesize } from '../integration/cdk.ts';
import { emulatorEnvironment, startEmulator } from '../integration/emulator.ts';
import { estimateLines } from './estimate.ts';
import { type CanaryOptions, readOptions, UsageError, usage } from './options.ts';

/**
 * `npm run canary`: deploys what the integration suite deploys to a real account, under names of its own and with an API that
 * wants signed requests, tests it there, and removes it. What it shows beyond the suite is what no emulator has: loop
 * detection, the policy of the bus, the redrive of dead letters, real permissions and real signatures.
 */

/** Exit codes: what a script needs to tell apart. */
const exit = { done: 0, failed: 1, usage: 2 } as const;

/** What every command sees of an account. */
function environmentOf({ profile, region }: CanaryOptions): NodeJS.ProcessEnv {
  const {
    AWS_ENDPOINT_URL: _,
    AWS_ACCESS_KEY_ID: __,
    AWS_SECRET_ACCESS_KEY: ___,
    ...rest
  } = commandEnvironment();
  const { AWS_SESSION_TOKEN: ____, ...inherited } = rest;
  return { ...inherited, AWS_PROFILE: profile, AWS_REGION: region };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  for (const line of estimateLines()) console.log(line);
  if (!options.isConfirmed) {
    console.log('\nNothing was done. To begin, call it again with --yes.');
    return exit.usage;
  }
  const signal = interruption();
  if (!options.isEmulated) {
    await deployAndTest(environmentOf(options), options, signal);
    return exit.done;
  }
  const emulator = await startEmulator(signal);
  try {
    await deployAndTest(emulatorEnvironment(emulator.endpoint), options, signal);
    return exit.done;
  } finally {
    await emulator.stop();
  }
}

async function deployAndTest(
  base: NodeJS.ProcessEnv,
  { name, isKept, isEmulated }: CanaryOptions,
  signal: AbortSignal,
): Promise<void> {
  const env = { ...base, INTEGRATION_AUTH: 'iam' };
  step('synthesize');
  const app = 'test/integration/stacks/app.ts';
  const deployment = await synthesize({ name: 'canary', app, stack: name, env, signal });
  if (isEmulated) await deployment.cdk('bootstrap', 'aws://000000000000/us-east-1');
  try {
    step(`deploy ${name}`);
    await deployment.deploy();
    step('test');
    await deployment.test('suite', 'canary');
    step('test under load');
    await deployment.test('load');
    step('test what is left');
    await deployment.test('after/settled.test.ts', 'after/used.test.ts');
  } finally {
    if (isKept) {
      console.log(`The stacks stay. To remove them: npx cdk destroy --all --app ${deployment.assembly}`);
    } else {
      step('destroy');
      await deployment.destroy();
    }
  }
  step('done');
}

process.chdir(repository);
try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exitCode = isUsage ? exit.usage : exit.failed;
}
