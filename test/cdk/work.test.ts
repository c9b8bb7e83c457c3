import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, test } from 'vitest';
import { defaults, eventSource, workPattern } from '../../src/adapters/aws/config.ts';
import { idOf, resourcesOf, resourceWith, synth } from './synth.ts';

const template = synth();
const work = idOf(template, 'AWS::SQS::Queue', 'WorkflowsWork');
const workDeadLetters = idOf(template, 'AWS::SQS::Queue', 'WorkflowsWorkDeadLetters');
const routingDeadLetters = idOf(template, 'AWS::SQS::Queue', 'WorkflowsRoutingDeadLetters');

function roleArn(path: string): unknown {
  return { 'Fn::GetAtt': [idOf(template, 'AWS::IAM::Role', path), 'Arn'] };
}

describe('the work queue', () => {
  test.each([120, 15, 900])('gives a message back %i s and a margin after it was taken', (seconds) => {
    const queue = synth({ timeout: Duration.seconds(seconds) });
    queue.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: seconds + 30 });
    queue.hasResourceProperties('AWS::Lambda::Function', { Timeout: seconds, RecursiveLoop: 'Allow' });
  });

  test('lays a message aside after 10 deliveries', () => {
    expect(defaults.maxReceiveCount).toBe(10);
    template.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 150,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [workDeadLetters, 'Arn'] },
        maxReceiveCount: 10,
      },
    });
  });

  test('and its dead letters are encrypted and kept for as long as SQS can', () => {
    expect(resourcesOf(template, 'AWS::SQS::Queue')).toHaveLength(8);
    template.allResourcesProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1_209_600,
    });
  });
});

test('each rule retries, and lays aside what it cannot deliver', () => {
  const targets = resourcesOf(template, 'AWS::Events::Rule').flatMap(({ Properties }) => Properties.Targets);
  expect(targets).toHaveLength(3);
  for (const target of targets) {
    expect(target).toMatchObject({
      DeadLetterConfig: { Arn: expect.anything() as unknown },
      RetryPolicy: { MaximumEventAgeInSeconds: expect.any(Number) as unknown },
    });
  }
});

describe('the routing', () => {
  test('takes the events that mean work, from the engine only, untransformed', () => {
    template.resourceCountIs('AWS::Events::Rule', 3);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: idOf(template, 'AWS::Events::EventBus', 'WorkflowsBus') },
      EventPattern: {
        source: [eventSource],
        'detail-type': [{ prefix: 'workflow.' }],
        detail: { work: [true], lane: [{ exists: false }] },
      },
      State: 'ENABLED',
      Targets: [
        {
          Id: Match.anyValue(),
          Arn: { 'Fn::GetAtt': [work, 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [routingDeadLetters, 'Arn'] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          Input: Match.absent(),
          InputPath: Match.absent(),
          InputTransformer: Match.absent(),
        },
      ],
    });
  });

  test('has the pattern that the adapter publishes for', () => {
    const { Properties } = resourceWith(template, 'AWS::Events::Rule', {
      EventPattern: { detail: { lane: [{ exists: false }] } },
    });
    expect(Properties.EventPattern).toEqual({
      source: workPattern.source,
      'detail-type': workPattern.detailType,
      detail: { ...workPattern.detail, lane: [{ exists: false }] },
    });
  });

  test.each([
    ['the work queue', work],
    ['the dead letters of the routing', routingDeadLetters],
  ])('may send to %s, as this rule only', (_, queue) => {
    const rule = idOf(template, 'AWS::Events::Rule', 'WorkflowsWorkRule');
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: queue }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
          }),
        ]),
      },
    });
  });

  test('lets nobody but the functions of the engine publish under the name of the engine', () => {
    template.resourceCountIs('AWS::Events::EventBusPolicy', 1);
    template.hasResourceProperties('AWS::Events::EventBusPolicy', {
      Statement: {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'events:PutEvents',
        Condition: {
          StringEquals: { 'events:source': eventSource },
          ArnNotEquals: {
            'aws:PrincipalArn': [
              roleArn('WorkflowsApiFunctionRole'),
              roleArn('WorkflowsProcessorRole'),
              roleArn('WorkflowsLongStepsProcessorRole'),
              roleArn('WorkflowsSweeperRole'),
              roleArn('WorkflowsDeadLetterRole'),
            ],
          },
        },
      },
    });
  });
});

