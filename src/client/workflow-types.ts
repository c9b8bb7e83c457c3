import type { RunStatus } from '../core/records.ts';
import type { ParkedState, WorkflowState } from '../core/snapshot.ts';
import type { KnownSteps, WorkflowTypes } from '../sdk/definition-types.ts';
import type { StepResults, WorkflowResult } from '../sdk/run-types.ts';
import type { Workflow } from '../sdk/workflow-types.ts';
import type { Wire } from './wire.ts';

/** What the compiler knows of a workflow. */
interface Known {
  readonly types: WorkflowTypes;
  readonly steps: KnownSteps;
}

type MemberOf<Workflows> = Workflows extends readonly unknown[]
  ? Workflows[number]
  : Workflows[keyof Workflows];

type KnownOf<Member> =
  Member extends Workflow<infer Types, infer _Last, infer Steps>
    ? { readonly types: Types; readonly steps: Steps }
    : never;

/** Ids of the workflows in a record, a tuple or a module; other members of it do not count. */
export type WorkflowId<Workflows> = KnownOf<MemberOf<Workflows>>['types']['id'];

type KnownById<Workflows, Id extends string> = Extract<
  KnownOf<MemberOf<Workflows>>,
  { readonly types: { readonly id: Id } }
>;

/** What the schemas of the workflow of this id say. */
export type TypesById<Workflows, Id extends string> = (KnownById<Workflows, Id> extends never
  ? Known
  : KnownById<Workflows, Id>)['types'];

/** The steps of the workflow of this id. */
export type StepsById<Workflows, Id extends string> = (KnownById<Workflows, Id> extends never
  ? Known
  : KnownById<Workflows, Id>)['steps'];

/** What a client is typed by when nothing is said: any workflow, of which nothing is known. */
export type AnyWorkflows = Readonly<Record<string, Workflow>>;

/** What became of a run, as it arrives; told apart by `status`. */
export type RemoteResult<
  Types extends WorkflowTypes = WorkflowTypes,
  Steps extends KnownSteps = KnownSteps,
> = Wire<WorkflowResult<Types, Steps>>;

/** A stored run, as it arrives: times of the run are ISO 8601 text, those of steps ms since 1970. */
export type RemoteRun<
  Types extends WorkflowTypes = WorkflowTypes,
  Steps extends KnownSteps = KnownSteps,
> = Wire<
  Omit<WorkflowState, 'initialState' | 'payload' | 'result' | 'steps'> & {
    readonly initialState?: Types['state'];
    readonly payload?: Types['init'];
    readonly result?: Types['output'];
    readonly steps: StepResults<Types, Steps>;
  }
>;

/** A top-level field of a stored run. */
export type RunField = keyof WorkflowState;

/** Ids of the steps; any text when the workflow was not built in one chain. */
type StepId<Steps extends KnownSteps> = [keyof Steps] extends [never] ? string : keyof Steps & string;

/**
 * A step: its id, that of one of a nested workflow (`nested.step`), or the path of ids to it. Mappings and sleeps without an
 * id of their own have the ids `mapping_...` and `sleep_...`.
 */
export type StepTarget<Steps extends KnownSteps> =
  | StepId<Steps>
  | `${StepId<Steps>}.${string}`
  | `mapping_${string}`
  | `sleep_${string}`
  | readonly [StepId<Steps>, ...string[]];

/** What the steps of a workflow can be resumed with, when a resume names none of them. */
type AnyResume<Steps extends KnownSteps> = [Steps[keyof Steps]['resume']] extends [never]
  ? unknown
  : Wire<Steps[keyof Steps]['resume']>;

/** What a resume of a step has to bring; unknown of a step without a `resumeSchema`, and of nested ones. */
export type ResumeData<Steps extends KnownSteps, Target> = [Target] extends [undefined]
  ? AnyResume<Steps>
  : Target extends keyof Steps
    ? [Steps[Target]['resume']] extends [never]
      ? unknown
      : Wire<Steps[Target]['resume']>
    : Target extends readonly [infer Only]
      ? ResumeData<Steps, Only>
      : unknown;

/** What every call takes. */
export interface CallOptions {
  /** Ends the call at once, its waits and its retries too; it rejects with the reason of the signal. @default nothing ends it */
  readonly signal?: AbortSignal;
}

/** What a call takes that sets a run going. */
export interface WaitOptions extends CallOptions {
  /**
   * Seconds, 0 to 25, to wait for the run to be over, suspended or paused; then its result comes as `outcome`. A longer wait
   * would outlive the time that API Gateway gives a request (30 s).
   * @default 0
   */
  readonly wait?: number;
}

/** Request context: keys that win over those of the run. */
export type RemoteContext<Types extends WorkflowTypes> = Readonly<Partial<Wire<Types['requestContext']>>>;

/**
 * The input itself, or the hash under which `RunHandle.keepValue` has kept it for the run of this id. Required unless undefined
 * would fit.
 */
type InputOption<Input> =
  | (undefined extends Input ? { readonly inputData?: Input } : { readonly inputData: Input })
  | { readonly inputValue: string; readonly inputData?: never; readonly runId: string };

