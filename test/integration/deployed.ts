import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { z } from 'zod';

/** What run.ts has deployed, and how to reach it. */

const outputs = z.object({
  EventedWorkflowsTest: z.object({
    ApiId: z.string(),
    TableName: z.string(),
    BucketName: z.string(),
    BusName: z.string(),
    WorkQueueUrl: z.string(),
    WorkDeadLetterQueueUrl: z.string(),
    RoutingDeadLetterQueueUrl: z.string(),
  }),
});

function environment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; start this suite by npm run test:integration.`);
  return value;
}

export const stack = outputs.parse(
  JSON.parse(readFileSync(environment('INTEGRATION_OUTPUTS'), 'utf8')),
).EventedWorkflowsTest;

/** The API: an endpoint that is not AWS has no names of its own for it. */
export const base = `${environment('AWS_ENDPOINT_URL')}/_aws/execute-api/${stack.ApiId}/$default`;

/** Until when a killed worker's step has run again at the latest: its message comes back, and a few cold starts. */
export const recoveryMs = (Number(environment('INTEGRATION_TIMEOUT_SECONDS')) + 30 + 60) * 1000;

/** How long anything else may take that is not waited for by an event. */
const patience = { timeout: 60_000, interval: 250 };

export const dynamodb = new DynamoDBClient({});
export const eventbridge = new EventBridgeClient({});
export const s3 = new S3Client({ forcePathStyle: true });
// The emulator names its queues by another name of this machine.
export const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) as Answer['body'] };
  } catch (cause) {
    throw new Error(`${method} ${path} answered ${response.status} with no JSON: ${text}`, { cause });
  }
}

/** Starts a run and returns its id. */
export async function start(workflow: string, inputData: unknown): Promise<string> {
  const { status, body } = await call('POST', `/workflows/${workflow}/runs`, { inputData });
  expect({ status, body }).toMatchObject({ status: 201, body: { workflowId: workflow, changed: true } });
  return z.string().parse(body.runId);
}

const terminal = ['success', 'failed', 'tripwire', 'canceled'];

/** Resolves when a run has this status, with the run; fails at once when it has ended with another. */
export async function reaches(runId: string, status: string, limits = patience): Promise<Answer['body']> {
  let run: Answer['body'] = {};
  const read = async () => {
    run = (await call('GET', `/runs/${runId}`)).body;
    return String(run.status);
  };
  await expect.poll(read, limits).toBeOneOf([status, ...terminal]);
  // With its error, for the report.
  expect({ status: run.status, error: run.error }).toEqual({
    status,
    error: status === 'failed' ? run.error : undefined,
  });
  return run;
}

const page = z.object({
  events: z.array(z.object({ id: z.string(), type: z.string() }).loose()),
  cursor: z.string(),
  done: z.boolean(),
});

/** One page of a run's events. */
export async function events(
  runId: string,
  options: { readonly cursor?: string; readonly wait?: number } = {},
): Promise<z.infer<typeof page>> {
  const query = new URLSearchParams({ wait: String(options.wait ?? 0) });
  if (options.cursor !== undefined) query.set('cursor', options.cursor);
  const { status, body } = await call('GET', `/runs/${runId}/events?${query.toString()}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return page.parse(body);
}

/** All items of a partition, by their sort key. */
export async function partition(pk: string): Promise<Map<string, Record<string, AttributeValue>>> {
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: stack.TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
    }),
  );
  return new Map(Items.map((item) => [item.sk?.S ?? '', item]));
}
