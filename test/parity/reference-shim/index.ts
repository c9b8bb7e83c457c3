import { createWorkflow as create, type Workflow, type WorkflowOptions } from '../../../src/index.ts';
import type { AnySchema } from '../../../src/core/definition.ts';
import type { OutputOf } from '../../../src/sdk/schema.ts';
import type { AnyStep, KnownStep, StepTypesOf } from '../../../src/sdk/step-types.ts';
import type { TypesOf } from '../../../src/sdk/definition-types.ts';

/**
 * The surface that a test written for the reference uses. Such a test runs on this engine by importing this module
 * instead, and by constructing the host with a place of `storage.ts`.
 */
export { cloneStep, cloneWorkflow, createStep, mapVariable, RequestContext } from '../../../src/index.ts';
export { Agent, wordsModel } from './agent.ts';
export { Host } from './host.ts';
export { createTool } from './tool.ts';
export { type Storage, storageIn, storageWithVirtualTime } from './storage.ts';

/** What the compiler knows of the steps that were listed for it. */
type Listed<Steps extends readonly AnyStep[]> = {
  readonly [One in Steps[number] as One['id']]: KnownStep<
    StepTypesOf<One>['output'],
    StepTypesOf<One>['resume'],
    StepTypesOf<One>['suspend']
  >;
};

/** As in the reference: `steps` only types results, for a workflow that is not built in one chain. */
export function createWorkflow<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
  const Steps extends readonly AnyStep[] = [],
>(
  options: WorkflowOptions<Id, In, Out, State, Context> & { readonly steps?: Steps },
): Workflow<TypesOf<Id, In, Out, State, Context>, OutputOf<In>, Listed<Steps>> {
  return create(options) as never;
}
