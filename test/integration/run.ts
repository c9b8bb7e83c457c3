import { interruption, repository, step, synthesize } from './cdk.ts';
import { emulatorEnvironment, startEmulator } from './emulator.ts';

/**
 * `npm run test:integration`: deploys the construct with the CDK's command line, calls it over HTTP, breaks what can break,
 * and removes it again. On an emulator that it starts itself, or on the LocalStack-compatible endpoint in AWS_ENDPOINT_URL.
 * `-- suite/calls.test.ts` runs the tests of a file only, `-- parity` those of test/parity that were chosen for it.
 */

/** Names the parity tests among the files. */
const PARITY = 'parity';

async function main(files: readonly string[]): Promise<void> {
  const signal = interruption();
  const given = process.env.AWS_ENDPOINT_URL;
  if (given !== undefined && /\.amazonaws\.com(\.cn)?(:|\/|$)/.test(given)) {
    throw new Error('AWS_ENDPOINT_URL is AWS itself; this suite is for emulators. For AWS: npm run canary.');
  }
  if (given !== undefined) {
    await deployAndTest(emulatorEnvironment(given), { signal, files, isOurs: false });
  } else {
    step('start the emulator');
    const emulator = await startEmulator(signal);
    console.log(`${emulator.endpoint}, output in ${emulator.log}`);
    try {
      await deployAndTest(emulatorEnvironment(emulator.endpoint), { signal, files, isOurs: true });
    } finally {
      await emulator.stop();
    }
  }
  step('done');
}

async function deployAndTest(
  env: NodeJS.ProcessEnv,
  {
    signal,
    files,
    isOurs,
  }: { readonly signal: AbortSignal; readonly files: readonly string[]; readonly isOurs: boolean },
): Promise<void> {
  step('synthesize');
  const deployment = await synthesize({
    name: 'integration',
    app: 'test/integration/stacks/app.ts',
    stack: 'EventedWorkflowsTest',
    env,
    signal,
  });
  step('bootstrap');
  await deployment.cdk('bootstrap', 'aws://000000000000/us-east-1');
  try {
    step('deploy');
    await deployment.deploy();
    step('test');
    const isWhole = files.length === 0;
    const suites = isWhole ? ['suite'] : files.filter((file) => file !== PARITY);
    if (suites.length > 0) await deployment.test(...suites);
    if (isWhole || files.includes(PARITY)) {
      step('test the same as in every place');
      await deployment.testParity();
    }
    if (isWhole) {
      step('test under load');
      await deployment.test('load');
      step('test what is left');
      await deployment.test('after/settled.test.ts', 'after/used.test.ts');
    }
  } catch (error) {
    // An emulator of our own goes with everything in it; another one is not left with the stack of a failed run.
    if (!isOurs && !signal.aborted) await deployment.destroy();
    throw error;
  }
  if (files.length > 0 && isOurs) return;
  step('destroy');
  await deployment.destroy();
  await deployment.test('after/destroyed.test.ts');
}

process.chdir(repository);
try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
