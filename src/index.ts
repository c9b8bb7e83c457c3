import type { AnySchema, WorkflowDefinition } from './core/definition.ts';
import type { WorkflowHost } from './core/host.ts';
import { copyWorkflow, defineWorkflow } from './sdk/workflow.ts';
import type { KnownSteps, Renamed, WorkflowOptions, WorkflowTypes } from './sdk/definition-types.ts';
import type { Workflow, WorkflowOf } from './sdk/workflow-types.ts';

/**
 * The authoring door: what a module needs that defines workflows and runs them. It loads no schema library and no place to
 * run in; those come with `evented-workflows/runtime` and its neighbours, or with the first run of a workflow that belongs
 * to no runtime.
 */
export type {
  AnySchema,
  Reads,
  RetryConfig,
  StepDefinition,
  StepWriter,
  SuspendOptions,
  WorkflowDefinition,
} from './core/definition.ts';
export {
  type ErrorCode,
  type ErrorDetails,
  isWorkflowError,
  NonRetryableError,
  type ValidationIssue,
  WorkflowError,
} from './core/errors.ts';
export type { Graph, GraphEntry, GraphStep } from './core/graph.ts';
export type { OutputOptions } from './core/host.ts';
export type { Predicate, PredicatePath, PredicateValue } from './core/predicate.ts';
export type { RunStatus } from './core/records.ts';
export { RequestContext } from './core/request-context.ts';
export type { SerializedEntry, SerializedGraph, SerializedStep } from './core/serialized-graph.ts';
export type {
  RunResult,
  ParkedState,
  StepResult,
  StepResultStatus,
  Tripwire,
  WorkflowRunState,
  WorkflowState,
} from './core/snapshot.ts';
export { TripWire } from './core/tripwire.ts';
export type { AgentLike, AgentOutput, AgentStep, AgentStepOptions } from './sdk/agent-types.ts';
export type {
  Bailed,
  ExecuteContext,
  GetStepResult,
  LoopContext,
  ReadContext,
  Suspended,
} from './sdk/context.ts';
export { mapVariable } from './sdk/mapping.ts';
export type { Mapping } from './sdk/mapping-types.ts';
export type {
  RequestContextInput,
  ResumeArguments,
  ResumeTarget,
  Run,
  StartArguments,
  StepResultOf,
  StreamArguments,
  StepResults,
  WorkflowResult,
} from './sdk/run-types.ts';
export type {
  CustomStreamEvent,
  LegacyOutput,
  LegacyStreamEvent,
  Usage,
  WorkflowRunOutput,
  WorkflowStreamEvent,
  WorkflowWatchEvent,
} from './sdk/stream-types.ts';
export { cloneStep, createStep, createStepFromAgent, createStepFromTool } from './sdk/step.ts';
export type {
  AnyStep,
  KnownStep,
  Step,
  StepLike,
  StepOf,
  StepOutput,
  StepParams,
  StepResume,
} from './sdk/step-types.ts';
export type { ToolContext, ToolLike, ToolStep, ToolStepOptions } from './sdk/tool-types.ts';
export type {
  KnownSteps,
  NoSteps,
  Renamed,
  TypesOf,
  WorkflowBehaviour,
  WorkflowConcurrency,
  WorkflowOptions,
  WorkflowTypes,
} from './sdk/definition-types.ts';
export type {
  Condition,
  EntryOptions,
  ForeachOptions,
  LoopCondition,
  PredicateCondition,
  SleepFunction,
} from './sdk/entry-types.ts';
export type { ScheduleFields, ScheduleOption, WorkflowSchedule } from './sdk/schedule-types.ts';
export type {
  CreateRunOptions,
  ListRunsOptions,
  WorkflowRun,
  WorkflowRuns,
  WorkflowStateField,
} from './sdk/stored-run-types.ts';
export type { InitOf, Workflow, WorkflowOf } from './sdk/workflow-types.ts';

/** A runtime in memory for one workflow. Loaded on first use: most programs bring a runtime of their own. */
async function privateRuntime(workflow: WorkflowDefinition): Promise<WorkflowHost> {
  const [{ createRuntime }, { memoryBackend }] = await Promise.all([
    import('./runtime/index.ts'),
    import('./adapters/memory/index.ts'),
  ]);
  return createRuntime({ workflows: [workflow], backend: memoryBackend(), schedules: false });
}

/**
 * Begins a workflow: add entries with `.then`, `.parallel`, `.branch`, `.dowhile`, `.dountil`, `.foreach`, `.sleep`, `.sleepUntil` and
 * `.map`, and end with `.commit()`. The types of input, output and state follow from its schemas.
 *
 * Its runs live in the runtime that it is given to (`createRuntime` of `evented-workflows/runtime`). Without any, they live in
 * a private one in memory, which is made on first use and ends with the process.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for an empty id, a missing or foreign schema, or retries outside 0 to 999.
 */
export function createWorkflow<
  const Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
>(options: WorkflowOptions<Id, In, Out, State, Context>): WorkflowOf<Id, In, Out, State, Context> {
  return defineWorkflow(options, privateRuntime);
}

/**
 * The same workflow under another id: its schemas, its description, its retries, its options and all that has been added to
 * it so far. The clone is committed already. The ids of its entries are those of the original, also the ones that were made
 * for mappings and sleeps; its runs are its own.
 *
 * Throws WORKFLOW_DEFINITION_INVALID for an empty id, or for what is no workflow.
 */
export function cloneWorkflow<
  const Id extends string,
  Types extends WorkflowTypes,
  Last extends Types['output'],
  Steps extends KnownSteps,
>(
  workflow: Workflow<Types, Last, Steps>,
  options: { readonly id: Id },
): Workflow<Renamed<Types, Id>, Last, Steps> {
  return copyWorkflow(workflow, options, privateRuntime);
}
