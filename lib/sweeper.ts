import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { functionProps } from './bundling.ts';
import { commonEnvironment } from './environment.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';

/** The shortest interval: a sweep that takes as long has much to do, and the next one goes on where it was stopped. */
const TIMEOUT = Duration.minutes(1);

/** The function that publishes again what a transport lost, and the schedule that calls it. */
export function createSweeper(
  scope: Construct,
  storage: Storage,
  settings: Settings,
  { role, logGroup }: { readonly role: IRole; readonly logGroup: ILogGroup },
): NodejsFunction {
  // When the next call is due, one that could not be made has nothing left to do.
  const maxEventAge = settings.sweepInterval;
  const sweeper = new NodejsFunction(scope, 'Sweeper', {
    ...functionProps('sweeper', settings),
    description: 'Publishes the events of workflows that were lost',
    role,
    logGroup,
    timeout: TIMEOUT,
    environment: commonEnvironment(storage, settings),
    maxEventAge,
    // No `recursiveLoop`: it sends to the work queue but takes nothing from it.
  });
  new Rule(scope, 'SweepSchedule', {
    description: 'Calls the function that looks for lost events of workflows',
    schedule: Schedule.rate(settings.sweepInterval),
    targets: [new LambdaFunction(sweeper, { maxEventAge })],
  });
  return sweeper;
}
