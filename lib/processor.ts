import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { type FunctionPart, createFunction } from './function.ts';
import type { StepFunctionSettings } from './function-settings.ts';
import type { LanePart, WorkflowFunction } from './lane.ts';
import type { Parts } from './parts.ts';
import { handlingPermissions } from './permissions.ts';
import type { WorkQueue } from './queue.ts';

/** Whose work a processor does, and how. */
export interface ProcessorDefinition {
  readonly description: string;
  readonly settings: StepFunctionSettings;
  readonly work: WorkQueue;
}

/** A function that handles the events of one work queue: loads, claims, executes, commits, publishes. */
export function createProcessor(
  scope: Construct,
  parts: Parts,
  { description, settings, work }: ProcessorDefinition,
): FunctionPart {
  const processor = createFunction(scope, 'Processor', parts, {
    module: 'processor',
    description,
    memorySize: settings.memorySize,
    timeout: settings.timeout,
    environment: settings.environment,
    permissions: handlingPermissions(parts),
    // A run is a chain of rounds through this function and its queue, which Lambda would take for a mistake and stop after
    // about 16. What keeps a chain from running away instead is the runtime's own cap on hops.
    options: { recursiveLoop: RecursiveLoop.ALLOW },
  });
  for (const statement of settings.initialPolicy) processor.role.addToPolicy(statement.copy());
  processor.handler.addEventSource(
    new SqsEventSource(work.queue, {
      batchSize: settings.batchSize,
      // No `maxBatchingWindow`: a run would wait for others to come.
      reportBatchItemFailures: true,
      maxConcurrency: settings.maximumConcurrency,
    }),
  );
  acknowledge(
    processor.handler,
    'Serverless-LambdaEventSourceMappingDestination',
    "Its mapping reads a queue, whose failures go to that queue's own dead letters; a mapping has destinations for streams.",
  );
  return processor;
}

/** The processor of a lane. */
export function createLaneProcessor(parts: Parts, { scope, settings, work }: LanePart): FunctionPart {
  return createProcessor(scope, parts, {
    description: `Handles the events of ${settings.name}`,
    settings,
    work,
  });
}

/** A lane and its processor, as other constructs see them. */
export function workflowFunction({ handler, work }: LanePart & FunctionPart): WorkflowFunction {
  return { processor: handler, workQueue: work.queue, workDeadLetterQueue: work.deadLetterQueue };
}
