import type { RunHeader, RunStatus } from './records.ts';
import type { RunResult, WorkflowState } from './snapshot.ts';

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
   * and resourceId answers with the run as it is; with others WORKFLOW_RUN_CONFLICT. Invalid values:
   * WORKFLOW_SCHEMA_VALIDATION_FAILED, nothing is written.
   */
  start(request: StartRequest): Promise<StoredRun>;
  /**
   * Resumes a suspended step; resolves when that is stored. Of several callers one wins, the others get
   * WORKFLOW_RESUME_ALREADY_CLAIMED. A suspension that is not stored yet is awaited for 2 s, then
   * WORKFLOW_RUN_NOT_SUSPENDED.
   */
  resume(request: ResumeRequest): Promise<StoredRun>;
  /** Cancels a run; its status is final when this resolves. A canceled run answers again; another end is WORKFLOW_RUN_ALREADY_FINISHED. */
  cancel(request: RunRef): Promise<StoredRun>;
  /** The stored run, or null. */
  get(request: RunRef): Promise<WorkflowState | null>;
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
  readonly workflowId?: string;
  readonly owner?: string;
}

/** See {@link WorkflowHost.create}. */
export interface CreateRequest {
  readonly workflowId: string;
  /** 1 to 200 characters. @default a new UUID */
  readonly runId?: string;
  readonly resourceId?: string;
  readonly owner?: string;
}

/** See {@link WorkflowHost.start}. */
export interface StartRequest extends CreateRequest {
  readonly inputData?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** See {@link WorkflowHost.resume}. */
export interface ResumeRequest extends RunRef {
  readonly resumeData?: unknown;
  /** Step id, or path of ids. @default the only suspended step */
  readonly step?: string | readonly string[];
  /** Wins over `step`. An unknown one is WORKFLOW_RESUME_LABEL_NOT_FOUND. */
  readonly label?: string;
  /** Keys that win over those of the run. */
  readonly requestContext?: Readonly<Record<string, unknown>>;
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
  readonly workflowId?: string;
  readonly status?: RunStatus;
  readonly resourceId?: string;
  /** Only runs of this principal. */
  readonly owner?: string;
  /** Created at or after, ms since 1970. */
  readonly createdFrom?: number;
  /** Created at or before, ms since 1970. */
  readonly createdTo?: number;
  /** 1 to 1,000. */
  readonly limit: number;
  /** `cursor` of the page before. */
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
