import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { CommandError } from '../exit.ts';
import { printable } from '../text.ts';
import { receive, release } from './dead-letters.ts';
import { services } from './services.ts';

/** What is moved. */
export interface RedriveRequest {
  readonly client: SQSClient;
  readonly queueUrl: string;
  /** URL of the queue that it goes to. @default where each message came from */
  readonly to?: string;
  /** Messages to move, at most. */
  readonly limit?: number;
  readonly signal: AbortSignal;
  /** ms since 1970. */
  readonly now: () => number;
  /** Resolves after so many ms. */
  readonly pause: (ms: number) => Promise<void>;
  /** Told how many messages are over there so far. */
  readonly onProgress: (moved: number) => void;
}

/** What names of errors say that SQS, or an emulator of it, does not move messages itself. */
const unsupported =
  /^(UnsupportedOperation|InvalidAction|UnknownOperation(Exception)?|NotImplemented|InvalidParameterValue.*|AWS\.SimpleQueueService\.UnsupportedOperation)$/;

/** What names of errors say that a queue is not there. */
const gone = /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/;

/** Pause between two looks at a task of SQS, ms. */
const lookEvery = 1_000;

/** Moves messages back, by SQS itself where it can and one by one elsewhere. Resolves with how many were moved. */
export async function redrive(request: RedriveRequest): Promise<number> {
  // A task moves all there are.
  const task = request.limit === undefined ? await startTask(request) : undefined;
  return task === undefined ? await moveEach(request) : await followTask(request, task);
}

interface Task {
  readonly handle: string;
  readonly sourceArn: string;
}

/** Undefined: SQS does not do it. */
async function startTask({ client, queueUrl, to, signal }: RedriveRequest): Promise<Task | undefined> {
  const { StartMessageMoveTaskCommand } = await services.sqs();
  const sourceArn = await arnOf(client, queueUrl, signal);
  const destination = to === undefined ? {} : { DestinationArn: await arnOf(client, to, signal) };
  try {
    const command = new StartMessageMoveTaskCommand({ SourceArn: sourceArn, ...destination });
    const { TaskHandle: handle } = await client.send(command, { abortSignal: signal });
    return handle === undefined ? undefined : { handle, sourceArn };
  } catch (error) {
    if (error instanceof Error && unsupported.test(error.name)) return undefined;
    throw error;
  }
}

async function followTask(request: RedriveRequest, { handle, sourceArn }: Task): Promise<number> {
  const { client, signal, pause, onProgress } = request;
  const { CancelMessageMoveTaskCommand, ListMessageMoveTasksCommand } = await services.sqs();
  for (;;) {
    if (signal.aborted) {
      await client.send(new CancelMessageMoveTaskCommand({ TaskHandle: handle }));
      throw signal.reason;
    }
    const { Results: [task] = [] } = await client.send(
      new ListMessageMoveTasksCommand({ SourceArn: sourceArn }),
    );
    const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
    onProgress(moved);
    if (task?.Status === 'COMPLETED') return moved;
    if (task?.Status === 'FAILED' || task?.Status === 'CANCELLED') {
      throw new CommandError(
        'CLI_FAILED',
        `SQS stopped after ${moved} messages (${task.Status}): ${task.FailureReason ?? 'no reason'}; the others are where they were. Give the queue by --to, or move them one by one by --limit`,
      );
    }
    await pause(lookEvery);
  }
}

/** Sends, and deletes only after that: a message may be there twice when this is interrupted, and never not at all. */
async function moveEach(request: RedriveRequest): Promise<number> {
  const { client, queueUrl, limit = Infinity, signal, now, onProgress } = request;
  const began = now();
  const targets = new Map<string, string>();
  let moved = 0;
  while (moved < limit) {
    const messages = await receive(client, queueUrl, signal);
    // What comes back while this is going on would be moved for ever.
    const old = messages.filter(({ Attributes: at = {} }) => Number(at.SentTimestamp ?? 0) <= began);
    const chosen = old.slice(0, limit - moved);
    const left = new Set(messages);
    try {
      for (const message of chosen) {
        signal.throwIfAborted();
        await move(request, message, await targetOf(request, message, targets));
        left.delete(message);
        moved += 1;
        onProgress(moved);
      }
    } finally {
      // Whatever went wrong: the next try has to see them.
      for (const message of left) await release(client, queueUrl, message);
    }
    if (chosen.length === 0) return moved;
  }
  return moved;
}

