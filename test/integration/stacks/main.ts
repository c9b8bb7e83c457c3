import { CfnOutput } from 'aws-cdk-lib';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SuspendNotice } from '../../../examples/notify/suspend-notice.ts';
import { WorkflowStack } from '../../../lib/index.ts';
import { shop } from '../requests.ts';
import { hurry, shortTimes } from './settings.ts';

const isEmulated = process.env.AWS_ENDPOINT_URL !== undefined;

/** What it can run is what is tested, and not who may call it: on an emulator that is everybody. */
export class MainStack extends WorkflowStack {
  constructor(scope: Construct, id: string, auth: 'iam' | 'none') {
    super(scope, id, {
      ...shortTimes,
      entry: 'test/integration/stacks/workflows.ts',
      auth,
      requestSources: [shop],
      // Where the Scheduler is that of AWS, a tick is waited for.
      environment: auth === 'iam' && !isEmulated ? { SUITE_CRON: '* * * * *' } : {},
    });
    hurry(this);
    this.#addNotices();
  }

  /** The notices of examples/notify. Who is told is a queue, which a test can read. */
  #addNotices(): void {
    const { topic } = new SuspendNotice(this, 'Notices', { runtime: this.runtime, workflows: ['expense'] });
    const told = new Queue(this, 'Told');
    topic.addSubscription(new SqsSubscription(told));
    new CfnOutput(this, 'ToldUrl', { value: told.queueUrl });
  }
}
