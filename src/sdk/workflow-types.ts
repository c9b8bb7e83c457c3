import type { AnySchema, FlowEntry, StepDefinition, WorkflowDefinition } from '../core/definition.ts';
import type { BindableWorkflow } from '../core/host.ts';
import type { SerializedGraph } from '../core/serialized-graph.ts';
import type { WorkflowState } from '../core/snapshot.ts';
import type { AgentLike, AgentOutput, AgentStepOptions } from './agent-types.ts';
import type { KnownSteps, NoSteps, TypesOf, WorkflowBehaviour, WorkflowTypes } from './definition-types.ts';
import type {
  Accepted,
  Arm,
  ContextFor,
  ElementOf,
  EntryOptions,
  Expects,
  ForeachOptions,
  LoopCondition,
  LoopContextFor,
  PredicateCondition,
  SleepFunction,
  StepsOf,
  With,
} from './entry-types.ts';
import type { CheckedMapping, MappedOutput, MappedStep, Mapping } from './mapping-types.ts';
import type { Run } from './run-types.ts';
import type { InputOf, Known, MaybePromise, OutputOf } from './schema.ts';
import type { KnownStep, StepLike, StepOutput } from './step-types.ts';
import type {
  CreateRunOptions,
  ListRunsOptions,
  WorkflowRuns,
  WorkflowStateField,
} from './stored-run-types.ts';
import type { ToolLike, ToolStepOptions } from './tool-types.ts';

declare const workflowTypes: unique symbol;
declare const lastOutput: unique symbol;

/** The validated input of a workflow, when `Of` is the type of one; else `Of` itself. */
export type InitOf<Of> = Of extends { readonly [workflowTypes]: infer Types extends WorkflowTypes }
  ? Types['init']
  : Of;

/** The only thing that `commit` asks for: the last entry gives what the workflow's `outputSchema` declares. */
export interface EndsWith<Output> {
  readonly [lastOutput]: Output;
}

/** What a workflow takes in as a step. Of a workflow that nothing is known about, nobody knows what it takes. */
type TakenBy<Types extends WorkflowTypes, Taken> = undefined extends Types['inputSchema'] ? never : Taken;

/**
 * A workflow: a chain of entries, each of which takes the output of the one before. The methods that add an entry change
 * this object and return it under its new type, so chain them; {@link Workflow.commit} ends the chain.
 *
 * Do not `await` a workflow or return one from an async function: it has a method `then`, which promises take for theirs.
 *
 * @typeParam Types What the workflow's own schemas say.
 * @typeParam Last Output of the last entry so far.
 * @typeParam Steps The steps added so far, by their ids.
 */
export interface Workflow<
  Types extends WorkflowTypes = WorkflowTypes,
  Last = unknown,
  Steps extends KnownSteps = KnownSteps,