/** What `start` takes. */
export type StartOptions<Types extends WorkflowTypes> = InputOption<Wire<Types['input']>> &
  WaitOptions & {
    /** 1 to 200 characters. The same call again gives the same run. @default made by the server from the idempotency key */
    readonly runId?: string;
    /**
     * 1 to 255 printable ASCII characters: starts of one caller with the same workflow and key are one start. Not together
     * with `runId`. @default a random one for each call, so that its retries start nothing twice
     */
    readonly idempotencyKey?: string;
    /** @default empty */
    readonly initialState?: Wire<Types['stateInput']>;
    /** @default empty */
    readonly requestContext?: RemoteContext<Types>;
    /** A grouping key of your own, by which runs are listed: a user, a tenant. At most 200 characters. @default none */
    readonly resourceId?: string;
    /** Executes one entry, and of a block one arm; then the run is `paused`, until a time travel goes on. @default false */
    readonly perStep?: boolean;
    /** Longest time of the run, ms, 1 to 31,536,000,000 (365 days). @default that of the workflow */
    readonly timeoutMs?: number;
  };

/** All options, or none when none is required. */
export type StartParameters<Types extends WorkflowTypes> = undefined extends Types['input']
  ? [options?: StartOptions<Types>]
  : [options: StartOptions<Types>];

/** What `resume` takes. */
export interface ResumeOptions<Types extends WorkflowTypes, Data, Target> extends WaitOptions {
  /** @default the only suspended step; with several, WORKFLOW_RESUME_AMBIGUOUS */
  readonly step?: Target;
  /** A label that the step gave to `suspend`. Wins over `step`. @default none: `step` says which */
  readonly label?: string;
  /** Number of an item of a foreach, from 0. @default all of its suspended items get the same data */
  readonly forEachIndex?: number;
  /** Validated by the step's `resumeSchema`. @default undefined */
  readonly resumeData?: Data;
  /** The hash under which `RunHandle.keepValue` has kept the data, instead of `resumeData`. @default none */
  readonly resumeValue?: string;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: RemoteContext<Types>;
  /** The run pauses after the resumed entry. @default false */
  readonly perStep?: boolean;
}

/** What `resumeByKey` takes beside the key. */
export interface KeyResumeOptions extends WaitOptions {
  /** Validated by the step's `resumeSchema`. @default undefined */
  readonly resumeData?: unknown;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /** The run pauses after the resumed entry. @default false */
  readonly perStep?: boolean;
  /**
   * Two calls by the same key with the same one mean the same suspension, whoever waits by then: the id of the event that the call
   * is about. 1 to 255 printable ASCII characters. Only with it the call is sent again when its answer is lost. @default none
   */
  readonly idempotencyKey?: string;
}

/** What a time travel takes a step's entry from; the rest is taken from the stored run. */
export type StepContext = Readonly<Record<string, unknown>>;

/** What `timeTravel` takes. */
export interface TimeTravelOptions<Types extends WorkflowTypes, Steps extends KnownSteps>
  extends WaitOptions {
  /** The step that is executed first. */
  readonly step: StepTarget<Steps>;
  /** Output of the entry before; of the first step, the input of the run. @default what is stored */
  readonly inputData?: unknown;
  /** The hash under which `RunHandle.keepValue` has kept it, instead of `inputData`. @default none */
  readonly inputValue?: string;
  /** What the step is resumed with. @default it is not resumed, but executed from its beginning */
  readonly resumeData?: unknown;
  /** @default the state as it is stored */
  readonly initialState?: Wire<Types['stateInput']>;
  /** Entries of steps by their ids; they win over what is stored. `input` is the input of the run. @default what is stored */
  readonly context?: Readonly<Record<string, StepContext>>;
  /** The same for each nested workflow, by its step id. @default what is stored */
  readonly nestedStepsContext?: Readonly<Record<string, Readonly<Record<string, StepContext>>>>;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: RemoteContext<Types>;
  /** The run pauses after the step. @default false */
  readonly perStep?: boolean;
}

/** What `restart` takes. */
export interface RestartOptions<Types extends WorkflowTypes> extends WaitOptions {
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: RemoteContext<Types>;
}

/** What `result` takes. */
export interface ResultOptions extends CallOptions {
  /** How long to wait for the run to be over, suspended or paused, ms; 0 looks once. @default until it is */
  readonly timeoutMs?: number;
  /** Adds `state`. @default false */
  readonly includeState?: boolean;
  /** Adds `resumeLabels` when the run is suspended. @default false */
  readonly includeResumeLabels?: boolean;
}

/** What a list shows of a run. Times are ISO 8601 text. */
export interface ListedRun {
  readonly runId: string;
  readonly workflowId: string;
  readonly status: RunStatus;
  /** Only of a run that waits for others of its workflow. */
  readonly queued?: true;
  readonly resourceId?: string;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  /** When it fails unless it is over. Only of a run with a time limit. */
  readonly deadlineAt?: string;
  /** Of a nested run, which only the list of parked ones has: the outermost run that it is in. */
  readonly root?: string;
  /** Only when it is parked. */
  readonly parked?: ParkedState;
}
