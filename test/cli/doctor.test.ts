import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTableCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ordersWorkflow, run, serve } from './run.ts';

const sqs = mockClient(SQSClient);
const dynamodb = mockClient(DynamoDBClient);
const s3 = mockClient(S3Client);
afterAll(() => [sqs, dynamodb, s3].forEach((mock) => mock.restore()));

const stack = {
  Url: 'http://api.test/',
  TableName: 'runs',
  BucketName: 'payloads',
  WorkQueueUrl: 'https://sqs.test/1/Work',
  WorkDeadLetterQueueUrl: 'https://sqs.test/1/WorkDead',
  UndeliverableQueueUrl: 'https://sqs.test/1/Undeliverable',
};

function outputs(): string {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'outputs.json');
  writeFileSync(file, JSON.stringify({ Shop: stack }));
  return file;
}

beforeEach(() => {
  for (const mock of [sqs, dynamodb, s3]) mock.reset();
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  dynamodb.on(DescribeTableCommand, { TableName: 'runs' }).resolves({ Table: { TableStatus: 'ACTIVE' } });
  dynamodb.on(QueryCommand).resolves({ Count: 0 });
  s3.on(HeadBucketCommand, { Bucket: 'payloads' }).resolves({});
});

const checkAws = (served = serve()) =>
  served.evented(['doctor', '--outputs', outputs(), '--region', 'eu-central-1']);

describe('a server', () => {
  test('that is well', async () => {
    const { evented, runtime } = serve();
    await runtime.start({ workflowId: 'orders', runId: 'r', inputData: { pieces: 1 } });
    const { code, out } = await evented(['doctor']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ok {7}api: .*: orders\nok {7}runs: \d under way/);
  });

  test('that lacks the workflow of a run', async () => {
    const { runtime } = serve();
    const runs = { runs: [{ runId: 'r', workflowId: 'gone', status: 'running' }] };
    const fetch = ({ url }: Request): Response =>
      Response.json(url.includes('/runs') ? runs : { workflows: [{ id: 'orders' }] });
    const { code, out } = await run(['doctor', '--json'], { fetch });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      healthy: false,
      findings: [
        { check: 'api', verdict: 'ok' },
        { check: 'runs', verdict: 'failed', text: expect.stringContaining('gone') as string },
      ],
    });
    expect(runtime.workflows).toEqual([ordersWorkflow]);
  });

  test.each([
    [401, 'WORKFLOW_UNAUTHENTICATED', /--sigv4/],
    [403, 'WORKFLOW_RUN_FORBIDDEN', /not allowed/],
  ])('that answers %i says what to give', async (status, code, remedy) => {
    const fetch = (): Response =>
      new Response(JSON.stringify({ status, code, detail: 'No', title: 'No', type: 'urn:x' }), {
        status,
        headers: { 'content-type': 'application/problem+json' },
      });
    const result = await run(['doctor', '--retries', '0'], { fetch });
    expect(result).toMatchObject({ code: 1, out: expect.stringMatching(remedy) as string });
  });

  test('that does not answer', async () => {
    const fetch = (): never => {
      throw new TypeError('fetch failed');
    };
    const { code, out } = await run(['doctor', '--retries', '0'], { fetch });
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {3}api: /);
  });
});

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
      'ok runs',
      'ok table',
      'ok bucket',
      'ok sweeper',
      'ok WorkQueue',
      'ok WorkDeadLetterQueue',
      'ok UndeliverableQueue',
    ]);
    expect(dynamodb.commandCalls(QueryCommand)).toHaveLength(16);
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
});
