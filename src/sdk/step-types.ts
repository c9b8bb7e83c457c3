import type { AnySchema, RetryConfig, StepDefinition } from '../core/definition.ts';
import type { Bailed, ExecuteContext, Suspended } from './context.ts';
import type { Given, InputOf, KeysOf, Known, MaybePromise, OutputOf } from './schema.ts';

declare const stepTypes: unique symbol;

/**
 * What can be an entry of a workflow: a step, or another workflow.
 *
 * @typeParam Id The id, as a literal.
 * @typeParam Input What the entry before has to give.
 * @typeParam Output What the body returns.
 * @typeParam State What the step needs of the workflow's state.
 * @typeParam Resume What a resume has to bring; never without a `resumeSchema`.
 * @typeParam Suspend What the step says when it suspends.
 */
export interface StepLike<
  Id extends string = string,
  Input = unknown,
  Output = unknown,
  State extends object = object,
  Resume = unknown,
  Suspend = unknown,
> {
  readonly id: Id;
  /** Types only; there is no such property at run time. Functions, so that the compiler compares what is taken in. */
  readonly [stepTypes]: {
    readonly input: (value: Input) => void;
    readonly output: Output;
    readonly state: (value: State) => void;
    readonly stateKeys: keyof State;
    readonly resume: Resume;
    readonly suspend: Suspend;
  };
}

/** A step, as `createStep` makes it: immutable, and usable in any number of workflows. See {@link StepLike}. */
export interface Step<
  Id extends string = string,
  Input = unknown,
  Output = unknown,
  State extends object = object,
  Resume = unknown,
  Suspend = unknown,
> extends StepDefinition,
    StepLike<Id, Input, Output, State, Resume, Suspend> {
  readonly id: Id;
}

/** Any step or workflow at all. */
export type AnyStep = StepLike<string, never, unknown, never>;

/** What the compiler knows of a step. */
export type StepTypesOf<Of extends AnyStep> = Of[typeof stepTypes];

/** Output of a step. */
export type StepOutput<Of extends AnyStep> = Of[typeof stepTypes]['output'];

/** What a resume of a step has to bring; unknown without a `resumeSchema`. */
export type StepResume<Of extends AnyStep> = [Of[typeof stepTypes]['resume']] extends [never]
  ? unknown
  : Of[typeof stepTypes]['resume'];

/** What the builder remembers of a step. */
export interface KnownStep<Output = unknown, Resume = unknown, Suspend = unknown> {
  readonly output: Output;
  readonly resume: Resume;
  readonly suspend: Suspend;
}

/**
 * What `createStep` takes. Schemas are any Standard Schema: zod 3 and 4, valibot, arktype and others.
 */
export interface StepParams<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
> {
  /** Name of the step in results; unique within a workflow. Not empty. */
  readonly id: Id;
  /** For people who look at the graph. @default none */
  readonly description?: string;
  /** The output of the entry before is validated by it, and the body gets what it gives. */
  readonly inputSchema: In;
  /** Types the output. It is never validated: what the body returns is the output. */
  readonly outputSchema: Out;
  /** Validates the data of a resume. @default it is taken as it comes */
  readonly resumeSchema?: Resume;
  /** Validates the payload of a suspension. @default it is taken as it comes */
  readonly suspendSchema?: Suspend;
  /** Validates what `setState` is given. Its keys must be keys of the workflow's `stateSchema`. @default any object is taken */
  readonly stateSchema?: State;
  /** Validates the request context before each execution. @default it is not validated */
  readonly requestContextSchema?: Context;
  /** Short for `retryConfig.attempts`: attempts after the first one, 0 to 999. @default what its `retryConfig` or the workflow's says, else 0 */
  readonly retries?: number;
  /** Its retry policy. Each field that it has wins over that of the workflow. @default the workflow's `retryConfig` */
  readonly retryConfig?: RetryConfig;
  /**
   * Longest time of one attempt, ms, 1 to 2,147,483,647. When it is over, `abortSignal` aborts and the attempt fails with
   * WORKFLOW_STEP_TIMEOUT, also when the body goes on. @default none, but that of the function on AWS
   */
  readonly timeoutMs?: number;
  /** For people who look at the graph. @default none */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * The body. It runs at least once, and exactly once when nothing fails; side effects become idempotent by
   * `idempotencyKey`. Called with the parameters as `this`. Whatever it throws fails the attempt.
   */
  execute(
    context: ExecuteContext<
      OutputOf<In>,
      Known<InputOf<State>, Record<string, unknown>>,
      Known<OutputOf<State>, Record<string, unknown>>,
      OutputOf<Resume>,
      InputOf<Suspend>,
      OutputOf<Suspend>,
      ContextOf<Context>
    >,
  ): MaybePromise<OutputOf<Out> | Suspended | Bailed>;
}

/** Keys of a request context with a schema; without one, any key of unknown type. Values stay as they were given. */
export type ContextOf<Schema extends AnySchema> =
  Known<InputOf<Schema>, Record<string, unknown>> extends infer Keys extends object
    ? Keys
    : Record<string, unknown>;

/** The step that a call of `createStep` makes: it keeps its schemas with their types, so that others can be made of them. */
export interface StepOf<
  Id extends string,
  In extends AnySchema,
  Out extends AnySchema,
  Resume extends AnySchema = AnySchema,
  Suspend extends AnySchema = AnySchema,
  State extends AnySchema = AnySchema,
  Context extends AnySchema = AnySchema,
> extends Step<
    Id,
    InputOf<In>,
    OutputOf<Out>,
    KeysOf<OutputOf<State>>,
    Known<InputOf<Resume>, never>,
    OutputOf<Suspend>
  > {
  readonly inputSchema: In;
  readonly outputSchema: Out;
  readonly resumeSchema: Given<Resume>;
  readonly suspendSchema: Given<Suspend>;
  readonly stateSchema: Given<State>;
  readonly requestContextSchema: Given<Context>;
}
