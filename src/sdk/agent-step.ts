import { errorOf } from '../core/codec-error.ts';
import type { AnySchema, RetryConfig, StepContext, StepDefinition, StepWriter } from '../core/definition.ts';
import { isWorkflowError, WorkflowError } from '../core/errors.ts';
import { TripWire } from '../core/tripwire.ts';
import { readChunk, textOfChunk } from './agent-chunks.ts';
import {
  checkId,
  checkMetadata,
  checkSchema,
  checkTimeout,
  describe,
  invalid,
  isObject,
} from './describe.ts';
import { checkRetries } from './retry-options.ts';
import { textSchema } from './text-schema.ts';

type Call = (prompt: unknown, options: Readonly<Record<string, unknown>>) => unknown;

/** An agent, with what it was given taken for what it should be: whatever else it is fails when it is called. */
interface Agent {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly description?: unknown;
  getDescription?(): unknown;
  getModel?(options: object): unknown;
  stream?: Call;
  streamLegacy?: Call;
  generate?: Call;
}

/** What an agent came to, as far as it says it. */
interface Answer {
  readonly text?: unknown;
  readonly object?: unknown;
}

const promptSchema = textSchema('prompt');
const answerSchema = textSchema('text');

/** Whether a step can be made of `value` by asking it for an answer to a prompt. */
export function isAgent(value: unknown): value is Agent {
  return (
    isObject(value) && (typeof value['stream'] === 'function' || typeof value['generate'] === 'function')
  );
}

/** Checks what was given beside an agent or a tool. */
export function optionsGiven(options: unknown, of: string): Record<string, unknown> {
  if (options === undefined) return {};
  if (!isObject(options))
    throw invalid(`${of} was given ${describe(options)} as its options: give an object`);
  checkRetries(options, of);
  checkTimeout(options['timeoutMs'], of);
  checkMetadata(options['metadata'], of);
  return options;
}

function descriptionOf(agent: Agent): string | undefined {
  const description = agent.getDescription?.() ?? agent.description;
  return typeof description === 'string' ? description : undefined;
}

/** The schema of what the agent is to give instead of a text. */
function outputSchemaOf(options: Record<string, unknown>, of: string): AnySchema | undefined {
  const structured = options['structuredOutput'];
  if (structured === undefined) return undefined;
  const schema: unknown = isObject(structured) ? structured['schema'] : structured;
  checkSchema(schema, 'structuredOutput.schema', of, true);
  return schema as AnySchema;
}

/**
 * Makes a step of an agent; `name` wins over its own id. Throws WORKFLOW_DEFINITION_INVALID for an agent without an id or a
 * name, retries or a timeout that are out of bounds, or a foreign schema.
 */
export function agentStep(agent: Agent, given: unknown, name?: { readonly id?: string }): StepDefinition {
  const id = name?.id ?? agent.id ?? agent.name;
  checkId(id, 'An agent');
  const of = `Agent step "${id}"`;
  const { retries, retryConfig, timeoutMs, metadata, ...options } = optionsGiven(given, of);
  const outputSchema = outputSchemaOf(options, of);
  return Object.freeze<StepDefinition>({
    id,
    description: descriptionOf(agent),
    inputSchema: promptSchema,
    outputSchema: outputSchema ?? answerSchema,
    retries: retries as number | undefined,
    retryConfig: retryConfig as RetryConfig | undefined,
    timeoutMs: timeoutMs as number | undefined,
    metadata: metadata as Readonly<Record<string, unknown>> | undefined,
    component: 'AGENT',
    reads: { steps: [], init: false },
    execute: (context) => ask(agent, options, context, outputSchema !== undefined),
  });
}

/** Asks the agent, and passes its chunks on as they come. */
async function ask(
  agent: Agent,
  given: Readonly<Record<string, unknown>>,
  context: StepContext,
  structured: boolean,
): Promise<unknown> {
  const { inputData, requestContext, abortSignal } = context;
  const { prompt } = inputData as { readonly prompt: string };
  let finished: Answer | undefined;
  const options = {
    ...given,
    requestContext,
    abortSignal,
    onFinish: async (result: unknown) => {
      if (isObject(result)) finished = result;
      const { onFinish } = given;
      if (typeof onFinish === 'function') await (onFinish as (result: unknown) => unknown)(result);
    },
  };
  const output = await call(agent, prompt, options);
  const told = await passOn(output, context);
  if (abortSignal.aborted) {
    context.abort();
    return undefined;
  }
  const answer: Answer = finished ?? (isObject(output) ? output : {});
  const object: unknown = await answer.object;
  if (structured && object !== undefined && object !== null) return object;
  if (structured) throw withoutObject(context.stepId);
  return { text: (await answer.text) ?? told };
}

async function call(
  agent: Agent,
  prompt: string,
  options: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { requestContext } = options;
  const model: unknown = await agent.getModel?.({ requestContext });
  const isFirst = isObject(model) && model['specificationVersion'] === 'v1';
  if (isFirst && agent.streamLegacy !== undefined) return agent.streamLegacy(prompt, options);
  if (agent.stream !== undefined) return agent.stream(prompt, options);
  return agent.generate?.(prompt, options);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The chunks of an answer; one that came as a whole has one chunk, with what it cost. */
function chunksOf(output: unknown): AsyncIterable<unknown> | readonly unknown[] {
  const stream = isObject(output) ? output['fullStream'] : undefined;
  if (isIterable(stream)) return stream;
  if (isIterable(output)) return output;
  const usage = isObject(output) ? (output['totalUsage'] ?? output['usage']) : undefined;
  return usage === undefined ? [] : [{ type: 'finish', usage }];
}

/**
 * Writes the chunks of an answer to the stream of the run; resolves with the text that they make up. Rejects with a TripWire
 * when the agent was stopped on purpose, and with the error that it tells of.
 */
async function passOn(output: unknown, { writer }: StepContext): Promise<string> {
  let text = '';
  for await (const chunk of chunksOf(output)) {
    await write(writer, chunk);
    const { type, fields } = readChunk(chunk);
    if (type === 'tripwire') throw tripped(fields);
    if (type === 'error') throw errorOf(fields['error'] ?? fields);
    text += textOfChunk(chunk);
  }
  return text;
}

/** A chunk may hold what cannot be stored, a function of the model's client perhaps; that is no reason to fail. */
async function write(writer: StepWriter, chunk: unknown): Promise<void> {
  try {
    await writer.write(chunk);
  } catch (error) {
    if (!isWorkflowError(error, 'WORKFLOW_VALUE_NOT_STORABLE')) throw error;
    await writer.write(JSON.parse(JSON.stringify(chunk)));
  }
}

function tripped(payload: Readonly<Record<string, unknown>>): TripWire {
  const { reason, tripwireReason, retry, metadata, processorId } = payload;
  const why = reason ?? tripwireReason;
  return new TripWire(typeof why === 'string' ? why : 'Agent tripwire triggered', {
    ...(typeof retry === 'boolean' ? { retry } : {}),
    ...(metadata === undefined ? {} : { metadata }),
    ...(typeof processorId === 'string' ? { processorId } : {}),
  });
}

function withoutObject(stepId: string): WorkflowError {
  return new WorkflowError(
    'STRUCTURED_OUTPUT_OBJECT_UNDEFINED',
    `The agent of step "${stepId}" gave no object: its structuredOutput names a schema, which its model did not fill`,
    { details: { stepId } },
  );
}
