import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { expiryPattern } from '../../src/adapters/aws/config.ts';
import { idOf, resourceWith, synth } from './synth.ts';

const template = synth();

describe('the sweeper', () => {
  const sweeper = idOf(template, 'AWS::Lambda::Function', 'WorkflowsSweeper');

  test.each([
    [undefined, 'rate(1 minute)', 60],
    [Duration.minutes(5), 'rate(5 minutes)', 300],
    [Duration.minutes(60), 'rate(1 hour)', 3_600],
  ])('is called on the default bus, at the interval %s', (sweepInterval, rate, seconds) => {
    const swept = sweepInterval === undefined ? template : synth({ sweepInterval });
    swept.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: rate,
      State: 'ENABLED',
      EventBusName: Match.absent(),
      EventPattern: Match.absent(),
      Targets: [
        {
          Id: Match.anyValue(),
          Arn: { 'Fn::GetAtt': [sweeper, 'Arn'] },
          RetryPolicy: { MaximumEventAgeInSeconds: seconds },
          DeadLetterConfig: {
            Arn: { 'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', 'WorkflowsSweepDeadLetters'), 'Arn'] },
          },
        },
      ],
    });
    // A call that waits in Lambda is dropped when the next one is due, too.
    swept.resourceCountIs('AWS::Lambda::EventInvokeConfig', 1);
    swept.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: sweeper },
      MaximumEventAgeInSeconds: seconds,
    });
  });

  test('may take as long as the shortest interval', () => {
    const { Properties } = resourceWith(template, 'AWS::Lambda::Function', {
      Description: 'Publishes the events of workflows that were lost',
    });
    expect(Properties).toMatchObject({ Timeout: 60, MemorySize: 512 });
  });
});

describe('the expiry function', () => {
  const mapping = resourceWith(template, 'AWS::Lambda::EventSourceMapping', {
    FunctionName: { Ref: idOf(template, 'AWS::Lambda::Function', 'WorkflowsExpiry') },
  }).Properties;

  test("reads the table's stream from its oldest record", () => {
    expect(mapping).toMatchObject({
      EventSourceArn: {
        'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table', 'WorkflowsTable'), 'StreamArn'],
      },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 60,
    });
  });

  test('is called for the headers that DynamoDB has removed by itself, and for nothing else', () => {
    const { Filters: filters } = mapping.FilterCriteria as { Filters: { Pattern: string }[] };
    expect(filters.map(({ Pattern }) => JSON.parse(Pattern) as unknown)).toEqual([
      {
        eventName: ['REMOVE'],
        userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
        dynamodb: { Keys: { sk: { S: ['A'] } } },
      },
    ]);
    expect(JSON.parse(filters[0]?.Pattern ?? '')).toEqual(expiryPattern);
  });

  test('lays aside the one run that fails ten times again, and goes on', () => {
    expect(mapping).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 10,
      DestinationConfig: {
        OnFailure: {
          Destination: {
            'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', 'WorkflowsExpiryDeadLetters'), 'Arn'],
          },
        },
      },
    });
  });
});
