import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { LanePart } from './lane.ts';
import type { MetricSource } from './metrics.ts';
import type { WorkQueue } from './queue.ts';
import type { Scheduler } from './scheduler.ts';
import type { Settings } from './settings.ts';

/**
 * What the functions of a deployment have in common: how it is set, and what they work on. It is made before them, so that
 * each of them can be told of it and be given access to it.
 */
export interface Parts {
  readonly settings: Settings;
  /** Under which name and where the functions count. */
  readonly metrics: MetricSource;
  readonly table: ITable;
  readonly bucket: IBucket;
  readonly bus: IEventBus;
  /** Where all work waits that no function of its own takes. */
  readonly work: WorkQueue;
  /** What takes the rest. */
  readonly lanes: readonly LanePart[];
  /** Where timers wait that no queue can delay for so long. */
  readonly scheduler: Scheduler;
  /** For what EventBridge and the Scheduler could not put into the queues. */
  readonly routingDeadLetterQueue: Queue;
}
