import type { CloudWatchClient, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { defaults, environment, metricDimension, metricNames } from '../../adapters/aws/config.ts';
import { services } from './services.ts';

/** Most alarms that CloudWatch describes by their names at once (CloudWatch API reference, DescribeAlarms). */
const alarmsAtOnce = 100;

/** Those of these alarms that ring. */
export async function ringing(client: CloudWatchClient, names: readonly string[]): Promise<string[]> {
  const { DescribeAlarmsCommand } = await services.cloudwatch();
  const found: string[] = [];
  for (let from = 0; from < names.length; from += alarmsAtOnce) {
    const AlarmNames = names.slice(from, from + alarmsAtOnce);
    const command = new DescribeAlarmsCommand({ AlarmNames, StateValue: 'ALARM', MaxRecords: alarmsAtOnce });
    const { MetricAlarms: alarms = [] } = await client.send(command);
    // An emulator may not filter.
    const isOn = alarms.filter(({ StateValue: state }) => state === 'ALARM');
    found.push(...isOn.map(({ AlarmName: name = '' }) => name));
  }
  return found;
}

/** What takes the messages of a queue, or the records of a stream, to a function. */
export interface MappingState {
  /** ARN of the queue or stream. */
  readonly source: string;
  /** `Enabled` is the good one. */
  readonly state: string;
  /** Of the last records; a queue's mapping often has none. */
  readonly lastResult?: string;
}

/** How a mapping is. */
export async function mappingState(client: LambdaClient, id: string): Promise<MappingState> {
  const { GetEventSourceMappingCommand } = await services.lambda();
  const found = await client.send(new GetEventSourceMappingCommand({ UUID: id }));
  const { EventSourceArn: source = id, State: state = 'unknown', LastProcessingResult: lastResult } = found;
  return { source, state, ...(lastResult === undefined ? {} : { lastResult }) };
}

/** Under which name and where the functions of a deployment count. */
export interface Counting {
  readonly name: string;
  readonly namespace: string;
}

/** By the environment of one of these functions; undefined when none counts. */
export async function countingOf(
  client: LambdaClient,
  functions: readonly string[],
): Promise<Counting | undefined> {
  const { GetFunctionConfigurationCommand } = await services.lambda();
  for (const FunctionName of functions) {
    const { Environment: { Variables: variables = {} } = {} } = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName }),
    );
    const name = variables[environment.name];
    if (name === undefined) continue;
    return { name, namespace: variables[environment.metricsNamespace] ?? defaults.metricsNamespace };
  }
  return undefined;
}

/** A number that CloudWatch has for a while back from now. */
export interface Reading {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Maximum';
  /** ms. */
  readonly overMs: number;
}

/** How often runs that wait for code, or that are stuck, were looked at: `RunParked`, `RunStuck`. */
export function runReading(
  { name, namespace }: Counting,
  metric: 'run.parked' | 'run.stuck',
  overMs: number,
): Reading {
  const dimensions = { [metricDimension]: name };
  return { namespace, metric: metricNames[metric], dimensions, statistic: 'Sum', overMs };
}

/** The age of a queue's oldest message in s, which SQS tells CloudWatch only. */
export function ageReading(queueUrl: string): Reading {
  return {
    namespace: 'AWS/SQS',
    metric: 'ApproximateAgeOfOldestMessage',
    dimensions: { QueueName: queueUrl.split('/').at(-1) ?? '' },
    statistic: 'Maximum',
    // SQS reports once a minute, and CloudWatch has it some minutes later.
    overMs: 600_000,
  };
}

/** Shortest period of a metric that is not of high resolution, s. */
const periodSeconds = 60;

/** The newest value of a maximum, and the sum of a sum; undefined where CloudWatch has none. */
export async function readings(
  client: CloudWatchClient,
  wanted: readonly Reading[],
  now: number,
): Promise<readonly (number | undefined)[]> {
  const { GetMetricDataCommand } = await services.cloudwatch();
  const longest = Math.max(...wanted.map(({ overMs }) => overMs));
  const queries = wanted.map(
    ({ namespace, metric, dimensions, statistic }, index): MetricDataQuery => ({
      Id: `m${index}`,
      MetricStat: {
        Metric: {
          Namespace: namespace,
          MetricName: metric,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: periodSeconds,
        Stat: statistic,
      },
    }),
  );
  const { MetricDataResults: results = [] } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: queries,
      StartTime: new Date(now - longest),
      EndTime: new Date(now),
      ScanBy: 'TimestampDescending',
    }),
  );
  return wanted.map(({ statistic, overMs }, index) => {
    const { Values: all = [], Timestamps: times = [] } =
      results.find(({ Id: id }) => id === `m${index}`) ?? {};
    const values = all.filter((_, at) => (times[at]?.getTime() ?? 0) >= now - overMs);
    if (values.length === 0) return undefined;
    return statistic === 'Sum' ? values.reduce((sum, value) => sum + value, 0) : values[0];
  });
}
