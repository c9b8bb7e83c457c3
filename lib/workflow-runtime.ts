import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { type Api, createApi, grantRoutes } from './api.ts';
import { createBucket } from './bucket.ts';
import { createBus, reserveSource, routeWork } from './bus.ts';
import { createExpiry } from './expiry.ts';
import type { Parts } from './parts.ts';
import { createProcessor } from './processor.ts';
import type { WorkflowRuntimeProps } from './props.ts';
import { settingsOf } from './settings.ts';
import { createQueue } from './queue.ts';
import type { Access } from './routes.ts';
import { createSweeper } from './sweeper.ts';
import { createTable } from './table.ts';

/** A deployed runtime, as other constructs see it. */
export interface IWorkflowRuntime extends IConstruct {
  /** URL of the API, with a slash at its end. */
  readonly url: string;
  /** Id of the API: what emulators have in their URLs. */
  readonly apiId: string;
  /** All records of all runs. */
  readonly table: ITable;
  /** Values above 24 KB. */
  readonly bucket: IBucket;
  /** The engine's events; put rules of your own on it, on the source `evented-workflows`. */
  readonly bus: IEventBus;
  /** Events that wait for a worker. */
  readonly workQueue: IQueue;
  /** Events that could not be processed 10 times. */
  readonly workDeadLetterQueue: IQueue;
  /** Events that EventBridge could not put into the work queue within 24 hours. */
  readonly routingDeadLetterQueue: IQueue;
  /**
   * Expired runs whose records could not be removed after 10 retries. A message has the place in the table's stream, which
   * keeps it for 24 hours. The run is over: what stays takes storage only, as long as its id is not used again.
   */
  readonly expiryDeadLetterQueue: IQueue;
  /** Answers the API. */
  readonly apiFunction: IFunction;
  /** Executes the steps. Give it, and only it, access to what the steps use. */
  readonly processor: IFunction;
  /** Publishes again, on a schedule, what was lost between the functions. */
  readonly sweeper: IFunction;
  /** Removes what expired runs leave behind. */
  readonly expiry: IFunction;
  /** Lets a principal create and start runs. With `auth: 'iam'` only, as are the other grants. */
  grantStart(grantee: IGrantable): Grant;
  /** Lets a principal resume runs. Its own ones: it still has to be their owner. */
  grantResume(grantee: IGrantable): Grant;
  /** Lets a principal cancel its runs. */
  grantCancel(grantee: IGrantable): Grant;
  /** Lets a principal execute its runs again: time travel and restart. */
  grantRestart(grantee: IGrantable): Grant;
  /** Lets a principal remove its runs for good. */
  grantDelete(grantee: IGrantable): Grant;
  /** Lets a principal read workflows, and its runs with their events, history and values. */
  grantRead(grantee: IGrantable): Grant;
}

/**
 * A complete deployment: HTTP API, event bus, work queue, processor, sweeper, table and bucket. Several in one account, or in one
 * stack, know nothing of each other.
 *
 * @example
 * new WorkflowRuntime(this, 'Workflows', { entry: 'src/workflows.ts', auth: 'iam' });
 */
export class WorkflowRuntime extends Construct implements IWorkflowRuntime {
  readonly url: string;
  readonly apiId: string;
  readonly table: ITable;
  readonly bucket: IBucket;
  readonly bus: IEventBus;
  readonly workQueue: IQueue;
  readonly workDeadLetterQueue: IQueue;
  readonly routingDeadLetterQueue: IQueue;
  readonly expiryDeadLetterQueue: IQueue;
  readonly apiFunction: IFunction;
  readonly processor: IFunction;
  readonly sweeper: IFunction;
  readonly expiry: IFunction;
  readonly #api: Api;

  /** Throws {@link WorkflowRuntimeError} when a prop is missing or out of bounds. */
  constructor(scope: Construct, id: string, props: WorkflowRuntimeProps) {
    super(scope, id);
    const settings = settingsOf(props);

    const table = createTable(this, settings);
    const bucket = createBucket(this, settings);
    const bus = createBus(this);
    const work = createQueue(this, settings);
    const parts: Parts = { settings, table, bucket, bus, work };

    const api = createApi(this, parts);
    const processor = createProcessor(this, parts);
    const sweeper = createSweeper(this, parts);
    const expiry = createExpiry(this, parts);

    this.routingDeadLetterQueue = routeWork(this, parts);
    reserveSource(this, bus, [api.role, processor.role, sweeper.role]);

    this.#api = api;
    this.url = api.url;
    this.apiId = api.gateway.apiId;
    this.table = table;
    this.bucket = bucket;
    this.bus = bus;
    this.workQueue = work.queue;
    this.workDeadLetterQueue = work.deadLetterQueue;
    this.expiryDeadLetterQueue = expiry.deadLetterQueue;
    this.apiFunction = api.handler;
    this.processor = processor.handler;
    this.sweeper = sweeper.handler;
    this.expiry = expiry.handler;
  }

  grantStart(grantee: IGrantable): Grant {
    return this.#grant('start', grantee);
  }

  grantResume(grantee: IGrantable): Grant {
    return this.#grant('resume', grantee);
  }

  grantCancel(grantee: IGrantable): Grant {
    return this.#grant('cancel', grantee);
  }

  grantRestart(grantee: IGrantable): Grant {
    return this.#grant('restart', grantee);
  }

  grantDelete(grantee: IGrantable): Grant {
    return this.#grant('delete', grantee);
  }

  grantRead(grantee: IGrantable): Grant {
    return this.#grant('read', grantee);
  }

  #grant(access: Access, grantee: IGrantable): Grant {
    return grantRoutes(this.#api, access, grantee);
  }
}
