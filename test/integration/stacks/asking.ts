import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';

/** The module given to the functions whose callers are told apart: something that can be resumed, canceled and repeated. */

/** The key under which a run waits for its answer. */
export const askedUnder = (runId: string): string => `asked:${runId}`;

const ask = createStep({
  id: 'ask',
  inputSchema: z.object({ text: z.string() }),
  outputSchema: z.object({ answer: z.string() }),
  resumeSchema: z.object({ answer: z.string() }),
  suspendSchema: z.object({ text: z.string() }),
  execute: async ({ runId, inputData, resumeData, suspend }) => {
    if (resumeData === undefined) return await suspend(inputData, { resumeKey: askedUnder(runId) });
    return resumeData;
  },
});

export const workflows = [
  createWorkflow({
    id: 'asking',
    inputSchema: z.object({ text: z.string() }),
    outputSchema: z.object({ answer: z.string() }),
    // So that there is a history, and a value that it was stored with.
    options: { history: 'full' },
  })
    .then(ask)
    .commit(),
];
