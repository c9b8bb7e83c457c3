import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { services } from './services.ts';

/** A message of a dead-letter queue, without its values. */
export interface DeadLetter {
  readonly messageId: string;
  /** `workflow.step.run`; undefined for what is no event. */
  readonly type?: string;
  readonly source?: string;
  readonly workflowId?: string;
  readonly runId?: string;
  readonly stepId?: string;
  /** Why EventBridge could not deliver it. */
  readonly reason?: string;
  /** ms since 1970. */
  readonly sentAt: number;
  /** When somebody received it from this queue for the first time, ms since 1970. */
  readonly firstReceivedAt?: number;
  /** With this look. */
  readonly receiveCount: number;
}

/** Most that SQS gives out at once (SQS API reference). */
const batch = 10;

/** Seconds for which a message that is being looked at or moved is hidden from others. */
const hidden = 60;

/** Receives some messages; none when the queue has none at the moment. */
export async function receive(client: SQSClient, queueUrl: string, signal: AbortSignal): Promise<Message[]> {
  const { ReceiveMessageCommand } = await services.sqs();
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batch,
    VisibilityTimeout: hidden,
    // Asks all servers, not a part of them, which would find nothing in a queue with few messages.
    WaitTimeSeconds: 1,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
  });
  const { Messages: messages = [] } = await client.send(command, { abortSignal: signal });
  return messages;
}

/** Looks at up to `limit` messages, and leaves them there. Each look counts as a receipt. */
export async function peek(
  client: SQSClient,
  queueUrl: string,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<readonly DeadLetter[]> {
  const seen = new Map<string, Message>();
  try {
    while (seen.size < limit) {
      const messages = await receive(client, queueUrl, signal);
      const before = seen.size;
      for (const message of messages) seen.set(message.MessageId ?? '', message);
      // Nothing, or what was seen already: that is all.
      if (seen.size === before) break;
    }
  } finally {
    for (const message of seen.values()) await release(client, queueUrl, message);
  }
  return [...seen.values()].slice(0, limit).map(describe);
}

/** Shows a message to others again. When that fails they see it a minute later. */
export async function release(client: SQSClient, queueUrl: string, message: Message): Promise<void> {
  const { ChangeMessageVisibilityCommand } = await services.sqs();
  const receipt = { QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 };
  await client.send(new ChangeMessageVisibilityCommand(receipt)).catch(() => {});
}

/** What a message is about. */
function describe(message: Message): DeadLetter {
  const { MessageId: messageId = '', Body: body = '', Attributes: attributes = {} } = message;
  const event = record(parsed(body));
  const detail = record(event['detail']);
  const reason = message.MessageAttributes?.['ERROR_MESSAGE']?.StringValue;
  const first = attributes.ApproximateFirstReceiveTimestamp;
  return {
    messageId,
    ...text('type', event['detail-type']),
    ...text('source', event['source']),
    ...text('workflowId', detail['workflowId']),
    ...text('runId', detail['runId']),
    ...text('stepId', detail['stepId']),
    ...text('reason', reason),
    sentAt: Number(attributes.SentTimestamp ?? 0),
    ...(first === undefined ? {} : { firstReceivedAt: Number(first) }),
    receiveCount: Number(attributes.ApproximateReceiveCount ?? 0),
  };
}

function text<Name extends string>(name: Name, value: unknown): { readonly [K in Name]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { readonly [K in Name]: string }) : {};
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
