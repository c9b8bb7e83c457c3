import { cloneStep, cloneWorkflow, createStep, createWorkflow, type Step } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const input = z.object({ n: z.number() });
const output = z.object({ text: z.string() });
const resume = z.object({ by: z.string() });
const ask = createStep({
  id: 'ask',
  inputSchema: input,
  outputSchema: output,
  resumeSchema: resume,
  execute: async () => ({ text: '' }),
});

// A clone of a step differs by its id alone.
const again = cloneStep(ask, { id: 'again' });
same<'again'>()(again.id)(true);
same<typeof input>()(again.inputSchema)(true);
same<typeof resume>()(again.resumeSchema)(true);
// Its schemas need not be known.
const loose: Step<'loose', number, string> = cloneStep(
  createStep({ id: 'x', inputSchema: z.number(), outputSchema: z.string(), execute: async () => '' }),
  { id: 'loose' },
);
same<Step<'looser', number, string>>()(cloneStep(loose, { id: 'looser' }))(true);
// @ts-expect-error the id is missing
cloneStep(ask, {});
// @ts-expect-error no step
cloneStep('ask', { id: 'again' });

// So does a clone of a workflow.
const workflow = createWorkflow({ id: 'w', inputSchema: input, outputSchema: output }).then(ask).commit();
const clone = cloneWorkflow(workflow, { id: 'clone' });
same<'clone'>()(clone.id)(true);
same<typeof input>()(clone.inputSchema)(true);
const run = await clone.createRun();
const result = await run.start({ inputData: { n: 1 } });
if (result.status === 'success') same<{ text: string }>()(result.result)(true);
if (result.steps.ask?.status === 'success') same<{ text: string }>()(result.steps.ask.output)(true);
await run.resume({ step: 'ask', resumeData: { by: 'me' } });
// @ts-expect-error another input
await run.start({ inputData: { n: '1' } });
// @ts-expect-error it ends with another output than it declares, so that it cannot be committed
cloneWorkflow(createWorkflow({ id: 'v', inputSchema: input, outputSchema: input }).then(ask), { id: 'c' });
