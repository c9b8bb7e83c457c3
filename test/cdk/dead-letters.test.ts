import { describe, expect, test } from 'vitest';
import { createStack, idOf, resourcesOf, synth } from './synth.ts';

const template = synth();
const queue = (path: string): string => idOf(template, 'AWS::SQS::Queue', path);
const undeliverable = { 'Fn::GetAtt': [queue('WorkflowsUndeliverable'), 'Arn'] };
const dead = ['WorkflowsWorkDeadLetters', 'WorkflowsLongStepsWorkDeadLetters', 'WorkflowsRoutingDeadLetters'];

describe.each(dead)('%s', (path) => {
  test('is read by the dead-letter function, record by record', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [queue(path), 'Arn'] },
      FunctionName: { Ref: idOf(template, 'AWS::Lambda::Function', 'WorkflowsDeadLetter') },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test('gives up after five audits at least, whatever was counted before, to the last queue, and waits for longer than the function takes', () => {
    const found = template.findResources('AWS::SQS::Queue')[queue(path)] as {
      readonly Properties: Readonly<Record<string, unknown>>;
    };
    expect(found.Properties).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: undeliverable, maxReceiveCount: 10 + 5 },
      VisibilityTimeout: 360,
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Looks at the runs of messages that could not be processed',
      Timeout: 60,
    });
  });
});

test('nobody reads the last queue, and it has no dead letters of its own', () => {
  const sources = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(
    ({ Properties }) => Properties.EventSourceArn,
  );
  expect(sources).not.toContainEqual(undeliverable);
  const found = template.findResources('AWS::SQS::Queue')[queue('WorkflowsUndeliverable')] as {
    readonly Properties: Readonly<Record<string, unknown>>;
  };
  expect(found.Properties).not.toHaveProperty('RedrivePolicy');
  expect(found.Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
});

test('the functions know under which name and where they count, and what they log', () => {
  const changed = synth({ metricsNamespace: 'Shop', logLevel: 'DEBUG' });
  for (const { Properties } of resourcesOf(changed, 'AWS::Lambda::Function').filter(
    (resource) => resource.Properties.Environment !== undefined,
  )) {
    const { Variables: variables } = Properties.Environment as {
      readonly Variables: Record<string, unknown>;
    };
    expect(variables).toMatchObject({
      EVENTED_METRICS_NAMESPACE: 'Shop',
      EVENTED_LOG_LEVEL: 'DEBUG',
      EVENTED_NAME: expect.stringMatching(/^Test-?Workflows/) as string,
    });
  }
});

test('alarms and dashboard are made, and left out on demand', () => {
  const names = Object.keys(template.findResources('AWS::CloudWatch::Alarm')).join(' ');
  for (const id of [
    'Undeliverable',
    'WorkAge',
    'LongStepsWorkAge',
    'LongStepsWorkDeadLetters',
    'ScheduleFailures',
    'RoutingDeadLetters',
    'ExpiryDeadLetters',
    'ProcessorErrors',
    'DeadLetterThrottles',
    'SweeperStopped',
    'StuckRuns',
    'WorkRuleRuleFailures',
    'SweepScheduleRuleFailures',
  ]) {
    expect(names).toContain(id);
  }
  // As docs/operations.md, docs/construct.md and the prop say.
  template.resourceCountIs('AWS::CloudWatch::Alarm', 29);
  expect(names).not.toMatch(/SchedulesErrors|SchedulesThrottles|SweepDeadLetters/);
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  const without = synth({ alarms: false, dashboard: false });
  without.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  without.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
});

test('the construct has its metrics', () => {
  const { runtime } = createStack();
  const shown = (metric: { namespace: string; metricName: string; dimensions?: object }) => [
    metric.namespace,
    metric.metricName,
    Object.keys(metric.dimensions ?? {}),
  ];
  expect(shown(runtime.metricRunsStarted())).toEqual(['EventedWorkflows', 'RunStarted', ['Runtime']]);
  expect(shown(runtime.metric('claim.lost'))).toEqual(['EventedWorkflows', 'ClaimLost', ['Runtime']]);
  expect(shown(runtime.metricUndeliverable())).toEqual([
    'AWS/SQS',
    'ApproximateNumberOfMessagesVisible',
    ['QueueName'],
  ]);
  expect(runtime.metricRunsFailed({ statistic: 'Average' }).statistic).toBe('Average');
});
