import { createStep, createStepFromTool, createWorkflow, type ToolContext } from 'evented-workflows';
import { z } from 'zod';
import { same } from './same.ts';

/** As libraries define theirs. */
declare class Agent {
  readonly id: 'writer';
  readonly name: string;
  getDescription(): string;
  getModel(options?: { requestContext?: unknown }): Promise<{ specificationVersion: string }>;
  stream(
    prompt: string | string[],
    options?: { temperature?: number },
  ): Promise<{ fullStream: ReadableStream }>;
}
declare const agent: Agent;

const shout = {
  id: 'shout',
  inputSchema: z.object({ text: z.string() }),
  outputSchema: z.object({ loud: z.string() }),
  resumeSchema: z.object({ ok: z.boolean() }),
  suspendSchema: z.object({ why: z.string() }),
  execute: async ({ text }: { text: string }, { suspend, resumeData }: ToolContext) =>
    resumeData === undefined ? suspend({ why: '' }) : { loud: text },
} as const;

const options = { id: 'w', inputSchema: z.object({ prompt: z.string() }), outputSchema: z.any() } as const;

// An agent takes a prompt and gives a text.
const written = createWorkflow(options)
  .then(createStep(agent))
  .map(async ({ inputData, getStepResult }) => {
    same<{ readonly text: string }>()(inputData)(true);
    same<{ readonly text: string } | null>()(getStepResult('writer'))(true);
    return inputData;
  })
  .commit();
const result = await (await written.createRun()).start({ inputData: { prompt: 'Who?' } });
if (result.steps.writer?.status === 'success') same<string>()(result.steps.writer.output.text)(true);
// @ts-expect-error a prompt is needed
createWorkflow({ ...options, inputSchema: z.object({ text: z.string() }) }).then(createStep(agent));

// What it is asked for, it gives.
createWorkflow(options)
  .then(createStep(agent, { structuredOutput: { schema: z.object({ name: z.string() }) }, temperature: 0.5 }))
  .map(async ({ inputData }) => {
    same<{ name: string }>()(inputData)(true);
    return inputData;
  });
// @ts-expect-error no schema
createStep(agent, { structuredOutput: { schema: 5 } });
// @ts-expect-error retries are a number
createStep(agent, { retries: '1' });
createStep(agent, { timeoutMs: 60_000 });
// @ts-expect-error a timeout is a number of milliseconds
createStep(agent, { timeoutMs: '1m' });
// @ts-expect-error the same for a tool
createStepFromTool(shout, { timeoutMs: '1m' });
createStepFromTool(shout, { timeoutMs: 60_000 });

// A tool takes and gives what its schemas say, and is resumed by its own.
for (const step of [createStep(shout), createStep(shout, { retries: 1 }), createStepFromTool(shout)]) {
  same<'shout'>()(step.id)(true);
  const tooled = createWorkflow({ ...options, inputSchema: z.object({ text: z.string() }) })
    .then(step)
    .commit();
  const run = await tooled.createRun();
  await run.resume({ step: 'shout', resumeData: { ok: true } });
  // @ts-expect-error that is not what it takes
  await run.resume({ step: 'shout', resumeData: { ok: 'yes' } });
}
// @ts-expect-error a tool without a context is told by options only
createStep({ ...shout, execute: async ({ text }: { text: string }) => ({ loud: text }) });
createStep({ ...shout, execute: async ({ text }: { text: string }) => ({ loud: text }) }, {});
// @ts-expect-error the text is missing
createWorkflow(options).then(createStep(shout));

// Entries of their own.
createWorkflow(options)
  .agent(agent, { temperature: 1 }, { id: 'asked' })
  .tool(shout, { retries: 1 }, { id: 'shouted' })
  .map(async ({ inputData, getStepResult }) => {
    same<{ loud: string }>()(inputData)(true);
    same<{ readonly text: string } | null>()(getStepResult('asked'))(true);
    same<{ loud: string } | null>()(getStepResult('shouted'))(true);
    return inputData;
  })
  .commit();
createWorkflow(options)
  .agent('writer', { structuredOutput: { schema: z.object({ text: z.string() }) } })
  .tool<{ loud: string }>('shout')
  .map(async ({ inputData }) => {
    same<{ loud: string }>()(inputData)(true);
    return inputData;
  })
  .commit();
// @ts-expect-error the tool takes a text
createWorkflow(options).tool(shout);
// @ts-expect-error the agent takes a prompt
createWorkflow({ ...options, inputSchema: z.string() }).agent(agent);
// @ts-expect-error a number is no agent
createWorkflow(options).agent(5);

// The context of a step.
createStep({
  ...options,
  id: 'context',
  execute: async ({ writer, runtime, engine, inputData }) => {
    await writer.write(inputData);
    await writer.custom({ type: 'data-progress', data: 1 });
    await ReadableStream.from([1]).pipeTo(writer);
    runtime.logger.warn('text', {});
    same<Readonly<Record<string, never>>>()(engine)(true);
    // @ts-expect-error a type is needed
    await writer.custom({ data: 1 });
  },
});
// @ts-expect-error a condition writes nothing
createWorkflow(options).branch([[async ({ writer }) => writer === undefined, createStep(agent)]]);
