import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AlarmSettings } from './alarm-thresholds.ts';
import { type MetricSource, engineMetric } from './metrics.ts';

/** What is watched. Keys are names for the alarms: words in camel case. */
export interface Watched {
  readonly metrics: MetricSource;
  readonly undeliverable: IQueue;
  /** Those that the dead-letter function takes from. */
  readonly deadLetterQueues: Readonly<Record<string, IQueue>>;
  /** Nobody takes from it. */
  readonly expiryDeadLetterQueue: IQueue;
  readonly workQueues: Readonly<Record<string, { readonly queue: IQueue; readonly visibility: Duration }>>;
  /** All of them, the two below too. */
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly sweeper: {
    readonly handler: IFunction;
    readonly interval: Duration;
    readonly deadLetterQueue: IQueue;
  };
  readonly schedules: IFunction;
  /** Of each rule the dimensions by which EventBridge counts it. */
  readonly rules: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Name of the Scheduler group. */
  readonly scheduleGroup: string;
  readonly table: ITable;
}

const PERIOD = Duration.minutes(5);

/** Longest that a message of a work queue waits for its time (SQS API reference, DelaySeconds). */
const DELAY = Duration.minutes(15);

/** When an alarm rings. */
interface Ring {
  readonly threshold: number | false;
  readonly description: string;
  /** Periods in a row. @default 1 */
  readonly periods?: number;
  /** @default GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly below?: true;
}

/** Makes the alarms of a deployment; with a topic, each tells it when it rings and when that is over. */
export function createAlarms(
  scope: Construct,
  watched: Watched,
  settings: AlarmSettings,
  topic?: ITopic,
): readonly Alarm[] {
  const alarms = new Construct(scope, 'Alarms');
  const made: Alarm[] = [];
  const add = (id: string, metric: IMetric, { threshold, description, periods = 1, below }: Ring): void => {
    if (threshold === false) return;
    const alarm = new Alarm(alarms, id, {
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // A count that nobody wrote is none; calls that nobody made are what is looked for.
      treatMissingData: below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${description} See "Alarms" in docs/operations.md of evented-workflows.`,
    });
    if (topic !== undefined) {
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    made.push(alarm);
  };
  watchQueues(add, watched, settings);
  watchFunctions(add, watched, settings);
  watchRuns(add, watched, settings);
  watchServices(add, watched, settings);
  return made;
}

type Add = (id: string, metric: IMetric, ring: Ring) => void;

function watchQueues(add: Add, watched: Watched, settings: AlarmSettings): void {
  const depth = (queue: IQueue): Metric =>
    queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: Stats.MAXIMUM });
  add('Undeliverable', depth(watched.undeliverable), {
    threshold: settings.undeliverable,
    description: 'Messages that nobody could do anything for wait in the queue Undeliverable.',
  });
  for (const [name, queue] of Object.entries(watched.deadLetterQueues)) {
    add(`${name}DeadLetters`, depth(queue), {
      threshold: settings.deadLetters,
      periods: 3,
      description: 'Dead letters are not being looked at.',
    });
  }
  add('ExpiryDeadLetters', depth(watched.expiryDeadLetterQueue), {
    threshold: settings.deadLetters,
    periods: 3,
    description:
      'Records of expired runs were left behind, and take storage. Purge the queue when you have looked why.',
  });
  for (const [name, { queue, visibility }] of Object.entries(watched.workQueues)) {
    const { messageAge } = settings;
    const usual = DELAY.plus(visibility).plus(visibility);
    const age = queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: Stats.MAXIMUM });
    add(`${name}Age`, age, {
      threshold: messageAge === false ? false : (messageAge ?? usual).toSeconds(),
      description: 'Work waits longer than it should: there are too few workers, or they fail.',
    });
  }
}

function watchFunctions(add: Add, { functions, sweeper, schedules }: Watched, settings: AlarmSettings): void {
  // Several sweeps, of which one that fails in each leaves no period without an error.
  const sweeps = Duration.minutes(Math.max(5, 3 * sweeper.interval.toMinutes()));
  for (const [name, handler] of Object.entries(functions)) {
    // It is called by CloudFormation only, which tells of its failure and rolls back.
    if (handler === schedules) continue;
    if (handler === sweeper.handler) {
      add(`${name}Errors`, handler.metricErrors({ period: sweeps }), {
        threshold: settings.errors === false ? false : 1,
        periods: 3,
        description: 'Lost events are not found: the sweeper fails again and again.',
      });
    } else {
      add(`${name}Errors`, handler.metricErrors({ period: PERIOD }), {
        threshold: settings.errors,
        description:
          'A function fails: it does not start, runs out of time or memory, or its service does not answer.',
      });
    }
    add(`${name}Throttles`, handler.metricThrottles({ period: PERIOD }), {
      threshold: settings.throttles,
      periods: 3,
      description: 'Lambda refuses invocations: the account, or the function, is at its concurrency.',
    });
  }
  add('SweeperStopped', sweeper.handler.metricInvocations({ period: sweeps }), {
    threshold: settings.sweeper ? 1 : false,
    below: true,
    description: 'Nobody looks for lost events: the sweeper is not called.',
  });
}

function watchRuns(add: Add, { metrics }: Watched, settings: AlarmSettings): void {
  add('StuckRuns', engineMetric(metrics, 'run.stuck', { period: Duration.hours(1) }), {
    threshold: settings.stuckRuns,
    description: 'Runs that have something to do do not go on.',
  });
  add('ParkedRuns', engineMetric(metrics, 'run.parked', { period: PERIOD }), {
    threshold: settings.parkedRuns,
    periods: 3,
    description: 'Runs wait for a workflow or a step that the deployed code does not have.',
  });
}

function watchServices(add: Add, { rules, scheduleGroup, table }: Watched, settings: AlarmSettings): void {
  const sum = { statistic: Stats.SUM, period: PERIOD };
  for (const [name, dimensionsMap] of Object.entries(rules)) {
    const failed = { namespace: 'AWS/Events', metricName: 'FailedInvocations', dimensionsMap, ...sum };
    add(`${name}RuleFailures`, new Metric(failed), {
      threshold: settings.failedInvocations,
      description: 'EventBridge could not deliver to the target of a rule.',
    });
  }
  const dropped = { namespace: 'AWS/Scheduler', metricName: 'InvocationDroppedCount', ...sum };
  add('ScheduleFailures', new Metric({ ...dropped, dimensionsMap: { ScheduleGroup: scheduleGroup } }), {
    threshold: settings.failedInvocations,
    description: 'The Scheduler gave up timers or schedules.',
  });
  // No metric math, which emulators of CloudFormation refuse.
  const ofTable = (metricName: string, more: Readonly<Record<string, string>> = {}): Metric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName, ...more },
      ...sum,
    });
  for (const name of ['Read', 'Write']) {
    add(`Table${name}Throttles`, ofTable(`${name}ThrottleEvents`), {
      threshold: settings.tableThrottles,
      periods: 3,
      description: 'DynamoDB refuses requests: a partition is hot, or the table is at its limit.',
    });
  }
  // Every step makes such requests, so their failures stand for those of the table.
  add('TableErrors', ofTable('SystemErrors', { Operation: 'UpdateItem' }), {
    threshold: settings.tableErrors,
    periods: 3,
    description: 'DynamoDB fails requests.',
  });
}
