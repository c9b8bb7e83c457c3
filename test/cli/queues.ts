import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach } from 'vitest';
import { run } from './run.ts';

/** Queues of SQS, as tests of commands have them: one with dead letters, and where those came from. */

export const undeliverable = 'https://sqs.eu-central-1.amazonaws.com/123456789012/Undeliverable';
export const work = 'https://sqs.eu-central-1.amazonaws.com/123456789012/WorkDead';
export const arnOf = (name: string): string => `arn:aws:sqs:eu-central-1:123456789012:${name}`;
export const began = 1_800_000_000_000;

export function message(id: string, fields: Partial<Message> = {}): Message {
  const detail = { workflowId: 'orders', runId: `run-${id}`, stepId: 'charge', input: { card: '4242' } };
  return {
    MessageId: id,
    ReceiptHandle: `receipt-${id}`,
    Body: JSON.stringify({ source: 'evented-workflows', 'detail-type': 'workflow.step.run', detail }),
    Attributes: {
      SentTimestamp: String(began - 60_000),
      ApproximateFirstReceiveTimestamp: String(began - 30_000),
      ApproximateReceiveCount: '3',
      DeadLetterQueueSourceArn: arnOf('WorkDead'),
    },
    ...fields,
  };
}

function unsupported(): Error {
  return Object.assign(new Error('no'), { name: 'InvalidAction' });
}

export const fetch = (): never => {
  throw new Error('it calls no API');
};

export const evented = (...argv: string[]) =>
  run(['redrive', ...argv, '--region', 'eu-central-1'], { fetch, now: () => began });

/**
 * SQS for the tests of the file that calls it, at the top: files share modules, so a module cannot do so when it is loaded.
 * `queue.waiting`: what the queue holds that is not hidden.
 */
export function mockQueues() {
  const sqs = mockClient(SQSClient);
  const queue: { waiting: Message[] } = { waiting: [] };
  afterAll(() => sqs.restore());
  beforeEach(() => {
    sqs.reset();
    queue.waiting = [];
    sqs.on(ReceiveMessageCommand).callsFake(() => ({ Messages: queue.waiting.splice(0, 10) }));
    sqs.on(GetQueueAttributesCommand).callsFake(({ QueueUrl: url = '' }: { QueueUrl?: string }) => ({
      Attributes: { QueueArn: arnOf(url.split('/').at(-1) ?? '') },
    }));
    sqs.on(GetQueueUrlCommand, { QueueName: 'WorkDead' }).resolves({ QueueUrl: work });
    sqs.on(StartMessageMoveTaskCommand).rejects(unsupported());
    for (const command of [SendMessageCommand, DeleteMessageCommand, ChangeMessageVisibilityCommand]) {
      sqs.on(command as typeof SendMessageCommand).resolves({});
    }
  });

  /** The same with somebody who ends it by Ctrl-C as soon as SQS is called by such a command. */
  async function interrupted(command: typeof ReceiveMessageCommand, ...argv: string[]) {
    const user = new AbortController();
    const reason = new DOMException('Ended by Ctrl-C', 'AbortError');
    sqs.on(command).callsFake(() => {
      user.abort(reason);
      // As the SDK does, with an error of its own.
      throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    });
    return await run(['redrive', ...argv, '--region', 'eu-central-1'], {
      fetch,
      now: () => began,
      signal: user.signal,
    });
  }

  /** Names of the commands, with the message that each is about. */
  function calls(): string[] {
    return sqs.calls().flatMap(({ args: [{ constructor, input }] }) => {
      const { MessageBody: body, ReceiptHandle: receipt } = input as {
        MessageBody?: string;
        ReceiptHandle?: string;
      };
      if (body !== undefined)
        return [`send ${(JSON.parse(body) as { detail: { runId: string } }).detail.runId}`];
      if (constructor.name === 'DeleteMessageCommand') return [`delete ${receipt}`];
      if (constructor.name === 'ChangeMessageVisibilityCommand') return [`release ${receipt}`];
      return [];
    });
  }

  return { sqs, queue, interrupted, calls };
}
