import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { beforeAll, expect, test } from 'vitest';
import { eventSource } from '../../../src/adapters/aws/config.ts';
import { call, eventbridge, isAws, partition, reaches, recoveryMs, stack, start } from '../deployed.ts';
import { send, take } from '../queues.ts';
import { times } from '../times.ts';

/** What becomes of messages whose worker dies, and of those that no worker can do anything with. */

/** Started first, because their recovery takes visibility timeouts. */
let crashing: string;

/** What no reader of the work queue understands, and what is an event of a run that nobody knows. */
const poison = { runId: `poison-${crypto.randomUUID()}`, work: true };
const unknown = {
  format: 1,
  id: crypto.randomUUID(),
  type: 'workflow.step.run',
  work: true,
  workflowId: 'crash',
  runId: `unknown-${crypto.randomUUID()}`,
  epoch: 1,
  path: [0],
  turn: '0001.000000.0000.000',
  stepId: 'before',
  hop: 1,
  time: Date.now(),
};

beforeAll(async () => {
  crashing = await start('crash', []);
  if (isAws) return;
  // Under the engine's name, which the policy of the bus forbids on AWS.
  const Entries = [poison, unknown].map((detail) => ({
    EventBusName: stack.BusName,
    Source: eventSource,
    DetailType: 'workflow.step.run',
    Detail: JSON.stringify(detail),
  }));
  expect(await eventbridge.send(new PutEventsCommand({ Entries }))).toMatchObject({ FailedEntryCount: 0 });
});

test('nobody but the engine puts a message into the work queue, whatever else they may do', async () => {
  await expect(send(stack.WorkQueueUrl, JSON.stringify(unknown))).rejects.toThrow(/denied/i);
});

test('a step whose worker was killed runs again, and those before it do not', {
  timeout: recoveryMs + 10_000,
}, async () => {
  const run = await reaches(crashing, 'success', { timeout: recoveryMs, interval: 1_000 });
  expect(run.result).toEqual(['before', 'fragile', 'after']);
  const executions = await partition(`executions#${crashing}`);
  expect(
    Object.fromEntries([...executions].map(([step, item]) => [step, Number(item.executions?.N)])),
  ).toEqual({ before: 1, fragile: 2, after: 1 });
});

test.skipIf(isAws)(
  'a message that nobody can read ends where somebody looks at it (on AWS nobody can send one)',
  async () => {
    // Deliveries of the work queue, and then one and a second of its dead-letter queue.
    const timeout = (times.deliveries * times.visibilitySeconds + 2 * 60 + 60) * 1000;
    await expect
      .poll(() => take(stack.UndeliverableQueueUrl, poison.runId), { timeout, interval: 1_000 })
      .toBe(true);
  },
  330_000,
);

test.skipIf(isAws)(
  'a message of a run that nobody knows is done with (on AWS nobody can send one)',
  async () => {
    const undelivered = await take(stack.UndeliverableQueueUrl, unknown.runId);
    expect(undelivered).toBe(false);
    expect(await call('GET', `/runs/${unknown.runId}`)).toMatchObject({ status: 404 });
    expect((await partition(unknown.runId)).size).toBe(0);
  },
);
