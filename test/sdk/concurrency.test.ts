import { createStep, createWorkflow } from 'evented-workflows';
import { memoryBackend } from 'evented-workflows/memory';
import { createRuntime } from 'evented-workflows/runtime';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const numbers = { id: 'single', inputSchema: z.number(), outputSchema: z.number() };

const invalid = [
  [1, 'the number 1'],
  [{}, 'null'],
  [{ limit: 0 }, 'the number 0'],
  [{ limit: 1_001 }, 'the number 1001'],
  [{ limit: 1, key: 'k' }, 'the string "k"'],
  [{ limit: 1, whenFull: 'wait' }, 'the string "wait"'],
  [{ limit: 2, whenFull: 'return' }, 'a limit of 2'],
] as const;

test.for(invalid)('concurrency %j is refused', ([concurrency, found]) => {
  expect(() => createWorkflow({ ...numbers, concurrency } as never)).toThrow(
    expect.objectContaining({
      code: 'WORKFLOW_DEFINITION_INVALID',
      message: expect.stringContaining(found) as unknown,
    }),
  );
});

describe('a singleton', () => {
  const ask = createStep({
    id: 'ask',
    inputSchema: z.number(),
    outputSchema: z.number(),
    resumeSchema: z.number(),
    execute: async ({ inputData, resumeData, suspend }) => resumeData ?? suspend({ inputData }),
  });
  const single = createWorkflow({ ...numbers, concurrency: { limit: 1, whenFull: 'return' } })
    .then(ask)
    .commit();

  test('answers whoever starts it again with the run that goes on; a queued run shows nothing of itself', async () => {
    const queueing = createWorkflow({ ...numbers, id: 'queueing', concurrency: { limit: 1 } })
      .then(ask)
      .commit();
    const runtime = createRuntime({
      workflows: [single, queueing],
      backend: memoryBackend(),
      history: 'none',
    });
    try {
      const first = await single.createRun();
      await first.start({ inputData: 1 });
      const second = await single.createRun();
      expect(await second.startAsync({ inputData: 2 })).toEqual({ runId: first.runId });
      expect(await second.start({ inputData: 2 })).toMatchObject({ status: 'suspended', input: 1 });
      expect(second.workflowRunStatus).toBe('pending');
      await expect(second.stream({ inputData: 2 }).result).rejects.toMatchObject({
        code: 'WORKFLOW_CONCURRENCY_LIMIT',
        details: { runId: first.runId },
      });
      for (const runId of ['a', 'b'])
        await (await queueing.createRun({ runId })).startAsync({ inputData: 1 });
      expect(await queueing.getWorkflowRunById('b')).toMatchObject({
        status: 'waiting',
        queued: { ahead: 0 },
      });
      expect((await queueing.listWorkflowRuns()).runs).toHaveLength(2);
      expect((await runtime.events({ runId: 'b' })).events).toEqual([]);
    } finally {
      await runtime.close();
    }
  });
});
