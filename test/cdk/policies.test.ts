import { expect, test } from 'vitest';
import { idOf, resourcesOf, synth } from './synth.ts';

const template = synth();

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Statements of all policies of roles, flat: one action on one resource each. */
function permissions(role: string): { action: string; resource: unknown }[] {
  const roleId = idOf(template, 'AWS::IAM::Role', role);
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: roleId }]))
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
    .flatMap(({ Effect, Action, Resource }) => {
      expect(Effect).toBe('Allow');
      return [Action].flat().flatMap((action) => [Resource].flat().map((resource) => ({ action, resource })));
    });
}

function arn(type: string, path: string, suffix = ''): unknown {
  const attribute = { 'Fn::GetAtt': [idOf(template, type, path), 'Arn'] };
  return suffix === '' ? attribute : { 'Fn::Join': ['', [attribute, suffix]] };
}

const table = arn('AWS::DynamoDB::Table', 'WorkflowsTable');
const bus = arn('AWS::Events::EventBus', 'WorkflowsBus');
const bucket = arn('AWS::S3::Bucket', 'WorkflowsPayloads');
const objects = arn('AWS::S3::Bucket', 'WorkflowsPayloads', '/*');
const queue = arn('AWS::SQS::Queue', 'WorkflowsWork');

const records = [
  'BatchGetItem',
  'BatchWriteItem',
  'ConditionCheckItem',
  'GetItem',
  'PutItem',
  'Query',
  'UpdateItem',
];
const state = [
  ...records.map((name) => ({ action: `dynamodb:${name}`, resource: table })),
  // Of names only: see below.
  { action: 'dynamodb:DeleteItem', resource: table },
  { action: 'events:PutEvents', resource: bus },
  { action: 's3:GetObject', resource: objects },
  { action: 's3:PutObject', resource: objects },
  { action: 's3:ListBucket', resource: bucket },
];

const delay = [queue, arn('AWS::SQS::Queue', 'WorkflowsLongStepsWork')].map((resource) => ({
  action: 'sqs:SendMessage',
  resource,
}));

/** Delays, and one-time schedules of the one group, by the one role. */
const timers = [
  ...delay,
  { action: 'iam:PassRole', resource: arn('AWS::IAM::Role', 'WorkflowsTimersRole') },
  {
    action: 'scheduler:CreateSchedule',
    resource: {
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          ':scheduler:',
          { Ref: 'AWS::Region' },
          ':',
          { Ref: 'AWS::AccountId' },
          ':schedule/Test-Workflows-Timers-37D19ECB/*',
        ],
      ],
    },
  },
];

/** Take no resource. */
const traces = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'].map((action) => ({
  action,
  resource: '*',
}));

function logs(path: string): { action: string; resource: unknown }[] {
  const resource = arn('AWS::Logs::LogGroup', path);
  return ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({ action, resource }));
}

test('the API may read and write runs, list them, remove them and publish, and nothing else', () => {
  expect(sorted(permissions('WorkflowsApiFunctionRole'))).toEqual(
    sorted([
      ...state,
      { action: 'dynamodb:Query', resource: arn('AWS::DynamoDB::Table', 'WorkflowsTable', '/index/list') },
      { action: 'dynamodb:DeleteItem', resource: table },
      { action: 's3:DeleteObject', resource: objects },
      ...timers,
      ...traces,
      ...logs('WorkflowsApiFunctionLogs'),
    ]),
  );
});

test.each(['', 'LongSteps'])(
  'the processor %s may do that without listing, receive its work and delay any, and nothing else',
  (lane) => {
    const receive = [
      'ChangeMessageVisibility',
      'DeleteMessage',
      'GetQueueAttributes',
      'GetQueueUrl',
      'ReceiveMessage',
    ];
    expect(sorted(permissions(`Workflows${lane}ProcessorRole`))).toEqual(
      sorted([
        ...state,
        ...receive.map((name) => ({
          action: `sqs:${name}`,
          resource: arn('AWS::SQS::Queue', `Workflows${lane}Work`),
        })),
        ...timers,
        ...traces,
        ...logs(`Workflows${lane}ProcessorLogs`),
      ]),
    );
  },
);

