import { beforeEach, expect, test, vi } from 'vitest';
import { currentInvocation } from '../../src/adapters/aws/invocation.ts';
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

test('a sweep is told when its function ends, and has to be over a little before', async () => {
  vi.spyOn(Date, 'now').mockReturnValue(100_000);
  let deadline: number | undefined;
  sweep.mockImplementation(async () => {
    deadline = currentInvocation()?.deadline;
    return 0;
  });
  await handler(undefined, { ...context, getRemainingTimeInMillis: () => 60_000 });
  // Requests may take 4 s longer, and a second is left to fail in.
  expect(deadline).toBe(155_000);
});

test('a sweep that fails is a call that failed', async () => {
  const error = new Error('unavailable');
  sweep.mockRejectedValue(error);
  await expect(handler(undefined, context)).rejects.toBe(error);
});