async function move({ client, queueUrl }: RedriveRequest, message: Message, target: string): Promise<void> {
  const { DeleteMessageCommand, SendMessageCommand } = await services.sqs();
  const trace = message.Attributes?.AWSTraceHeader;
  const send = new SendMessageCommand({
    QueueUrl: target,
    MessageBody: message.Body ?? '',
    ...(message.MessageAttributes === undefined ? {} : { MessageAttributes: message.MessageAttributes }),
    ...(trace === undefined
      ? {}
      : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } } }),
  });
  await client.send(send);
  await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
}

/** Where a message came from, by what SQS wrote on it, else by the only queue whose dead letters these are. */
async function targetOf(
  { client, queueUrl, to, signal }: RedriveRequest,
  message: Message,
  known: Map<string, string>,
): Promise<string> {
  if (to !== undefined) return to;
  const arn = message.Attributes?.DeadLetterQueueSourceArn ?? '';
  const found =
    known.get(arn) ??
    (arn === ''
      ? await onlySource(client, queueUrl, signal)
      : await lastSource(client, arn, await arnOf(client, queueUrl, signal)));
  known.set(arn, found);
  return found;
}

/** Most queues that a message went through, one the dead letters of the other. */
const longestWay = 4;

/**
 * The queue whose dead letters a queue has. A message may still name the first of its way: a work queue, which takes messages of the engine
 * only, and whose dead letters came here from their own queue.
 */
async function lastSource(client: SQSClient, firstArn: string, queueArn: string): Promise<string> {
  const { GetQueueAttributesCommand } = await services.sqs();
  let arn = firstArn;
  for (let way = 1; ; way += 1) {
    const url = await urlOf(client, arn);
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] });
    const { Attributes: { RedrivePolicy: policy = '{}' } = {} } = await client.send(command);
    const { deadLetterTargetArn: next } = JSON.parse(policy) as { readonly deadLetterTargetArn?: string };
    if (next === undefined || next === queueArn || way === longestWay) return url;
    arn = next;
  }
}

async function onlySource(client: SQSClient, queueUrl: string, signal: AbortSignal): Promise<string> {
  const { ListDeadLetterSourceQueuesCommand } = await services.sqs();
  const command = new ListDeadLetterSourceQueuesCommand({ QueueUrl: queueUrl });
  const { queueUrls: [url, ...others] = [] } = await client.send(command, { abortSignal: signal });
  if (url !== undefined && others.length === 0) return url;
  throw new CommandError(
    'CLI_FAILED',
    'It is not known where the messages came from: give the queue that they go to by --to',
  );
}

async function urlOf(client: SQSClient, arn: string): Promise<string> {
  const { GetQueueUrlCommand } = await services.sqs();
  const [, , , , account, name] = arn.split(':');
  const request = { QueueName: name, ...(account === '' ? {} : { QueueOwnerAWSAccountId: account }) };
  try {
    const { QueueUrl: url = '' } = await client.send(new GetQueueUrlCommand(request));
    return url;
  } catch (cause) {
    if (!(cause instanceof Error && gone.test(cause.name))) throw cause;
    throw new CommandError(
      'CLI_FAILED',
      `The queue ${printable(arn)}, where messages came from, is not there any more: give the queue that they go to by --to`,
      { cause },
    );
  }
}

async function arnOf(client: SQSClient, queueUrl: string, signal: AbortSignal): Promise<string> {
  const { GetQueueAttributesCommand } = await services.sqs();
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] });
  const { Attributes: { QueueArn: arn = '' } = {} } = await client.send(command, { abortSignal: signal });
  return arn;
}
