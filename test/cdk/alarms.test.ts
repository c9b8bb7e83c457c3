import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AttributeType, type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { type AlarmThresholds, alarmSettingsOf } from '../../lib/alarm-thresholds.ts';
import { createAlarms, type Watched } from '../../lib/alarms.ts';
import { createDashboard } from '../../lib/dashboard.ts';
import { type Resource, resourcesOf } from './synth.ts';

function stackOf(
  thresholds: AlarmThresholds = {},
  { topic = false, interval = Duration.minutes(1) }: { topic?: boolean; interval?: Duration } = {},
) {
  const stack = new Stack();
  const queue = (id: string): Queue => new Queue(stack, id);
  const handler = (id: string): LambdaFunction =>
    new LambdaFunction(stack, id, {
      code: Code.fromInline('-'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
    });
  const processor = handler('Processor');
  const sweeper = handler('Sweeper');
  const schedules = handler('Schedules');
  const watched: Watched = {
    metrics: { name: 'shop', namespace: 'EventedWorkflows' },
    undeliverable: queue('Undeliverable'),
    deadLetterQueues: { work: queue('WorkDead'), routing: queue('RoutingDead') },
    expiryDeadLetterQueue: queue('ExpiryDead'),
    workQueues: { work: { queue: queue('Work'), visibility: Duration.seconds(150) } },
    functions: { processor, sweeper, schedules },
    sweeper: { handler: sweeper, interval, deadLetterQueue: queue('SweepDead') },
    schedules,
    rules: { work: { EventBusName: 'bus', RuleName: 'rule' } },
    scheduleGroup: 'timers',
    // The types of the CDK are not made for `exactOptionalPropertyTypes`.
    table: new Table(stack, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
    }) as ITable,
  };
  const settings = alarmSettingsOf(thresholds);
  if (settings === undefined) throw new RangeError('these alarms are on');
  const alarms = createAlarms(stack, watched, settings, topic ? new Topic(stack, 'Topic') : undefined);
  createDashboard(stack, watched, alarms);
  return Template.fromStack(stack);
}

const template = stackOf();

function alarm(id: string, from = template): Readonly<Record<string, unknown>> {
  const found = Object.entries(from.findResources('AWS::CloudWatch::Alarm')).filter(([name]) =>
    new RegExp(`^Alarms${id}[0-9A-F]{8}$`).test(name),
  );
  expect(found).toHaveLength(1);
  const [[, resource] = []] = found as [string, Resource][];
  return resource?.Properties ?? {};
}

