import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { callerArn } from '../aws/caller.ts';
import { peek } from '../aws/dead-letters.ts';
import { checkBucket, overdueRuns, queueState, tableStatus } from '../aws/look.ts';
import { type Deployment, outputOf } from '../aws/outputs.ts';
import { clientOptions, services, sqsOptions } from '../aws/services.ts';
import { type StackParts, type StackQueue, stackParts } from '../aws/stacks.ts';
import { ageReading, countingOf, mappingState, readings, ringing, runReading } from '../aws/watched.ts';
import type { Context } from '../command.ts';
import { checked, type Finding, type Found } from './finding.ts';

/** A run that the sweeper has not looked at for so long is not going to be, ms. */
const overdueAfter = 600_000;

/** Messages of a dead-letter queue that are shown. */
const shown = 5;

/** How far back is looked for runs that are parked: each is looked at every two minutes. ms. */
const parkedWithin = 600_000;

/** How far back is looked for runs that are stuck: each is looked at once an hour at least. ms. */
const stuckWithin = 3_600_000;

/** Checks what a deployment is made of, with credentials of AWS. */
export async function checkDeployment(context: Context, deployment: Deployment): Promise<Finding[]> {
  const options = clientOptions(context.option('region'));
  const [{ SQSClient: Sqs }, { DynamoDBClient: DynamoDb }, { S3Client: S3 }] = await Promise.all([
    services.sqs(),
    services.dynamodb(),
    services.s3(),
  ]);
  const sqs = new Sqs(sqsOptions(context.option('region'), context.console.env));
  const dynamodb = new DynamoDb(options);
  // Emulators have no host name for each bucket.
  const s3 = new S3({ ...options, forcePathStyle: true });
  try {
    const stack = await readStack(context, deployment);
    const [caller, storage, queues, lack, watched] = await Promise.all([
      checked(
        'caller',
        async () => ({ verdict: 'ok', text: await callerArn(sqs, context.console) }),
        'warning',
      ),
      checkStorage({ dynamodb, s3, deployment, now: context.console.now() }),
      checkQueues(context, sqs, queuesOf(deployment, stack.parts)),
      lackOfQueue(deployment, stack.parts),
      stack.parts === undefined ? [stack.finding] : checkWatched(context, stack.parts),
    ]);
    return [caller, ...storage, ...queues, ...lack, ...watched];
  } finally {
    for (const client of [sqs, dynamodb, s3]) client.destroy();
  }
}

interface Storage {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly deployment: Deployment;
  readonly now: number;
}

async function checkStorage({ dynamodb, s3, deployment, now }: Storage): Promise<Finding[]> {
  return await Promise.all([
    checked('table', async () => {
      const table = outputOf(deployment, 'TableName');
      const status = await tableStatus(dynamodb, table);
      return { verdict: status === 'ACTIVE' ? 'ok' : 'warning', text: `${table} is ${status}` };
    }),
    checked('bucket', async () => {
      const bucket = outputOf(deployment, 'BucketName');
      await checkBucket(s3, bucket);
      return { verdict: 'ok', text: `${bucket} is there` };
    }),
    checked('sweeper', async () => {
      const overdue = await overdueRuns(dynamodb, outputOf(deployment, 'TableName'), now - overdueAfter);
      if (overdue === 0) return { verdict: 'ok', text: 'no run is overdue for a look' };
      const text = `${overdue} runs are overdue for a look by 10 minutes: is the sweeper called, and does it fail?`;
      return { verdict: 'failed', text };
    }),
  ]);
}

/** Those of the outputs, and the others of the stack: each function for some of the work has its own. */
function queuesOf({ outputs }: Deployment, parts: StackParts | undefined): readonly StackQueue[] {
  const named = Object.entries(outputs)
    .filter(([name]) => name.endsWith('QueueUrl'))
    .map(([name, url]) => ({ name: name.replace(/Url$/, ''), url }));
  const urls = new Set(named.map(({ url }) => url));
  return [...named, ...(parts?.queues ?? []).filter(({ url }) => !urls.has(url))];
}

const isUndeliverable = ({ name }: StackQueue): boolean => name.includes('Undeliverable');

/** Without the output, `evented redrive` does not find what waits for a person; without the queue, nobody does. */
async function lackOfQueue(deployment: Deployment, parts: StackParts | undefined): Promise<Finding[]> {
  const output = 'UndeliverableQueueUrl';
  if (deployment.outputs[output] !== undefined) return [];
  const isThere = parts?.queues.some(isUndeliverable) === true;
  const look = async (): Promise<Found> => ({ verdict: 'ok', text: outputOf(deployment, output) });
  return [await checked('UndeliverableQueue', look, isThere ? 'warning' : 'failed')];
}

async function checkQueues(
  context: Context,
  sqs: SQSClient,
  queues: readonly StackQueue[],
): Promise<Finding[]> {
  const wanted = queues.map(({ url }) => ageReading(url));
  // They come minutes late, and are told beside what SQS says now: nothing fails without them.
  const ages = await withCloudWatch(context, (client) =>
    readings(client, wanted, context.console.now()),
  ).catch(() => []);
  return await Promise.all(
    queues.map((queue, index) =>
      checked(queue.name, () => checkQueue(context, sqs, { ...queue, age: ages[index] })),
    ),
  );
}

