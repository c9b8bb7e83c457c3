import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Lane } from '../src/adapters/aws/config.ts';
import { type LaneSettings, LONG_STEPS } from './function-settings.ts';
import { type WorkQueue, createQueue } from './queue.ts';
import type { Settings } from './settings.ts';

/** What takes some of the work: a queue, and the scope in which its function and its rule are made. */
export interface LanePart {
  readonly scope: Construct;
  readonly settings: LaneSettings;
  readonly work: WorkQueue;
}

/** A function for some of the work, as other constructs see it. */
export interface WorkflowFunction {
  /** Executes the steps. Give it access to what they use. */
  readonly processor: IFunction;
  /** Events that wait for it. */
  readonly workQueue: IQueue;
  /** Events that it could not process 10 times. */
  readonly workDeadLetterQueue: IQueue;
}

/** A scope and a queue for each lane of the settings. */
export function createLanes(scope: Construct, { lanes, encryptionKey }: Settings): readonly LanePart[] {
  const functions = new Construct(scope, 'Functions');
  return lanes.map((settings) => {
    const { name, timeout } = settings;
    const own = name === LONG_STEPS ? new Construct(scope, 'LongSteps') : new Construct(functions, name);
    return { scope: own, settings, work: createQueue(own, { timeout, encryptionKey }) };
  });
}

/** What the functions are told of the lanes. */
export function lanesForFunctions(lanes: readonly LanePart[]): readonly Lane[] {
  return lanes.map(({ settings: { name, workflows, steps, stepsOver }, work: { queue } }) => ({
    name,
    queueUrl: queue.queueUrl,
    queueArn: queue.queueArn,
    ...(workflows.length === 0 ? {} : { workflows }),
    ...(steps.length === 0 ? {} : { steps }),
    ...(stepsOver === undefined ? {} : { stepsOver }),
  }));
}
