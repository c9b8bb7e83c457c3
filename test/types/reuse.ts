import { type AnySchema, createStep, createWorkflow, type StepOf, type WorkflowOf } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

/** The schemas of a step and of a workflow keep their types, so that the next definition can be made of them. */
const schemas = {
  input: z.object({ id: z.string(), amount: z.number().default(1) }),
  output: z.object({ total: z.number() }),
  resume: z.object({ by: z.string() }),
  suspend: z.object({ ask: z.string() }),
  state: z.object({ seen: z.number() }),
  context: z.object({ tenant: z.string() }),
};
const first = createStep({
  id: 'first',
  inputSchema: schemas.input,
  outputSchema: schemas.output,
  resumeSchema: schemas.resume,
  suspendSchema: schemas.suspend,
  stateSchema: schemas.state,
  requestContextSchema: schemas.context,
  execute: async ({ inputData }) => ({ total: inputData.amount }),
});
same<typeof schemas.input>()(first.inputSchema)(true);
same<typeof schemas.output>()(first.outputSchema)(true);
same<typeof schemas.resume>()(first.resumeSchema)(true);
same<typeof schemas.suspend>()(first.suspendSchema)(true);
same<typeof schemas.state>()(first.stateSchema)(true);
same<typeof schemas.context>()(first.requestContextSchema)(true);

const second = createStep({
  id: 'second',
  inputSchema: first.outputSchema,
  outputSchema: z.string(),
  execute: async ({ inputData }) => {
    same<{ total: number }>()(inputData)(true);
    return String(inputData.total);
  },
});
// What was not given may be missing.
same<AnySchema | undefined>()(second.resumeSchema)(true);
same<AnySchema | undefined>()(second.suspendSchema)(true);
same<AnySchema | undefined>()(second.stateSchema)(true);
same<AnySchema | undefined>()(second.requestContextSchema)(true);

const workflow = createWorkflow({
  id: 'w',
  inputSchema: first.inputSchema,
  outputSchema: second.outputSchema,
  stateSchema: first.stateSchema,
  requestContextSchema: schemas.context,
})
  .then(first)
  .then(second)
  .commit();
same<typeof schemas.input>()(workflow.inputSchema)(true);
same<z.ZodString>()(workflow.outputSchema)(true);
same<typeof schemas.state>()(workflow.stateSchema)(true);
same<typeof schemas.context>()(workflow.requestContextSchema)(true);
// A schema keeps the methods of its own library.
same<{ id: string; amount: number }>()(workflow.inputSchema.parse({ id: 'a' }))(true);

const bare = createWorkflow({
  id: 'bare',
  inputSchema: workflow.inputSchema.pick({ id: true }),
  outputSchema: z.string(),
});
same<AnySchema | undefined>()(bare.stateSchema)(true);
same<AnySchema | undefined>()(bare.requestContextSchema)(true);

createStep({
  id: 'wrong',
  inputSchema: first.outputSchema,
  outputSchema: z.string(),
  // @ts-expect-error the total of the first step is a number
  execute: async ({ inputData }) => inputData.total,
});
createStep({
  id: 'missing',
  // @ts-expect-error the second step was given no such schema
  inputSchema: second.resumeSchema,
  outputSchema: z.string(),
  execute: async () => '',
});

// The types by their names, as an annotation of an export needs them.
first satisfies StepOf<
  'first',
  typeof schemas.input,
  typeof schemas.output,
  typeof schemas.resume,
  typeof schemas.suspend,
  typeof schemas.state,
  typeof schemas.context
>;
second satisfies StepOf<'second', typeof schemas.output, z.ZodString>;
createWorkflow({ id: 'x', inputSchema: schemas.input, outputSchema: schemas.output }) satisfies WorkflowOf<
  'x',
  typeof schemas.input,
  typeof schemas.output
>;
