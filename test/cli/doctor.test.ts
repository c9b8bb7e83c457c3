import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { DescribeTableCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { serve, type Surroundings } from './run.ts';

const sqs = mockClient(SQSClient);
const dynamodb = mockClient(DynamoDBClient);
const s3 = mockClient(S3Client);
const cloudformation = mockClient(CloudFormationClient);
const cloudwatch = mockClient(CloudWatchClient);
const lambda = mockClient(LambdaClient);
const mocks = [sqs, dynamodb, s3, cloudformation, cloudwatch, lambda];
afterAll(() => {
  vi.unstubAllEnvs();
  for (const mock of mocks) mock.restore();
});

const stack = {
  Url: 'http://api.test/',
  TableName: 'runs',
  BucketName: 'payloads',
  WorkQueueUrl: 'https://sqs.test/1/Work',
  WorkDeadLetterQueueUrl: 'https://sqs.test/1/WorkDead',
  UndeliverableQueueUrl: 'https://sqs.test/1/Undeliverable',
};

function outputs(content: Readonly<Record<string, string>> = stack): string {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'outputs.json');
  writeFileSync(file, JSON.stringify({ Shop: content }));
  return file;
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  for (const mock of mocks) mock.reset();
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  dynamodb.on(DescribeTableCommand, { TableName: 'runs' }).resolves({ Table: { TableStatus: 'ACTIVE' } });
  dynamodb.on(QueryCommand).resolves({ Count: 0 });
  s3.on(HeadBucketCommand, { Bucket: 'payloads' }).resolves({});
  const part = (type: string, id: string, logical = id) => ({
    ResourceType: `AWS::${type}`,
    PhysicalResourceId: id,
    LogicalResourceId: logical,
    LastUpdatedTimestamp: new Date(0),
    ResourceStatus: 'CREATE_COMPLETE' as const,
  });
  cloudformation
    .on(ListStackResourcesCommand, { StackName: 'Shop' })
    .resolves({ StackResourceSummaries: [part('CloudWatch::Alarm', 'Errors')], NextToken: 'next' })
    .on(ListStackResourcesCommand, { StackName: 'Shop', NextToken: 'next' })
    .resolves({
      StackResourceSummaries: [
        part('CloudWatch::Alarm', 'ParkedRuns'),
        part('Lambda::Function', 'Bucket-emptier'),
        part('Lambda::Function', 'Processor'),
        part('Lambda::EventSourceMapping', 'mapping'),
        part('SQS::Queue', stack.WorkQueueUrl, 'WorkflowsWork5C9D1A2B'),
        part('SQS::Queue', 'https://sqs.test/1/Fast', 'WorkflowsFunctionsfastWork5C9D1A2B'),
        part('SQS::Queue', 'https://sqs.test/1/FastDead', 'WorkflowsFunctionsfastWorkDeadLetters5C9D1A2B'),
      ],
    });
  cloudwatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [] });
  cloudwatch.on(GetMetricDataCommand).resolves({});
  lambda.on(GetFunctionConfigurationCommand).resolves({});
  lambda
    .on(GetFunctionConfigurationCommand, { FunctionName: 'Processor' })
    .resolves({ Environment: { Variables: { EVENTED_NAME: 'shop', EVENTED_METRICS_NAMESPACE: 'Mine' } } });
  lambda
    .on(GetEventSourceMappingCommand, { UUID: 'mapping' })
    .resolves({ EventSourceArn: 'arn:aws:sqs:eu-central-1:1:Work', State: 'Enabled' });
});

/** Where the credentials of these tests belong to. */
const arn = 'arn:aws:sts::123456789012:assumed-role/ops/me';

