import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { type FunctionPart, createFunction } from './function.ts';
import type { Parts } from './parts.ts';
import { processorPermissions } from './permissions.ts';

/** The function that handles one event of the work queue: loads, claims, executes, commits, publishes. */
export function createProcessor(scope: Construct, parts: Parts): FunctionPart {
  const { settings, work } = parts;
  const processor = createFunction(scope, 'Processor', parts, {
    module: 'processor',
    description: 'Handles the events of workflows',
    timeout: settings.timeout,
    permissions: processorPermissions(parts),
    // A run is a chain of rounds through this function and its queue, which Lambda would take for a mistake and stop after
    // about 16. What keeps a chain from running away instead is the runtime's own cap on hops.
    options: { recursiveLoop: RecursiveLoop.ALLOW },
  });
  processor.handler.addEventSource(
    new SqsEventSource(work.queue, {
      // One: a step that takes its time would hold up the others of a batch, and a killed worker would repeat them all.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: settings.maximumConcurrency,
    }),
  );
  return processor;
}
