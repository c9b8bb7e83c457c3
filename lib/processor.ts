import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { functionProps } from './bundling.ts';
import { commonEnvironment } from './environment.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';

/** The function that handles one event of the work queue: loads, claims, executes, commits, publishes. */
export function createProcessor(
  scope: Construct,
  storage: Storage,
  settings: Settings,
  { role, logGroup }: { readonly role: IRole; readonly logGroup: ILogGroup },
): NodejsFunction {
  const processor = new NodejsFunction(scope, 'Processor', {
    ...functionProps('processor', settings),
    description: 'Handles the events of workflows',
    role,
    logGroup,
    timeout: settings.timeout,
    environment: commonEnvironment(storage, settings),
    // A run is a chain of rounds through this function and its queue, which Lambda would take for a mistake and stop after
    // about 16. What keeps a chain from running away instead is the runtime's own cap on hops.
    recursiveLoop: RecursiveLoop.ALLOW,
  });
  processor.addEventSource(
    new SqsEventSource(storage.queue, {
      // One: a step that takes its time would hold up the others of a batch, and a killed worker would repeat them all.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: settings.maximumConcurrency,
    }),
  );
  return processor;
}
