import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { type FunctionPart, createFunction } from './function.ts';
import type { Parts } from './parts.ts';
import { sweeperPermissions } from './permissions.ts';

/** The shortest interval: a sweep that takes as long has much to do, and the next one goes on where it was stopped. */
const TIMEOUT = Duration.minutes(1);

/** The function that publishes again what a transport lost, and the schedule that calls it. */
export function createSweeper(scope: Construct, parts: Parts): FunctionPart {
  const { sweepInterval } = parts.settings;
  // When the next call is due, one that could not be made has nothing left to do.
  const maxEventAge = sweepInterval;
  const sweeper = createFunction(scope, 'Sweeper', parts, {
    module: 'sweeper',
    description: 'Publishes the events of workflows that were lost',
    timeout: TIMEOUT,
    permissions: sweeperPermissions(parts),
    // No `recursiveLoop`: it sends to the work queue but takes nothing from it.
    options: { maxEventAge },
  });
  new Rule(scope, 'SweepSchedule', {
    description: 'Calls the function that looks for lost events of workflows',
    schedule: Schedule.rate(sweepInterval),
    targets: [new LambdaFunction(sweeper.handler, { maxEventAge })],
  });
  return sweeper;
}
