import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';

const expense = z.object({ employee: z.string(), purpose: z.string(), cents: z.number().int().positive() });
const decision = z.object({ approved: z.boolean(), by: z.string() });

const decide = createStep({
  id: 'decide',
  description: 'Waits for whoever may spend so much',
  inputSchema: expense,
  outputSchema: decision,
  resumeSchema: decision,
  execute: async ({ inputData, resumeData, suspend }) => {
    if (resumeData !== undefined) return resumeData;
    if (inputData.cents < 5_000) return { approved: true, by: 'nobody: it is little' };
    return suspend({ purpose: inputData.purpose, cents: inputData.cents });
  },
});

/** An expense that a person has to approve, above 50 euros. */
export function expenseWorkflow(options: { readonly onFinish?: (end: Waiting) => void } = {}) {
  return createWorkflow({ id: 'expense', inputSchema: expense, outputSchema: decision, options })
    .then(decide)
    .commit();
}

/** What `onFinish` of a workflow is told, as far as a notice needs it. */
export interface Waiting {
  readonly runId: string;
  readonly workflowId: string;
  readonly status: string;
  readonly steps: Readonly<Record<string, { readonly status: string }>>;
}

export const workflows = [expenseWorkflow()];
