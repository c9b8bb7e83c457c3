import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Graph } from './graph.ts';
import type { RunStatus } from './records.ts';
import type { RunResult, Tripwire, WorkflowRunState } from './snapshot.ts';

/**
 * What the runtime needs of an author's workflow, without the author's types: the authoring door's generic classes fit
 * these shapes, and the runtime never imports that door.
 */

/** Any Standard Schema (zod 3 and 4, valibot, arktype, ...). */
export type AnySchema = StandardSchemaV1<unknown, unknown>;

/** Options of `suspend`. */
export interface SuspendOptions {
  /** Labels by which the suspension can be resumed without naming its step. @default none */
  readonly resumeLabel?: string | readonly string[];
  /**
   * Keys by which the suspension can be resumed without naming its run: what the caller knows, such as `payment:42`. At most 10, of
   * 1 to 512 characters. A key belongs to whoever started the run, and one step at a time waits under it: of another that wants
   * it the attempt fails with WORKFLOW_RESUME_KEY_TAKEN. Malformed ones are WORKFLOW_ARGUMENT_INVALID. @default none
   */
  readonly resumeKey?: string | readonly string[];
}

/** Mutable request context of a run, shared along the path of execution. */
export interface RequestContextLike {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  has(key: string): boolean;
  delete(key: string): boolean;
  entries(): IterableIterator<[string, unknown]>;
  toJSON(): Record<string, unknown>;
}

/** What a step's body receives, untyped. The authoring door documents each field for authors. */
export interface StepContext {
  readonly runId: string;
  readonly workflowId: string;
  readonly resourceId?: string;
  readonly stepId: string;
  readonly inputData: unknown;
  readonly state: Readonly<Record<string, unknown>>;
  readonly requestContext: RequestContextLike;
  readonly resumeData?: unknown;
  readonly suspendData?: unknown;
  readonly retryCount: number;
  readonly idempotencyKey: string;
  readonly abortSignal: AbortSignal;
  setState(next: unknown): Promise<void>;
  getInitData(): unknown;
  getStepResult(step: string | { readonly id: string }): unknown;
  suspend(payload?: unknown, options?: SuspendOptions): Promise<undefined>;
  /** Ends the whole run with this result once the body returns; what it returns does not count. */
  bail(result?: unknown): undefined;
  /** Cancels the run once the body returns; its own result is kept. */
  abort(): void;
  readonly writer: StepWriter;
  /** The runtime that executes the step, as far as a body may use it. */
  readonly runtime: StepRuntime;
  /** Empty: there for code that was written for engines that have something to give. */
  readonly engine: Readonly<Record<string, never>>;
}

/**
 * Writes to the stream of the run, also when another process reads it; without history, what is written is dropped. As a
 * stream it can be piped to once.
 */
export interface StepWriter extends WritableStream<unknown> {
  /** Arrives as `workflow-step-output`. Rejects with WORKFLOW_VALUE_NOT_STORABLE. */
  write(chunk: unknown): Promise<void>;
  /** Arrives as it is: an object with a `type` of its own. */
  custom(chunk: { readonly type: string; readonly [name: string]: unknown }): Promise<void>;
}

/** See {@link StepContext.runtime}. */
export interface StepRuntime {
  /** A registered workflow. Throws WORKFLOW_NOT_FOUND. */
  getWorkflow(id: string): WorkflowDefinition;
  /** What the runtime was given as an agent. Throws WORKFLOW_AGENT_NOT_FOUND. */
  getAgent(id: string): unknown;
  /** What the runtime was given as a tool. Throws WORKFLOW_TOOL_NOT_FOUND. */
  getTool(id: string): unknown;
  readonly logger: { warn(message: string, attributes: Readonly<Record<string, unknown>>): void };
}

/** Agents and tools of a runtime, for the steps that name one by its id; undefined for those that it was not given. */
export interface StepSources {
  agent(id: string): unknown;
  tool(id: string): unknown;
}

/** What a condition or a mapping function receives: no way to suspend or to change state. */
export type ReadContext = Omit<StepContext, 'setState' | 'suspend' | 'bail' | 'abort' | 'writer'>;

