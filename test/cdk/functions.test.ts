import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import type { Lane } from '../../src/adapters/aws/config.ts';
import type { WorkflowStackProps } from '../../lib/index.ts';
import { createStack, idOf, resourcesOf, resourceWith, synth } from './synth.ts';

const mail = new PolicyStatement({ actions: ['ses:SendEmail'], resources: ['arn:aws:ses:::identity/shop'] });
const bills = new PolicyStatement({ actions: ['s3:PutObject'], resources: ['arn:aws:s3:::bills/open'] });

const stack = createStack({
  environment: { SHOP: 'north', STAGE: 'test' },
  initialPolicy: [mail],
  maximumConcurrency: 20,
  functions: {
    billing: {
      workflows: ['invoice'],
      steps: ['order/bill'],
      memorySize: 1_024,
      timeout: Duration.seconds(30),
      environment: { STAGE: 'billing' },
      maximumConcurrency: 3,
      batchSize: 10,
      initialPolicy: [bills],
    },
    thumbnails: { steps: ['upload/shrink'] },
  },
});
const secret = new Secret(stack, 'Secret');
secret.grantRead(stack.runtime);
const template = Template.fromStack(stack);

const lanes = {
  'long-steps': 'WorkflowsLongSteps',
  billing: 'WorkflowsFunctionsbilling',
  thumbnails: 'WorkflowsFunctionsthumbnails',
} as const;

function processorOf(path: string) {
  return resourceWith(template, 'AWS::Lambda::Function', {
    Role: { 'Fn::GetAtt': [idOf(template, 'AWS::IAM::Role', `${path}ProcessorRole`), 'Arn'] },
  }).Properties;
}

/** What a role may do, by the service and the action. */
function actionsOf(path: string): string[] {
  const role = JSON.stringify([{ Ref: idOf(template, 'AWS::IAM::Role', `${path}Role`) }]);
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(({ Properties }) => JSON.stringify(Properties.Roles) === role)
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: { Action: string }[] }).Statement)
    .flatMap(({ Action }) => Action);
}

describe.each(Object.entries(lanes))('%s', (name, path) => {
  const queue = idOf(template, 'AWS::SQS::Queue', `${path}Work`);

  test('has a queue with dead letters of its own', () => {
    template.hasResource('AWS::SQS::Queue', {
      Properties: {
        RedrivePolicy: {
          deadLetterTargetArn: {
            'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', `${path}WorkDeadLetters`), 'Arn'],
          },
          maxReceiveCount: 10,
        },
      },
    });
  });

  test('gets the events that name it', () => {
    const rule = resourceWith(template, 'AWS::Events::Rule', {
      EventPattern: { detail: { lane: [name] } },
    }).Properties;
    expect(rule).toMatchObject({
      EventPattern: { source: ['evented-workflows'], detail: { work: [true], lane: [name] } },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [queue, 'Arn'] },
          DeadLetterConfig: {
            Arn: { 'Fn::GetAtt': [idOf(template, 'AWS::SQS::Queue', 'WorkflowsRoutingDeadLetters'), 'Arn'] },
          },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ],
    });
  });

  test('has a processor that Lambda may find in a loop, with a log of its own', () => {
    expect(processorOf(path)).toMatchObject({
      RecursiveLoop: 'Allow',
      LoggingConfig: { LogGroup: { Ref: idOf(template, 'AWS::Logs::LogGroup', `${path}ProcessorLogs`) } },
    });
  });

  test('is known to whatever publishes', () => {
    const told = resourcesOf(template, 'AWS::Lambda::Function').map(({ Properties }) => {
      const { Variables: variables } = Properties.Environment as { Variables: Record<string, unknown> };
      return lanesOf(variables.EVENTED_LANES).some((lane) => lane.name === name);
    });
    expect(told.length).toBeGreaterThan(5);
    expect(told).not.toContain(false);
  });
});

/** The variable, with `<logical id>` for what is known at deployment only. */
function lanesOf(value: unknown): Lane[] {
  const { 'Fn::Join': join } = value as { 'Fn::Join': [string, (string | Record<string, unknown>)[]] };
  const text = join[1].map((part) =>
    typeof part === 'string' ? part : `<${Object.values(part).flat().join('.')}>`,
  );
  return JSON.parse(text.join('')) as Lane[];
}

test('the lanes are told with their queues and what they take', () => {
  const { Variables: variables } = processorOf('Workflows').Environment as {
    Variables: Record<string, unknown>;
  };
  const queueOf = (path: string) => idOf(template, 'AWS::SQS::Queue', `${path}Work`);
  const where = (path: string) => ({ queueUrl: `<${queueOf(path)}>`, queueArn: `<${queueOf(path)}.Arn>` });
  expect(lanesOf(variables.EVENTED_LANES)).toEqual([
    { name: 'billing', ...where(lanes.billing), workflows: ['invoice'], steps: ['order/bill'] },
    { name: 'thumbnails', ...where(lanes.thumbnails), steps: ['upload/shrink'] },
    // What the processor, of 120 s, cannot do in time.
    { name: 'long-steps', ...where(lanes['long-steps']), stepsOver: 110_000 },
  ]);
});

