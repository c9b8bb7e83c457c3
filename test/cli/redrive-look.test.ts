import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { began, evented, message, mockQueues, undeliverable } from './queues.ts';

const { sqs, queue, interrupted, calls } = mockQueues();

const cloudformation = mockClient(CloudFormationClient);
afterAll(() => cloudformation.restore());

describe('a look', () => {
  test('shows what is there without its values, and moves nothing', async () => {
    const reason = { ERROR_MESSAGE: { DataType: 'String', StringValue: 'No permission\u001b[31m' } };
    queue.waiting = [message('1'), message('2', { Body: 'broken: 4242', MessageAttributes: reason })];
    const { code, out } = await evented(undeliverable, '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(
      /workflow\.step\.run {2}orders \/ run-1 \/ charge\n {2}sent .*, received 3 times, first .*, 1\n/,
    );
    expect(out).toMatch(/no event\n.*, 2\n {2}No permission\n/);
    expect(out).not.toContain('4242');
    expect(calls()).toEqual(['release receipt-1', 'release receipt-2']);
  });

  test('is JSON for scripts', async () => {
    queue.waiting = [message('1')];
    const { out } = await evented(undeliverable, '--dry-run', '--json');
    expect(JSON.parse(out)).toEqual({
      messages: [
        {
          messageId: '1',
          type: 'workflow.step.run',
          source: 'evented-workflows',
          workflowId: 'orders',
          runId: 'run-1',
          stepId: 'charge',
          sentAt: began - 60_000,
          firstReceivedAt: began - 30_000,
          receiveCount: 3,
        },
      ],
    });
  });

  test('that is interrupted ends with 130', async () => {
    expect(await interrupted(ReceiveMessageCommand, undeliverable, '--dry-run')).toEqual({
      code: 130,
      out: '',
      err: '',
    });
  });

  test('ends when it sees the same again', async () => {
    sqs.on(ReceiveMessageCommand).resolves({ Messages: [message('1')] });
    expect(await evented(undeliverable, '--dry-run')).toMatchObject({ code: 0 });
  });
});

describe('which queue', () => {
  function outputs(content: unknown): string {
    const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'outputs.json');
    writeFileSync(file, JSON.stringify(content));
    return file;
  }

  test('is in the outputs of the stack', async () => {
    const file = outputs({ Shop: { UndeliverableQueueUrl: undeliverable }, Other: {} });
    queue.waiting = [message('1')];
    expect(await evented('--outputs', file, '--stack', 'Shop')).toMatchObject({ code: 0, out: 'moved  1\n' });
    expect(await evented('--outputs', file)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--stack'),
    });
    expect(await evented('--outputs', file, '--stack', 'X')).toMatchObject({ code: 2 });
  });

  test.each([[[]], [['no url']], [['--outputs', '/nowhere.json']], [[undeliverable, '--limit', '0']]])(
    '%j is refused',
    async (argv) => {
      expect(await evented(...argv)).toMatchObject({ code: 2, out: '' });
      expect(sqs.calls()).toEqual([]);
    },
  );

  test('is known to CloudFormation, too', async () => {
    cloudformation.on(DescribeStacksCommand, { StackName: 'Shop' }).resolves({
      Stacks: [
        {
          StackName: 'Shop',
          CreationTime: undefined,
          StackStatus: undefined,
          Outputs: [{ OutputKey: 'UndeliverableQueueUrl', OutputValue: undeliverable }],
        },
      ],
    });
    queue.waiting = [message('1')];
    expect(await evented('--stack', 'Shop')).toMatchObject({ code: 0, out: 'moved  1\n' });
  });

  test('is not in the outputs of another stack', async () => {
    const { code, err } = await evented('--outputs', outputs({ Other: { Url: 'https://other.test' } }));
    expect(code).toBe(1);
    expect(err).toContain('The stack Other has no output UndeliverableQueueUrl');
    expect(sqs.calls()).toEqual([]);
  });

  test('a file that names no stack is refused', async () => {
    const { code, err } = await evented('--outputs', outputs({}));
    expect(code).toBe(2);
    expect(err).toMatch(/names no stack: /);
  });

  test('a file of something else is refused', async () => {
    expect(await evented('--outputs', outputs({ Shop: { a: 1 } }))).toMatchObject({ code: 2 });
  });
});
