import type { AnySchema, RetryConfig, StepContext, StepDefinition } from '../core/definition.ts';
import { readsOfSource } from '../core/reads.ts';
import {
  checkId,
  checkMetadata,
  checkSchema,
  checkTimeout,
  describe,
  invalid,
  isObject,
  isStep,
} from './describe.ts';
import { agentStep, isAgent } from './agent-step.ts';
import type { AgentLike, AgentStep, AgentStepOptions } from './agent-types.ts';
import { checkRetries } from './retry-options.ts';
import type { Step, StepOf, StepParams } from './step-types.ts';
import { isTool, toolStep } from './tool-step.ts';
import type { ToolBody, ToolLike, ToolStep, ToolStepOptions, ToolWithContext } from './tool-types.ts';

const schemas = [
  ['inputSchema', true],
  ['outputSchema', true],
  ['resumeSchema', false],
  ['suspendSchema', false],
  ['stateSchema', false],
  ['requestContextSchema', false],
] as const;

/**
 * Makes a step of an agent: any object with `stream` or `generate`, which gets the `prompt` of the input. Its chunks go to the
 * stream of the run, and its answer is the output: `{ text }`, or the object that `structuredOutput` asks for.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for an agent without an id or a name, or options that are none.
 */
export function createStep<const Id extends string, Out extends AnySchema = AnySchema>(
  agent: AgentLike<Id>,
  options?: AgentStepOptions<Out>,
): AgentStep<Id, Out>;
/**
 * Makes a step of its id, its schemas and its body. The types of its input, output, state, resume data and suspend payload
 * follow from its schemas.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for an empty id, a missing or foreign schema, a body that is no function, retries that
 * are no whole number from 0 to 999, a malformed retryConfig, or a timeoutMs that is none from 1 to 2,147,483,647.
 */
export function createStep<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
>(
  params: StepParams<Id, In, Out, Resume, Suspend, State, Context>,
): StepOf<Id, In, Out, Resume, Suspend, State, Context>;
/**
 * Makes a step of a tool: an object with an id, schemas, and `execute(input, context)`. A tool is told from the parameters of a
 * step by its second parameter; one that has none needs options, if only `{}`.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for a tool without an id or without schemas of its input and output.
 */
export function createStep<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Body extends ToolBody,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
>(
  tool: ToolLike<Id, In, Out, Resume, Suspend> & ToolWithContext<Body>,
): ToolStep<Id, In, Out, Resume, Suspend>;
/** The same with options, by which a tool is told whose body has no second parameter. */
export function createStep<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
>(
  tool: ToolLike<Id, In, Out, Resume, Suspend>,
  options: ToolStepOptions,
): ToolStep<Id, In, Out, Resume, Suspend>;
/** The same as the form with parameters: of the last one, the compiler tells what is wrong and where. */
export function createStep<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
>(
  params: StepParams<Id, In, Out, Resume, Suspend, State, Context>,
): StepOf<Id, In, Out, Resume, Suspend, State, Context>;
export function createStep(given: unknown, options?: unknown): StepDefinition {
  if (isAgent(given)) return agentStep(given, options);
  if (isTool(given) || options !== undefined) return toolStep(given, options);
  return stepOf(given);
}

/** Makes a step of its parameters. */
function stepOf(params: unknown): StepDefinition {
  if (!isObject(params)) {
    throw invalid(
      `Invalid input: expected StepParams, Agent or ToolStep. createStep was given ${describe(params)}: give it { id, inputSchema, outputSchema, execute }, an agent or a tool`,
    );
  }
  const { id, description, retries, retryConfig, timeoutMs, metadata } = params;
  checkId(id, 'A step');
  const name = `Step "${id}"`;
  for (const [key, required] of schemas) checkSchema(params[key], key, name, required);
  // Its `this` is bound below.
  const body: unknown = Reflect.get(params, 'execute');
  if (typeof body !== 'function') {
    throw invalid(`${name} has ${describe(body)} as its execute: give a function of the step's context`);
  }
  checkRetries(params, name);
  checkTimeout(timeoutMs, name);
  checkMetadata(metadata, name);
  const schema = (key: (typeof schemas)[number][0]) => params[key] as AnySchema | undefined;
  return Object.freeze<StepDefinition>({
    id,
    description: description as string | undefined,
    inputSchema: schema('inputSchema'),
    outputSchema: schema('outputSchema'),
    resumeSchema: schema('resumeSchema'),
    suspendSchema: schema('suspendSchema'),
    stateSchema: schema('stateSchema'),
    requestContextSchema: schema('requestContextSchema'),
    retries: retries as number | undefined,
    retryConfig: retryConfig as RetryConfig | undefined,
    timeoutMs,
    metadata,
    // Of the author's function: the bound one has no source of its own.
    reads: readsOfSource(Function.prototype.toString.call(body)),
    execute: body.bind(params) as (context: StepContext) => unknown,
  });
}

/** Makes a step of an agent, as `createStep` does: the form that says what it expects. */
export function createStepFromAgent<const Id extends string, Out extends AnySchema = AnySchema>(
  agent: AgentLike<Id>,
  options?: AgentStepOptions<Out>,
): AgentStep<Id, Out> {
  if (isAgent(agent)) return agentStep(agent, options) as AgentStep<Id, Out>;
  throw invalid(`createStepFromAgent was given ${describe(agent)}: give an object with stream or generate`);
}

/** Makes a step of a tool, as `createStep` does, also of one whose body has no second parameter. */
export function createStepFromTool<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
>(
  tool: ToolLike<Id, In, Out, Resume, Suspend>,
  options?: ToolStepOptions,
): ToolStep<Id, In, Out, Resume, Suspend> {
  return toolStep(tool, options) as ToolStep<Id, In, Out, Resume, Suspend>;
}

/**
 * The same step under another id, for a second use in one workflow whose result is not to overwrite that of the first. All
 * else is kept: schemas, description, retries, timeout and the body, whose `this` is still what `createStep` was given.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for an empty id, or for what is no step.
 */
export function cloneStep<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema,
  Suspend extends AnySchema,
  State extends AnySchema,
  Context extends AnySchema,
>(
  step: StepOf<string, In, Out, Resume, Suspend, State, Context>,
  options: { readonly id: Id },
): StepOf<Id, In, Out, Resume, Suspend, State, Context>;
/** The same of a step whose schemas are not known by their types. */
export function cloneStep<const Id extends string, Input, Output, State extends object, Resume, Suspend>(
  step: Step<string, Input, Output, State, Resume, Suspend>,
  options: { readonly id: Id },
): Step<Id, Input, Output, State, Resume, Suspend>;
export function cloneStep(step: unknown, options: unknown): StepDefinition {
  if (!isStep(step))
    throw invalid(`cloneStep was given ${describe(step)}: give it a step made by createStep`);
  const id = isObject(options) ? options['id'] : options;
  checkId(id, `The clone of step "${step.id}"`);
  return Object.freeze({ ...step, id });
}
