import { createStep, createWorkflow, type ToolContext, type WorkflowDefinition } from 'evented-workflows';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { createRuntime, type RuntimeOptions } from '../../src/runtime/index.ts';
import { FakeAgent, saying } from './agents.ts';

const options = { id: 'w', inputSchema: z.object({ prompt: z.string() }), outputSchema: z.any() } as const;

const shout = {
  id: 'shout',
  inputSchema: z.object({ text: z.string() }),
  outputSchema: z.string(),
  resumeSchema: z.object({ more: z.string() }),
  execute: async ({ text }: { text: string }, { resumeData, suspend }: ToolContext) =>
    resumeData === undefined && text === '?'
      ? suspend({})
      : `${text}!${(resumeData as { more?: string })?.more ?? ''}`,
};

function serve(workflow: WorkflowDefinition, more: Partial<RuntimeOptions> = {}) {
  const runtime = createRuntime({ workflows: [workflow], backend: memoryBackend(), ...more });
  onTestFinished(() => runtime.close());
  return runtime;
}

describe('.agent and .tool', () => {
  test('take the object itself, and a name for its result', async () => {
    const workflow = createWorkflow(options)
      .agent(new FakeAgent('writer', saying('Ada')), { retries: 1 }, { id: 'asked' })
      .tool(shout, { metadata: { loud: true } })
      .commit();
    expect(workflow.serializedStepGraph).toEqual([
      { type: 'agent', id: 'asked', agentId: 'writer', description: 'Follows the script of writer' },
      { type: 'tool', id: 'shout', toolId: 'shout', metadata: { loud: true } },
    ]);
    const result = await (await workflow.createRun()).start({ inputData: { prompt: 'Who?' } });
    expect(result).toMatchObject({
      status: 'success',
      result: 'Ada!',
      steps: { asked: { output: { text: 'Ada' } }, shout: { output: 'Ada!' } },
    });
  });

  test('take an id, by which the runtime has it when the step is executed', async () => {
    const workflow = createWorkflow(options)
      .agent('writer', { temperature: 0.5 })
      .tool('by-key', {}, { id: 'loud' })
      .commit();
    expect(workflow.serializedStepGraph).toEqual([
      { type: 'agent', id: 'writer', agentId: 'writer' },
      { type: 'tool', id: 'loud', toolId: 'by-key' },
    ]);
    const writer = new FakeAgent('writer', saying('?'));
    serve(workflow, { agents: { other: new FakeAgent('x'), found: writer }, tools: { 'by-key': shout } });
    const run = await workflow.createRun();
    expect(await run.start({ inputData: { prompt: 'Who?' } })).toMatchObject({
      status: 'suspended',
      suspended: [['loud']],
    });
    expect(writer.calls).toMatchObject([{ prompt: 'Who?', options: { temperature: 0.5 } }]);
    // By the schema of the tool, which only the runtime knows.
    await expect(run.resume({ resumeData: {} as never })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    expect(await run.resume({ resumeData: { more: '!' } })).toMatchObject({
      status: 'success',
      result: '?!!',
    });
  });

  test.each([
    [
      createWorkflow(options).agent('writer', {}, { id: 'ask' }).commit(),
      'WORKFLOW_AGENT_NOT_FOUND',
      "Agent 'writer' not found for workflow step 'ask'. Give it to the runtime: createRuntime({ agents: { ... } })",
    ],
    [
      createWorkflow(options).tool('shout').commit(),
      'WORKFLOW_TOOL_NOT_FOUND',
      "Tool 'shout' not found for workflow step 'shout'. Give it to the runtime: createRuntime({ tools: { ... } })",
    ],
  ])('fail the run when the runtime does not have it', async (workflow, code, message) => {
    const result = await (await workflow.createRun()).start({ inputData: { prompt: 'Who?' } });
    expect(result).toMatchObject({ status: 'failed', error: { code, message } });
  });

  test.each<[string, () => unknown, string]>([
    [
      'no agent',
      () => createWorkflow(options).agent(5 as never),
      '.agent() was given the number 5: give an agent with',
    ],
    [
      'no tool',
      () => createWorkflow(options).tool(5 as never),
      'A tool was expected and the number 5 was given',
    ],
    [
      'an empty id',
      () => createWorkflow(options).agent(''),
      'Workflow "w": .agent() has an empty string as its id',
    ],
    [
      'wrong options',
      () => createWorkflow(options).tool('shout', 5 as never),
      'Workflow "w": .tool() was given the number 5 as its options',
    ],
    [
      'a wrong name',
      () => createWorkflow(options).agent('writer', {}, { id: ' ' }),
      'Workflow "w": .agent() has the string " " as its id',
    ],
  ])('refuse %s', (_, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});

test('D123 a body asks the runtime for agents and tools by their ids', async () => {
  const writer = new FakeAgent('writer');
  const step = createStep({
    ...options,
    id: 'step',
    execute: async ({ runtime }) => {
      const missing = [() => runtime.getAgent('x'), () => runtime.getTool('x')].map((get) => {
        try {
          return get();
        } catch (error) {
          return (error as Error).message;
        }
      });
      return [runtime.getAgent('writer') === writer, runtime.getTool('shout') === shout, ...missing];
    },
  });
  const workflow = createWorkflow(options).then(step).commit();
  serve(workflow, { agents: { writer }, tools: { shout } });
  const result = await (await workflow.createRun()).start({ inputData: { prompt: '' } });
  expect(result).toMatchObject({
    status: 'success',
    result: [
      true,
      true,
      "Agent 'x' not found. Give it to createRuntime({ agents: { ... } })",
      "Tool 'x' not found. Give it to createRuntime({ tools: { ... } })",
    ],
  });
});
