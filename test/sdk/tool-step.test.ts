import {
  createStep,
  createStepFromTool,
  createWorkflow,
  RequestContext,
  type ToolContext,
} from 'evented-workflows';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const schemas = { inputSchema: z.object({ n: z.number() }), outputSchema: z.object({ n: z.number() }) };

const double = {
  ...schemas,
  id: 'double',
  description: 'Doubles',
  resumeSchema: z.object({ by: z.number() }),
  suspendSchema: z.object({ who: z.string() }),
  execute: async ({ n }: { n: number }, _context: ToolContext) => ({ n: n * 2 }),
};

/** Runs a step alone. */
async function runOf(step: Parameters<ReturnType<typeof emptyWorkflow>['then']>[0]) {
  const workflow = emptyWorkflow().then(step).commit();
  const run = await workflow.createRun({ runId: 'r' });
  const result = await run.start({
    inputData: { n: 1 },
    initialState: { seen: 1 },
    outputOptions: { includeState: true },
  });
  return { run, result };
}

function emptyWorkflow() {
  return createWorkflow({ id: 'w', ...schemas, outputSchema: z.any() });
}

describe('a step of a tool', () => {
  test('has what is known of the tool', async () => {
    const step = createStep(double, { retries: 2, timeoutMs: 5, metadata: { owner: 'ada' } });
    const { execute: _execute, ...known } = double;
    expect(step).toMatchObject({
      ...known,
      component: 'TOOL',
      retries: 2,
      timeoutMs: 5,
      metadata: { owner: 'ada' },
      reads: { steps: [], init: false },
    });
    expect(await runOf(step)).toMatchObject({ result: { status: 'success', result: { n: 2 } } });
  });

  test('is known by the second parameter of its body, by options, and by its own function', async () => {
    const short = { ...schemas, id: 'short', execute: async ({ n }: { n: number }) => ({ n: n + 1 }) };
    for (const step of [createStep(double), createStep(short, {}), createStepFromTool(short)]) {
      expect(step).toMatchObject({ component: 'TOOL' });
      expect(await runOf(step)).toMatchObject({ result: { status: 'success', result: { n: 2 } } });
    }
  });

  test('calls the body on the tool', async () => {
    class Adder {
      readonly id = 'adder';
      readonly inputSchema = schemas.inputSchema;
      readonly outputSchema = schemas.outputSchema;
      readonly by = 5;
      async execute({ n }: { n: number }, _context: ToolContext) {
        return { n: n + this.by };
      }
    }
    expect(await runOf(createStep(new Adder()))).toMatchObject({ result: { result: { n: 6 } } });
  });

  test('D101 gives its input validated, and a context', async () => {
    const seen: { input?: unknown; context?: ToolContext } = {};
    const tool = {
      ...double,
      execute: async (input: { n: number }, context: ToolContext) => {
        Object.assign(seen, { input, context });
        context.requestContext.set('seen', true);
        await context.workflow.setState({ seen: 2 });
        return input;
      },
    };
    const { result } = await runOf(createStep(tool));
    expect(result).toMatchObject({ status: 'success', state: { seen: 2 } });
    expect(seen.input).toEqual({ n: 1 });
    const { context } = seen;
    expect(context?.requestContext).toBeInstanceOf(RequestContext);
    expect(context?.abortSignal).toBeInstanceOf(AbortSignal);
    expect(context?.runtime).toHaveProperty('getWorkflow');
    expect(context?.idempotencyKey).toEqual(expect.any(String));
    expect(context?.workflow).toMatchObject({ runId: 'r', workflowId: 'w', state: { seen: 1 } });
    expect(context).not.toHaveProperty('resumeData');
    expect(context).not.toHaveProperty('suspendPayload');
    const wrong = createStep({ ...double, inputSchema: z.object({ n: z.number().min(5) }) });
    expect(await runOf(wrong)).toMatchObject({
      result: { status: 'failed', error: { code: 'WORKFLOW_STEP_INPUT_VALIDATION_FAILED' } },
    });
  });

  test.each<
    [string, (context: ToolContext) => Pick<ToolContext, 'suspend' | 'resumeData' | 'suspendPayload'>]
  >([
    ['its context', (context) => context],
    ['the workflow in its context', (context) => context.workflow],
  ])('suspends and is resumed by %s', async (_, part) => {
    const seen: unknown[] = [];
    const tool = {
      ...double,
      execute: async (input: { n: number }, context: ToolContext) => {
        const { suspend, resumeData, suspendPayload } = part(context);
        seen.push([resumeData, suspendPayload]);
        if (resumeData === undefined) return suspend({ who: 'anybody' }, { resumeLabel: 'here' });
        return { n: input.n + (resumeData as { by: number }).by };
      },
    };
    const { run, result } = await runOf(createStep(tool));
    expect(result).toMatchObject({
      status: 'suspended',
      suspended: [['double']],
      suspendPayload: { double: { who: 'anybody' } },
    });
    await expect(run.resume({ label: 'here', resumeData: { by: 'one' } as never })).rejects.toMatchObject({
      code: 'WORKFLOW_SCHEMA_VALIDATION_FAILED',
    });
    expect(await run.resume({ label: 'here', resumeData: { by: 4 } })).toMatchObject({
      status: 'success',
      result: { n: 5 },
    });
    expect(seen).toEqual([
      [undefined, undefined],
      [{ by: 4 }, { who: 'anybody' }],
    ]);
  });

  test.each<[string, unknown, string]>([
    [
      'no schema of its input',
      { ...double, inputSchema: undefined },
      'Tool must have input and output schemas defined',
    ],
    [
      'no schema of its output',
      { ...double, outputSchema: undefined },
      'Tool must have input and output schemas',
    ],
    [
      'a foreign schema',
      { ...double, resumeSchema: {} },
      'Tool step "double" has an object without keys as its resumeSchema',
    ],
    ['no id', { ...double, id: undefined }, 'A tool has undefined as its id'],
    ['no body', { ...double, execute: undefined }, 'A tool was expected and an object with'],
    ['nothing', undefined, 'A tool was expected and undefined was given'],
  ])('is refused with %s', (_, tool, message) => {
    expect(() => createStep(tool as typeof double, {})).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_DEFINITION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});
