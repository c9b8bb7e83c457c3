import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';

/** What the functions work on, and what their roles give access to. */
export interface Storage {
  readonly table: Table;
  readonly bus: EventBus;
  readonly queue: Queue;
  readonly bucket: Bucket;
}
