import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cache, interruption, modules, repository } from '../integration/cdk.ts';
import { run } from '../integration/commands.ts';
import { startEmulator } from '../integration/emulator.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';

/** `npm run test:services`: the AWS adapters but the table's, on an emulator. Arguments go to Vitest. */

const signal = interruption();
process.chdir(repository);
await mkdir(cache, { recursive: true });
const emulator = await startEmulator(signal);
try {
  const vitest = join(modules, 'vitest', 'vitest.mjs');
  const config = ['--config', 'vitest.services.config.ts'];
  const env = { ...process.env, [ENDPOINT_VARIABLE]: emulator.endpoint };
  await run(process.execPath, [vitest, 'run', ...config, ...process.argv.slice(2)], { env, signal });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await emulator.stop();
}
