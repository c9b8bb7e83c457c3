import type { OutputOptions, TimeTravelRequest } from '../core/host.ts';
import type { RunStatus } from '../core/records.ts';
import type { RequestContext } from '../core/request-context.ts';
import type { SerializedGraph } from '../core/serialized-graph.ts';
import type { ResumeLabels, StepResult, Tripwire } from '../core/snapshot.ts';
import type { AnyStep, KnownStep, StepResume } from './step-types.ts';
import type {
  LegacyOutput,
  LegacyStreamEvent,
  WorkflowRunOutput,
  WorkflowStreamEvent,
  WorkflowWatchEvent,
} from './stream-types.ts';
import type { KnownSteps, WorkflowTypes } from './definition-types.ts';

/** A request context, or its entries as a plain object. */
export type RequestContextInput<Values extends object> = RequestContext<Values> | Readonly<Partial<Values>>;

/** What every entry of `steps` can have; present when it has a meaning for the status. Times are ms since 1970. */
interface StepFields<Of extends KnownStep> {
  /** The step's validated input. */
  readonly payload?: unknown;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** What the step said when it suspended. */
  readonly suspendPayload?: Of['suspend'];
  readonly suspendOutput?: unknown;
  readonly suspendedAt?: number;
  /** What it was resumed with. */
  readonly resumePayload?: unknown;
  readonly resumedAt?: number;
  /** Of a loop: how many iterations began, this one included. */
  readonly metadata?: { readonly iterationCount: number };
}

/** The entry of one step in `steps`. */
export type StepResultOf<Of extends KnownStep> = StepFields<Of> &
  (
    | { readonly status: 'success'; readonly output: Of['output'] }
    | {
        readonly status: 'failed';
        readonly error: Error;
        readonly nonRetryable?: true;
        readonly tripwire?: Tripwire;
      }
    | { readonly status: Exclude<StepResult['status'], 'success' | 'failed'> }
  );

/**
 * Entries of the steps that were executed. A step of the builder's chain is found by its id, a loop by that of its body (the
 * last iteration); a mapping or a sleep without an id of its own is `mapping_<workflow id>_<number>` or `sleep_<workflow
 * id>_<number>`. When the workflow was not built in one chain, its steps are not known here; of any
 * workflow at all (a bare `Run`), nothing is.
 */
export type StepResults<Types extends WorkflowTypes, Steps extends KnownSteps> = [keyof Steps] extends [never]
  ? Readonly<Record<string, StepResult | undefined>>
  : string extends keyof Steps
    ? Readonly<Record<string, unknown>>
    : { readonly input: Types['init'] } & { readonly [Id in keyof Steps]?: StepResultOf<Steps[Id]> } & {
        readonly [made: `mapping_${string}` | `sleep_${string}`]: StepResult | undefined;
      };

/** What is known of a run whatever became of it. */
interface ResultFields<Types extends WorkflowTypes, Steps extends KnownSteps> {
  readonly runId: string;
  /** The validated input of the run. */
  readonly input: Types['init'];
  readonly steps: StepResults<Types, Steps>;
  /** Ids of the top-level steps and mappings that were executed, in order. */
  readonly stepExecutionPath: readonly string[];
  /** State after the last finished entry; only with `outputOptions.includeState`. */
  readonly state?: Readonly<Types['state']>;
}

/** What became of a run, told apart by `status`. */
export type WorkflowResult<
  Types extends WorkflowTypes = WorkflowTypes,
  Steps extends KnownSteps = KnownSteps,
> = ResultFields<Types, Steps> &
  (
    | { readonly status: 'success'; readonly result: Types['output'] }
    | { readonly status: 'failed'; readonly error: Error }
    | {
        readonly status: 'suspended';
        /** One path for each suspended step. */
        readonly suspended: readonly (readonly string[])[];
        /** What each suspended step said, by its id. */
        readonly suspendPayload: { readonly [Id in keyof Steps]?: Steps[Id]['suspend'] };
        /** Only with `outputOptions.includeResumeLabels`. */
        readonly resumeLabels?: ResumeLabels;
      }
    | { readonly status: 'tripwire'; readonly tripwire: Tripwire }
    | { readonly status: Exclude<RunStatus, 'success' | 'failed' | 'suspended' | 'tripwire'> }
  );

/** `inputData` is required unless undefined would fit. */
export type InputArgument<Input> = undefined extends Input
  ? { readonly inputData?: Input }
  : { readonly inputData: Input };

