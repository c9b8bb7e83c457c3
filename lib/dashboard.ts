import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Watched } from './alarms.ts';
import { type EngineMetric, engineMetric } from './metrics.ts';

const PERIOD = Duration.minutes(5);
const WIDTH = 24;

/**
 * One dashboard: runs, steps, queues, functions, table, and which alarms ring. The first three of an account are free, each more
 * costs $3 a month (CloudWatch pricing, us-east-1).
 */
export function createDashboard(scope: Construct, watched: Watched, alarms: readonly Alarm[]): Dashboard {
  const { metrics, table } = watched;
  const count = (label: string, metric: EngineMetric): IMetric => engineMetric(metrics, metric, { label });
  const dashboard = new Dashboard(scope, 'Dashboard', { defaultInterval: Duration.hours(3) });
  dashboard.addWidgets(
    new TextWidget({ width: WIDTH, height: 1, markdown: `# ${metrics.name}` }),
    ...(alarms.length === 0
      ? []
      : [new AlarmStatusWidget({ width: WIDTH, height: 4, title: 'Alarms', alarms: [...alarms] })]),
  );
  dashboard.addWidgets(
    graph('Runs', 8, [
      count('started', 'run.started'),
      count('ended', 'run.ended'),
      count('failed', 'run.failed'),
    ]),
    graph('Steps', 8, [
      count('executed', 'step.executed'),
      count('failed', 'step.failed'),
      count('retried', 'step.retried'),
      count('timed out', 'step.timed-out'),
    ]),
    graph('Runs that need help', 8, [
      count('stuck', 'run.stuck'),
      count('parked', 'run.parked'),
      count('swept', 'run.swept'),
      count('audited', 'run.audited'),
    ]),
  );
  dashboard.addWidgets(...queueGraphs(watched));
  dashboard.addWidgets(...functionGraphs(watched));
  const consumed = (label: string, metricName: string): IMetric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName },
      statistic: Stats.SUM,
      period: PERIOD,
      label,
    });
  dashboard.addWidgets(
    graph('Table: capacity units', 12, [
      consumed('read', 'ConsumedReadCapacityUnits'),
      consumed('written', 'ConsumedWriteCapacityUnits'),
    ]),
    graph('Table: refused requests', 12, [
      consumed('reads', 'ReadThrottleEvents'),
      consumed('writes', 'WriteThrottleEvents'),
    ]),
  );
  return dashboard;
}

function queueGraphs(watched: Watched): GraphWidget[] {
  const { workQueues, deadLetterQueues, expiryDeadLetterQueue, sweeper, undeliverable } = watched;
  const work = Object.entries(workQueues);
  const dead = [
    ...Object.entries(deadLetterQueues),
    ['Expiry', expiryDeadLetterQueue] as const,
    ['Sweep', sweeper.deadLetterQueue] as const,
    ['Undeliverable', undeliverable] as const,
  ];
  const options = { statistic: Stats.MAXIMUM, period: PERIOD };
  return [
    graph(
      'Messages that wait for a worker',
      8,
      work.map(([label, { queue }]) => queue.metricApproximateNumberOfMessagesVisible({ ...options, label })),
    ),
    graph(
      'Age of the oldest message, s',
      8,
      work.map(([label, { queue }]) => queue.metricApproximateAgeOfOldestMessage({ ...options, label })),
    ),
    graph(
      'Dead letters',
      8,
      dead.map(([label, queue]) => queue.metricApproximateNumberOfMessagesVisible({ ...options, label })),
    ),
  ];
}

function functionGraphs({ functions }: Watched): GraphWidget[] {
  const all = Object.entries(functions);
  const of = (title: string, metric: (handler: (typeof all)[number]) => IMetric): GraphWidget =>
    graph(title, 6, all.map(metric));
  return [
    of('Invocations', ([label, handler]) => handler.metricInvocations({ label, period: PERIOD })),
    of('Errors', ([label, handler]) => handler.metricErrors({ label, period: PERIOD })),
    of('Throttles', ([label, handler]) => handler.metricThrottles({ label, period: PERIOD })),
    of('Duration, p95, ms', ([label, handler]) =>
      handler.metricDuration({ label, period: PERIOD, statistic: Stats.percentile(95) }),
    ),
  ];
}

function graph(title: string, width: number, left: readonly IMetric[]): GraphWidget {
  return new GraphWidget({ title, width, height: 6, left: [...left] });
}
