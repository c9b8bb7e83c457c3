import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type AwsKeys, signer } from 'evented-workflows/client/sigv4';
import { expect } from 'vitest';
import { z } from 'zod';
import { times } from './times.ts';

/** What has been deployed, and how to reach it. */

function environment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; start this suite by npm run test:integration.`);
  return value;
}

/** AWS itself, or a LocalStack-compatible endpoint: what that cannot show is skipped by tests that name it. */
export const isAws = process.env.AWS_ENDPOINT_URL === undefined;

const deployments = z
  .record(z.string(), z.record(z.string(), z.string()))
  .parse(JSON.parse(readFileSync(environment('INTEGRATION_OUTPUTS'), 'utf8')));

/** The outputs of a stack. */
export function outputsOf(name: string): Readonly<Record<string, string>> {
  const outputs = deployments[name];
  if (outputs === undefined) throw new Error(`No stack ${name} was deployed.`);
  return outputs;
}

/** URL of an API without a slash at its end: an endpoint that is not AWS has no names of its own for it. */
export function urlOf({ Url = '', ApiId = '' }: Readonly<Record<string, string>>): string {
  return isAws
    ? Url.replace(/\/$/, '')
    : `${environment('AWS_ENDPOINT_URL')}/_aws/execute-api/${ApiId}/$default`;
}

/** Name of the main stack; those of the others begin with it. */
export const stackName = environment('INTEGRATION_STACK');

const outputs = outputsOf(stackName);

export const stack = z
  .object({
    TableName: z.string(),
    BucketName: z.string(),
    BusName: z.string(),
    WorkQueueUrl: z.string(),
    WorkDeadLetterQueueUrl: z.string(),
    RoutingDeadLetterQueueUrl: z.string(),
    ExpiryDeadLetterQueueUrl: z.string(),
    UndeliverableQueueUrl: z.string(),
  })
  .loose()
  .parse(outputs);

export const base = urlOf(outputs);

/** Until when a killed worker's step has run again at the latest: its message comes back, and a few cold starts. */
export const recoveryMs = (times.visibilitySeconds + 60) * 1000;

/** How long anything else may take that is not waited for by an event. */
export const patience = { timeout: 90_000, interval: 250 };

export const dynamodb = new DynamoDBClient({});
export const eventbridge = new EventBridgeClient({});
export const s3 = new S3Client({ forcePathStyle: true });
// The emulator names its queues by another name of this machine.
export const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });

/** Keys of whoever runs the suite. */
export const ownKeys = (): Promise<AwsKeys> => dynamodb.config.credentials();

export const region = environment('AWS_REGION');

/** Signs a request where the deployment asks for it: the suite's own API is open, that of the canary is not. */
export const sign =
  process.env.INTEGRATION_AUTH === 'iam' ? signer({ region, credentials: ownKeys }) : undefined;

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Makes the calls of one caller. */
export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** Calls as whoever a request is made out to by `identify`. */
export function callerOf(url: string, identify?: (request: Request) => Promise<Request>): Call {
  return async (method, path, body) => {
    const request = new Request(`${url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const response = await fetch(identify === undefined ? request : await identify(request));
    const text = await response.text();
    const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true;
    try {
      return { status: response.status, body: (isJson ? JSON.parse(text) : { text }) as Answer['body'] };
    } catch (cause) {
      throw new Error(`${method} ${path} answered ${response.status} with no JSON: ${text}`, { cause });
    }
  };
}

export const call = callerOf(base, sign);

/** Starts a run and returns its id. */
export async function start(workflow: string, inputData: unknown): Promise<string> {
  const { status, body } = await call('POST', `/workflows/${workflow}/runs`, { inputData });
  expect({ status, body }).toMatchObject({ status: 201, body: { workflowId: workflow, changed: true } });
  return z.string().parse(body.runId);
}

const terminal = ['success', 'failed', 'tripwire', 'canceled'];

/** Resolves when a run has this status, with the run; fails at once when it has ended with another. */
export async function reaches(
  runId: string,
  status: string,
  {
    as = call,
    ...limits
  }: { readonly timeout?: number; readonly interval?: number; readonly as?: Call } = {},
): Promise<Answer['body']> {
  let run: Answer['body'] = {};
  const read = async () => {
    run = (await as('GET', `/runs/${runId}`)).body;
    return String(run.status);
  };
  await expect.poll(read, { ...patience, ...limits }).toBeOneOf([status, ...terminal]);
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

/** Status of a run as it is stored, for runs that belong to somebody else than whoever runs the suite. */
export async function statusOf(runId: string): Promise<string | undefined> {
  return (await partition(runId)).get('A')?.st?.S;
}
