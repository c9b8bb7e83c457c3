import { readFileSync } from 'node:fs';
import { synthesize, step } from './cdk.ts';
import { emulatorEnvironment } from './emulator.ts';
const env = emulatorEnvironment(readFileSync('/tmp/lead/H-endpoint', 'utf8').trim());
step('synth');
const d = await synthesize({
  name: 'integration',
  app: 'test/integration/stacks/app.ts',
  stack: 'EventedWorkflowsTest',
  env,
  signal: new AbortController().signal,
});
step('bootstrap');
await d.cdk('bootstrap', 'aws://000000000000/us-east-1');
step('deploy');
await d.deploy();
step('done');
