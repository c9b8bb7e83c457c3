import { createStep, createWorkflow, type InitOf, type Step, type StepOutput } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

const text = createStep({
  id: 'text',
  inputSchema: z.object({ n: z.number() }),
  outputSchema: z.object({ text: z.string() }),
  execute: async ({ inputData }) => ({ text: String(inputData.n) }),
});
const length = createStep({
  id: 'length',
  inputSchema: z.object({ text: z.string() }),
  outputSchema: z.number(),
  execute: ({ inputData }) => inputData.text.length,
});
const definition = { id: 'w', inputSchema: z.object({ n: z.number() }), outputSchema: z.number() } as const;

declare const textOutput: StepOutput<typeof text>;
same<{ text: string }>()(textOutput)(true);
text satisfies Step<'text', { n: number }, { text: string }>;

// A chain.
const workflow = createWorkflow(definition).then(text).then(length).commit();
declare const init: InitOf<typeof workflow>;
same<{ n: number }>()(init)(true);
same<'w'>()(workflow.id)(true);

// More than what a step asks for is fine.
createWorkflow({ ...definition, inputSchema: z.object({ n: z.number(), more: z.string() }) }).then(text);

// @ts-expect-error the workflow's input is no { text }
createWorkflow(definition).then(length);
// @ts-expect-error a number is no { n }
createWorkflow(definition).then(text).then(length).then(text);
// @ts-expect-error the last output is { text } and the workflow's a number
createWorkflow(definition).then(text).commit();
// @ts-expect-error the input is not optional
createWorkflow({ ...definition, inputSchema: z.object({ n: z.number().optional() }) }).then(text);
// @ts-expect-error an object that was not made by createStep
createWorkflow(definition).then({ id: 'x', execute: () => 1 });
// @ts-expect-error no step at all
createWorkflow(definition).then('text');
// @ts-expect-error an id is required
createWorkflow({ inputSchema: z.number(), outputSchema: z.number() });
// @ts-expect-error schemas are required
createWorkflow({ id: 'w' });

// Bodies.
createStep({
  id: 'wrong',
  inputSchema: z.number(),
  outputSchema: z.number(),
  // @ts-expect-error a string is no number
  execute: async () => 'text',
});
createStep({
  id: 'forgotten',
  inputSchema: z.number(),
  outputSchema: z.number(),
  // @ts-expect-error nothing is returned
  execute: async ({ suspend }) => {
    await suspend({});
  },
});
// Defaults: optional for whom comes before, present for the body.
const withDefault = createStep({
  id: 'default',
  inputSchema: z.object({ n: z.number().default(1) }),
  outputSchema: z.number(),
  execute: async ({ inputData }) => {
    same<{ n: number }>()(inputData)(true);
    return inputData.n;
  },
});
createWorkflow({ id: 'w', inputSchema: z.object({}), outputSchema: z.number() })
  .then(withDefault)
  .commit();

// The context.
createStep({
  id: 'context',
  inputSchema: z.string(),
  outputSchema: z.string(),
  execute: async (context) => {
    same<string>()(context.inputData)(true);
    same<unknown>()(context.resumeData)(true);
    same<Readonly<Record<string, unknown>>>()(context.state)(true);
    same<{ text: string } | null>()(context.getStepResult(text))(true);
    same<unknown>()(context.getStepResult('text'))(true);
    same<number | null>()(context.getStepResult<number>('text'))(true);
    same<unknown>()(context.getInitData())(true);
    same<{ n: number }>()(context.getInitData<typeof workflow>())(true);
    same<{ own: Date }>()(context.getInitData<{ own: Date }>())(true);
    same<AbortSignal>()(context.abortSignal)(true);
    same<string>()(context.idempotencyKey)(true);
    // @ts-expect-error context data cannot be changed
    context.inputData = '';
    return context.inputData;
  },
});

// Types of request contexts.
createStep({
  id: 'request-context',
  inputSchema: z.string(),
  outputSchema: z.string(),
  requestContextSchema: z.object({ tenant: z.string() }),
  execute: async ({ requestContext }) => {
    // @ts-expect-error the schema knows no such key
    requestContext.get('other');
    // @ts-expect-error a tenant is a string
    requestContext.set('tenant', 1);
    return requestContext.get('tenant');
  },
});
