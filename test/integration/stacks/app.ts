import { join } from 'node:path';
import { App, CliCredentialsStackSynthesizer, type IReusableStackSynthesizer } from 'aws-cdk-lib';
import { bundleChosenTests } from '../../parity/places/deployed/bundle.ts';
import { cache } from '../cdk.ts';
import { CallersStack, TokensStack } from './authorized.ts';
import { fitForEmulator } from './emulated.ts';
import { MainStack } from './main.ts';
import { ParityStack } from './parity.ts';

/** What `npm run test:integration` and `npm run canary` deploy: a stack for each kind of authorization, and one for parity tests. */
const app = new App({
  // The roles by which the CDK deploys otherwise are not assumed in the way of AWS by an emulator with IAM enforced.
  // The declarations of the CDK are not for exact optional properties.
  defaultStackSynthesizer: new CliCredentialsStackSynthesizer() as IReusableStackSynthesizer,
});
const { INTEGRATION_STACK: name = 'EventedWorkflowsTest', INTEGRATION_AUTH: auth } = process.env;
const stacks = [
  new MainStack(app, name, auth === 'iam' ? 'iam' : 'none'),
  new CallersStack(app, `${name}Iam`),
  new TokensStack(app, `${name}Jwt`),
];
// The canary has the main stack ask for signatures, and leaves this one to the suite.
if (auth !== 'iam') {
  const entry = await bundleChosenTests(join(cache, 'parity', 'workflows.mjs'));
  stacks.push(new ParityStack(app, `${name}Parity`, entry));
}
if (process.env.AWS_ENDPOINT_URL !== undefined) for (const stack of stacks) fitForEmulator(stack);
