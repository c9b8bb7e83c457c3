/**
 * A second program of a user, see program.ts: items, nested workflows, tools, agents, streams and time travel.
 */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { type } from 'arktype';
import {
  createStep,
  createWorkflow,
  type Run,
  type StepLike,
  type ToolContext,
  type Workflow,
  type WorkflowStreamEvent,
} from 'evented-workflows';
import * as v from 'valibot';
import { z } from 'zod';
import * as z3 from 'zod/v3';

export const length = createStep({
  id: 'length',
  inputSchema: v.object({ text: v.string(), times: v.optional(v.number(), 1) }),
  outputSchema: type({ length: 'number' }),
  execute: async ({ inputData, writer }) => {
    await writer.custom({ type: 'data-length', data: inputData.text });
    return { length: inputData.text.length * inputData.times };
  },
});
export const approve = createStep({
  id: 'approve',
  inputSchema: z3.array(z3.object({ length: z3.number() })),
  outputSchema: z3.object({ sum: z3.number(), by: z3.string() }),
  resumeSchema: z3.object({ by: z3.string() }),
  suspendSchema: z3.object({ sum: z3.number() }),
  stateSchema: z3.object({ approved: z3.number() }),
  execute: async ({ inputData, resumeData, suspend, state, setState }) => {
    const sum = inputData.reduce((all, { length: one }) => all + one, 0);
    if (resumeData === undefined) return suspend({ sum });
    await setState({ approved: state.approved + 1 });
    return { sum, by: resumeData.by };
  },
});
export const inner = createWorkflow({
  id: 'inner',
  inputSchema: z.array(z.object({ text: z.string() })),
  outputSchema: z.object({ sum: z.number(), by: z.string() }),
  stateSchema: type({ approved: 'number' }),
})
  .foreach(length, { concurrency: async ({ inputData }) => inputData.length })
  .then(approve)
  .commit();
export const shout = createStep({
  id: 'shout',
  inputSchema: type({ sum: 'number', by: 'string' }),
  outputSchema: v.object({ text: v.string() }),
  execute: async ({ inputData }) => ({ text: `${inputData.by} has ${inputData.sum}!` }),
});
export const outer = createWorkflow({
  id: 'outer',
  inputSchema: type({ texts: 'string[]' }),
  outputSchema: v.object({ text: v.string(), lengths: v.number() }),
  stateSchema: z.object({ approved: z.number().default(0) }),
})
  .map(async ({ inputData }) => inputData.texts.map((text) => ({ text })))
  .then(inner)
  .then(shout)
  .map({ text: { step: shout, path: 'text' }, lengths: { step: inner, path: 'sum' } }, { id: 'last' })
  .commit();

// Of other packages: what the steps are made of has no types of this one but that of a tool's context.
const translator = {
  id: 'translate',
  inputSchema: v.object({ text: v.string() }),
  outputSchema: type({ prompt: 'string' }),
  execute: async ({ text }: { text: string }, { workflow }: ToolContext) => ({
    prompt: `${workflow.workflowId}: ${text}`,
  }),
};
const model = {
  id: 'model',
  generate: async (prompt: string) => ({ text: prompt.toUpperCase(), object: { letters: prompt.length } }),
};
export const translate = createStep(translator);
export const ask = createStep(model, { structuredOutput: { schema: z.object({ letters: z.number() }) } });
export const assisted = createWorkflow({
  id: 'assisted',
  inputSchema: z.object({ text: z.string() }),
  outputSchema: v.object({ said: v.string(), letters: v.number() }),
})
  .then(translate)
  .parallel([ask, createStep({ ...model, id: 'say' })])
  .map({ said: { step: 'say', path: 'text' }, letters: { step: ask, path: 'letters' } })
  .commit();

export const startStream = async () => {
  const run = await outer.createRun();
  return { run, output: run.stream({ inputData: { texts: ['a', 'bcd'] }, initialState: {} }) };
};
export const streamOf = (run: Run) => run.observeStream();
export const resultOf = async () => (await (await startStream()).output.result).steps.inner;
inner satisfies StepLike<'inner', { text: string }[], { sum: number; by: string }, { approved: number }>;

