import { createStep, createWorkflow, type RetryConfig } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

/** Retries and times of steps, workflows and starts. */
const types = { inputSchema: z.string(), outputSchema: z.string() };
const retryConfig = {
  attempts: 3,
  delay: 10,
  backoff: 'exponential',
  maxDelay: 1_000,
  jitter: 'full',
  retryIf: async (error: Error, { retryCount }: { readonly retryCount: number }) =>
    error.name === 'Busy' && retryCount < 2,
} as const satisfies RetryConfig;
const step = createStep({
  ...types,
  id: 'step',
  retryConfig,
  execute: async ({ inputData }) => inputData,
});
const workflow = createWorkflow({ ...types, id: 'w', retryConfig, timeoutMs: 60_000 })
  .then(step)
  .commit();
const run = await workflow.createRun();
const result = await run.start({ inputData: 'a', timeoutMs: 5_000 });
if (result.status === 'success') same<string>()(result.result)(true);
createStep({
  ...types,
  id: 'other',
  retryConfig: {
    retryIf: (error, attempt) => {
      same<Error>()(error)(true);
      same<number>()(attempt.retryCount)(true);
      return true;
    },
  },
  execute: async () => '',
});
// @ts-expect-error no such way to back off
createWorkflow({ ...types, id: 'w', retryConfig: { backoff: 'linear' } });
// @ts-expect-error an answer that says nothing
createWorkflow({ ...types, id: 'w', retryConfig: { retryIf: () => 'yes' } });
// @ts-expect-error a text
await run.start({ inputData: 'a', timeoutMs: '5s' });
