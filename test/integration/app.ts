import { App, CliCredentialsStackSynthesizer, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { WorkflowStack } from '../../lib/index.ts';
import { fitForEmulator } from './emulated.ts';

/** What `npm run test:integration` deploys: short times, so that a killed worker is recovered while the suite waits. */
const app = new App({
  // The roles by which the CDK deploys otherwise trust an account in a way that no emulator with IAM enforced knows.
  defaultStackSynthesizer: new CliCredentialsStackSynthesizer(),
});
const stack = new WorkflowStack(app, 'EventedWorkflowsTest', {
  entry: 'test/integration/workflows.ts',
  auth: 'none',
  timeout: Duration.seconds(Number(app.node.getContext('timeoutSeconds'))),
  lease: Duration.seconds(Number(app.node.getContext('leaseSeconds'))),
  maximumConcurrency: 4,
  removalPolicy: RemovalPolicy.DESTROY,
});
fitForEmulator(stack);
