import { App, CliCredentialsStackSynthesizer, type IReusableStackSynthesizer } from 'aws-cdk-lib';
import { CallersStack, TokensStack } from './authorized.ts';
import { fitForEmulator } from './emulated.ts';
import { MainStack } from './main.ts';

/** What `npm run test:integration` and `npm run canary` deploy: a stack for each kind of authorization. */
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
if (process.env.AWS_ENDPOINT_URL !== undefined) for (const stack of stacks) fitForEmulator(stack);
