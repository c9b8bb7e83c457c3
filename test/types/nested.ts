import { createStep, createWorkflow, type Step, type StepLike, type Workflow } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const double = createStep({
  id: 'double',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.object({ n: z.number(), by: z.string() }),
  resumeSchema: z.object({ by: z.string() }),
  suspendSchema: z.object({ who: z.string() }),
  execute: async ({ inputData, suspend, resumeData }) =>
    resumeData === undefined ? suspend({ who: 'anybody' }) : { n: inputData.n * 2, by: resumeData.by },
});
const text = createStep({
  id: 'text',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.string(),
  execute: async ({ inputData }) => String(inputData.n),
});
const other = createStep({
  id: 'other',
  inputSchema: z.object({ n: z.string() }),
  outputSchema: z.string(),
  execute: async ({ inputData }) => inputData.n,
});
const inner = createWorkflow({
  id: 'inner',
  inputSchema: z.object({ n: z.number().default(1) }),
  outputSchema: z.object({ n: z.number(), by: z.string() }),
  stateSchema: z.object({ seen: z.number() }),
})
  .then(double)
  .commit();
const stateful = {
  id: 'outer',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.string(),
  stateSchema: z.object({ seen: z.number(), more: z.string() }),
} as const;
const definition = {
  id: 'outer',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.string(),
} as const;

// A workflow is a step wherever there are steps: by its input, its declared output and its state.
const outer = createWorkflow(stateful).then(inner).then(text).commit();
createWorkflow(stateful)
  .parallel([inner, text])
  .map(async ({ inputData, getStepResult }) => {
    same<{ inner: { n: number; by: string }; text: string }>()(inputData)(true);
    same<{ n: number; by: string } | null>()(getStepResult('inner'))(true);
    same<{ n: number; by: string } | null>()(getStepResult(inner))(true);
    return '';
  })
  .commit();
createWorkflow(stateful)
  .branch([
    [async () => true, inner],
    [async () => true, text],
  ])
  .map(async ({ inputData }) => {
    same<{ inner?: { n: number; by: string }; text?: string }>()(inputData)(true);
    return '';
  });
createWorkflow(stateful)
  .dountil(inner, async ({ inputData, getStepResult }) => {
    same<{ n: number; by: string }>()(inputData)(true);
    same<{ n: number; by: string } | null>()(getStepResult('inner'))(true);
    return true;
  })
  .dowhile(inner, async () => false);
createWorkflow({ ...stateful, inputSchema: z.array(z.object({ n: z.number() })) })
  .foreach(inner, { concurrency: 3 })
  .map(async ({ inputData, getStepResult }) => {
    same<{ n: number; by: string }[]>()(inputData)(true);
    same<{ n: number; by: string }[] | null>()(getStepResult('inner'))(true);
    return '';
  })
  .commit();
// One that is not committed yet, and one in a workflow in a workflow.
createWorkflow(stateful).then(createWorkflow({ ...stateful, id: 'new' }).then(outer));

// @ts-expect-error the workflow's output is no { n: string }
createWorkflow(stateful).then(inner).then(other);
// @ts-expect-error the workflow takes { n }
createWorkflow({ ...stateful, inputSchema: z.string() }).then(inner);
// @ts-expect-error the workflow needs a state that this one does not have
createWorkflow(definition).then(inner);
// @ts-expect-error the same as an arm
createWorkflow(definition).parallel([inner]);
createWorkflow({ ...stateful, inputSchema: z.array(z.string()) })
  // @ts-expect-error the elements are no { n }
  .foreach(inner);

// Paths into its result.
createWorkflow(stateful)
  .then(inner)
  .map({ who: { step: inner, path: 'by' }, n: { step: 'inner', path: 'n' } })
  .map(async ({ inputData }) => {
    same<{ who: string; n: number }>()(inputData)(true);
    return '';
  });
createWorkflow(stateful)
  .then(inner)
  // @ts-expect-error the result of the workflow has no such key
  .map({ who: { step: inner, path: 'whom' } });

// Results and resumptions.
const run = await outer.createRun();
const result = await run.start({ inputData: { n: 1 } });
if (result.steps.inner?.status === 'success')
  same<{ n: number; by: string }>()(result.steps.inner.output)(true);
same<{ who: string } | undefined>()(result.steps.inner?.suspendPayload)(true);
await run.resume({ step: inner, resumeData: { by: 'me' } });
await run.resume({ step: 'inner', resumeData: { by: 'me' } });
await run.resume({ step: [inner, double], resumeData: { by: 'me' } });
await run.resume({ resumeData: { by: 'me' } });
await run.resume({ step: ['inner', 'double'], resumeData: { by: 'me' } });
await run.resume({ step: 'inner.double', resumeData: { by: 'me' } });
// @ts-expect-error nothing in the workflow takes this
await run.resume({ step: inner, resumeData: { of: 'me' } });
// @ts-expect-error the same by its id
await run.resume({ step: 'inner', resumeData: { of: 'me' } });
// @ts-expect-error the step at the end of the path takes something else
await run.resume({ step: [inner, double], resumeData: { of: 'me' } });
// @ts-expect-error nothing here takes this
await run.resume({ resumeData: { of: 'me' } });

// By the names of the types.
inner satisfies Workflow;
inner satisfies StepLike<'inner', { n: number }, { n: number; by: string }, { seen: number; more: string }>;
double satisfies Step<'double', { n: number }, { n: number; by: string }>;
double satisfies StepLike<'double', { n: number }, { n: number; by: string }>;
