import { expect, test } from 'vitest';
import { stack } from '../deployed.ts';
import { depth } from '../queues.ts';

const queues = Object.entries(stack).filter(([name]) => name.endsWith('QueueUrl'));

test.each(queues)('nothing is left in %s', async (_, url) => {
  await expect.poll(() => depth(String(url)), { timeout: 60_000, interval: 500 }).toBe(0);
});
