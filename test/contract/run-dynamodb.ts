import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { AWS_PLACE, PLACES_VARIABLE } from '../parity/places/names.ts';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { ENDPOINT_VARIABLE, OBJECTS_VARIABLE } from './endpoint.ts';
import { startObjectServer } from './object-server.ts';

/**
 * `npm run test:dynamodb`: on DynamoDB Local, the contract of the stores, and then what authors' workflows do on the adapters
 * for AWS. Arguments go to Vitest; with the name of one of the two suites, `contract` or `parity`, before them, only that runs.
 */

const repository = join(import.meta.dirname, '../..');
const suites = {
  contract: 'vitest.dynamodb.config.ts',
  parity: 'vitest.parity.config.ts',
};
const [first = '', ...rest] = process.argv.slice(2);
const isNamed = first in suites;
const chosen = Object.entries(suites).filter(([name]) => !isNamed || name === first);
const more = isNamed ? rest : process.argv.slice(2);

const emulator = await startDynamoDbLocal(join(repository, '.cache'));
const objects = await startObjectServer();
const env = {
  ...process.env,
  [ENDPOINT_VARIABLE]: emulator.endpoint,
  [OBJECTS_VARIABLE]: objects.endpoint,
  [PLACES_VARIABLE]: AWS_PLACE,
};
let vitest: ReturnType<typeof spawn> | undefined;
const interrupt = (signal: NodeJS.Signals): void => {
  vitest?.kill(signal);
};
process.once('SIGINT', interrupt);
process.once('SIGTERM', interrupt);
try {
  const command = join(repository, 'node_modules/vitest/vitest.mjs');
  for (const [, config] of chosen) {
    const run = spawn(process.execPath, [command, 'run', '--config', config, ...more], {
      cwd: repository,
      stdio: 'inherit',
      env,
    });
    vitest = run;
    const code = await new Promise<number>((resolve, reject) => {
      run.once('error', reject);
      run.once('exit', (ended) => resolve(ended ?? 1));
    });
    if (code !== 0) process.exitCode = code;
  }
} finally {
  await objects.close();
  await emulator.stop();
}