test.each(['Processor', 'LongStepsProcessor', 'Sweeper', 'DeadLetter'])(
  'the function %s may delete no items but names',
  (name) => {
    const roleId = idOf(template, 'AWS::IAM::Role', `Workflows${name}Role`);
    const deletions = resourcesOf(template, 'AWS::IAM::Policy')
      .filter(({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: roleId }]))
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      .filter(({ Action }) => [Action].flat().includes('dynamodb:DeleteItem'));
    expect(deletions).toEqual([
      expect.objectContaining({
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['#named#*'] } },
      }),
    ]);
  },
);

test('the sweeper may do that without receiving, find the runs that are due, and nothing else', () => {
  expect(sorted(permissions('WorkflowsSweeperRole'))).toEqual(
    sorted([
      ...state,
      ...timers,
      { action: 'dynamodb:Query', resource: arn('AWS::DynamoDB::Table', 'WorkflowsTable', '/index/sweep') },
      ...traces,
      ...logs('WorkflowsSweeperLogs'),
    ]),
  );
});

test('the dead-letter function may do what a processor may, with dead letters for its work, and nothing else', () => {
  const queues = ['WorkDeadLetters', 'LongStepsWorkDeadLetters', 'RoutingDeadLetters'];
  const actions = [
    'ChangeMessageVisibility',
    'DeleteMessage',
    'GetQueueAttributes',
    'GetQueueUrl',
    'ReceiveMessage',
  ];
  const receive = queues.flatMap((name) =>
    actions.map((action) => ({
      action: `sqs:${action}`,
      resource: arn('AWS::SQS::Queue', `Workflows${name}`),
    })),
  );
  expect(sorted(permissions('WorkflowsDeadLetterRole'))).toEqual(
    sorted([...state, ...timers, ...receive, ...traces, ...logs('WorkflowsDeadLetterLogs')]),
  );
});

test('the expiry function may find and delete items, read the stream and lay aside, and nothing else', () => {
  const stream = { 'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table', 'WorkflowsTable'), 'StreamArn'] };
  const deadLetters = arn('AWS::SQS::Queue', 'WorkflowsExpiryDeadLetters');
  expect(sorted(permissions('WorkflowsExpiryRole'))).toEqual(
    sorted([
      { action: 'dynamodb:DeleteItem', resource: table },
      { action: 'dynamodb:Query', resource: table },
      ...['DescribeStream', 'GetRecords', 'GetShardIterator'].map((name) => ({
        action: `dynamodb:${name}`,
        resource: stream,
      })),
      // Takes no resource.
      { action: 'dynamodb:ListStreams', resource: '*' },
      { action: 'sqs:SendMessage', resource: deadLetters },
      ...traces,
      ...logs('WorkflowsExpiryLogs'),
    ]),
  );
});

test("there is no other role than those and the Scheduler's, no managed policy, and only Lambda may take them", () => {
  const scheduler = idOf(template, 'AWS::IAM::Role', 'WorkflowsTimersRole');
  const { [scheduler]: _ofScheduler, ...roles } = template.findResources('AWS::IAM::Role');
  expect(Object.keys(roles)).toHaveLength(7);
  expect(resourcesOf(template, 'AWS::IAM::Policy')).toHaveLength(8);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  for (const { Properties } of Object.values(roles)) {
    expect(Properties).toEqual({
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
        ],
      },
    });
  }
});

test('only the API may be called by API Gateway, and only by this one', () => {
  template.resourceCountIs('AWS::Lambda::Permission', 2);
  template.hasResourceProperties('AWS::Lambda::Permission', {
    FunctionName: { 'Fn::GetAtt': [idOf(template, 'AWS::Lambda::Function', 'WorkflowsApiFunction'), 'Arn'] },
    Principal: 'apigateway.amazonaws.com',
    SourceArn: {
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          ':execute-api:',
          { Ref: 'AWS::Region' },
          ':',
          { Ref: 'AWS::AccountId' },
          ':',
          { Ref: idOf(template, 'AWS::ApiGatewayV2::Api', 'WorkflowsApi') },
          '/*/*/*',
        ],
      ],
    },
  });
});

test('only the sweeper may be called by EventBridge, and only by its schedule', () => {
  template.hasResourceProperties('AWS::Lambda::Permission', {
    FunctionName: { 'Fn::GetAtt': [idOf(template, 'AWS::Lambda::Function', 'WorkflowsSweeper'), 'Arn'] },
    Principal: 'events.amazonaws.com',
    SourceArn: arn('AWS::Events::Rule', 'WorkflowsSweepSchedule'),
  });
});

function sorted<T>(values: readonly T[]): T[] {
  return values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
