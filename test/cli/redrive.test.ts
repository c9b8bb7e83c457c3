import {
  CancelMessageMoveTaskCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { arnOf, began, evented, fetch, message, mockQueues, undeliverable, work } from './queues.ts';
import { run } from './run.ts';

const { sqs, queue, interrupted, calls } = mockQueues();

/** Pauses take no time; what they would have taken, ms. */
function withoutPauses(): readonly unknown[] {
  const pauses: unknown[] = [];
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void, ms?: number) => {
    pauses.push(ms);
    setImmediate(done);
  }) as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
  return pauses;
}

describe('a redrive where SQS moves messages itself', () => {
  test('starts a task and follows it', async () => {
    sqs.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'task' });
    sqs
      .on(ListMessageMoveTasksCommand)
      .resolves({ Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 12 }] });
    expect(await evented(undeliverable)).toEqual({ code: 0, out: 'moved  12\n', err: '' });
    const [start] = sqs.commandCalls(StartMessageMoveTaskCommand);
    expect(start?.args[0].input).toEqual({ SourceArn: arnOf('Undeliverable') });
    expect(calls()).toEqual([]);
  });

  test('waits for a task that is not through', async () => {
    const pauses = withoutPauses();
    sqs.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'task' });
    sqs
      .on(ListMessageMoveTasksCommand)
      .resolvesOnce({ Results: [{ Status: 'RUNNING', ApproximateNumberOfMessagesMoved: 5 }] })
      .resolves({ Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 12 }] });
    expect(await evented(undeliverable)).toEqual({ code: 0, out: 'moved  12\n', err: '' });
    expect(sqs.commandCalls(ListMessageMoveTasksCommand)).toHaveLength(2);
    expect(pauses).toEqual([1_000]);
  });

  test('cancels the task when it is interrupted', async () => {
    withoutPauses();
    const user = new AbortController();
    sqs.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'task' });
    sqs.on(ListMessageMoveTasksCommand).callsFake(() => {
      user.abort(new DOMException('Ended by Ctrl-C', 'AbortError'));
      return { Results: [{ Status: 'RUNNING' }] };
    });
    sqs.on(CancelMessageMoveTaskCommand).resolves({});
    const around = { fetch, now: () => began, signal: user.signal };
    const outcome = await run(['redrive', undeliverable, '--region', 'eu-central-1'], around);
    expect(outcome).toEqual({ code: 130, out: '', err: '' });
    const [cancel] = sqs.commandCalls(CancelMessageMoveTaskCommand);
    expect(cancel?.args[0].input).toEqual({ TaskHandle: 'task' });
  });

  test('that is interrupted before there is a task, ends with 130', async () => {
    expect(
      await interrupted(
        StartMessageMoveTaskCommand as unknown as typeof ReceiveMessageCommand,
        undeliverable,
      ),
    ).toEqual({ code: 130, out: '', err: '' });
    expect(calls()).toEqual([]);
  });

  test('to another queue', async () => {
    sqs.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'task' });
    sqs
      .on(ListMessageMoveTasksCommand)
      .resolves({ Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }] });
    const { out } = await evented(undeliverable, '--to', work, '--json');
    expect(JSON.parse(out)).toEqual({ moved: 1 });
    const [start] = sqs.commandCalls(StartMessageMoveTaskCommand);
    expect(start?.args[0].input).toMatchObject({ DestinationArn: arnOf('WorkDead') });
  });

  test('says why SQS stopped', async () => {
    sqs.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'task' });
    const failed = { Status: 'FAILED', FailureReason: 'AccessDenied', ApproximateNumberOfMessagesMoved: 3 };
    sqs.on(ListMessageMoveTasksCommand).resolves({ Results: [failed] });
    const { code, err } = await evented(undeliverable);
    expect(code).toBe(1);
    expect(err).toMatch(/after 3 messages.*AccessDenied/);
  });

  test('tells another refusal as it is, and moves nothing', async () => {
    sqs
      .on(StartMessageMoveTaskCommand)
      .rejects(Object.assign(new Error('not allowed'), { name: 'AccessDenied' }));
    queue.waiting = [message('1')];
    expect(await evented(undeliverable)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/not allowed/),
    });
    expect(calls()).toEqual([]);
  });
});

