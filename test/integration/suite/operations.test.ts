import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CreateQueueCommand, DeleteQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { formatQueueMessage } from '../../../src/adapters/aws/queue-message.ts';
import { outputsOf, ownKeys, patience, region, sqs, stackName, urlOf } from '../deployed.ts';
import { arnOf, depth, send } from '../queues.ts';

/** The command line, as whoever operates a deployment calls it: on a stack where nothing else becomes a dead letter. */

const name = `${stackName}Iam`;
const outputs = outputsOf(name);
const program = fileURLToPath(new URL('../../../src/cli/bin.ts', import.meta.url));
const deployment = ['--outputs', process.env.INTEGRATION_OUTPUTS ?? '', '--stack', name, '--region', region];

/** Resolves when a command has ended, with what it printed. */
async function evented(...argv: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { accessKeyId, secretAccessKey, sessionToken } = await ownKeys();
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  };
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; out: string; err: string }>();
  const args = ['--conditions=evented-workflows-source', program, ...argv];
  const child = execFile(process.execPath, args, { env }, (_, out, err) =>
    resolve({ code: child.exitCode, out, err }),
  );
  return await promise;
}

const report = z.object({
  healthy: z.boolean(),
  findings: z.array(z.looseObject({ check: z.string(), verdict: z.string(), text: z.string() })),
});

/** What doctor finds, by what it has looked at. */
async function examine() {
  const { code, out, err } = await evented(
    'doctor',
    ...deployment,
    '--url',
    urlOf(outputs),
    '--sigv4',
    region,
    '--json',
  );
  expect(err).toBe('');
  const { healthy, findings } = report.parse(JSON.parse(out));
  expect(code).toBe(healthy ? 0 : 1);
  return new Map(findings.map((finding) => [finding.check, finding]));
}

const workDeadLetters = outputs.WorkDeadLetterQueueUrl ?? '';
const undeliverable = outputs.UndeliverableQueueUrl ?? '';

test('doctor finds a deployment well, then a dead letter; redrive moves it to where it is handled', async () => {
  const well = await examine();
  expect(Object.fromEntries([...well].map(([check, { verdict }]) => [check, verdict]))).toMatchObject({
    api: 'ok',
    caller: 'ok',
    table: 'ok',
    bucket: 'ok',
    sweeper: 'ok',
    WorkQueue: 'ok',
    WorkDeadLetterQueue: 'ok',
    UndeliverableQueue: 'ok',
    // No output names it: it is read from the stack.
    WorkflowsLongStepsWorkDeadLetters: 'ok',
    mappings: 'ok',
  });

  const runId = `unknown-${crypto.randomUUID()}`;
  const event = formatQueueMessage({
    format: 1,
    id: crypto.randomUUID(),
    type: 'workflow.step.run',
    work: true,
    workflowId: 'asking',
    runId,
    epoch: 1,
    path: [0],
    turn: '0001.000000.0000.000',
    stepId: 'ask',
    hop: 1,
    time: Date.now(),
  });
  await send(undeliverable, event);
  await expect.poll(() => depth(undeliverable), patience).toBe(1);
  expect((await examine()).get('UndeliverableQueue')).toMatchObject({
    verdict: 'failed',
    messages: [{ runId, stepId: 'ask' }],
  });

  const seen = await evented('redrive', ...deployment, '--dry-run', '--json');
  expect(seen).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(seen.out)).toMatchObject({ messages: [{ runId, workflowId: 'asking', stepId: 'ask' }] });

  const moved = await evented('redrive', ...deployment, '--to', workDeadLetters, '--json');
  expect(moved).toMatchObject({ code: 0, out: expect.stringMatching(/"moved": ?1\b/) as string });
  // What is in neither queue after that was taken by the dead-letter function, and has not failed.
  await expect.poll(() => depth(workDeadLetters), patience).toBe(0);
  expect(await depth(undeliverable)).toBe(0);
  expect(await evented('redrive', ...deployment)).toEqual({ code: 0, out: 'Nothing to move.\n', err: '' });
});

describe('redrive of any queue', () => {
  async function createQueue(kind: string, attributes: Record<string, string> = {}): Promise<string> {
    const QueueName = `workflow-redrive-${kind}-${crypto.randomUUID().slice(0, 8)}`;
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: attributes }));
    onTestFinished(async () => void (await sqs.send(new DeleteQueueCommand({ QueueUrl }))));
    return QueueUrl;
  }

  test('moves each message back to where it came from', async () => {
    const dead = await createQueue('dead');
    const source = await createQueue('source', {
      VisibilityTimeout: '0',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: await arnOf(dead), maxReceiveCount: 1 }),
    });
    const bodies = ['one', 'two', 'three'];
    for (const body of bodies) await send(source, body);
    const receive = async () => {
      const request = { QueueUrl: source, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
      return Messages.map(({ Body = '' }) => Body);
    };
    // Each is given out once; who asks then moves it.
    await expect
      .poll(async () => {
        await receive();
        return await depth(dead);
      }, patience)
      .toBe(3);

    const limited = await evented('redrive', dead, '--region', region, '--limit', '1', '--json');
    expect(limited).toMatchObject({ code: 0, out: expect.stringMatching(/"moved": ?1\b/) as string });
    // The two that were received with it are to be had at once.
    const others = await evented('redrive', dead, '--region', region, '--json');
    expect(others).toMatchObject({ code: 0, out: expect.stringMatching(/"moved": ?2\b/) as string });
    expect(await depth(dead)).toBe(0);
    const back = new Set<string>();
    await expect
      .poll(async () => {
        for (const body of await receive()) back.add(body);
        return [...back].toSorted();
      }, patience)
      .toEqual(bodies.toSorted());
  });

  test('says that somebody else holds the messages', async () => {
    const dead = await createQueue('held');
    await send(dead, 'held');
    const request = { QueueUrl: dead, VisibilityTimeout: 600, WaitTimeSeconds: 10 };
    expect((await sqs.send(new ReceiveMessageCommand(request))).Messages).toHaveLength(1);
    const { code, out, err } = await evented('redrive', dead, '--region', region, '--limit', '1');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/1 messages are held /);
  });
});