/** What `start` takes. */
export type StartArguments<Types extends WorkflowTypes> = InputArgument<Types['input']> & {
  /** Validated by the workflow's `stateSchema`, when it is given. @default {} */
  readonly initialState?: Types['stateInput'];
  /** What steps read as `requestContext`; validated by the workflow's `requestContextSchema`. @default {} */
  readonly requestContext?: RequestContextInput<Types['requestContext']>;
  /** What the result contains beside the usual. @default nothing */
  readonly outputOptions?: OutputOptions;
  /** Executes one entry, and of a block one arm; then the run is `paused`, until a time travel goes on. @default false */
  readonly perStep?: boolean;
  /** Longest time of the run, ms, 1 to 31,536,000,000 (365 days), see {@link WorkflowOptions.timeoutMs}. @default that of the workflow */
  readonly timeoutMs?: number;
};

/** All arguments, or none when none is required. */
export type StartParameters<Types extends WorkflowTypes> = undefined extends Types['input']
  ? [options?: StartArguments<Types>]
  : [options: StartArguments<Types>];

/** What streams take beside the arguments of what they begin. */
export interface StreamArguments {
  /** Whether a suspension closes the stream. Otherwise it stays open until the run is over, whoever resumes it. @default true */
  readonly closeOnSuspend?: boolean;
}

/** The arguments of a start with some more: all, or none when none is required. */
type StartParametersWith<Types extends WorkflowTypes, More> = undefined extends Types['input']
  ? [options?: StartArguments<Types> & More]
  : [options: StartArguments<Types> & More];

/** What the steps of a workflow can be resumed with, when a resume names none of them. */
type AnyResume<Steps extends KnownSteps> = [Steps[keyof Steps]['resume']] extends [never]
  ? unknown
  : Steps[keyof Steps]['resume'];

/** What a resume of a step given by `Target` has to bring. */
type ResumeFor<Steps extends KnownSteps, Target> = Target extends AnyStep
  ? StepResume<Target>
  : Target extends keyof Steps
    ? [Steps[Target]['resume']] extends [never]
      ? unknown
      : Steps[Target]['resume']
    : Target extends readonly [infer Only]
      ? ResumeFor<Steps, Only>
      : Target extends readonly [...unknown[], infer Last extends AnyStep]
        ? StepResume<Last>
        : [Target] extends [undefined]
          ? AnyResume<Steps>
          : unknown;

/** A step, its id, or a path of these. */
export type ResumeTarget = AnyStep | string | readonly (AnyStep | string)[];

/** What `resume` takes. */
export type ResumeArguments<
  Types extends WorkflowTypes,
  Steps extends KnownSteps,
  Target extends ResumeTarget | undefined,
> = ResumeFields<Types, ResumeFor<Steps, Target>, Target>;

/** Of the steps it has the data only: TypeScript 5.5 would compare two of them by all steps, and no run would be a `Run`. */
interface ResumeFields<Types extends WorkflowTypes, Data, Target> {
  /** Validated by the step's `resumeSchema`. @default undefined */
  readonly resumeData?: Data;
  /** @default the only suspended step; with several, WORKFLOW_RESUME_AMBIGUOUS */
  readonly step?: Target;
  /** A label that the step gave to `suspend`. Wins over `step`; an unknown one is WORKFLOW_RESUME_LABEL_NOT_FOUND. @default none */
  readonly label?: string;
  /** Number of an item of a foreach, from 0. @default all of its suspended items get the same data */
  readonly forEachIndex?: number;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: RequestContextInput<Types['requestContext']>;
  /** What the result contains beside the usual. @default nothing */
  readonly outputOptions?: OutputOptions;
  /** The run pauses after the resumed entry. @default false */
  readonly perStep?: boolean;
}

/** What a time travel takes beside the step that it goes to. */
export interface TimeTravelArguments<Types extends WorkflowTypes>
  extends Pick<TimeTravelRequest, 'inputData' | 'resumeData' | 'context' | 'nestedStepsContext'> {
  /** The step that is executed first, its id, or a path of these through nested workflows. */
  readonly step: ResumeTarget;
  /** @default the state as it is stored */
  readonly initialState?: Types['stateInput'];
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: RequestContextInput<Types['requestContext']>;
  /** What the result contains beside the usual. @default nothing */
  readonly outputOptions?: OutputOptions;
  /** The run pauses after the step. @default false */
  readonly perStep?: boolean;
}

/** What a restart takes. */
export interface RestartArguments<Types extends WorkflowTypes> {
  /**
   * Keys that win over those of the run, for every step that is executed from now on, in nested workflows as well: also the
   * step that is executed again, and those behind later suspensions. What such a step sets itself wins over them. A step that
   * another worker is executing at this moment does not see them. @default none
   */
  readonly requestContext?: RequestContextInput<Types['requestContext']>;
  /** What the result contains beside the usual. @default nothing */
  readonly outputOptions?: OutputOptions;
}

/** One execution of a workflow. `createRun` makes it; it stays with the runtime that it was made in. */
export interface Run<Types extends WorkflowTypes = WorkflowTypes, Steps extends KnownSteps = KnownSteps> {
  readonly runId: string;
  readonly workflowId: Types['id'];
  readonly resourceId: string | undefined;
  /** As of the last call of a method here, or of `createRun`. */
  readonly workflowRunStatus: RunStatus;
  /** The workflow, as it is shown. */
  readonly serializedStepGraph: SerializedGraph;
  /** Aborting it cancels the run; {@link cancel} aborts it, too. What others do to the run does not. */
  readonly abortController: AbortController;

