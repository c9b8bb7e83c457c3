import { beforeEach, expect, test, vi } from 'vitest';
import { captureLog, context } from './log.ts';

const sweep = vi.fn<() => Promise<number>>();

vi.mock('../../lambdas/runtime.ts', () => ({ startRuntime: () => ({ sweep }) }));

beforeEach(() => void captureLog());

const { handler } = await import('../../lambdas/sweeper.ts');

test('each call is one sweep', async () => {
  sweep.mockResolvedValue(3);
  await handler(undefined, context);
  expect(sweep).toHaveBeenCalledOnce();
});

test('a sweep that fails is a call that failed', async () => {
  const error = new Error('unavailable');
  sweep.mockRejectedValue(error);
  await expect(handler(undefined, context)).rejects.toBe(error);
});
