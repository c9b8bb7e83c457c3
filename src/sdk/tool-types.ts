import type { AnySchema, RetryConfig, StepRuntime, SuspendOptions } from '../core/definition.ts';
import type { RequestContext } from '../core/request-context.ts';
import type { InputOf, Known, OutputOf } from './schema.ts';
import type { Step } from './step-types.ts';

/** What a step can be made of that calls a tool: an id, schemas, and a function of the input and a {@link ToolContext}. */
export interface ToolLike<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
> {
  readonly id: Id;
  readonly description?: string;
  /** Required, though many types of tools leave it open. */
  readonly inputSchema?: In;
  /** The same. */
  readonly outputSchema?: Out;
  readonly resumeSchema?: Resume;
  readonly suspendSchema?: Suspend;
  readonly execute?: ToolBody;
}

/** What a tool does, of an input and a {@link ToolContext}. */
export type ToolBody = (input: never, context: never) => unknown;

/** What tells a tool from the parameters of a step, whose body has one parameter. */
export interface ToolWithContext<Body extends ToolBody> {
  readonly execute?: Parameters<Body>['length'] extends 0 | 1 ? never : Body;
}

/** Options of a step that is a tool. */
export interface ToolStepOptions {
  /** Short for `retryConfig.attempts`: attempts after the first one, 0 to 999. @default what its `retryConfig` or the workflow's says, else 0 */
  readonly retries?: number;
  /** Its retry policy. Each field that it has wins over that of the workflow. @default the workflow's `retryConfig` */
  readonly retryConfig?: RetryConfig;
  /**
   * Longest time of one attempt, ms, 1 to 2,147,483,647. When it is over, `abortSignal` aborts and the attempt fails with
   * WORKFLOW_STEP_TIMEOUT, also when the tool goes on. @default none, but that of the function on AWS
   */
  readonly timeoutMs?: number;
  /** For people who look at the graph. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What is in a {@link ToolContext} twice: where tools of agents look for it, and where those of workflows do. */
interface ToolSuspension {
  /** What `resume` was called with; only on the execution that it set off. */
  readonly resumeData?: unknown;
  /** What the tool passed to `suspend` last time. */
  readonly suspendPayload?: unknown;
  /** Suspends the run at this step; it takes effect when the tool returns, whose result does not count. */
  readonly suspend: (payload?: unknown, options?: SuspendOptions) => Promise<undefined>;
}

/** What a tool receives beside its input. */
export interface ToolContext extends ToolSuspension {
  readonly requestContext: RequestContext;
  /** Aborts when the run is canceled, the time of the step is over, or this worker has lost the step to another one. */
  readonly abortSignal: AbortSignal;
  /** The runtime that executes the step. */
  readonly runtime: StepRuntime;
  /** Stable over the attempts of this execution: makes a side effect idempotent. */
  readonly idempotencyKey: string;
  readonly workflow: ToolSuspension & {
    readonly runId: string;
    readonly workflowId: string;
    /** The state when this step began. */
    readonly state: Readonly<Record<string, unknown>>;
    /** Merges keys into the state when this step has finished. */
    readonly setState: (next: Readonly<Record<string, unknown>>) => Promise<void>;
  };
}

/** The step that a tool becomes. */
export type ToolStep<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema,
  Suspend extends AnySchema,
> = Step<Id, InputOf<In>, OutputOf<Out>, object, Known<InputOf<Resume>, never>, OutputOf<Suspend>>;