describe('a redrive where it does not', () => {
  test('sends each message to where it came from, and deletes it after that', async () => {
    queue.waiting = Array.from({ length: 12 }, (_, at) => message(String(at)));
    expect(await evented(undeliverable)).toMatchObject({ code: 0, out: 'moved  12\n' });
    expect(calls()).toEqual(
      Array.from({ length: 12 }, (_, at) => [`send run-${at}`, `delete receipt-${at}`]).flat(),
    );
    const [sent] = sqs.commandCalls(SendMessageCommand);
    expect(sent?.args[0].input).toMatchObject({ QueueUrl: work, MessageBody: message('0').Body });
  });

  test('keeps attributes and trace', async () => {
    const MessageAttributes = { ERROR_CODE: { DataType: 'String', StringValue: 'NO_PERMISSIONS' } };
    const Attributes = { ...message('1').Attributes, AWSTraceHeader: 'Root=1' };
    queue.waiting = [message('1', { MessageAttributes, Attributes })];
    await evented(undeliverable);
    expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input).toMatchObject({
      MessageAttributes,
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1' } },
    });
  });

  test('deletes nothing that it could not send', async () => {
    sqs
      .on(SendMessageCommand)
      .resolvesOnce({})
      .rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    queue.waiting = [message('1'), message('2')];
    expect(await evented(undeliverable)).toMatchObject({ code: 1 });
    expect(calls()).toEqual(['send run-1', 'delete receipt-1', 'send run-2', 'release receipt-2']);
  });

  test('shows all again that it received and did not move', async () => {
    sqs.on(SendMessageCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    queue.waiting = [message('1'), message('2'), message('3')];
    expect(await evented(undeliverable)).toMatchObject({ code: 1 });
    expect(calls()).toEqual(['send run-1', 'release receipt-1', 'release receipt-2', 'release receipt-3']);
  });

  test('shows them again when it cannot tell where they came from', async () => {
    sqs
      .on(GetQueueUrlCommand)
      .rejects(Object.assign(new Error('It does not exist.'), { name: 'QueueDoesNotExist' }));
    queue.waiting = [message('1'), message('2')];
    const { code, err } = await evented(undeliverable);
    expect(code).toBe(1);
    expect(err).toMatch(/:WorkDead, .* is not there any more: .* by --to\n$/);
    expect(calls()).toEqual(['release receipt-1', 'release receipt-2']);
  });

  test.each([[[]], [['--dry-run']], [['--limit', '5']], [['--json']]])(
    'says that others hold the messages, and not that there are none (%j)',
    async (argv) => {
      sqs.on(GetQueueAttributesCommand).resolves({
        Attributes: {
          QueueArn: arnOf('Undeliverable'),
          ApproximateNumberOfMessages: '0',
          ApproximateNumberOfMessagesNotVisible: '3',
        },
      });
      const { code, out, err } = await evented(undeliverable, ...argv);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/3 messages are held .* up to a minute: try again/);
    },
  );

  test('says that there are none', async () => {
    expect(await evented(undeliverable)).toEqual({ code: 0, out: 'Nothing to move.\n', err: '' });
    expect(await evented(undeliverable, '--dry-run')).toMatchObject({ code: 0, out: 'No messages.\n' });
  });

  test.each([[[]], [['--limit', '5']]])('that is interrupted ends with 130 (%j)', async (argv) => {
    expect(await interrupted(ReceiveMessageCommand, undeliverable, ...argv)).toEqual({
      code: 130,
      out: '',
      err: '',
    });
  });

  test.each([[[]], [['--limit', '2']]])(
    'that is interrupted ends with the message that it is at, and shows the others again (%j)',
    async (argv) => {
      const user = new AbortController();
      sqs.on(SendMessageCommand).callsFake(() => {
        user.abort(new DOMException('Ended by Ctrl-C', 'AbortError'));
        return {};
      });
      queue.waiting = [message('1'), message('2')];
      const around = { fetch, now: () => began, signal: user.signal };
      const outcome = await run(['redrive', undeliverable, ...argv, '--region', 'eu-central-1'], around);
      expect(outcome).toEqual({ code: 130, out: '', err: '' });
      expect(calls()).toEqual(['send run-1', 'delete receipt-1', 'release receipt-2']);
    },
  );

  test('ends though messages come back meanwhile', async () => {
    const back = message('back', {
      Attributes: { ...message('1').Attributes, SentTimestamp: String(began + 1) },
    });
    queue.waiting = [message('1'), back];
    expect(await evented(undeliverable)).toMatchObject({ code: 0, out: 'moved  1\n' });
    expect(calls()).toEqual(['send run-1', 'delete receipt-1', 'release receipt-back']);
  });

  test('moves no more than it is told, and shows the others again', async () => {
    queue.waiting = [message('1'), message('2'), message('3')];
    expect(await evented(undeliverable, '--limit', '2')).toMatchObject({ code: 0, out: 'moved  2\n' });
    expect(calls().slice(-1)).toEqual(['release receipt-3']);
    expect(sqs.commandCalls(StartMessageMoveTaskCommand)).toEqual([]);
  });

  test('goes back by one queue, though a message names the first of its way', async () => {
    const policy = (name: string) => ({
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(name) }) },
    });
    const urlOf = (name: string): string => work.replace('WorkDead', name);
    sqs.on(GetQueueUrlCommand, { QueueName: 'Work' }).resolves({ QueueUrl: urlOf('Work') });
    const attributes = { AttributeNames: ['RedrivePolicy'] as const };
    sqs
      .on(GetQueueAttributesCommand, { QueueUrl: urlOf('Work'), ...attributes } as never)
      .resolves(policy('WorkDead'))
      .on(GetQueueAttributesCommand, { QueueUrl: work, ...attributes } as never)
      .resolves(policy('Undeliverable'));
    queue.waiting = [
      message('1', { Attributes: { ...message('1').Attributes, DeadLetterQueueSourceArn: arnOf('Work') } }),
    ];
    expect(await evented(undeliverable)).toMatchObject({ code: 0, out: 'moved  1\n' });
    const [sent] = sqs.commandCalls(SendMessageCommand);
    expect(sent?.args[0].input.QueueUrl).toBe(work);
  });

  test('takes the only queue whose dead letters these are, and asks when there are two', async () => {
    const plain = message('1', { Attributes: { SentTimestamp: '1' } });
    queue.waiting = [plain];
    sqs.on(ListDeadLetterSourceQueuesCommand).resolves({ queueUrls: [work] });
    expect(await evented(undeliverable)).toMatchObject({ code: 0 });
    queue.waiting = [plain];
    sqs.on(ListDeadLetterSourceQueuesCommand).resolves({ queueUrls: [work, undeliverable] });
    expect(await evented(undeliverable)).toMatchObject({ code: 1, err: expect.stringContaining('--to') });
  });
});
