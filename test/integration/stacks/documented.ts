import { App, CfnOutput, CliCredentialsStackSynthesizer, type IReusableStackSynthesizer } from 'aws-cdk-lib';
import { WorkflowStack } from '../../../lib/index.ts';
import { fitForEmulator } from './emulated.ts';

/** What `bin/app.ts` deploys, for the commands of docs/deploy.md: only the URL is that of the emulator. */
const app = new App({
  defaultStackSynthesizer: new CliCredentialsStackSynthesizer() as IReusableStackSynthesizer,
});
const stack = new WorkflowStack(app, 'EventedWorkflows', {
  entry: 'examples/orders/workflow.ts',
  auth: 'iam',
});
fitForEmulator(stack);
const url = stack.node.findChild('Url');
if (url instanceof CfnOutput) {
  url.value = `${process.env.AWS_ENDPOINT_URL}/_aws/execute-api/${stack.runtime.apiId}/$default/`;
}
