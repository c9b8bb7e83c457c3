import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { ENDPOINT_VARIABLE } from './endpoint.ts';

/** `npm run test:dynamodb`: the contract of the stores on DynamoDB Local. Arguments go to Vitest. */

const repository = join(import.meta.dirname, '../..');
const emulator = await startDynamoDbLocal(join(repository, '.cache'));
let vitest: ReturnType<typeof spawn> | undefined;
const interrupt = (signal: NodeJS.Signals): void => {
  vitest?.kill(signal);
};
process.once('SIGINT', interrupt);
process.once('SIGTERM', interrupt);
try {
  const command = join(repository, 'node_modules/vitest/vitest.mjs');
  const run = spawn(
    process.execPath,
    [command, 'run', '--config', 'vitest.dynamodb.config.ts', ...process.argv.slice(2)],
    { cwd: repository, stdio: 'inherit', env: { ...process.env, [ENDPOINT_VARIABLE]: emulator.endpoint } },
  );
  vitest = run;
  process.exitCode = await new Promise<number>((resolve, reject) => {
    run.once('error', reject);
    run.once('exit', (code) => resolve(code ?? 1));
  });
} finally {
  await emulator.stop();
}
