import type { AnySchema, CallbackDefinitions, RetryConfig, WorkflowDefinition } from '../core/definition.ts';
import type { ScheduleOption } from './schedule-types.ts';
import type { Given, InputOf, KeysOf, Known, OutputOf } from './schema.ts';
import type { ContextOf, KnownStep } from './step-types.ts';

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
  /** For people who look at the workflow. @default none */
  readonly description?: string;
  /** Validates the input of a run. */
  readonly inputSchema: In;
  /** Types the result. It is never validated: the output of the last entry is the result. */
  readonly outputSchema: Out;
  /**
   * Validates the initial state, and types the state of conditions and mappings.
   * @default any object is taken, and its values are of unknown type
   */
  readonly stateSchema?: State;
  /** Validates the request context of a start. @default any object is taken */
  readonly requestContextSchema?: Context;
  /**
   * Retries of every step, and of every nested workflow, that says nothing else: how often, after which pause, and after which
   * errors. @default no retry
   */
  readonly retryConfig?: RetryConfig;
  /**
   * Longest time of a run, ms, 1 to 31,536,000,000 (365 days), by the clock: whatever it does or waits for. A run that is not over
   * then fails with WORKFLOW_RUN_TIMEOUT. A start can give another one; a time travel begins anew. Nested in another workflow,
   * it is the time of each run of its own. @default none
   */
  readonly timeoutMs?: number;
  /** For people and programs that look at the workflow. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * When runs start by themselves: a {@link WorkflowSchedule}, or an array of them, each with an `id` of its own. Only a
   * runtime that the workflow is registered with starts them; one that is nested in another, or belongs to no runtime, does
   * not. A clone has none. @default never
   */
  readonly schedule?: ScheduleOption<TypesOf<Id, In, Out, State, Context>>;
  /**
   * How many runs go on at the same time, and what becomes of the others. Runs that are nested in another one do not count. A
   * clone has the same, for its own runs.
   * @default no limit
   */
  readonly concurrency?: WorkflowConcurrency<TypesOf<Id, In, Out, State, Context>>;
  /** Not used: the types of results follow from the chain. Found again as `stepDefs`. @default none */
  readonly steps?: readonly unknown[];
  /** How its runs behave. @default those of {@link WorkflowBehaviour} */
  readonly options?: WorkflowBehaviour;
}

/** See {@link WorkflowOptions.concurrency}. */
export interface WorkflowConcurrency<Types extends WorkflowTypes = WorkflowTypes> {
  /**
   * Runs of one key that go on at the same time, 1 to 1,000: from their start until they are over, also while they are suspended,
   * paused or asleep.
   */
  readonly limit: number;
  /**
   * What runs are counted by, 1 to 512 characters: runs of different keys do not wait for each other. Asked once for each start,
   * with the validated input; it has to be pure. What it throws refuses the start (WORKFLOW_ARGUMENT_INVALID).
   * @default one key for all runs of the workflow
   */
  key?(start: {
    readonly inputData: Types['init'];
    readonly resourceId?: string;
    readonly requestContext: Readonly<Partial<Types['requestContext']>>;
  }): string;
  /**
   * What becomes of a start that finds no place:
   * - `queue`: it is stored, and begins when its turn comes, in the order of the starts. At most 1,000 wait under one key; a start
   *   beyond them is refused with WORKFLOW_CONCURRENCY_LIMIT. (A queue is one item of DynamoDB, which holds 400 KB, so fewer wait
   *   when their ids are very long.)
   * - `reject`: it is refused with WORKFLOW_CONCURRENCY_LIMIT, and nothing is stored.
   * - `return`: the run that goes on is answered in its place, with `changed: false`; only with a limit of 1.
   * @default 'queue'
   */
  readonly whenFull?: 'queue' | 'reject' | 'return';
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
  /**
   * Whether streams, watchers and the events route tell that steps of this workflow began, wait, progress and ended. With
   * `false` they tell what happens to the run, what its steps write, and which of them is suspended. It is about the
   * workflow's own steps, also where it is nested: those of a workflow that is nested in it are told unless that one says
   * otherwise. The history keeps all of it in any case. @default true
   */
  readonly emitStepEvents?: boolean | undefined;
  /**
   * Accepted and without effect: no run has to be restarted when a process begins. Whatever a dead worker was executing comes
   * back to those that live by its message, which carries the run in any case. @default none: either value does the same
   */
  readonly autoRestartActiveRuns?: boolean | undefined;
  /**
   * Accepted and without effect: `shouldPersistSnapshot` is about what queries show, and the engine keeps its own records
   * whatever that says; so no operation has to ask it first. @default none: either value does the same
   */
  readonly evaluatePersistencePredicateBeforeDurableOperation?: boolean | undefined;
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