test('a function is as it was written, and else as the runtime', () => {
  expect(processorOf(lanes.billing)).toMatchObject({
    MemorySize: 1_024,
    Timeout: 30,
    Environment: { Variables: { SHOP: 'north', STAGE: 'billing' } },
  });
  expect(processorOf(lanes.thumbnails)).toMatchObject({
    MemorySize: 512,
    Timeout: 120,
    Environment: { Variables: { SHOP: 'north', STAGE: 'test' } },
  });
});

test.each([
  ['billing', 60, { BatchSize: 10, ScalingConfig: { MaximumConcurrency: 3 } }],
  ['thumbnails', 150, { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 20 } }],
  ['long-steps', 930, { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 20 } }],
] as const)('the queue of %s waits as long as its function and 30 s', (name, seconds, mapping) => {
  const queue = idOf(template, 'AWS::SQS::Queue', `${lanes[name]}Work`);
  expect(template.findResources('AWS::SQS::Queue')[queue]?.Properties).toMatchObject({
    VisibilityTimeout: seconds,
  });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [queue, 'Arn'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumBatchingWindowInSeconds: Match.absent(),
    ...mapping,
  });
});

describe('a step may do on AWS', () => {
  test.each(['Workflows', 'WorkflowsLongSteps'])('what its runtime was given: %s', (path) => {
    expect(actionsOf(`${path}Processor`)).toEqual(
      expect.arrayContaining(['ses:SendEmail', 'secretsmanager:GetSecretValue']),
    );
  });

  test('in a function of its own, what that was given, and nothing else', () => {
    const ofBilling = new Set(actionsOf(`${lanes.billing}Processor`));
    const ofThumbnails = new Set(actionsOf(`${lanes.thumbnails}Processor`));
    expect(ofBilling.has('ses:SendEmail')).toBe(false);
    expect(ofThumbnails.has('secretsmanager:GetSecretValue')).toBe(false);
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: idOf(template, 'AWS::IAM::Role', `${lanes.billing}ProcessorRole`) }],
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Resource: 'arn:aws:s3:::bills/open' })]),
      },
    });
  });

  test.each(['ApiFunction', 'Sweeper', 'Expiry'])('and %s, which executes none, may not', (path) => {
    expect(actionsOf(`Workflows${path}`)).not.toContain('ses:SendEmail');
    expect(actionsOf(`Workflows${path}`)).not.toContain('secretsmanager:GetSecretValue');
  });
});

test('the functions are members, by their names', () => {
  const { functions, longSteps, processor } = stack.runtime;
  expect(Object.keys(functions)).toEqual(['billing', 'thumbnails']);
  expect(stack.resolve(functions.billing?.workQueue.queueUrl)).toEqual({
    Ref: idOf(template, 'AWS::SQS::Queue', `${lanes.billing}Work`),
  });
  expect(longSteps?.processor.functionArn).not.toBe(processor.functionArn);
});

test.each<[string, Partial<WorkflowStackProps>]>([
  ['it is not wanted', { longSteps: false }],
  ['no step can take longer', { timeout: Duration.minutes(15) }],
])('there is no function for long steps when %s', (_, props) => {
  const without = createStack(props);
  expect(without.runtime.longSteps).toBeUndefined();
  secretOf(without);
  const processors = resourcesOf(Template.fromStack(without), 'AWS::Lambda::Function').filter(
    ({ Properties }) => Properties.RecursiveLoop === 'Allow',
  );
  expect(processors).toHaveLength(1);
  expect(processors[0]?.Properties.Environment).not.toHaveProperty('Variables.EVENTED_LANES');
});

/** A grant where one role is all there is. */
function secretOf(without: ReturnType<typeof createStack>): void {
  new Secret(without, 'Secret').grantRead(without.runtime).assertSuccess();
}

test('the function for long steps can be made otherwise', () => {
  const longSteps = { timeout: Duration.minutes(5), memorySize: 2_048, maximumConcurrency: 2 };
  const other = synth({ timeout: Duration.seconds(60), longSteps });
  other.hasResourceProperties('AWS::Lambda::Function', {
    Timeout: 300,
    MemorySize: 2_048,
    RecursiveLoop: 'Allow',
  });
  other.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 330 });
});

test('a batch is a prop', () => {
  synth({ batchSize: 10 }).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumBatchingWindowInSeconds: Match.absent(),
  });
});
