import type { StepRuntime, StepWriter, SuspendOptions } from '../core/definition.ts';
import type { RequestContext } from '../core/request-context.ts';
import type { AnyStep, StepOutput } from './step-types.ts';
import type { KnownSteps, NoSteps } from './definition-types.ts';
import type { InitOf } from './workflow-types.ts';

declare const suspended: unique symbol;
declare const bailed: unique symbol;

/** What a step returns after it has called `suspend`: `return await suspend(...)`. At run time it is undefined. */
export interface Suspended {
  readonly [suspended]: true;
}

/** What a step returns after it has called `bail`: `return bail(...)`. At run time it is undefined. */
export interface Bailed {
  readonly [bailed]: true;
}

/** Reads the output of an earlier step. */
export interface GetStepResult<Steps extends KnownSteps> {
  /** Output of `step`, or null unless its last execution in this run was a success. */
  <Step extends AnyStep>(step: Step): StepOutput<Step> | null;
  /** The same by the id of a step that the builder knows. */
  <Id extends keyof Steps & string>(id: Id): Steps[Id]['output'] | null;
  /** The same by any id; the type is the caller's claim. */
  <Output = unknown>(id: string): Output | null;
}

/** What every function of an author receives. */
interface CommonContext<Input, State, Context extends object, Init, Steps extends KnownSteps> {
  readonly runId: string;
  readonly workflowId: string;
  /** The grouping key given to `createRun`. */
  readonly resourceId?: string;
  /** Id of the step that is being executed. */
  readonly stepId: string;
  /** Output of the entry before (of the first entry: the run's input), validated, with defaults and transforms applied. */
  readonly inputData: Input;
  /** The state when this step began; a `setState` of this execution does not change it. */
  readonly state: Readonly<State>;
  /** Shared by the steps of a run: what one sets, those after it see. */
  readonly requestContext: RequestContext<Context>;
  /** 0 for the first attempt, n for the n-th retry of this execution; -1 in a condition and where a sleep is computed. */
  readonly retryCount: number;
  /** Stable over the attempts of this execution and unique to it: makes a side effect idempotent. */
  readonly idempotencyKey: string;
  /** Aborts when the run is canceled, the time of the step is over, or this worker has lost the step to another one. */
  readonly abortSignal: AbortSignal;
  /** The validated input of the run. Name its type by the workflow, `getInitData<typeof workflow>()`, or directly. */
  readonly getInitData: <Of = Init>() => InitOf<Of>;
  readonly getStepResult: GetStepResult<Steps>;
  /** The runtime that executes this: its workflows, agents, tools and logger. */
  readonly runtime: StepRuntime;
  /** Empty: this engine has nothing of its own to give. */
  readonly engine: Readonly<Record<string, never>>;
  /** @deprecated Always undefined. Use `retryCount`. */
  readonly runCount?: undefined;
}

/** What the body of a step receives. */
export interface ExecuteContext<
  Input = unknown,
  StateIn = Record<string, unknown>,
  State = StateIn,
  Resume = unknown,
  SuspendIn = unknown,
  Suspend = SuspendIn,
  Context extends object = Record<string, unknown>,
> extends CommonContext<Input, State, Context, unknown, NoSteps> {
  /** What `resume` was called with; only on the execution that it set off. */
  readonly resumeData?: Resume;
  /** What this step passed to `suspend` last time. */
  readonly suspendData?: Suspend;
  /**
   * Merges keys into the state when this step has finished; keys are never removed, the last call wins. Rejects with
   * WORKFLOW_STEP_DATA_VALIDATION_FAILED when `next` does not fit the step's `stateSchema`.
   */
  readonly setState: (next: StateIn) => Promise<void>;
  /**
   * Suspends the run at this step until someone resumes it; it takes effect when the body returns. Rejects with
   * WORKFLOW_STEP_DATA_VALIDATION_FAILED when `payload` does not fit the step's `suspendSchema`.
   */
  readonly suspend: unknown extends SuspendIn
    ? (payload?: unknown, options?: SuspendOptions) => Promise<Suspended>
    : (payload: SuspendIn, options?: SuspendOptions) => Promise<Suspended>;
  /**
   * Ends the whole run as a success with this result, which is not validated; it takes effect when the body returns, and
   * what the body returns does not count. No entry after this one is executed.
   */
  readonly bail: (result?: unknown) => Bailed;
  /**
   * Cancels the run; it takes effect when the body returns, whose result is kept. `abortSignal` aborts at once.
   */
  readonly abort: () => void;
  /** Writes to the streams and watchers of the run. */
  readonly writer: StepWriter;
}

/**
 * What a condition of `.branch`, a function of `.map` or one that computes a sleep receives: it can read, but neither
 * suspend, end or cancel the run nor change state.
 */
export type ReadContext<
  Input = unknown,
  State = Record<string, unknown>,
  Context extends object = Record<string, unknown>,
  Init = unknown,
  Steps extends KnownSteps = NoSteps,
> = CommonContext<Input, State, Context, Init, Steps>;

/** What a condition of `.dowhile` and `.dountil` receives. Its `inputData` is the output of the body. */
export type LoopContext<
  Output = unknown,
  State = Record<string, unknown>,
  Context extends object = Record<string, unknown>,
  Init = unknown,
  Steps extends KnownSteps = NoSteps,
> = ReadContext<Output, State, Context, Init, Steps> & {
  /** How many iterations are done, from 1: the one whose output this is counts. */
  readonly iterationCount: number;
};