/** Never called: each line that is marked has to be an error for every compiler. */
export async function wrong(): Promise<void> {
  const definition = { id: 'w', inputSchema: v.array(v.string()), outputSchema: v.string() } as const;
  // @ts-expect-error the elements are texts and not { text }
  createWorkflow(definition).foreach(length);
  // @ts-expect-error a text is no array
  createWorkflow({ ...definition, inputSchema: z3.string() }).foreach(length);
  const items = createWorkflow({ ...definition, inputSchema: z.array(z.object({ text: z.string() })) });
  // @ts-expect-error how many at once is a number
  items.foreach(length, { concurrency: async () => '2' });
  const state = { ...definition, stateSchema: z3.object({ approved: z3.number() }) };
  // @ts-expect-error the workflow takes { text }[]
  createWorkflow(state).then(inner);
  const lengths = createWorkflow({ ...state, inputSchema: type({ text: 'string' }).array() }).then(inner);
  // @ts-expect-error the result of the workflow has no such key
  lengths.map({ who: { step: inner, path: 'whom' } });
  // @ts-expect-error a sum is a number
  lengths.map(({ getStepResult }) => getStepResult(inner)?.sum satisfies string | undefined);
  // @ts-expect-error the workflow needs a state that this one does not have
  createWorkflow({ ...definition, inputSchema: type({ text: 'string' }).array() }).then(inner);

  // @ts-expect-error the tool takes a text
  createWorkflow({ ...definition, inputSchema: v.object({ text: v.number() }) }).then(translate);
  // @ts-expect-error an agent takes a prompt
  createWorkflow(definition).agent(model);
  const prompts = createWorkflow({ ...definition, inputSchema: v.object({ prompt: v.string() }) }).then(ask);
  // @ts-expect-error the letters are a number
  prompts.map(({ inputData }) => inputData.letters satisfies string);

  const { run, output } = await startStream();
  for await (const event of output.fullStream) {
    // @ts-expect-error an id is a string
    if (event.type === 'workflow-step-result') void (event.payload.id satisfies number);
    // @ts-expect-error streams do not tell that a step has finished
    if (event.type === 'workflow-step-finish') void event;
  }
  // @ts-expect-error the texts are missing
  run.stream({ inputData: {} });
  // @ts-expect-error the step at the end of the path takes { by }
  await run.resume({ step: [inner, approve], resumeData: { name: 'Ada' } });
  // @ts-expect-error so does the workflow
  await run.resume({ step: 'inner', resumeData: { by: 1 } });
  // @ts-expect-error the same of a stream
  run.resumeStream({ step: inner, resumeData: {} });
  // @ts-expect-error a time travel goes to a step
  await run.timeTravel({ inputData: { sum: 1, by: 'Ada' } });
  // @ts-expect-error what is approved is a number
  await run.timeTravel({ step: shout, initialState: { approved: 'text' } });
}

// What it does.

const { run, output } = await startStream();
const events: WorkflowStreamEvent[] = [];
for await (const event of output.fullStream) events.push(event);
const custom = events.filter((event) => event.type === 'data-length').length;
deepEqual([events.at(0)?.type, events.at(-1)?.type, custom], ['workflow-start', 'workflow-finish', 2]);
const asked = await output.result;
deepEqual(asked.status === 'suspended' && asked.suspended, [['inner', 'approve']]);
await rejects(run.resume({ step: [inner, approve], resumeData: JSON.parse('{ "by": 1 }') }), {
  code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
});
const answered = await run.resume({
  step: [inner, approve],
  resumeData: { by: 'Ada' },
  outputOptions: { includeState: true },
});
deepEqual(answered.status === 'success' && answered.result, { text: 'Ada has 4!', lengths: 4 });
equal(answered.state?.approved, 1);
const again = await run.timeTravel({ step: shout, inputData: { sum: 5, by: 'Bob' } });
deepEqual(again.status === 'success' && again.result.text, 'Bob has 5!');
equal(again.steps.shout?.status === 'success' && again.steps.shout.output.text, 'Bob has 5!');
const answer = await (await assisted.createRun()).start({ inputData: { text: 'hi' } });
deepEqual(answer.status === 'success' && answer.result, { said: 'ASSISTED: HI', letters: 12 });
const describe = (workflow: Workflow): string => workflow.id;
equal(describe(outer), 'outer');
console.log(`children ran on Node ${process.versions.node}`);
