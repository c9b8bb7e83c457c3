import type { Construct } from 'constructs';
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
  }
}
