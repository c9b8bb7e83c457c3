import type { AnySchema, StepContext, StepDefinition } from '../core/definition.ts';
import { limits } from '../core/limits.ts';
import { readsOfSource } from '../core/reads.ts';
import { checkCount, checkId, checkSchema, describe, invalid, isObject, isStep } from './describe.ts';
import type { Step, StepOf, StepParams } from './step-types.ts';

const schemas = [
  ['inputSchema', true],
  ['outputSchema', true],
  ['resumeSchema', false],
  ['suspendSchema', false],
  ['stateSchema', false],
  ['requestContextSchema', false],
] as const;

/**
 * Makes a step. The types of its input, output, state, resume data and suspend payload follow from its schemas.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for an empty id, a missing or foreign schema, a body that is no function, or retries
 * that are no whole number from 0 to 999.
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
): StepOf<Id, In, Out, Resume, Suspend, State, Context> {
  if (!isObject(params)) {
    throw invalid(
      `createStep was given ${describe(params)}: give it { id, inputSchema, outputSchema, execute }`,
    );
  }
  checkId(params.id, 'A step');
  const name = `Step "${params.id}"`;
  for (const [key, required] of schemas) checkSchema(params[key], key, name, required);
  // Its `this` is bound below.
  const body: unknown = Reflect.get(params, 'execute');
  if (typeof body !== 'function') {
    throw invalid(`${name} has ${describe(body)} as its execute: give a function of the step's context`);
  }
  checkCount(params.retries, 'retries', name, limits.attempts);

  const step: StepDefinition = {
    id: params.id,
    description: params.description,
    inputSchema: params.inputSchema,
    outputSchema: params.outputSchema,
    resumeSchema: params.resumeSchema,
    suspendSchema: params.suspendSchema,
    stateSchema: params.stateSchema,
    requestContextSchema: params.requestContextSchema,
    retries: params.retries,
    // Of the author's function: the bound one has no source of its own.
    reads: readsOfSource(Function.prototype.toString.call(body)),
    execute: body.bind(params) as (context: StepContext) => unknown,
  };
  return Object.freeze(step) as StepOf<Id, In, Out, Resume, Suspend, State, Context>;
}

/**
 * The same step under another id, for a second use in one workflow whose result is not to overwrite that of the first. All
 * else is kept: schemas, description, retries and the body, whose `this` is still what `createStep` was given.
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
