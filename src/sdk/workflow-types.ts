import type {
  AnySchema,
  CallbackDefinitions,
  FlowEntry,
  RetryConfig,
  StepDefinition,
  WorkflowDefinition,
} from '../core/definition.ts';
import type { BindableWorkflow, CreateRequest } from '../core/host.ts';
import type { Predicate } from '../core/predicate.ts';
import type { RunStatus } from '../core/records.ts';
import type { SerializedGraph } from '../core/serialized-graph.ts';
import type { WorkflowRunState, WorkflowState } from '../core/snapshot.ts';
import type { AgentLike, AgentOutput, AgentStepOptions } from './agent-types.ts';
import type { LoopContext, ReadContext } from './context.ts';
import type { CheckedMapping, MappedOutput, MappedStep, Mapping } from './mapping-types.ts';
import type { Run } from './run-types.ts';
import type { Given, InputOf, KeysOf, Known, MaybePromise, OutputOf } from './schema.ts';
import type { AnyStep, ContextOf, KnownStep, StepLike, StepOutput, StepTypesOf } from './step-types.ts';
import type { ToolLike, ToolStepOptions } from './tool-types.ts';

declare const workflowTypes: unique symbol;
declare const lastOutput: unique symbol;
declare const noArray: unique symbol;
declare const expected: unique symbol;

/** What stays the same about a workflow while it is built. */
export interface WorkflowTypes {
  readonly id: string;
  /** What a caller gives to `start`. */
  readonly input: unknown;
  /** The same after validation. */
  readonly init: unknown;
  readonly output: unknown;
  /** State as a caller gives it. */
  readonly stateInput: object;
  readonly state: object;
  readonly requestContext: object;
  readonly inputSchema: AnySchema | undefined;
  readonly outputSchema: AnySchema | undefined;
  readonly stateSchema: AnySchema | undefined;
  readonly requestContextSchema: AnySchema | undefined;
}

/** Steps by their ids, as far as the builder has seen them. */
export type KnownSteps = Readonly<Record<string, KnownStep>>;

/** Before any step was added. */
export type NoSteps = { readonly [Id in never]: KnownStep };

/** The validated input of a workflow, when `Of` is the type of one; else `Of` itself. */
export type InitOf<Of> = Of extends { readonly [workflowTypes]: infer Types extends WorkflowTypes }
  ? Types['init']
  : Of;

/** The only thing that `commit` asks for: the last entry gives what the workflow's `outputSchema` declares. */
export interface EndsWith<Output> {
  readonly [lastOutput]: Output;
}

