/**
 * What the CDK construct and the functions both have to know: keys of the table, names of environment variables, what the
 * rules of the bus match, and the limits of the services. The CDK imports this file and nothing else of the adapters, so it
 * imports no AWS client and no schema library.
 */

import { limits } from '../../core/limits.ts';
import type { MetricName } from '../../ports/metrics.ts';

/** A key of the table or of an index: `S` text, `N` number. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N';
}

/** A global secondary index. */
export interface IndexDefinition {
  readonly name: string;
  readonly partitionKey: KeyAttribute;
  readonly sortKey: KeyAttribute;
  /** Attributes projected beside the keys; none: KEYS_ONLY. */
  readonly include: readonly string[];
}

/** The one table: all records of all runs (on-demand billing, no local indexes). */
export const tableDefinition = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
  /**
   * Seconds since 1970 after which DynamoDB may remove an item. Only the header of a finished run has it, so that neither a
   * suspended nor a sleeping run is ever removed. The rest of the run is removed by a function on the table's stream
   * (`removeExpiredRun`); without one it stays, and the run's id must not be used again.
   */
  timeToLive: 'ttl',
} as const satisfies { partitionKey: KeyAttribute; sortKey: KeyAttribute; timeToLive: string };

/** Sort key of a run's header; the other items of its partition sort behind it. */
export const headerSort = 'A';

/** What the partition of a text that belongs to no run begins with; the name follows. */
export const namedPartition = '#named#';

/**
 * What the stream says of a header that its time to live removed, and of nothing that a caller removed: deletions by
 * DynamoDB itself bear its name (DynamoDB developer guide, "DynamoDB Streams and Time to Live"). A filter of the function
 * that removes the rest of the run.
 */
export const expiryPattern = {
  eventName: ['REMOVE'],
  userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
  dynamodb: { Keys: { [tableDefinition.sortKey.name]: { S: [headerSort] } } },
} as const;

/**
 * The runs that the sweeper may have to look at: partitions `h0` to `h15` by the run id, sorted by the time of the next
 * look. Sparse: an item without `sw` is not in it.
 */
export const sweepIndex = {
  name: 'sweep',
  partitionKey: { name: 'sh', type: 'S' },
  sortKey: { name: 'sw', type: 'N' },
  include: [],
} as const satisfies IndexDefinition;

/**
 * Root runs by workflow, newest first: partitions `<workflow>#0` to `<workflow>#7`, sorted by `<createdAt>#<run>`. Status
 * is projected and never a key, so that a change of it is one write and not a deletion and a put.
 */
export const listIndex = {
  name: 'list',
  partitionKey: { name: 'lp', type: 'S' },
  sortKey: { name: 'ls', type: 'S' },
  /** Status, resourceId, owner: what lists are filtered by. */
  include: ['st', 'rid', 'own'],
} as const satisfies IndexDefinition;

/** Partitions of the sweep index: one sweep is one query for each. */
export const sweepShards = 16;

/** Partitions of the list index for each workflow: 8,000 starts a second, at 1,000 writes a second for a partition. */
export const listShards = 8;

/** Environment variables of the functions, set by the construct and read by `readAwsConfig`. */
export const environment = {
  /** Name of the table. */
  table: 'EVENTED_TABLE',
  /** Name or ARN of the event bus. */
  bus: 'EVENTED_BUS',
  /** URL of the work queue: timers are delayed messages to it. */
  queueUrl: 'EVENTED_QUEUE_URL',
  /** ARN of the work queue: where the Scheduler puts what is due later than a queue can delay it. */
  queueArn: 'EVENTED_QUEUE_ARN',
  /** Name of the Scheduler group that holds this deployment's timers and crons. */
  scheduleGroup: 'EVENTED_SCHEDULE_GROUP',
  /** ARN of the role by which the Scheduler sends to the work queues. */
  scheduleRole: 'EVENTED_SCHEDULE_ROLE_ARN',
  /** ARN of the queue for what the Scheduler could not put into a work queue. */
  scheduleDeadLetters: 'EVENTED_SCHEDULE_DEAD_LETTERS_ARN',
  /** JSON, an array of {@link Lane}: queues of their own for some workflows or steps. */
  lanes: 'EVENTED_LANES',
  /** JSON, an array of {@link RequestSource}: who may ask for runs by events. */
  requestSources: 'EVENTED_REQUEST_SOURCES',
  /** Name of the bucket for values that are too large for a record. */
  bucket: 'EVENTED_BUCKET',
  /** Length of a lease, in seconds. */
  leaseSeconds: 'EVENTED_LEASE_SECONDS',
  /** Days for which a finished run is kept. */
  retentionDays: 'EVENTED_RETENTION_DAYS',
  /** `on` or `off`: whether each step's end is published (a dollar per million events). */
  stepEnds: 'EVENTED_STEP_ENDS',
  /** `on` or `off`: whether runs are entered in the list index. */
  listing: 'EVENTED_LISTING',
  /** `full` or `none`: whether runs keep their history where neither their workflow nor their caller says so. */
  history: 'EVENTED_HISTORY',
  /** `iam`, `jwt` or `none`: who the owner of a run is, see the construct's `auth`. Read by the API function. */
  auth: 'EVENTED_AUTH',
  /** The claim of a token that names the owner; with `jwt` only. */
  ownerClaim: 'EVENTED_OWNER_CLAIM',
  /** Name of the deployment: the dimension {@link metricDimension} of its metrics, `service` of its logs. */
  name: 'EVENTED_NAME',
  /** CloudWatch namespace of the engine's metrics. */
  metricsNamespace: 'EVENTED_METRICS_NAMESPACE',
  /** The least of `DEBUG`, `INFO`, `WARN` and `ERROR` that is logged. */
  logLevel: 'EVENTED_LOG_LEVEL',
} as const;

