import type {
  AnySchema,
  RetryConfig,
  StepContext,
  StepDefinition,
  SuspendOptions,
} from '../core/definition.ts';
import { optionsGiven } from './agent-step.ts';
import { checkId, checkSchema, describe, invalid, isObject } from './describe.ts';

const schemas = ['inputSchema', 'outputSchema', 'resumeSchema', 'suspendSchema'] as const;

/**
 * Whether a step can be made of `value` by calling it with an input and a context. The body of a step has one parameter, so
 * two of them tell a tool.
 */
export function isTool(value: unknown): boolean {
  return isObject(value) && typeof value['execute'] === 'function' && value['execute'].length >= 2;
}

/**
 * Makes a step of a tool; `name` wins over its own id. Throws WORKFLOW_DEFINITION_INVALID for a tool without an id, a body or
 * schemas, and for retries or a timeout that are out of bounds.
 */
export function toolStep(tool: unknown, given: unknown, name?: { readonly id?: string }): StepDefinition {
  const body: unknown = isObject(tool) ? tool['execute'] : undefined;
  if (!isObject(tool) || typeof body !== 'function') {
    throw invalid(
      `A tool was expected and ${describe(tool)} was given: give { id, inputSchema, outputSchema, execute }`,
    );
  }
  const id = name?.id ?? tool['id'];
  checkId(id, 'A tool');
  const of = `Tool step "${id}"`;
  if (tool['inputSchema'] === undefined || tool['outputSchema'] === undefined) {
    throw invalid(`Tool must have input and output schemas defined: ${of} has not`);
  }
  for (const key of schemas) checkSchema(tool[key], key, of, false);
  const { retries, retryConfig, timeoutMs, metadata } = optionsGiven(given, of);
  const { description } = tool;
  const schema = (key: (typeof schemas)[number]) => tool[key] as AnySchema | undefined;
  return Object.freeze<StepDefinition>({
    id,
    description: typeof description === 'string' ? description : undefined,
    inputSchema: schema('inputSchema'),
    outputSchema: schema('outputSchema'),
    resumeSchema: schema('resumeSchema'),
    suspendSchema: schema('suspendSchema'),
    retries: retries as number | undefined,
    retryConfig: retryConfig as RetryConfig | undefined,
    timeoutMs: timeoutMs as number | undefined,
    metadata: metadata as Readonly<Record<string, unknown>> | undefined,
    component: 'TOOL',
    reads: { steps: [], init: false },
    // On the tool: its body may be a method.
    execute: (context) => Reflect.apply(body, tool, [context.inputData, toolContext(context)]) as unknown,
  });
}

function toolContext(context: StepContext): object {
  const { runId, workflowId, state, resumeData, suspendData } = context;
  const { requestContext, abortSignal, runtime, idempotencyKey } = context;
  const suspension = {
    suspend: async (payload?: unknown, options?: SuspendOptions) => context.suspend(payload, options),
    ...(resumeData === undefined ? {} : { resumeData }),
    ...(suspendData === undefined ? {} : { suspendPayload: suspendData }),
  };
  const workflow = {
    runId,
    workflowId,
    state,
    setState: async (next: unknown) => context.setState(next),
    ...suspension,
  };
  return { requestContext, abortSignal, runtime, idempotencyKey, ...suspension, workflow };
}
