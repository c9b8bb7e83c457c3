import type { Construct } from 'constructs';
import { WorkflowStack } from '../../../lib/index.ts';
import { hurry, shortTimes } from './settings.ts';

/** The workflows of the parity tests that were chosen for it; `entry` is the module that was made of them. */
export class ParityStack extends WorkflowStack {
  constructor(scope: Construct, id: string, entry: string) {
    // A caller of the API cannot ask for the history that a stream needs.
    super(scope, id, { ...shortTimes, entry, auth: 'none', history: 'full' });
    hurry(this);
  }
}
