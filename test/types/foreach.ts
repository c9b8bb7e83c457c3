import { createStep, createWorkflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const length = createStep({
  id: 'length',
  inputSchema: z.string(),
  outputSchema: z.number(),
  resumeSchema: z.object({ ok: z.boolean() }),
  suspendSchema: z.object({ why: z.string() }),
  execute: async ({ inputData }) => inputData.length,
});
const sum = createStep({
  id: 'sum',
  inputSchema: z.array(z.number()),
  outputSchema: z.number(),
  execute: async ({ inputData }) => inputData.length,
});
const anything = createStep({
  id: 'anything',
  inputSchema: z.unknown(),
  outputSchema: z.string(),
  execute: async () => '',
});
const definition = { id: 'w', inputSchema: z.array(z.string()), outputSchema: z.number() } as const;

// The array of outputs, under the id of the step.
const workflow = createWorkflow(definition)
  .foreach(length)
  .map(async ({ inputData, getStepResult }) => {
    same<number[]>()(inputData)(true);
    same<number[] | null>()(getStepResult('length'))(true);
    return inputData;
  })
  .then(sum)
  .commit();
const result = await (await workflow.createRun()).start({ inputData: ['a'] });
if (result.steps.length?.status === 'success') same<number[]>()(result.steps.length.output)(true);
same<{ why: string } | undefined>()(result.steps.length?.suspendPayload)(true);

// How many at once.
createWorkflow(definition).foreach(length, { concurrency: 2, id: 'lengths', description: 'Counts' });
createWorkflow(definition).foreach(length, {
  concurrency: async ({ inputData, getInitData }) => {
    same<string[]>()(inputData)(true);
    same<string[]>()(getInitData())(true);
    return inputData.length;
  },
});
// @ts-expect-error a text is no number
createWorkflow(definition).foreach(length, { concurrency: '2' });
// @ts-expect-error a function has to give a number
createWorkflow(definition).foreach(length, { concurrency: () => '2' });
// @ts-expect-error no such option
createWorkflow(definition).foreach(length, { parallel: 2 });

// Elements.
createWorkflow({ ...definition, inputSchema: z.tuple([z.string(), z.string()]) }).foreach(length);
createWorkflow({ ...definition, inputSchema: z.unknown() })
  .foreach(anything)
  .map(async () => 1)
  .commit();
createWorkflow({ ...definition, inputSchema: z.any() })
  .foreach(length)
  .then(sum)
  .commit();
// @ts-expect-error the elements are numbers
createWorkflow({ ...definition, inputSchema: z.array(z.number()) }).foreach(length);
// @ts-expect-error a text is no array
createWorkflow({ ...definition, inputSchema: z.string() }).foreach(length);
// @ts-expect-error an element may be missing
createWorkflow({ ...definition, inputSchema: z.array(z.string().optional()) }).foreach(length);
// @ts-expect-error an array of outputs is no output
createWorkflow(definition).foreach(length).commit();
// @ts-expect-error the step that follows takes an array
createWorkflow(definition).foreach(length).then(length);