/** A step as the runtime executes it. */
export interface StepDefinition {
  readonly id: string;
  readonly description?: string | undefined;
  readonly inputSchema?: AnySchema | undefined;
  readonly outputSchema?: AnySchema | undefined;
  readonly resumeSchema?: AnySchema | undefined;
  readonly suspendSchema?: AnySchema | undefined;
  readonly stateSchema?: AnySchema | undefined;
  readonly requestContextSchema?: AnySchema | undefined;
  /** Attempts after the first one. @default its `retryConfig.attempts`, else the workflow's, else 0 */
  readonly retries?: number | undefined;
  /** Of each field that it has, it wins over that of the workflow. @default the workflow's `retryConfig` */
  readonly retryConfig?: RetryConfig | undefined;
  /** Longest time of one attempt, ms. @default none, but that of the function on AWS */
  readonly timeoutMs?: number | undefined;
  /** The body. What it returns, or the value of the promise it returns, is the output. */
  execute(context: StepContext): unknown;
  /**
   * Earlier results that the body may ask for synchronously. @default judged by the source text of `execute`
   */
  readonly reads?: Reads | undefined;
  /** The workflow that the step stands for: it is executed as a run of its own, and `execute` is never called. */
  readonly workflow?: WorkflowDefinition | undefined;
  /** What the step was made of, when it is not from parameters; for people who look at the graph. */
  readonly component?: 'AGENT' | 'TOOL' | 'WORKFLOW' | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Id of the agent or tool that an entry of this kind of its own was added for. */
  readonly executes?: string | undefined;
  /**
   * Of a step that names an agent or a tool by its id: the step that is executed in its place. Undefined when the sources
   * do not have it; then `execute` throws what says so.
   */
  readonly resolve?: ((sources: StepSources) => StepDefinition | undefined) | undefined;
}

/** Earlier results that a body may read. */
export type Reads = 'all' | { readonly steps: readonly string[]; readonly init: boolean };

/** What a function that was made of data carries. */
interface MadeOfData {
  /** Earlier results that it may ask for synchronously. @default judged by its source text */
  readonly reads?: Reads | undefined;
  /** What a graph shows of it. @default its source text */
  readonly shown?: string | undefined;
}

/** A condition of a branch. */
export interface ConditionDefinition extends MadeOfData {
  (context: ReadContext): unknown;
}

/** A condition of a loop: reads the body's output as its input, and how many iterations are done, this one included. */
export interface LoopConditionDefinition extends MadeOfData {
  (context: ReadContext & { readonly iterationCount: number }): unknown;
}

/** How many items of a foreach run at once: reads the array as its input. */
export interface ConcurrencyDefinition extends MadeOfData {
  (context: ReadContext): unknown;
}

/** When a sleep ends: fixed, or computed once from what the sleep gets. A negative time and none at all do not sleep. */
export type SleepTime =
  | { readonly type: 'sleep'; readonly duration: number | ((context: ReadContext) => unknown) }
  | { readonly type: 'sleepUntil'; readonly date: Date | ((context: ReadContext) => unknown) };

/** One entry with its functions. */
export type FlowEntry =
  | { readonly type: 'step' | 'mapping'; readonly step: StepDefinition }
  | { readonly type: 'parallel'; readonly steps: readonly StepDefinition[] }
  | {
      readonly type: 'conditional';
      readonly steps: readonly StepDefinition[];
      readonly conditions: readonly ConditionDefinition[];
    }
  | {
      readonly type: 'loop';
      readonly loopType: 'dowhile' | 'dountil';
      readonly step: StepDefinition;
      readonly condition: LoopConditionDefinition;
    }
  | {
      readonly type: 'foreach';
      readonly step: StepDefinition;
      /** A whole number from 1, or a function that gives one; what it gives otherwise counts as 1. */
      readonly concurrency: number | ConcurrencyDefinition;
    }
  | { readonly type: 'sleep'; readonly id: string; readonly time: SleepTime };

/** Lifecycle callbacks. `info` is the same for an end that is told again, with the same `eventId`. */
export interface CallbackDefinitions {
  /** Awaited before a start is stored; what it throws rejects the start and leaves the run pending. @default none */
  readonly onStart?: ((info: StartInfo) => unknown) | undefined;
  /**
   * Called at least once for each end and suspension; again, with the same `eventId`, when a worker dies or an event comes twice
   * or late. What it throws is told to the logger. @default none
   */
  readonly onFinish?: ((info: FinishInfo) => unknown) | undefined;
  /** The same for runs that failed or were tripped, after `onFinish`. @default none */
  readonly onError?: ((info: Omit<FinishInfo, 'result'>) => unknown) | undefined;
}

/** What every callback is told. */
export interface StartInfo {
  readonly runId: string;
  readonly workflowId: string;
  readonly resourceId?: string;
  getInitData(): unknown;
  readonly runtime: StepRuntime;
  readonly logger: StepRuntime['logger'];
  readonly requestContext: RequestContextLike;
  readonly state: Readonly<Record<string, unknown>>;
}

/** What `onFinish` is told. */
export interface FinishInfo extends StartInfo {
  /** Stable for one end: to recognise one that is told again. */
  readonly eventId: string;
  readonly status: RunStatus;
  readonly result?: unknown;
  readonly error?: Error;
  readonly tripwire?: Tripwire;
  readonly steps: RunResult['steps'];
  readonly stepExecutionPath: readonly string[];
}

/**
 * How often a step that fails is tried again, when, and after which errors. Of a workflow, for every step that says nothing
 * else; of a step, each field that it has wins over that of its workflow.
 */
