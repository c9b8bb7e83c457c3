import type { RunHeader, RunStatus } from './records.ts';
import type { RunEvent, RunResult, StepResult, WorkflowRunState, WorkflowState } from './snapshot.ts';

/**
 * What runs an author's workflow, as far as the authoring door needs it: every runtime is a host. `owner` is the verified
 * principal of the caller; when it is given, runs of another owner answer WORKFLOW_RUN_FORBIDDEN (and are absent from
 * lists). Every method rejects with WORKFLOW_NOT_FOUND for an unknown workflow, with WORKFLOW_RUN_NOT_FOUND for an unknown
 * run, and with WORKFLOW_RUNTIME_CLOSED after it was closed.
 */
export interface WorkflowHost {
  /** Writes a pending run, or answers with the stored one of this id. */
  create(request: CreateRequest): Promise<StoredRun>;
  /**
   * Starts a run; resolves when it is stored, not when it is done. The same id with equal input, state, request context
   * and resourceId answers with the run as it is, and so does any after a time travel, which may have replaced them; with
   * others WORKFLOW_RUN_CONFLICT. Invalid values: WORKFLOW_SCHEMA_VALIDATION_FAILED, nothing is written.
   * Where the workflow has a `concurrency` and no place is free, the run waits, or another one is answered, or the call is
   * WORKFLOW_CONCURRENCY_LIMIT.
   */
  start(request: StartRequest): Promise<StoredRun>;
  /**
   * Resumes a suspended step; resolves when that is stored. Of several callers one wins, the others get
   * WORKFLOW_RESUME_ALREADY_CLAIMED. A suspension that is not stored yet is awaited for 2 s, then
   * WORKFLOW_RUN_NOT_SUSPENDED.
   */
  resume(request: ResumeRequest): Promise<StoredRun>;
  /**
   * Resumes the step that waits under a key (`suspend(payload, { resumeKey })`), in whichever run that is; resolves as `resume` does,
   * with the outermost run of it. Of several callers one wins; the others get WORKFLOW_RESUME_ALREADY_CLAIMED, or
   * WORKFLOW_RESUME_KEY_NOT_FOUND when they come after it. A suspension that is not stored yet is awaited for 2 s, then
   * WORKFLOW_RESUME_KEY_NOT_FOUND.
   */
  resumeByKey(request: KeyResumeRequest): Promise<StoredRun>;
  /** Cancels a run; its status is final when this resolves. A canceled run answers again; another end is WORKFLOW_RUN_ALREADY_FINISHED. */
  cancel(request: RepeatableRequest): Promise<StoredRun>;
  /**
   * Begins a new epoch at a step: what lies before it stays, it and all behind it are executed anew. Resolves when that is
   * stored. A run that is running or waiting is WORKFLOW_RUN_ACTIVE, a step that the graph does not have
   * WORKFLOW_ARGUMENT_INVALID, one that is over and finds no place under its concurrency key WORKFLOW_CONCURRENCY_LIMIT; then
   * nothing is changed.
   */
  timeTravel(request: TimeTravelRequest): Promise<StoredRun>;
  /**
   * Executes again what was active in a run whose worker is gone, and keeps what has finished. A run that is over answers
   * as it is; one that is pending, suspended or paused is WORKFLOW_RUN_NOT_ACTIVE.
   */
  restart(request: RestartRequest): Promise<StoredRun>;
  /**
   * Removes a run and those nested in it for good; one that is active is canceled before. False when there is none. A worker
   * that had read the run may still write a record of it: give another run another id, or let the work end before.
   */
  remove(request: RunRef): Promise<boolean>;
  /** Lifecycle events after `cursor`. Waits up to `waitMs` (0 to 25,000; default 0) for one. `done`: there will be no more. */
  events(request: EventsRequest): Promise<EventPage>;
  /** The stored run, or null. With `nested: false`, without the steps of nested runs. */
  get(request: RunRef & { readonly nested?: boolean }): Promise<WorkflowState | null>;
  /** The same in the form in which lists show it. */
  snapshot(request: RunRef): Promise<WorkflowRunState | null>;
  /** The run as a result; `includeState` and `includeResumeLabels` add these. */
  result(request: RunRef & OutputOptions): Promise<RunResult>;
  /** Resolves with the status when the run is over, suspended or paused, or when `timeoutMs` have passed (then whatever it is). */
  settled(
    request: RunRef & { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<RunStatus>;
  /** Headers of runs, newest first. */
  list(query: RunQuery): Promise<RunPage>;
}

/** A run as far as a caller needs it to go on. */
export interface StoredRun {
  readonly runId: string;
  readonly workflowId: string;
  readonly status: RunStatus;
  readonly resourceId?: string;
  /** False when the call found the run as it was already wanted. */
  readonly changed: boolean;
}

/** Names a run. `workflowId`, when given, must be that of the run. */
export interface RunRef {
  readonly runId: string;
  /** @default whichever it is */
  readonly workflowId?: string;
  /** Verified principal of the caller; runs of another one are refused. @default runs of all owners, and of none, are reached */
  readonly owner?: string;
}

/** A call about a run that may be made more than once without meaning more, such as for an event that is delivered again. */
export interface RepeatableRequest extends RunRef {
  /**
   * Tells the call from all others about this run, 1 to 200 characters. Made again with the same key it means what it meant at
   * first, however the run went on since: a resumption that comes again resumes no later suspension. The key is known until
   * the run is removed. @default none: each call stands for itself
   */
  readonly requestKey?: string;
  /** The run has to be of one of these, or the call is WORKFLOW_RUN_FORBIDDEN. @default of any */
  readonly workflowIds?: readonly string[];
}

/** See {@link WorkflowHost.create}. */
export interface CreateRequest {
  readonly workflowId: string;
  /** 1 to 200 characters. @default a new UUID */
  readonly runId?: string;
  /** The author's grouping key, by which runs are listed. 1 to 200 characters. @default none */
  readonly resourceId?: string;
  /** Verified principal of the caller: the run belongs to it. @default nobody, and only calls without an owner reach the run */
  readonly owner?: string;
  /** What is kept of the run beside its records. @default what its workflow says, else the runtime */
  readonly history?: 'full' | 'stream' | 'none';
}

/** See {@link WorkflowHost.start}. */
export interface StartRequest extends CreateRequest {
  /**
   * Longest time of the run, ms, 1 to 31,536,000,000 (365 days); shorter or longer than that of its workflow, and kept for time
   * travels. A start that finds the run as it was wanted changes nothing about its time. @default the workflow's `timeoutMs`
   */
  readonly timeoutMs?: number;
  /** Pauses after one entry. @default false */
  readonly perStep?: boolean;
  /** Validated by the workflow's `inputSchema`. @default undefined */
  readonly inputData?: unknown;
  /** Validated by the workflow's `stateSchema`, when it is given. @default {} */
  readonly initialState?: Readonly<Record<string, unknown>>;
  /** Validated by the workflow's `requestContextSchema`. @default {} */
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** See {@link WorkflowHost.resume}. */
export interface ResumeRequest extends RepeatableRequest {
  /** Validated by the step's `resumeSchema`. @default undefined */
  readonly resumeData?: unknown;
  /** Step id, or path of ids. @default the only suspended step */
  readonly step?: string | readonly string[];
  /** Wins over `step`. An unknown one is WORKFLOW_RESUME_LABEL_NOT_FOUND. @default none */
  readonly label?: string;
  /** Item of a foreach. @default all of its suspended items */
  readonly forEachIndex?: number;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /** Pauses after the resumed entry. @default false */
  readonly perStep?: boolean;
}

/** See {@link WorkflowHost.resumeByKey}. */
export interface KeyResumeRequest
  extends Pick<ResumeRequest, 'resumeData' | 'requestContext' | 'perStep' | 'workflowIds'> {
  /** What the step gave to `suspend` as a `resumeKey`. 1 to 512 characters. */
  readonly key: string;
  /** Who started the run: the same key is another one for each of them. @default nobody: the key is of a run without an owner */
  readonly owner?: string;
  /**
   * Tells the call from all others by this key, 1 to 200 characters. Made again with the same one it means the suspension that it
   * meant at first, whoever waits under the key by then. The last 20 of each key are known, until the run that they resumed is
   * removed; one that found nobody is not. @default none: each call stands for itself
   */
  readonly requestKey?: string;
}

/** What a time travel takes a step's entry from; the rest is taken from the stored run. */
export type StepContextInput = Partial<Omit<StepResult, 'error'>>;

/** See {@link WorkflowHost.timeTravel}. */
export interface TimeTravelRequest extends RunRef {
  /** Step id, or path of ids through nested workflows. */
  readonly step: string | readonly string[];
  /**
   * Output of the entry before, for a step that is not nested; of the first step, the input of the run.
   * @default as it is stored, or in `context`
   */
  readonly inputData?: unknown;
  /** What the step gets as if it was resumed with it. @default none */
  readonly resumeData?: unknown;
  /** @default the state as it is stored */
  readonly initialState?: Readonly<Record<string, unknown>>;
  /** Entries of steps by their ids; they win over what is stored. `input` is the input of the run. @default {} */
  readonly context?: Readonly<Record<string, StepContextInput>>;
  /** The same for each nested workflow, by its step id. @default {} */
  readonly nestedStepsContext?: Readonly<Record<string, Readonly<Record<string, StepContextInput>>>>;
  /** Keys that win over those of the run. @default none */
  readonly requestContext?: Readonly<Record<string, unknown>>;
  /** Pauses after the step. @default false */
  readonly perStep?: boolean;
}

/** See {@link WorkflowHost.restart}. */
export interface RestartRequest extends RunRef {
  /**
   * Keys that win over those of the run, for every step that is executed from now on, in nested runs as well. What such a
   * step sets itself wins over them. @default none
   */
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** See {@link WorkflowHost.events}. */
export interface EventsRequest extends RunRef {
  /** `cursor` of the page before. @default the beginning */
  readonly cursor?: string;
  /** How long to wait for an event when there is none yet, ms; more than 25,000 counts as that. @default 0 */
  readonly waitMs?: number;
  /** Ends the wait. @default nothing does */
  readonly signal?: AbortSignal;
}

/** One page of events. */
export interface EventPage {
  readonly events: readonly RunEvent[];
  /** For the next call. Opaque; a foreign one is WORKFLOW_CURSOR_INVALID. */
  readonly cursor: string;
  /** The run is over, and all of its events were given. */
  readonly done: boolean;
}

/** What a result contains beside the usual. */
export interface OutputOptions {
  /** Adds `state`. @default false */
  readonly includeState?: boolean;
  /** Adds `resumeLabels` when the run is suspended. @default false */
  readonly includeResumeLabels?: boolean;
}

/** See {@link WorkflowHost.list}. */
export interface RunQuery {
  /** @default runs of all workflows */
  readonly workflowId?: string;
  /** @default runs of every status */
  readonly status?: RunStatus;
  /** The `resourceId` that runs were created with. @default runs of any, and of none */
  readonly resourceId?: string;
  /** Only runs of this principal. @default runs of all owners, and of none */
  readonly owner?: string;
  /**
   * Only runs that wait for code that is not here (`RunHeader.parked`). Nested ones are listed too, because it is they that
   * wait: `root` says in which run. @default whether they do or not
   */
  readonly parked?: true;
  /** Created at or after, ms since 1970. @default from the first one */
  readonly createdFrom?: number;
  /** Created at or before, ms since 1970. @default up to the last one */
  readonly createdTo?: number;
  /** 1 to 1,000. */
  readonly limit: number;
  /** `cursor` of the page before. @default the beginning */
  readonly cursor?: string;
}

/** One page of runs. */
export interface RunPage {
  readonly headers: readonly RunHeader[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/**
 * Key of the method by which a runtime tells a workflow object that it serves it. In the global registry, so that two
 * copies of this package in one process understand each other.
 */
export const bindRuntime: unique symbol = Symbol.for('evented-workflows.bindRuntime');

/** A workflow that starts runs by itself and has to know where. */
export interface BindableWorkflow {
  /** Returns a function that ends the binding: the runtime calls it when it closes. */
  [bindRuntime](host: WorkflowHost): () => void;
}

function isBindable(workflow: object): workflow is BindableWorkflow {
  return bindRuntime in workflow && typeof workflow[bindRuntime] === 'function';
}

/** Binds each of `workflows` that can be bound to `host`. Returns what ends these bindings: for the host's `close`. */
export function bindWorkflows(workflows: readonly object[], host: WorkflowHost): () => void {
  const ends = workflows.filter(isBindable).map((workflow) => workflow[bindRuntime](host));
  return () => {
    for (const end of ends) end();
  };
}