  /**
   * Starts the run and resolves when it is over or suspended: it rejects only for arguments that do not fit
   * (WORKFLOW_SCHEMA_VALIDATION_FAILED, nothing was executed), for a run that was started with others
   * (WORKFLOW_RUN_CONFLICT) and when the runtime's place fails. The same call again gives the same run: nothing is
   * executed twice.
   */
  start(...options: StartParameters<Types>): Promise<WorkflowResult<Types, Steps>>;

  /** The same, but resolves as soon as the start is stored. */
  startAsync(...options: StartParameters<Types>): Promise<{ readonly runId: string }>;

  /**
   * Resumes a suspended step and resolves when the run is over or suspended again. Of several callers one wins, the others
   * get WORKFLOW_RESUME_ALREADY_CLAIMED; a run that is not suspended is WORKFLOW_RUN_NOT_SUSPENDED.
   */
  resume<const Target extends ResumeTarget | undefined = undefined>(
    options?: ResumeArguments<Types, Steps, Target>,
  ): Promise<WorkflowResult<Types, Steps>>;

  /** The same, but resolves as soon as the resumption is stored. */
  resumeAsync<const Target extends ResumeTarget | undefined = undefined>(
    options?: ResumeArguments<Types, Steps, Target>,
  ): Promise<{ readonly runId: string }>;

  /**
   * Goes back to a step, or on to one, and resolves when the run is over or suspended: what lies before the step stays as it
   * is stored, or as `context` says; the step and what follows are executed anew. A run that is active is
   * WORKFLOW_RUN_ACTIVE; a step that the workflow does not have, or one behind steps that nothing is known of, is
   * WORKFLOW_ARGUMENT_INVALID. Then nothing has changed.
   */
  timeTravel(options: TimeTravelArguments<Types>): Promise<WorkflowResult<Types, Steps>>;

  /**
   * Executes again what was active in a run whose process is gone, and resolves when the run is over or suspended; what has
   * finished stays. Runs go on by themselves when a runtime finds that a worker died, so this is for those who know it
   * earlier. A run that is over gives its result; one that is pending, suspended or paused is WORKFLOW_RUN_NOT_ACTIVE.
   */
  restart(options?: RestartArguments<Types>): Promise<WorkflowResult<Types, Steps>>;

  /**
   * Starts the run and gives its events as they come, also when another process executes it. The same call while the stream
   * is open gives the same stream. What goes wrong with the start rejects `result`, and closes the stream with a
   * `workflow-finish` of status `failed`. A run that is started this way keeps what streams need, where runs keep no history.
   */
  stream(
    ...options: StartParametersWith<Types, StreamArguments>
  ): WorkflowRunOutput<WorkflowResult<Types, Steps>>;

  /** The same for a resumption: the stream begins with it. */
  resumeStream<const Target extends ResumeTarget | undefined = undefined>(
    options?: ResumeArguments<Types, Steps, Target> & StreamArguments,
  ): WorkflowRunOutput<WorkflowResult<Types, Steps>>;

  /** The same for a time travel: a new epoch of the run that begins at a step, with what lies before it as it was. */
  timeTravelStream(
    options: TimeTravelArguments<Types> & StreamArguments,
  ): WorkflowRunOutput<WorkflowResult<Types, Steps>>;

  /**
   * The events of the stream that was begun here last; without one, those of the run from its start to its end. A run that
   * was not started has none.
   */
  observeStream(): ReadableStream<WorkflowStreamEvent>;

  /**
   * Starts the run and gives its events in the form of the reference's first streams, over suspensions to its end. A second
   * call gives the events again, and starts nothing.
   * New code uses `stream`.
   */
  streamLegacy(
    ...options: StartParametersWith<Types, { readonly onChunk?: (event: LegacyStreamEvent) => unknown }>
  ): LegacyOutput<WorkflowResult<Types, Steps>>;

  /** The same in the form of `streamLegacy`. New code uses `observeStream`. */
  observeStreamLegacy(): Pick<LegacyOutput<unknown>, 'stream'>;

  /**
   * Calls back with each event of what is begun after this call, in this process or another one, until the function that it
   * returns is called. What the callback throws is ignored.
   */
  watch(callback: (event: WorkflowWatchEvent) => void): () => void;

  /** The same; resolves when whatever is begun from now on by anybody will be told. */
  watchAsync(callback: (event: WorkflowWatchEvent) => void): Promise<() => void>;

  /** Cancels the run; it is final when this resolves. A run that has ended otherwise is WORKFLOW_RUN_ALREADY_FINISHED. */
  cancel(): Promise<void>;
}
