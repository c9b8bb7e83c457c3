import type { Graph } from '../core/graph.ts';
import type { RunStatus } from '../core/records.ts';
import type { RunEvent, RunResult, WorkflowState } from '../core/snapshot.ts';
import type { WorkflowDefinition } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import type { RunPage, RunQuery } from '../ports/index.ts';

/**
 * The runtime by ids: what the HTTP routes, the Lambdas and the `Run` objects of authors are made of. `owner` is the
 * verified principal of the caller; when it is given, runs of another owner answer WORKFLOW_RUN_FORBIDDEN (and are absent
 * from lists). Every method rejects with WORKFLOW_NOT_FOUND for an unknown workflow, with WORKFLOW_RUN_NOT_FOUND for an
 * unknown run, and with WORKFLOW_RUNTIME_CLOSED after `close`.
 */
export interface Runtime {
  /** The registered workflows, in the order of registration. */
  readonly workflows: readonly WorkflowDefinition[];
  /** Description of a workflow. Throws WORKFLOW_NOT_FOUND. */
  describe(workflowId: string): WorkflowDescription;
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
  settled(request: RunRef & { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<RunStatus>;
  /** Lifecycle events after `cursor`. Waits up to `waitMs` (0 to 25,000; default 0) for one. `done`: there will be no more. */
  events(request: RunRef & { readonly cursor?: string; readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<EventPage>;
  /** Headers of runs, newest first. */
  list(query: RunQuery): Promise<RunPage>;
  /** Handles one delivered event: resolves to acknowledge it, rejects to have it delivered again. */
  handle(event: WorkflowEvent): Promise<void>;
  /** Stops taking work, waits for steps in flight, closes the backend. Idempotent; nothing keeps the process alive afterwards. */
  close(): Promise<void>;
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

/** See {@link Runtime.create}. */
export interface CreateRequest {
  readonly workflowId: string;
  /** 1 to 200 characters. @default a new UUID */
  readonly runId?: string;
  readonly resourceId?: string;
  readonly owner?: string;
}

/** See {@link Runtime.start}. */
export interface StartRequest extends CreateRequest {
  readonly inputData?: unknown;
  readonly initialState?: Readonly<Record<string, unknown>>;
  readonly requestContext?: Readonly<Record<string, unknown>>;
}

/** See {@link Runtime.resume}. */
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
  readonly includeState?: boolean;
  readonly includeResumeLabels?: boolean;
}

/** One page of events. */
export interface EventPage {
  readonly events: readonly RunEvent[];
  /** For the next call. Opaque; a foreign one is WORKFLOW_CURSOR_INVALID. */
  readonly cursor: string;
  readonly done: boolean;
}

/** What can be known about a workflow. */
export interface WorkflowDescription {
  readonly id: string;
  readonly description?: string;
  readonly graph: Graph;
  /** JSON Schemas, for schemas that can give one (Standard JSON Schema); absent otherwise. */
  readonly inputSchema?: unknown;
  readonly outputSchema?: unknown;
  readonly stateSchema?: unknown;
  /** Resume schema of each step that has one, by step id. */
  readonly resumeSchemas: Readonly<Record<string, unknown>>;
}
