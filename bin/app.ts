import { App } from 'aws-cdk-lib';
import { WorkflowStack } from '../lib/index.ts';

/** The example of examples/orders, callable by the principals of the own account that are granted it. */
const app = new App();
new WorkflowStack(app, 'EventedWorkflows', { entry: 'examples/orders/workflow.ts', auth: 'iam' });
