import { beforeAll, expect, test } from 'vitest';
import { formatQueueMessage } from '../../../src/adapters/aws/queue-message.ts';
import { call, partition, reaches, recoveryMs, stack, start } from '../deployed.ts';
import { depth, send, take } from '../queues.ts';
import { times } from '../times.ts';

/** What becomes of messages whose worker dies, and of those that no worker can do anything with. */

/** Started first, because their recovery takes visibility timeouts. */
let crashing: string;

const poison = `no event: ${crypto.randomUUID()}`;

/** A whole event of a run that nobody knows. */
const unknown = formatQueueMessage({
  format: 1,
  id: crypto.randomUUID(),
  type: 'workflow.step.run',
  work: true,
  workflowId: 'crash',
  runId: `unknown-${crypto.randomUUID()}`,
  epoch: 1,
  path: [0],
  turn: '0001.000000.0000.001',
  stepId: 'before',
  hop: 1,
  time: Date.now(),
});

beforeAll(async () => {
  crashing = await start('crash', []);
  await send(stack.WorkQueueUrl, poison);
  await send(stack.WorkQueueUrl, unknown);
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

test('a message that nobody can read ends where somebody looks at it', async () => {
  // Deliveries of the work queue, and then of its dead-letter queue.
  const timeout = (2 * times.deliveries * times.visibilitySeconds + 60) * 1000;
  await expect.poll(() => take(stack.UndeliverableQueueUrl, poison), { timeout, interval: 1_000 }).toBe(true);
}, 240_000);

test('a message of a run that nobody knows is done with', async () => {
  await send(stack.WorkDeadLetterQueueUrl, unknown);
  for (const url of [stack.WorkQueueUrl, stack.WorkDeadLetterQueueUrl, stack.UndeliverableQueueUrl]) {
    await expect.poll(() => depth(url), { timeout: 60_000, interval: 500 }).toBe(0);
  }
  const { runId } = (JSON.parse(unknown) as { readonly detail: { readonly runId: string } }).detail;
  expect(await call('GET', `/runs/${runId}`)).toMatchObject({ status: 404 });
});