/**
 * A queue and a function of their own for some of the work: steps that take long, or that need other memory or permissions.
 * The bus adapter writes the lane's name into `detail.lane` of an event, and the rule of each queue asks for it; what has none
 * goes to the work queue. Timers go to the lane's queue directly.
 */
export interface Lane {
  /** 1 to 40 characters of A-Z, a-z, 0-9 and hyphens; unique in a deployment. */
  readonly name: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  /** Ids of workflows whose steps run here. */
  readonly workflows?: readonly string[];
  /** Steps that run here, as `<workflow id>/<step id>`. They win over `workflows` of another lane. */
  readonly steps?: readonly string[];
  /** Steps whose own `timeoutMs` is more than this run here, unless another lane names them. ms. */
  readonly stepsOver?: number;
}

/** A source on the bus that may ask for runs. */
export interface RequestSource {
  /** The `source` of its events, which EventBridge lets only those put who have the permission. */
  readonly source: string;
  /** What it may ask for. @default start, resume and cancel */
  readonly may?: readonly (typeof requestVerbs)[number][];
  /** Ids of the workflows it may ask for. @default all */
  readonly workflows?: readonly string[];
  /** Owner of the runs that it starts, and whose runs it may resume and cancel. @default `events:<source>` */
  readonly owner?: string;
}

/** What a {@link RequestSource} may ask for: the detail-types of its events without `workflow.`. */
export const requestVerbs = ['start', 'resume', 'cancel'] as const;

/**
 * Bounds of a {@link RequestSource}. A source has 1 to 193 characters, so that `events:<source>` is no longer than an owner may
 * be (EventBridge takes up to 256, API reference of PutEvents).
 */
export const requestSourceLimits = {
  sources: 50,
  sourceLength: limits.idLength - 'events:'.length,
  ownerLength: limits.idLength,
} as const;

/** Whether a source is one of the engine's own, which nobody can be allowed. */
export function isOwnSource(source: string): boolean {
  return source.startsWith(eventSource);
}

/** What a variable of {@link environment} means when it is absent. */
export const defaults = {
  /** Outlives two lost renewals: a lease is renewed each third of it. */
  leaseSeconds: 60,
  retentionDays: 30,
  stepEnds: 'on',
  listing: 'on',
  /** A state in a log is 2 write units: its number and its slot. */
  history: 'none',
  name: 'workflows',
  metricsNamespace: 'EventedWorkflows',
  logLevel: 'INFO',
  /** Time limit of the processor function, in seconds; a step's own limit is {@link defaults.stepMarginSeconds} less. */
  functionTimeoutSeconds: 120,
  /** Seconds that loading, committing and publishing may take beside the step. */
  stepMarginSeconds: 10,
  /** The work queue's visibility timeout is the function's limit and this many seconds: a killed worker's message returns then. */
  visibilityMarginSeconds: 30,
  /** How long and how often the Scheduler tries to put an event into a queue, before it goes to its dead-letter queue. */
  scheduleRetryHours: 24,
  scheduleRetryAttempts: 185,
  /** Receives of a message before it goes to the dead-letter queue: ten visibility timeouts of an outage. */
  maxReceiveCount: 10,
} as const;