test.each([
  ['WorkflowsWork', 'WorkflowsWorkRule'],
  ['WorkflowsLongStepsWork', 'WorkflowsLongStepsWorkRule'],
])('%s takes messages of %s and of who delays them, and of nobody else in the account', (queue, rule) => {
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    Queues: [{ Ref: idOf(template, 'AWS::SQS::Queue', queue) }],
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Sid: 'OnlyTheEngine',
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'sqs:SendMessage',
          Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', queue), 'Arn'] },
          Condition: {
            ArnNotEquals: {
              'aws:PrincipalArn': [
                roleArn('WorkflowsApiFunctionRole'),
                roleArn('WorkflowsProcessorRole'),
                roleArn('WorkflowsLongStepsProcessorRole'),
                roleArn('WorkflowsSweeperRole'),
                roleArn('WorkflowsDeadLetterRole'),
                roleArn('WorkflowsTimersRole'),
              ],
              'aws:SourceArn': [{ 'Fn::GetAtt': [idOf(template, 'AWS::Events::Rule', rule), 'Arn'] }],
            },
          },
        },
      ]),
    },
  });
});

describe('the processor', () => {
  test('is the only function that Lambda may find in a loop', () => {
    const loops = resourcesOf(template, 'AWS::Lambda::Function').map(({ Properties }) => [
      Properties.Description,
      Properties.RecursiveLoop,
    ]);
    expect(Object.fromEntries(loops)).toEqual({
      'Handles the events of workflows': 'Allow',
      'Handles the events of long-steps': 'Allow',
      'Looks at the runs of messages that could not be processed': undefined,
      'Publishes the events of workflows that were lost': undefined,
      'Removes what expired runs of workflows leave behind': undefined,
      'Starts, resumes, cancels and reads workflows': undefined,
    });
  });

  test('takes one message at a time, answers for each, and is bounded', () => {
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 6);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [work, 'Arn'] },
      FunctionName: { Ref: idOf(template, 'AWS::Lambda::Function', 'WorkflowsProcessor') },
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 100 },
    });
    synth({ maximumConcurrency: 7 }).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 7 },
    });
  });
});

describe('the functions', () => {
  test('are arm64, on the newest Node, and say where in the sources an error came from', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      MemorySize: 512,
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: Match.objectLike({ NODE_OPTIONS: '--enable-source-maps' }) },
    });
  });

  test('are not traced when that is not wanted, and may not send traces then', () => {
    const untraced = synth({ tracing: Tracing.DISABLED });
    untraced.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: Match.absent() });
    expect(JSON.stringify(untraced.toJSON())).not.toContain('xray:');
  });

  test('get what they work on, by the names that the adapter reads', () => {
    const given = synth({
      environment: { SHOP: 'north' },
      lease: Duration.seconds(5),
      runRetention: Duration.days(3),
      stepEndEvents: false,
      listing: false,
      history: 'full',
    });
    given.allResourcesProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          EVENTED_TABLE: { Ref: idOf(given, 'AWS::DynamoDB::Table', 'WorkflowsTable') },
          EVENTED_BUS: { Ref: idOf(given, 'AWS::Events::EventBus', 'WorkflowsBus') },
          EVENTED_QUEUE_URL: { Ref: work },
          EVENTED_QUEUE_ARN: { 'Fn::GetAtt': [work, 'Arn'] },
          EVENTED_BUCKET: { Ref: idOf(given, 'AWS::S3::Bucket', 'WorkflowsPayloads') },
          EVENTED_LEASE_SECONDS: '5',
          EVENTED_RETENTION_DAYS: '3',
          EVENTED_STEP_ENDS: 'off',
          EVENTED_LISTING: 'off',
          EVENTED_HISTORY: 'full',
          SHOP: 'north',
        }),
      },
    });
  });

  test('log to groups of their own that do not grow for ever', () => {
    template.resourceCountIs('AWS::Logs::LogGroup', 8);
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    template.allResourcesProperties('AWS::Lambda::Function', {
      LoggingConfig: { LogGroup: Match.anyValue() },
    });
  });
});
