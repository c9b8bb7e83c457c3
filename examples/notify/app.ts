import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WorkflowRuntime } from 'evented-workflows/cdk';
import { SuspendNotice } from './suspend-notice.ts';

/**
 * Deploys the expenses with a notice for each one that waits, by mail to the address in NOTIFY_EMAIL:
 *
 *     NOTIFY_EMAIL=ann@example.com npx cdk deploy \
 *       --app 'node --conditions=evented-workflows-source examples/notify/app.ts'
 */
export function expensesStack(app: App, email: string | undefined): Stack {
  const stack = new Stack(app, 'Expenses');
  const runtime = new WorkflowRuntime(stack, 'Workflows', {
    entry: 'examples/notify/workflow.ts',
    auth: 'iam',
  });
  const { topic } = new SuspendNotice(stack, 'SuspendNotice', {
    runtime,
    ...(email === undefined ? {} : { emails: [email] }),
  });
  new CfnOutput(stack, 'Url', { value: runtime.url, description: 'URL of the API' });
  new CfnOutput(stack, 'TopicArn', { value: topic.topicArn, description: 'Where notices are published' });
  return stack;
}

if (import.meta.main) expensesStack(new App(), process.env['NOTIFY_EMAIL']);