export interface RetryConfig {
  /** Attempts after the first one, 0 to 999. @default 0 */
  readonly attempts?: number | undefined;
  /** Pause before a further attempt, ms, from 0. @default 0 */
  readonly delay?: number | undefined;
  /**
   * How the pause grows: with `exponential` it is `delay` before the first further attempt, and twice the one before from then on,
   * up to `maxDelay`. @default 'constant': it is `delay` before each
   */
  readonly backoff?: 'constant' | 'exponential' | undefined;
  /** Longest pause, ms, from 0. @default 3,600,000 (1 h), or `delay` where that is longer */
  readonly maxDelay?: number | undefined;
  /**
   * With `full`, the pause is drawn between 0 and what it would be otherwise, so that steps that failed together do not come again
   * together. The draw follows from the run, the place and the attempt: whoever computes it gets the same. @default 'none'
   */
  readonly jitter?: 'none' | 'full' | undefined;
  /**
   * Whether a further attempt is made after this error; any other answer than a true one fails the step with it. Asked once for
   * each failed attempt that has another one left, and never about an error that is not retryable by itself. What it throws fails
   * the step with WORKFLOW_RETRY_CONDITION_FAILED, with what was thrown as its `cause`. It may be asked again when a worker dies.
   * An error of a nested workflow, or of a step in another process, is a copy: tell it by its `name`, `code` or `message`.
   * @default every error is retried
   */
  readonly retryIf?:
    | ((
        error: Error,
        attempt: {
          /** Number of the attempt that failed: 0 for the first one. */
          readonly retryCount: number;
        },
      ) => boolean | Promise<boolean>)
    | undefined;
}

/** When runs of a workflow start by themselves, and with what. */
export interface ScheduleDefinition {
  /** Tells it from the others of the workflow; absent for the only one. */
  readonly id?: string | undefined;
  /** Minute, hour, day of the month, month, day of the week; a second before them and a year after them may be added. */
  readonly cron: string;
  /** Name of an IANA time zone. @default 'UTC' */
  readonly timezone?: string | undefined;
  /** What its runs are started with; validated at each start. */
  readonly inputData?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>> | undefined;
  readonly requestContext?: Readonly<Record<string, unknown>> | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Principal that its runs belong to. @default nobody */
  readonly owner?: string | undefined;
  /** Whether the newest tick that came while no process was there is started late. @default 'newest' */
  readonly catchUp?: 'newest' | 'none' | undefined;
}

/** How many runs of a workflow go on at the same time. */
export interface RunConcurrency {
  /** Runs of one key at a time. */
  readonly limit: number;
  /** What the limit is counted by, 1 to 512 characters. @default one key for all runs of the workflow */
  key?(start: {
    readonly inputData: unknown;
    readonly resourceId?: string;
    readonly requestContext: Readonly<Record<string, unknown>>;
  }): string;
  /** What becomes of a start that finds no place. @default 'queue' */
  readonly whenFull?: 'queue' | 'reject' | 'return' | undefined;
}

/** A workflow as the runtime executes it. */
export interface WorkflowDefinition {
  readonly id: string;
  readonly description?: string | undefined;
  readonly inputSchema?: AnySchema | undefined;
  readonly outputSchema?: AnySchema | undefined;
  readonly stateSchema?: AnySchema | undefined;
  readonly requestContextSchema?: AnySchema | undefined;
  readonly retryConfig?: RetryConfig | undefined;
  /** Longest time of a run, ms. @default none */
  readonly timeoutMs?: number | undefined;
  readonly validateInputs: boolean;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly callbacks?: CallbackDefinitions | undefined;
  /** Whether queries show the run as it is in this status; otherwise they show it as it was last let through. */
  readonly shouldPersistSnapshot?:
    | ((info: { readonly stepResults: RunResult['steps']; readonly workflowStatus: RunStatus }) => boolean)
    | undefined;
  /** What queries show of a run. Pure. */
  readonly pruneSnapshot?:
    | ((info: {
        readonly snapshot: WorkflowRunState;
        readonly workflowStatus: RunStatus;
      }) => WorkflowRunState)
    | undefined;
  /** Whether streams tell of its steps. @default true */
  readonly emitStepEvents?: boolean | undefined;
  /** When runs of it start by themselves, in a runtime that it is registered with. @default never */
  readonly schedules?: readonly ScheduleDefinition[] | undefined;
  /** How many of its runs go on at the same time. Those that are nested in another run do not count. @default no limit */
  readonly concurrency?: RunConcurrency | undefined;
  /** Overrides what the runtime keeps of its runs. */
  readonly history?: 'full' | 'none' | undefined;
  readonly committed: boolean;
  /** Freezes the graph; a runtime calls it for a workflow that was not committed before it was registered. */
  commit?(): unknown;
  readonly graph: Graph;
  readonly flow: readonly FlowEntry[];
  /** What is legal but probably not meant, for the runtime to log at registration. */
  readonly warnings?: readonly string[];
}
