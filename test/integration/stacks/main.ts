import type { Construct } from 'constructs';
import { WorkflowStack } from '../../../lib/index.ts';
import { hurry, shortTimes } from './settings.ts';

/** What it can run is what is tested, and not who may call it: on an emulator that is everybody. */
export class MainStack extends WorkflowStack {
  constructor(scope: Construct, id: string, auth: 'iam' | 'none') {
    super(scope, id, { ...shortTimes, entry: 'test/integration/stacks/workflows.ts', auth });
    hurry(this);
  }
}