describe('the alarms', () => {
  test.each([
    ['Undeliverable', 'ApproximateNumberOfMessagesVisible', 1, 1, 300],
    ['workDeadLetters', 'ApproximateNumberOfMessagesVisible', 1, 3, 300],
    ['routingDeadLetters', 'ApproximateNumberOfMessagesVisible', 1, 3, 300],
    ['ExpiryDeadLetters', 'ApproximateNumberOfMessagesVisible', 1, 3, 300],
    ['workAge', 'ApproximateAgeOfOldestMessage', 1_200, 1, 300],
    ['processorErrors', 'Errors', 5, 1, 300],
    ['sweeperErrors', 'Errors', 1, 3, 300],
    ['processorThrottles', 'Throttles', 10, 3, 300],
    ['sweeperThrottles', 'Throttles', 10, 3, 300],
    ['StuckRuns', 'RunStuck', 1, 1, 3_600],
    ['ParkedRuns', 'RunParked', 1, 3, 300],
    ['workRuleFailures', 'FailedInvocations', 1, 1, 300],
    ['ScheduleFailures', 'InvocationDroppedCount', 1, 1, 300],
  ])('%s rings by %s of %i', (id, MetricName, Threshold, EvaluationPeriods, Period) => {
    expect(alarm(id)).toMatchObject({
      MetricName,
      Threshold,
      EvaluationPeriods,
      Period,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('ring for the counts of this deployment only', () => {
    for (const id of ['StuckRuns', 'ParkedRuns']) {
      expect(alarm(id)).toMatchObject({
        Namespace: 'EventedWorkflows',
        Dimensions: [{ Name: 'Runtime', Value: 'shop' }],
      });
    }
    expect(alarm('workRuleFailures').Dimensions).toEqual([
      { Name: 'EventBusName', Value: 'bus' },
      { Name: 'RuleName', Value: 'rule' },
    ]);
    expect(alarm('ScheduleFailures').Dimensions).toEqual([{ Name: 'ScheduleGroup', Value: 'timers' }]);
  });

  test('ring when the sweeper is not called at all', () => {
    expect(alarm('SweeperStopped')).toMatchObject({
      MetricName: 'Invocations',
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      Period: 300,
    });
  });

  test.each([1, 5, 60])('ring when each sweep fails, at one in %i min too', (minutes) => {
    const { Period } = alarm('SweeperStopped', stackOf({}, { interval: Duration.minutes(minutes) }));
    // Several sweeps, of which each may fail and still be called.
    expect(Period).toBeGreaterThanOrEqual(minutes * 60 * 3);
    const thresholds = { errors: 1_000 };
    expect(
      alarm('sweeperErrors', stackOf(thresholds, { interval: Duration.minutes(minutes) })),
    ).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 3,
      Period,
    });
  });

  test('do not ring for what CloudFormation tells, nor for calls that the next sweep has made up for', () => {
    const ids = Object.keys(template.findResources('AWS::CloudWatch::Alarm')).join(' ');
    expect(ids).not.toMatch(/schedules|sweepDead/i);
  });

  test('say what to do about expired runs that were left behind', () => {
    expect(alarm('ExpiryDeadLetters').AlarmDescription).toMatch(/left behind.*Purge/);
    expect(alarm('workDeadLetters').AlarmDescription).not.toMatch(/Purge/);
  });

  test('ring for a table that refuses or fails, three times in a row', () => {
    for (const id of ['TableReadThrottles', 'TableWriteThrottles']) {
      expect(alarm(id)).toMatchObject({ Threshold: 100, EvaluationPeriods: 3 });
    }
    expect(alarm('TableErrors')).toMatchObject({
      MetricName: 'SystemErrors',
      Threshold: 10,
      EvaluationPeriods: 3,
    });
  });

  test('say where it is written what to do', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::CloudWatch::Alarm')) {
      expect(Properties.AlarmDescription).toContain('docs/operations.md');
    }
  });

  test('tell the topic when they ring and when that is over, and nobody without one', () => {
    const topic = { Ref: expect.stringMatching(/^Topic/) as string };
    for (const { Properties } of resourcesOf(stackOf({}, { topic: true }), 'AWS::CloudWatch::Alarm')) {
      expect(Properties).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    }
    for (const { Properties } of resourcesOf(template, 'AWS::CloudWatch::Alarm')) {
      expect(Properties).not.toHaveProperty('AlarmActions');
    }
  });

  test('have other thresholds, and are left out one by one', () => {
    const changed = stackOf({
      messageAge: Duration.minutes(3),
      undeliverable: 7,
      errors: false,
      sweeper: false,
      parkedRuns: false,
    });
    expect(alarm('workAge', changed).Threshold).toBe(180);
    expect(alarm('Undeliverable', changed).Threshold).toBe(7);
    const ids = Object.keys(changed.findResources('AWS::CloudWatch::Alarm')).join(' ');
    expect(ids).not.toMatch(/processorErrors|sweeperErrors|SweeperStopped|ParkedRuns/);
    expect(ids).toMatch(/TableErrors/);
    const without = stackOf({ messageAge: false, failedInvocations: false });
    expect(Object.keys(without.findResources('AWS::CloudWatch::Alarm')).join(' ')).not.toMatch(
      /workAge|RuleFailures|ScheduleFailures/,
    );
  });
});

describe('the thresholds', () => {
  test('are none without alarms', () => {
    expect(alarmSettingsOf(false)).toBeUndefined();
    expect(alarmSettingsOf()).toEqual(alarmSettingsOf({}));
  });

  test.each([
    [{ undeliverable: 0 }, 'alarms.undeliverable'],
    [{ errors: 1.5 }, 'alarms.errors'],
    [{ throttles: -1 }, 'alarms.throttles'],
    [{ messageAge: Duration.seconds(59) }, 'alarms.messageAge'],
    [{ messageAge: Duration.days(15) }, 'alarms.messageAge'],
    [{ deadletters: 1 } as AlarmThresholds, 'alarms.deadletters'],
  ])('%j is refused by its name', (thresholds, name) => {
    expect(() => alarmSettingsOf(thresholds)).toThrow(
      expect.objectContaining({ code: 'PROPS_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});

test('the dashboard shows the alarms, and each part by its name', () => {
  const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
  const body = JSON.stringify(dashboard?.Properties.DashboardBody);
  const shown = ['RunStarted', 'StepFailed', 'ApproximateAgeOfOldestMessage', 'ConsumedWriteCapacityUnits'];
  const parts = ['Throttles', 'processor', 'schedules', 'routing', 'Expiry', 'Sweep', 'alarm'];
  for (const part of [...shown, ...parts]) expect(body).toContain(part);
});
