import { App, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { CfnEventBusPolicy } from 'aws-cdk-lib/aws-events';
import { WorkflowStack } from '../../lib/index.ts';

/** What `npm run test:integration` deploys: short times, so that a killed worker is recovered while the suite waits. */
const app = new App();
const stack = new WorkflowStack(app, 'EventedWorkflowsTest', {
  entry: 'test/integration/workflows.ts',
  auth: 'none',
  timeout: Duration.seconds(Number(app.node.getContext('timeoutSeconds'))),
  lease: Duration.seconds(Number(app.node.getContext('leaseSeconds'))),
  maximumConcurrency: 4,
  removalPolicy: RemovalPolicy.DESTROY,
});

// The emulator of the suite knows no policies of a bus; that the template has it is a test in test/cdk.
for (const construct of stack.node.findAll()) {
  if (construct instanceof CfnEventBusPolicy) construct.node.scope?.node.tryRemoveChild(construct.node.id);
}