/** Name and description of an entry, for people who look at the graph. */
export interface EntryOptions<Id extends string = string> {
  /** Not empty. @default made of the entry's kind and place */
  readonly id?: Id;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** See {@link Workflow.foreach}. */
export interface ForeachOptions<Context> extends EntryOptions {
  /**
   * How many elements are in work at once, or a function that says it, once. What is less than 1 or no finite number counts
   * as 1, and fractions are cut off. @default 1
   */
  readonly concurrency?: number | ((context: Context) => MaybePromise<number>);
}

/** What a condition of `.branch` is: true takes the arm. One that throws counts as false. */
export type Condition<Context> = (context: Context) => MaybePromise<unknown>;

/** What a condition of a loop is: asked after each iteration. One that throws fails the run. */
export type LoopCondition<Context> = (context: Context) => MaybePromise<boolean>;

/** A condition as data instead of a function: shown in the graph as it is, and known by what it reads. */
export interface PredicateCondition {
  readonly predicate: Predicate;
}

/** Computes when a sleep ends, once, when the sleep begins. One that throws fails the run. */
export type SleepFunction<Context, Time extends number | Date> = (context: Context) => MaybePromise<Time>;

/** What a step has to be to come after `Last` in a workflow of `Types`. */
type Accepted<Types extends WorkflowTypes, Last> = StepLike<string, Last, unknown, Types['state']>;

/** What functions given to the builder see. */
type ContextFor<Types extends WorkflowTypes, Last, Steps extends KnownSteps> = ReadContext<
  Last,
  Types['state'],
  Types['requestContext'],
  Types['init'],
  Steps
>;

/** What the condition of a loop sees. */
type LoopContextFor<Types extends WorkflowTypes, Output, Steps extends KnownSteps> = LoopContext<
  Output,
  Types['state'],
  Types['requestContext'],
  Types['init'],
  Steps
>;

type Arm<Types extends WorkflowTypes, Last, Steps extends KnownSteps> = readonly [
  Condition<ContextFor<Types, Last, Steps>> | PredicateCondition,
  Accepted<Types, Last>,
];

/** Steps after some more were added. */
type With<Steps extends KnownSteps, More extends AnyStep> = Steps & {
  readonly [One in More as One['id']]: KnownStep<
    StepTypesOf<One>['output'],
    StepTypesOf<One>['resume'],
    StepTypesOf<One>['suspend']
  >;
};

/** What a step of `.foreach` takes: one element. Of what is no array, nothing that a step could take. */
type ElementOf<Last> = unknown extends Last
  ? Last
  : [Last] extends [readonly (infer Element)[]]
    ? Element
    : NoArray<Last>;

/** What the compiler shows where `.foreach` follows on something that is no array; no value is one. */
interface NoArray<Last> {
  readonly [noArray]: Last;
}

/** `Argument`, if what it takes can be what comes before; else what the compiler shows. */
type Expects<Last, Taken, Argument> = [Last] extends [Taken] ? Argument : Expected<Taken>;

/** What the compiler shows where the entry before gives something else than what is expected; no value is one. */
interface Expected<Taken> {
  readonly [expected]: Taken;
}

/** What a workflow takes in as a step. Of a workflow that nothing is known about, nobody knows what it takes. */
type TakenBy<Types extends WorkflowTypes, Taken> = undefined extends Types['inputSchema'] ? never : Taken;

/** The steps of arms: any number of them. */
type StepsOf<Arms extends readonly (readonly [unknown, AnyStep])[]> = Arms[number][1];

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

/** See {@link Workflow.createRun}. */
export interface CreateRunOptions {
  /** 1 to 200 characters. @default a new UUID */
  readonly runId?: string;
  /** A grouping key of your own, by which runs are listed: a user, a tenant. At most 200 characters. */
  readonly resourceId?: string;
  /**
   * What is kept of the run beside its records: every state (`full`), what streams need while it runs and a day after
   * (`stream`), or nothing. @default what its workflow says, else its runtime
   */
  readonly history?: CreateRequest['history'];
}

/** Fields of a stored run that need not be asked for, see {@link Workflow.getWorkflowRunById}. */
export type WorkflowStateField = Exclude<
  keyof WorkflowState,
  'runId' | 'workflowName' | 'resourceId' | 'createdAt' | 'updatedAt' | 'status'
>;

/** See {@link Workflow.listWorkflowRuns}. */
export interface ListRunsOptions {
  readonly status?: RunStatus;
  readonly resourceId?: string;
  /** Created at or after. */
  readonly fromDate?: Date;
  /** Created at or before. */
  readonly toDate?: Date;
  /** From 0. Counts only together with `perPage`. */
  readonly page?: number;
  /** At least 1; false or absent: all runs. */
  readonly perPage?: number | false;
}

/** A page of runs, and how many there are in all pages. */
export interface WorkflowRuns {
  readonly runs: readonly WorkflowRun[];
  readonly total: number;
}

/** One stored run in a list. */
export interface WorkflowRun {
  readonly workflowName: string;
  readonly runId: string;
  readonly resourceId?: string;
  readonly snapshot: WorkflowRunState;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What `createWorkflow` takes. Schemas are any Standard Schema: zod 3 and 4, valibot, arktype and others. */
export interface WorkflowOptions<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
> {
  /** Name of the workflow; unique within a runtime. Not empty. */
  readonly id: Id;
  /** For people who look at the workflow. */
  readonly description?: string;
  /** Validates the input of a run. */
  readonly inputSchema: In;
  /** Types the result. It is never validated: the output of the last entry is the result. */
  readonly outputSchema: Out;
  /** Validates the initial state, and types the state of conditions and mappings. */
  readonly stateSchema?: State;
  /** Validates the request context of a start. */
  readonly requestContextSchema?: Context;
  /** Retries of every step that sets none of its own. `attempts` 0 to 999, `delay` in ms. @default no retry */
  readonly retryConfig?: RetryConfig;
  /** For people and programs that look at the workflow. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Not used: the types of results follow from the chain. Found again as `stepDefs`. */
  readonly steps?: readonly unknown[];
  readonly options?: WorkflowBehaviour;
}

/** How the runs of a workflow behave. */
export interface WorkflowBehaviour extends CallbackDefinitions {
  /** Validate inputs, state, resume data and request contexts at run time. @default true */
  readonly validateInputs?: boolean | undefined;
  /** Refuse two different steps of one id, whose results would overwrite each other. @default false: a warning */
  readonly strictIds?: boolean | undefined;
  /**
   * Asked at each status whether queries (`getWorkflowRunById`, lists) may show the run as it is then; otherwise they show it
   * as it was last let through. The engine keeps its own records in any case. @default always
   */
  readonly shouldPersistSnapshot?: WorkflowDefinition['shouldPersistSnapshot'];
  /** Changes what queries show of a run, which is JSON-like. Pure. @default nothing is changed */
  readonly pruneSnapshot?: WorkflowDefinition['pruneSnapshot'];
  /** Whether each run keeps every state it goes through. @default what its runtime says */
  readonly history?: 'full' | 'none' | undefined;
  /** Accepted and without effect: streams always tell of steps. */
  readonly emitStepEvents?: boolean | undefined;
}

/** What the schemas of a workflow say. */
export interface TypesOf<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
> extends WorkflowTypes {
  readonly id: Id;
  readonly input: InputOf<In>;
  readonly init: OutputOf<In>;
  readonly output: OutputOf<Out>;
  readonly stateInput: Known<InputOf<State>, Record<string, unknown>> extends infer Keys extends object
    ? Keys
    : never;
  readonly state: KeysOf<OutputOf<State>>;
  readonly requestContext: ContextOf<Context>;
  readonly inputSchema: In;
  readonly outputSchema: Out;
  readonly stateSchema: Given<State>;
  readonly requestContextSchema: Given<Context>;
}

/** What is said of a workflow, under another id. */
export interface Renamed<Types extends WorkflowTypes, Id extends string> extends WorkflowTypes {
  readonly id: Id;
  readonly input: Types['input'];
  readonly init: Types['init'];
  readonly output: Types['output'];
  readonly stateInput: Types['stateInput'];
  readonly state: Types['state'];
  readonly requestContext: Types['requestContext'];
  readonly inputSchema: Types['inputSchema'];
  readonly outputSchema: Types['outputSchema'];
  readonly stateSchema: Types['stateSchema'];
  readonly requestContextSchema: Types['requestContextSchema'];
}

/** The workflow that a call of `createWorkflow` makes: without an entry so far. */
export type WorkflowOf<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
> = Workflow<TypesOf<Id, In, Out, State, Context>, OutputOf<In>, NoSteps>;
