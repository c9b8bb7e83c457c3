import type { Dashboard, IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { Grant, IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';
import { type Api, createApi, grantRoutes } from './api.ts';
import { createBus, createRoutingDeadLetters, reserveSource, routeWork } from './bus.ts';
import { createDeadLetters } from './dead-letters.ts';
import { allowServices } from './encryption.ts';
import { takeFor } from './exclusive.ts';
import { createExpiry } from './expiry.ts';
import { LONG_STEPS } from './function-settings.ts';
import { type WorkflowFunction, createLanes } from './lane.ts';
import { type IMetered, MeteredConstruct, type MetricSource, runtimeName } from './metrics.ts';
import type { Parts } from './parts.ts';
import { createLaneProcessor, createProcessor, workflowFunction } from './processor.ts';
import type { WorkflowRuntimeProps } from './props.ts';
import { type Settings, settingsOf } from './settings.ts';
import { closeQueue, createQueue, ownQueueOf, queueTarget } from './queue.ts';
import type { Access } from './routes.ts';
import { grantRequests, requestSourcesEnvironment, routeRequests } from './sources.ts';
import { StepPrincipal } from './step-principal.ts';
import { createScheduler } from './scheduler.ts';
import { createSchedules } from './schedules.ts';
import { createSweeper } from './sweeper.ts';
import { checkTable } from './table.ts';
import { watch } from './watch.ts';
import { createStorage } from './workflow-storage.ts';

/**
 * A deployed runtime, as other constructs see it. What is granted to it, its steps may do: `secret.grantRead(runtime)` is for
 * the processor and the function for long steps, and not for those of the prop `functions`.
 */
export interface IWorkflowRuntime extends IConstruct, IGrantable, IMetered {
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
  /** Events and timers that EventBridge and its Scheduler could not put into the work queues within 24 hours. */
  readonly routingDeadLetterQueue: IQueue;
  /**
   * Expired runs whose records could not be removed after 10 retries. A message has the place in the table's stream, which
   * keeps it for 24 hours. The run is over: what stays takes storage only, as long as its id is not used again.
   */
  readonly expiryDeadLetterQueue: IQueue;
  /** Messages that nobody could do anything for: for a person to look at. `evented redrive` moves them back. */
  readonly undeliverableQueue: IQueue;
  /** Calls of the sweeper that EventBridge could not make. The next one does what they would have done. */
  readonly sweepDeadLetterQueue: IQueue;
  /** Answers the API. */
  readonly apiFunction: IFunction;
  /** Executes the steps that no other function takes. */
  readonly processor: IFunction;
  /** Executes the steps that take longer; undefined with `longSteps: false`. */
  readonly longSteps: WorkflowFunction | undefined;
  /** The functions of the prop `functions`, by their names. Each may do only what it was given itself. */
  readonly functions: Readonly<Record<string, WorkflowFunction>>;
  /** Publishes again, on a schedule, what was lost between the functions. */
  readonly sweeper: IFunction;
  /** Removes what expired runs leave behind. */
  readonly expiry: IFunction;
  /** Looks at the runs of messages that could not be processed. */
  readonly deadLetter: IFunction;
  /** The alarms, for actions and composite alarms of your own. Empty with `alarms: false`. */
  readonly alarms: readonly IAlarm[];
  /** Undefined with `dashboard: false`. */
  readonly dashboard: Dashboard | undefined;
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
  /**
   * Lets a principal put the requests of a source on the bus, and no other events: those that `requestSources` lets the source
   * ask for. With any `auth`.
   */
  grantRequests(grantee: IGrantable, source: string): Grant;
}

/**
 * A complete deployment: HTTP API, event bus, work queue, processor, sweeper, table and bucket. Several in one account, or in one
 * stack, know nothing of each other.
 *
 * @example
 * new WorkflowRuntime(this, 'Workflows', { entry: 'src/workflows.ts', auth: 'iam' });
 */
export class WorkflowRuntime extends MeteredConstruct implements IWorkflowRuntime {
  readonly url: string;
  readonly apiId: string;
  readonly table: ITable;
  readonly bucket: IBucket;
  readonly bus: IEventBus;
  readonly workQueue: IQueue;
  readonly workDeadLetterQueue: IQueue;
  readonly routingDeadLetterQueue: IQueue;
  readonly expiryDeadLetterQueue: IQueue;
  readonly sweepDeadLetterQueue: IQueue;
  readonly undeliverableQueue: IQueue;
  readonly deadLetter: IFunction;
  readonly alarms: readonly IAlarm[];
  readonly dashboard: Dashboard | undefined;
  readonly apiFunction: IFunction;
  readonly processor: IFunction;
  readonly longSteps: WorkflowFunction | undefined;
  readonly functions: Readonly<Record<string, WorkflowFunction>>;
  readonly sweeper: IFunction;
  readonly expiry: IFunction;
  readonly grantPrincipal: IPrincipal;
  protected readonly metricSource: MetricSource;
  readonly #api: Api;
  readonly #sources: Settings['requestSources'];

  /** Throws {@link WorkflowRuntimeError} when a prop is missing or out of bounds. */
  constructor(scope: Construct, id: string, props: WorkflowRuntimeProps) {
    super(scope, id);
    const parts = createParts(this, settingsOf(props));

    const api = createApi(this, parts);
    const processor = createProcessor(this, parts, {
      description: 'Handles the events of workflows',
      settings: withRequests(parts.settings),
      work: parts.work,
    });
    const lanes = parts.lanes.map((lane) => ({ ...lane, ...createLaneProcessor(parts, lane) }));
    const sweeper = createSweeper(this, parts);
    const expiry = createExpiry(this, parts);

    const schedules = createSchedules(this, parts, parts.settings.schedules);
    routeWork(this, parts);
    this.routingDeadLetterQueue = parts.routingDeadLetterQueue;
    this.#sources = parts.settings.requestSources;
    const target = queueTarget(parts.work, this.routingDeadLetterQueue);
    routeRequests(this, { bus: parts.bus, sources: this.#sources, target });
    const deadQueues = [
      ...[parts, ...lanes].map(({ work }) => work.deadLetterQueue),
      this.routingDeadLetterQueue,
    ];
    const deadLetters = createDeadLetters(this, parts, deadQueues);
    const workers = [processor.role, ...lanes.map(({ role }) => role), sweeper.role, deadLetters.role];
    reserveSource(this, parts.bus, [api.role, ...workers]);
    const senders = [api.role, ...workers, parts.scheduler.role];
    for (const { work } of [parts, ...parts.lanes]) closeQueue(work, senders);

    this.#api = api;
    this.url = api.url;
    this.apiId = api.gateway.apiId;
    this.table = parts.table;
    this.bucket = parts.bucket;
    this.bus = parts.bus;
    this.workQueue = parts.work.queue;
    this.workDeadLetterQueue = parts.work.deadLetterQueue;
    this.sweepDeadLetterQueue = sweeper.deadLetterQueue;
    this.expiryDeadLetterQueue = expiry.deadLetterQueue;
    this.apiFunction = api.handler;
    this.processor = processor.handler;
    const long = lanes.find(({ settings }) => settings.name === LONG_STEPS);
    this.longSteps = long && workflowFunction(long);
    this.functions = Object.fromEntries(
      lanes.filter((lane) => lane !== long).map((lane) => [lane.settings.name, workflowFunction(lane)]),
    );
    this.grantPrincipal =
      long === undefined ? processor.role : new StepPrincipal([processor.role, long.role]);
    this.sweeper = sweeper.handler;
    this.expiry = expiry.handler;
    this.deadLetter = deadLetters.handler;
    this.undeliverableQueue = deadLetters.undeliverable;
    this.metricSource = parts.metrics;
    const { alarms, dashboard } = watch(this, parts, {
      undeliverable: deadLetters.undeliverable,
      deadLetterQueues: deadQueues,
      expiry,
      sweeper,
      schedules,
    });
    this.alarms = alarms;
    this.dashboard = dashboard;
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

  grantRequests(grantee: IGrantable, source: string): Grant {
    return grantRequests({ bus: this.bus, sources: this.#sources }, source, grantee);
  }

  #grant(access: Access, grantee: IGrantable): Grant {
    return grantRoutes(this.#api, access, grantee);
  }
}

/** Requests come to the work queue: of all processors, its own alone is told of their sources. */
function withRequests(settings: Settings): Settings {
  const { environment, requestSources } = settings;
  return { ...settings, environment: { ...environment, ...requestSourcesEnvironment(requestSources) } };
}

/** What the functions work on. */
function createParts(scope: Construct, settings: Settings): Parts {
  const { table, bucket } = settings.storage ?? createStorage(scope, settings);
  if (settings.storage !== undefined) checkTable('storage.table', table);
  takeFor('table', table);
  takeFor('bucket', bucket);
  takeFor('bus', settings.ownBus);
  takeFor('queue', settings.ownQueue);
  if (settings.encryptionKey !== undefined) allowServices(scope, settings.encryptionKey);
  const work = ownQueueOf(settings) ?? createQueue(scope, settings);
  const lanes = createLanes(scope, settings);
  const routingDeadLetterQueue = createRoutingDeadLetters(scope, settings);
  return {
    settings,
    metrics: { name: runtimeName(scope), namespace: settings.metricsNamespace },
    table,
    bucket,
    bus: settings.ownBus ?? createBus(scope, settings),
    work,
    lanes,
    scheduler: createScheduler(scope, { work, lanes }, routingDeadLetterQueue),
    routingDeadLetterQueue,
  };
}