interface QueueToCheck extends StackQueue {
  /** Of its oldest message, s; undefined: not known. */
  readonly age: number | undefined;
}

async function checkQueue({ console }: Context, sqs: SQSClient, queue: QueueToCheck): Promise<Found> {
  const { name, url, age } = queue;
  const { waiting, inFlight, delayed } = await queueState(sqs, url);
  const old = age === undefined || waiting === 0 ? '' : `, the oldest for ${Math.round(age)} s`;
  const text = `${waiting} waiting${old}, ${inFlight} at work, ${delayed} for later`;
  const isDead = name.includes('DeadLetter') || isUndeliverable(queue);
  if (!isDead || waiting === 0) return { verdict: 'ok', text };
  // A look counts as a receipt, so only where nothing follows from these.
  if (!isUndeliverable(queue)) {
    return {
      verdict: 'warning',
      text: `${text}: they are looked at by the dead-letter function, or kept for you`,
    };
  }
  const messages = await peek(sqs, url, { limit: shown, signal: console.signal });
  return {
    verdict: 'failed',
    text: `${text}: mend the cause, and move them back by evented redrive`,
    messages,
  };
}

/** What a stack is made of, or why that cannot be said. */
interface ReadStack {
  readonly finding: Finding;
  readonly parts: StackParts | undefined;
}

async function readStack({ console, option }: Context, { stack }: Deployment): Promise<ReadStack> {
  let parts: StackParts | undefined;
  const look = async (): Promise<Found> => {
    parts = await stackParts(stack, option('region'), console.signal);
    return { verdict: 'ok', text: 'was read' };
  };
  const finding = await checked('stack', look, 'warning');
  return { finding, parts };
}

/** What Lambda and CloudWatch say. Who may not ask them gets warnings. */
async function checkWatched(context: Context, parts: StackParts): Promise<Finding[]> {
  const { console } = context;
  const { alarms, functions, mappings } = parts;
  return await Promise.all([
    checked('mappings', () => withLambda(context, (client) => mappingsFound(client, mappings)), 'warning'),
    checked(
      'alarms',
      () => withCloudWatch(context, async (client) => alarmsFound(alarms, await ringing(client, alarms))),
      'warning',
    ),
    checked(
      'progress',
      async () => {
        const counting = await withLambda(context, (client) => countingOf(client, functions));
        if (counting === undefined) return { verdict: 'warning', text: 'no function of the stack counts' };
        const wanted = [
          runReading(counting, 'run.parked', parkedWithin),
          runReading(counting, 'run.stuck', stuckWithin),
        ];
        const [parked = 0, stuck = 0] = await withCloudWatch(context, (client) =>
          readings(client, wanted, console.now()),
        );
        return progressFound(parked, stuck);
      },
      'warning',
    ),
  ]);
}

async function mappingsFound(client: LambdaClient, ids: readonly string[]): Promise<Found> {
  const states = await Promise.all(ids.map((id) => mappingState(client, id)));
  const broken = states.filter(
    ({ state, lastResult = '' }) => state !== 'Enabled' || /problem|error|fail/i.test(lastResult),
  );
  if (broken.length === 0) return { verdict: 'ok', text: `${states.length} take messages to functions` };
  const list = broken.map(({ source, state, lastResult }) => {
    const result = lastResult === undefined ? '' : `, ${lastResult}`;
    return `${source.split(/[:/]/).at(-1)} is ${state}${result}`;
  });
  const isOff = broken.some(({ state }) => state.startsWith('Disabl'));
  return {
    verdict: isOff ? 'failed' : 'warning',
    text: `${list.join('; ')}${isOff ? ': nobody takes its messages until it is enabled' : ''}`,
  };
}

function alarmsFound(all: readonly string[], on: readonly string[]): Found {
  if (on.length === 0) return { verdict: 'ok', text: `none of ${all.length} rings` };
  return { verdict: 'failed', text: `${on.join(', ')}: see "Alarms" in docs/operations.md` };
}

function progressFound(parked: number, stuck: number): Found {
  const texts = [
    ...(parked === 0
      ? []
      : [
          `${parked} looks in 10 minutes at runs that wait for a workflow or a step that the deployed code does not have: ` +
            'deploy it again, or cancel them',
        ]),
    ...(stuck === 0
      ? []
      : [
          `${stuck} looks in an hour at runs that do not go on: see "Stuck and parked runs" in docs/operations.md`,
        ]),
  ];
  if (texts.length === 0) return { verdict: 'ok', text: 'no run is parked or stuck' };
  return { verdict: 'failed', text: texts.join('; ') };
}

async function withLambda<T>(context: Context, ask: (client: LambdaClient) => Promise<T>): Promise<T> {
  const { LambdaClient: Client } = await services.lambda();
  const client = new Client(clientOptions(context.option('region')));
  try {
    return await ask(client);
  } finally {
    client.destroy();
  }
}

async function withCloudWatch<T>(
  context: Context,
  ask: (client: CloudWatchClient) => Promise<T>,
): Promise<T> {
  const { CloudWatchClient: Client } = await services.cloudwatch();
  const client = new Client(clientOptions(context.option('region')));
  try {
    return await ask(client);
  } finally {
    client.destroy();
  }
}