> extends WorkflowDefinition,
    BindableWorkflow,
    EndsWith<Last>,
    StepLike<
      Types['id'],
      TakenBy<Types, Types['input']>,
      Types['output'],
      TakenBy<Types, Types['state']>,
      Steps[keyof Steps]['resume'],
      Steps[keyof Steps]['suspend']
    > {
  readonly id: Types['id'];
  readonly inputSchema: Types['inputSchema'];
  readonly outputSchema: Types['outputSchema'];
  readonly stateSchema: Types['stateSchema'];
  readonly requestContextSchema: Types['requestContextSchema'];
  readonly warnings: readonly string[];
  /** The steps so far by their ids, with those that stand for mappings and sleeps. */
  readonly steps: Readonly<Record<string, StepDefinition>>;
  /** What was given as `steps`. */
  readonly stepDefs: readonly unknown[] | undefined;
  /** The entries so far, with their functions. */
  readonly stepGraph: readonly FlowEntry[];
  /** The same, as they are shown. */
  readonly serializedStepGraph: SerializedGraph;
  readonly engineType: 'evented';
  /** What was given as `options`, with its defaults. */
  readonly options: WorkflowBehaviour;
  /** Types only; there is no such property at run time. */
  readonly [workflowTypes]: Types;

  /**
   * Adds a step, or a workflow. Its input has to accept the output of the entry before. A workflow is executed as a run of
   * its own, and its result is its output; the same holds for those in blocks and loops. It must not contain this one.
   */
  then<Id extends string, Output, Resume, Suspend>(
    step: StepLike<Id, Last, Output, Types['state'], Resume, Suspend>,
  ): Workflow<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output, Resume, Suspend> }>;

  /**
   * Adds an agent as a step: any object with `stream` or `generate`, or the id under which the runtime was given one. See
   * `createStep`; the options are the same.
   */
  agent<const AgentId extends string, Out extends AnySchema = AnySchema, const Id extends string = AgentId>(
    agent: Expects<Last, { readonly prompt: string }, AgentLike<AgentId> | AgentId>,
    options?: AgentStepOptions<Out>,
    name?: { readonly id?: Id },
  ): Workflow<Types, AgentOutput<Out>, Steps & { readonly [Key in Id]: KnownStep<AgentOutput<Out>, never> }>;

  /** Adds a tool as a step. See `createStep`; the options are the same. */
  tool<
    const ToolId extends string,
    In extends AnySchema,
    Out extends AnySchema,
    Resume extends AnySchema = AnySchema,
    Suspend extends AnySchema = AnySchema,
    const Id extends string = ToolId,
  >(
    tool: Expects<Last, InputOf<In>, ToolLike<ToolId, In, Out, Resume, Suspend>>,
    options?: ToolStepOptions,
    name?: { readonly id?: Id },
  ): Workflow<
    Types,
    OutputOf<Out>,
    Steps & {
      readonly [Key in Id]: KnownStep<OutputOf<Out>, Known<InputOf<Resume>, never>, OutputOf<Suspend>>;
    }
  >;
  /**
   * The same by the id under which the runtime was given the tool; whether it takes the output of the entry before is known
   * when it is executed. `Output` is the caller's claim.
   */
  tool<Output = unknown, const ToolId extends string = string, const Id extends string = ToolId>(
    tool: ToolId,
    options?: ToolStepOptions,
    name?: { readonly id?: Id },
  ): Workflow<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output> }>;

  /**
   * Adds steps that run at the same time with the same input, 1 to 100. All of them settle; then a failed one fails the
   * run, and a suspended one suspends it. Output: that of each step by its id.
   */
  parallel<const Arms extends readonly Accepted<Types, Last>[]>(
    steps: Arms,
    options?: EntryOptions,
  ): Workflow<Types, { [One in Arms[number] as One['id']]: StepOutput<One> }, With<Steps, Arms[number]>>;

  /**
   * Adds steps with conditions, 1 to 100. Every step whose condition holds runs, at the same time as the others and with
   * the same input. Output: that of each step that ran by its id; without any, an empty object, and the run goes on.
   */
  branch<const Arms extends readonly Arm<Types, Last, Steps>[]>(
    arms: Arms,
    options?: EntryOptions,
  ): Workflow<Types, { [One in StepsOf<Arms> as One['id']]?: StepOutput<One> }, With<Steps, StepsOf<Arms>>>;

  /**
   * Adds a step that is executed at least once, and again as long as the condition holds, at most 1,000,000 times: then the
   * run fails with WORKFLOW_LIMIT_EXCEEDED. Each iteration takes the output of the one before, so the step has to accept its
   * own output. Output: that of the last iteration. The names of `options` are shown only: the result of the loop is that of
   * the step.
   */
  dowhile<Id extends string, Output, Resume, Suspend>(
    step: StepLike<Id, Last | NoInfer<Output>, Output, Types['state'], Resume, Suspend>,
    condition:
      | LoopCondition<
          LoopContextFor<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output, Resume, Suspend> }>
        >
      | PredicateCondition,
    options?: EntryOptions,
  ): Workflow<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output, Resume, Suspend> }>;

  /** The same as {@link dowhile}, but again as long as the condition does not hold. */
  dountil<Id extends string, Output, Resume, Suspend>(
    step: StepLike<Id, Last | NoInfer<Output>, Output, Types['state'], Resume, Suspend>,
    condition:
      | LoopCondition<
          LoopContextFor<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output, Resume, Suspend> }>
        >
      | PredicateCondition,
    options?: EntryOptions,
  ): Workflow<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output, Resume, Suspend> }>;

  /**
   * Adds a step that is executed for each element of the array that the entry before gives, at most 16,384: then the run
   * fails with WORKFLOW_LIMIT_EXCEEDED. Elements are launched in their order, `concurrency` of them at once. Output: those
   * of the step, in the order of the elements. After the first element that is no success no other is launched, and those in
   * flight finish. The names of `options` are shown only: the result is that of the step.
   */
  foreach<Id extends string, Output, Resume, Suspend>(
    step: StepLike<Id, ElementOf<Last>, Output, Types['state'], Resume, Suspend>,
    options?: ForeachOptions<ContextFor<Types, Last, Steps>>,
  ): Workflow<Types, Output[], Steps & { readonly [Key in Id]: KnownStep<Output[], Resume, Suspend> }>;

  /**
   * Adds a pause of so many milliseconds, 0 to 8,640,000,000,000,000, and passes its input on; no process has to live
   * through it. A negative number that a function returns does not wait. The result has the id of the sleep, which nothing
   * else in the workflow may have; by default it is `sleep_<workflow id>_<number>`.
   */
  sleep<const Id extends string = never>(
    duration: number | SleepFunction<ContextFor<Types, Last, Steps>, number>,
    options?: EntryOptions<Id>,
  ): Workflow<Types, Last, Steps & { readonly [Key in Id]: KnownStep<Last, never> }>;

  /** The same as {@link sleep}, but until a date. One that has passed does not wait. */
  sleepUntil<const Id extends string = never>(
    date: Date | SleepFunction<ContextFor<Types, Last, Steps>, Date>,
    options?: EntryOptions<Id>,
  ): Workflow<Types, Last, Steps & { readonly [Key in Id]: KnownStep<Last, never> }>;

  /** Adds a step that computes its output from what the run knows so far. */
  map<Output, const Id extends string = never>(
    compute: (context: ContextFor<Types, Last, Steps>) => MaybePromise<Output>,
    options?: EntryOptions<Id>,
  ): Workflow<Types, Output, Steps & { readonly [Key in Id]: KnownStep<Output, never> }>;
  /**
   * Adds a step that puts together an object, each key by its own rule: `{ value }`, `{ fn }`, `{ template }`,
   * `{ requestContextPath }`, `{ step, path }` or `{ initData, path }`. A path is dotted, and `.` is the whole value; a missing last part gives
   * undefined, a path through something that is no object fails the run with WORKFLOW_MAPPING_PATH_INVALID.
   */
  map<
    const Config extends Readonly<Record<string, Mapping<ContextFor<Types, Last, Steps>>>>,
    const Id extends string = never,
  >(
    config: Config & { readonly [Key in keyof Config]: CheckedMapping<Config[Key], Types, Steps> },
    options?: EntryOptions<Id>,
  ): Workflow<
    Types,
    MappedOutput<Config, Types, Steps>,
    Steps & MappedStep<Id, MappedOutput<Config, Types, Steps>>
  >;

  /** @deprecated Throws WORKFLOW_WAIT_FOR_EVENT_REMOVED: let a step suspend, and resume it. */
  waitForEvent(...options: readonly unknown[]): never;

  /** Ends the definition: nothing can be added any more, and runs can be created. */
  commit(this: EndsWith<Types['output']>): Workflow<Types, Last, Steps>;

  /**
   * Makes a run, stored as `pending`, or returns the one of this id. It lives in the runtime that serves this workflow: the
   * one that was created last among those that are open, and without any a private one in memory.
   *
   * Rejects with WORKFLOW_EMPTY_GRAPH, WORKFLOW_NOT_COMMITTED, or WORKFLOW_RUNTIME_CLOSED when every runtime of this
   * workflow has been closed.
   */
  createRun(options?: CreateRunOptions): Promise<Run<Types, Steps>>;

  /**
   * The stored run of this workflow, or null. With `fields`, those that are not named are absent; the metadata and the
   * status are always there, and `requestContext` only when it is named. With `withNestedWorkflows: false`, the steps of
   * nested workflows are absent. Rejects with WORKFLOW_ARGUMENT_INVALID for a field that there is not.
   */
  getWorkflowRunById<Field extends WorkflowStateField = Exclude<WorkflowStateField, 'requestContext'>>(
    runId: string,
    options?: { readonly fields?: readonly Field[]; readonly withNestedWorkflows?: boolean },
  ): Promise<Omit<WorkflowState, Exclude<WorkflowStateField, Field>> | null>;

  /** The stored runs of this workflow, newest first. Each one of the page is read in full. */
  listWorkflowRuns(options?: ListRunsOptions): Promise<WorkflowRuns>;

  /**
   * The stored runs of this workflow that go on by themselves, newest first: those that are `running` and those that are
   * `waiting`. Each one is read in full. A run that changes from one of them to the other meanwhile may be missing.
   */
  listActiveWorkflowRuns(): Promise<WorkflowRuns>;

  /**
   * Removes a stored run and those nested in it for good; one that is active is canceled before. Nothing happens when there
   * is none.
   */
  deleteWorkflowRunById(runId: string): Promise<void>;

  /**
   * Restarts all runs of this workflow that go on by themselves, see `Run.restart`: for a place whose only process has just
   * been started. Rejects at the end with the first error, after it has tried each one.
   */
  restartAllActiveWorkflowRuns(): Promise<void>;
}

/** The workflow that a call of `createWorkflow` makes: without an entry so far. */
export type WorkflowOf<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
> = Workflow<TypesOf<Id, In, Out, State, Context>, OutputOf<In>, NoSteps>;