/**
 * What each count of the engine is called in CloudWatch. All have the dimension {@link metricDimension} alone: a metric costs
 * $0.30 a month for each value of its dimensions (CloudWatch pricing, us-east-1), and ids of steps or runs have no bound.
 */
export const metricNames: Readonly<Record<MetricName | 'step.failed' | 'run.failed', string>> = {
  'step.executed': 'StepExecuted',
  'step.failed': 'StepFailed',
  'step.retried': 'StepRetried',
  'step.timed-out': 'StepTimedOut',
  'claim.lost': 'ClaimLost',
  'claim.taken-over': 'ClaimTakenOver',
  'commit.lost': 'CommitLost',
  'event.dropped': 'EventDropped',
  'event.published': 'EventPublished',
  'probe.sent': 'ProbeSent',
  'run.started': 'RunStarted',
  'run.queued': 'RunQueued',
  'run.ended': 'RunEnded',
  'run.failed': 'RunFailed',
  'run.timed-out': 'RunTimedOut',
  'run.swept': 'RunSwept',
  'run.audited': 'RunAudited',
  'run.stuck': 'RunStuck',
  'run.parked': 'RunParked',
  'request.refused': 'RequestRefused',
  'schedule.fired': 'ScheduleFired',
};

/** The dimension of all {@link metricNames}: which deployment counted. */
export const metricDimension = 'Runtime';

/** Execution environments that Lambda had to make; beside {@link metricDimension} it has the dimension `Function`. */
export const coldStartMetric = 'ColdStart';

/**
 * Objects that hold what callers sent ahead of a run: under a prefix that no payload has, so that a rule of the bucket removes
 * them by their age.
 */
export const keptObjects = { prefix: '~kept/', days: limits.keptDays } as const;

/** Source of the engine's own events. Only the engine's roles may put events with it. */
export const eventSource = 'evented-workflows';

/** Source of what the Scheduler puts into the work queue when a schedule is due. */
export const scheduleSource = 'evented-workflows.schedule';

/** What it asks for: a run. */
export const scheduleDetailType = 'workflow.start';

/** Names of schedules that come again and again begin with this; those of timers, which share their group, do not. */
export const cronPrefix = 'cron-';

/** All detail-types begin with this; the rest of a detail-type is the rest of the event's `type`. */
export const eventTypePrefix = 'workflow.';

/** Pattern of the rule that feeds the work queue. Its target gets the whole event, untransformed: the parser expects that. */
export const workPattern = {
  source: [eventSource],
  detailType: [{ prefix: eventTypePrefix }],
  detail: { work: [true] },
} as const;

/** Pattern of a rule for observers: every fact of every run. */
export const factPattern = {
  source: [eventSource],
  detailType: [{ prefix: eventTypePrefix }],
} as const;

/**
 * Limits of the services. Sources: the EventBridge, Scheduler, SQS and DynamoDB quotas pages and API references of AWS, read in
 * November 2026.
 */
export const serviceLimits = {
  /** Entries of one PutEvents request (EventBridge API reference, PutEvents). */
  putEventsEntries: 10,
  /** Bytes of one PutEvents request have to stay below this (EventBridge user guide, PutEvents entry size). */
  putEventsBytes: 1_000_000,
  /** Seconds by which SQS can delay a message (SQS API reference, DelaySeconds). */
  sqsDelaySeconds: 900,
  /** A schedule is carried out within this many seconds after its time (Scheduler user guide, "Schedule types"). */
  schedulePrecisionSeconds: 60,
  /** Messages of one SendMessageBatch request (SQS API reference). */
  sqsBatchMessages: 10,
  /** Bytes of one message, and of one batch (SQS quotas). */
  sqsBytes: 1_048_576,
  /** Keys of one BatchGetItem request (DynamoDB API reference). */
  batchGetKeys: 100,
  /** Puts and deletions of one BatchWriteItem request (DynamoDB API reference). */
  batchWriteItems: 25,
  /** Items of one TransactWriteItems request (DynamoDB API reference). */
  transactionItems: 100,
  /** Bytes of the items of one TransactWriteItems request (DynamoDB API reference): 4 MB. */
  transactionBytes: 4_194_304,
  /** Bytes of one item (DynamoDB quotas). */
  itemBytes: 409_600,
  /** Bytes of an item for each write unit billed (DynamoDB pricing). */
  writeUnitBytes: 1_024,
  /** Bytes of what is read for each read unit billed (DynamoDB pricing). */
  readUnitBytes: 4_096,
} as const;