/** Answers as STS does, and as the API for the rest. */
function fetchOf(served: ReturnType<typeof serve>): Surroundings['fetch'] {
  return async (request) => {
    if (new URL(request.url).host !== 'sts.eu-central-1.amazonaws.com') return await served.fetch(request);
    expect(request.headers.get('authorization')).toMatch(/^AWS4-HMAC-SHA256 .*\/eu-central-1\/sts\//);
    expect(await request.text()).toBe('Action=GetCallerIdentity&Version=2011-06-15');
    return new Response(`<GetCallerIdentityResponse><Arn>${arn}</Arn></GetCallerIdentityResponse>`);
  };
}

const checkAws = (named: readonly string[] = ['--outputs', outputs()], served = serve()) =>
  served.evented(['doctor', ...named, '--region', 'eu-central-1'], {
    fetch: fetchOf(served),
    now: () => now,
  });

/** The time of these looks, ms since 1970. */
const now = 1_800_000_000_000;

describe('a deployment', () => {
  test('that is well', async () => {
    const { code, out } = await checkAws();
    expect(code).toBe(0);
    const checks = out
      .trim()
      .split('\n')
      .map((line) => line.split(':')[0]);
    expect(checks.map((check) => check?.replace(/\s+/, ' '))).toEqual([
      'ok api',
      'ok version',
      'ok runs',
      'ok caller',
      'ok table',
      'ok bucket',
      'ok sweeper',
      'ok WorkQueue',
      'ok WorkDeadLetterQueue',
      'ok UndeliverableQueue',
      'ok WorkflowsFunctionsfastWork',
      'ok WorkflowsFunctionsfastWorkDeadLetters',
      'ok mappings',
      'ok alarms',
      'ok progress',
    ]);
    expect(out).toContain('api: http://api.test/: answers');
    expect(out).toContain(`caller: ${arn}\n`);
    expect(dynamodb.commandCalls(QueryCommand)).toHaveLength(16);
  });

  test('is called where it is, whatever server the environment names for other commands', async () => {
    const called = new Set<string>();
    const served = serve();
    const aws = fetchOf(served);
    const fetch: Surroundings['fetch'] = async (request) => {
      called.add(new URL(request.url).host);
      return await aws(request);
    };
    const around = { fetch, now: () => now, env: { EVENTED_URL: 'http://local.test/' } };
    const doctor = async (...argv: string[]) => {
      called.clear();
      const { out } = await served.evented(['doctor', ...argv], around);
      return { hosts: [...called].filter((host) => host.endsWith('.test')), out };
    };
    const named = ['--outputs', outputs(), '--region', 'eu-central-1'];
    expect(await doctor(...named)).toMatchObject({
      hosts: ['api.test'],
      out: expect.stringContaining('api: http://api.test/: ') as string,
    });
    expect((await doctor(...named, '--url', 'http://given.test')).hosts).toEqual(['given.test']);
    expect((await doctor()).hosts).toEqual(['local.test']);
  });

  test('with functions of their own: their dead letters are seen, too', async () => {
    sqs
      .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs.test/1/FastDead' })
      .resolves({ Attributes: { ApproximateNumberOfMessages: '4' } });
    const { out } = await checkAws();
    expect(out).toMatch(/warning {2}WorkflowsFunctionsfastWorkDeadLetters: 4 waiting/);
    const asked = sqs.commandCalls(GetQueueAttributesCommand).map(({ args: [{ input }] }) => input.QueueUrl);
    expect(asked.filter((url) => url === stack.WorkQueueUrl)).toHaveLength(1);
  });

  test('without the queue of what is undeliverable, or without its output, says so', async () => {
    const { UndeliverableQueueUrl: url, ...others } = stack;
    const none = await checkAws(['--outputs', outputs(others)]);
    expect(none.code).toBe(1);
    expect(none.out).toMatch(/FAILED {3}UndeliverableQueue: .* no output UndeliverableQueueUrl/);
    cloudformation.on(ListStackResourcesCommand).resolves({
      StackResourceSummaries: [
        {
          ResourceType: 'AWS::SQS::Queue',
          PhysicalResourceId: url,
          LogicalResourceId: 'WorkflowsUndeliverable5C9D1A2B',
          LastUpdatedTimestamp: new Date(0),
          ResourceStatus: 'CREATE_COMPLETE',
        },
      ],
    });
    const unnamed = await checkAws(['--outputs', outputs(others)]);
    expect(unnamed.out).toMatch(/ok {7}WorkflowsUndeliverable: 0 waiting/);
    expect(unnamed.out).toMatch(/warning {2}UndeliverableQueue: .* no output UndeliverableQueueUrl/);
  });

  test('with dead letters: those that wait for a person are shown and left there', async () => {
    sqs
      .on(GetQueueAttributesCommand, { QueueUrl: stack.UndeliverableQueueUrl })
      .resolves({ Attributes: { ApproximateNumberOfMessages: '1' } })
      .on(GetQueueAttributesCommand, { QueueUrl: stack.WorkDeadLetterQueueUrl })
      .resolves({ Attributes: { ApproximateNumberOfMessages: '2' } });
    const detail = { workflowId: 'orders', runId: 'r', input: 4242 };
    const Body = JSON.stringify({ source: 'evented-workflows', 'detail-type': 'workflow.end', detail });
    const Attributes = { SentTimestamp: '0', ApproximateReceiveCount: '1' };
    sqs
      .on(ReceiveMessageCommand)
      .resolvesOnce({ Messages: [{ MessageId: 'm', ReceiptHandle: 'h', Body, Attributes }] })
      .resolves({});
    sqs.on(ChangeMessageVisibilityCommand).resolves({});
    const { code, out } = await checkAws();
    expect(code).toBe(1);
    expect(out).toMatch(
      /FAILED {3}UndeliverableQueue: 1 waiting.*evented redrive\n {2}workflow\.end {2}orders \/ r\n/,
    );
    expect(out).toMatch(/warning {2}WorkDeadLetterQueue: 2 waiting/);
    expect(out).not.toContain('4242');
    expect(sqs.commandCalls(ChangeMessageVisibilityCommand)).toHaveLength(1);
  });

  test('whose sweeper does not come, whose table is not ready, whose bucket is closed', async () => {
    dynamodb.on(QueryCommand, { ExpressionAttributeValues: undefined }).resolves({ Count: 0 });
    dynamodb.on(QueryCommand).resolves({ Count: 2 });
    dynamodb.on(DescribeTableCommand).resolves({ Table: { TableStatus: 'UPDATING' } });
    s3.on(HeadBucketCommand).rejects(Object.assign(new Error('denied'), { name: 'Forbidden' }));
    const { code, out } = await checkAws();
    expect(code).toBe(1);
    expect(out).toMatch(/warning {2}table: runs is UPDATING\n/);
    expect(out).toMatch(/FAILED {3}bucket: .*denied/);
    expect(out).toMatch(/FAILED {3}sweeper: 32 runs are overdue/);
  });

  test('is found by the name of its stack', async () => {
    const Outputs = Object.entries(stack).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    cloudformation.on(DescribeStacksCommand, { StackName: 'Shop' }).resolves({
      Stacks: [{ StackName: 'Shop', CreationTime: undefined, StackStatus: undefined, Outputs }],
    });
    const { code, out } = await checkAws(['--stack', 'Shop']);
    expect(code).toBe(0);
    expect(out).toMatch(/ok {7}table: runs is ACTIVE\n/);
  });

  test('that is not there, or is another stack, is said once', async () => {
    cloudformation.on(DescribeStacksCommand).rejects(new Error('Stack with id X does not exist'));
    expect(await checkAws(['--stack', 'X'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('X cannot be looked up') as string,
    });
    cloudformation.on(DescribeStacksCommand).resolves({ Stacks: [] });
    expect((await checkAws(['--stack', 'X'])).err).toContain('is it a WorkflowStack?');
  });

  test('whose alarms ring, whose runs are parked and stuck, whose queue is not taken', async () => {
    cloudwatch.on(DescribeAlarmsCommand).resolves({
      MetricAlarms: [{ AlarmName: 'ParkedRuns', StateValue: 'ALARM' }],
    });
    const ago = (minutes: number) => new Date(now - minutes * 60_000);
    cloudwatch.on(GetMetricDataCommand).callsFake(({ MetricDataQueries: [first] }) => {
      const isAge = first.MetricStat.Metric.MetricName === 'ApproximateAgeOfOldestMessage';
      const parked = { Id: 'm0', Values: [2, 1, 50], Timestamps: [ago(1), ago(3), ago(30)] };
      const stuck = { Id: 'm1', Values: [4], Timestamps: [ago(50)] };
      const age = { Id: 'm0', Values: [1_234.4, 5], Timestamps: [ago(2), ago(3)] };
      return { MetricDataResults: isAge ? [age] : [parked, stuck] };
    });
    sqs
      .on(GetQueueAttributesCommand, { QueueUrl: stack.WorkQueueUrl })
      .resolves({ Attributes: { ApproximateNumberOfMessages: '7' } });
    lambda
      .on(GetEventSourceMappingCommand)
      .resolves({ EventSourceArn: 'arn:aws:sqs:eu-central-1:1:Work', State: 'Disabled' });
    const { code, out } = await checkAws();
    expect(code).toBe(1);
    expect(out).toMatch(/ok {7}WorkQueue: 7 waiting, the oldest for 1234 s, /);
    expect(out).toMatch(/FAILED {3}mappings: Work is Disabled: nobody takes its messages/);
    expect(out).toMatch(/FAILED {3}alarms: ParkedRuns: see/);
    expect(out).toMatch(/FAILED {3}progress: 3 looks in 10 minutes .*; 4 looks in an hour/);
    const asked = cloudwatch.commandCalls(GetMetricDataCommand).map(({ args: [{ input }] }) => input);
    expect(asked.at(-1)?.MetricDataQueries?.[0]?.MetricStat?.Metric).toEqual({
      Namespace: 'Mine',
      MetricName: 'RunParked',
      Dimensions: [{ Name: 'Runtime', Value: 'shop' }],
    });
    const [
      {
        args: [alarms],
      } = { args: [] },
    ] = cloudwatch.commandCalls(DescribeAlarmsCommand);
    expect(alarms?.input).toMatchObject({ AlarmNames: ['Errors', 'ParkedRuns'] });
  });

  test('whose records are given back is no failure', async () => {
    lambda.on(GetEventSourceMappingCommand).resolves({
      EventSourceArn: 'arn:aws:dynamodb:eu-central-1:1:table/runs/stream/2026',
      State: 'Enabled',
      LastProcessingResult: 'PROBLEM: Function call failed',
    });
    const { code, out } = await checkAws();
    expect(code).toBe(0);
    expect(out).toMatch(/warning {2}mappings: 2026 is Enabled, PROBLEM: Function call failed\n/);
  });

  test('that this caller may not look at, gives warnings', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied' });
    cloudwatch.onAnyCommand().rejects(denied);
    lambda.onAnyCommand().rejects(denied);
    const few = await checkAws();
    expect(few.code).toBe(0);
    expect(few.out.match(/^warning {2}(mappings|alarms|progress): .*AccessDenied/gm)).toHaveLength(3);
    cloudformation.onAnyCommand().rejects(denied);
    const fewer = await checkAws();
    expect(fewer.code).toBe(0);
    expect(fewer.out).toMatch(/warning {2}stack: .*AccessDenied/);
  });

  test('whose outputs are others says which is missing', async () => {
    const { TableName: _, ...others } = stack;
    const { code, out } = await checkAws(['--outputs', outputs(others)]);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED {3}table: The stack Shop has no output TableName/);
  });
});
