import type { RunStatus } from './records.ts';
import type { SerializedGraph } from './serialized-graph.ts';

/** The public shapes of a run. They are assembled from its records; nothing is stored in these forms. */

/** Statuses that a step's entry can show. */
export type StepResultStatus =
  | 'running'
  | 'success'
  | 'failed'
  | 'suspended'
  | 'waiting'
  | 'skipped'
  | 'paused'
  | 'canceled';

/** Why an agent stopped a run. */
export interface Tripwire {
  readonly reason: string;
  readonly retry?: boolean;
  readonly metadata?: unknown;
  readonly processorId?: string;
}

/** One entry of `steps`: fields are present exactly when they have a meaning for the status. Times are ms since 1970. */
export interface StepResult {
  readonly status: StepResultStatus;
  /** The step's validated input. */
  readonly payload?: unknown;
  readonly output?: unknown;
  readonly error?: Error;
  readonly nonRetryable?: true;
  readonly tripwire?: Tripwire;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly suspendPayload?: unknown;
  readonly suspendOutput?: unknown;
  readonly suspendedAt?: number;
  readonly resumePayload?: unknown;
  readonly resumedAt?: number;
  /** Of a loop: how many iterations began, this one included. */
  readonly metadata?: { readonly iterationCount: number };
}

/** What `start` and `resume` resolve with. They reject only for invalid arguments and when the place fails. */
export interface RunResult {
  readonly status: RunStatus;
  readonly runId: string;
  /** The validated input of the run. */
  readonly input: unknown;
  readonly steps: Readonly<Record<string, StepResult>>;
  /** Ids of the top-level single entries that were executed, in order. */
  readonly stepExecutionPath: readonly string[];
  /** Output of the last entry; only with status `success`. */
  readonly result?: unknown;
  /** Only with status `failed`. */
  readonly error?: Error;
  /** Only with status `tripwire`. */
  readonly tripwire?: Tripwire;
  /** One path for each suspended step; only with status `suspended`. */
  readonly suspended?: readonly (readonly string[])[];
  /** Payload of each suspended step by its id; only with status `suspended`. */
  readonly suspendPayload?: Readonly<Record<string, unknown>>;
  /** State after the last finished entry, and after what has settled of a block that is open; only when asked for. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** Only with status `suspended` and when asked for. */
  readonly resumeLabels?: ResumeLabels;
}

/** Where each label resumes; `foreachIndex` is the item of a foreach. */
export type ResumeLabels = Readonly<
  Record<string, { readonly stepId: string; readonly foreachIndex?: number }>
>;

/** Why a run waits for code that is not here, and goes on by itself when it is there again. */
export interface ParkedState {
  /** The graph has other steps where the run has been, or the workflow is not registered. */
  readonly code: 'WORKFLOW_GRAPH_CHANGED' | 'WORKFLOW_NOT_FOUND';
  /** ms since 1970. */
  readonly since: number;
  /** What to do about it. */
  readonly remedy: string;
  /** Of a run that goes on itself: which one of those nested in it waits. */
  readonly runId?: string;
}

/** The stored form of a run, as `listWorkflowRuns` shows it and `pruneSnapshot` gets it. */
export interface WorkflowRunState {
  readonly runId: string;
  readonly status: RunStatus;
  /** State of the workflow. */
  readonly value: Readonly<Record<string, unknown>>;
  /** `input`, and the entry of each step. */
  readonly context: Readonly<Record<string, unknown>>;
  /** Execution path of what runs first, empty when nothing does. */
  readonly activePaths: readonly number[];
  readonly activeStepsPath: Readonly<Record<string, readonly number[]>>;
  readonly stepExecutionPath: readonly string[];
  readonly serializedStepGraph: SerializedGraph;
  readonly suspendedPaths: Readonly<Record<string, readonly number[]>>;
  readonly waitingPaths: Readonly<Record<string, readonly number[]>>;
  readonly resumeLabels: ResumeLabels;
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: Error;
  readonly tripwire?: Tripwire;
  /** Only while the run waits for others of its workflow. */
  readonly queued?: Queued;
  /** When it fails unless it is over, ms since 1970. Only of a run with a time limit. */
  readonly deadlineAt?: number;
  /** Only when it is parked. */
  readonly parked?: ParkedState;
  /** Last change, ms since 1970. */
  readonly timestamp: number;
}

/**
 * What a run has used of the place that executes it, and what that costs. Without the runs that are nested in it, which have
 * their own. A meter and no bill: a message that is delivered twice may count twice.
 */
export interface RunCost {
  /** At list prices: see `docs/cost.md`. */
  readonly dollars: number;
  /** Entries put on the bus, by the started 64 KB. */
  readonly events: number;
  /** Of the work queue: sends, receives, deletions. */
  readonly requests: number;
  /** Of the functions; a batch counts by its parts. */
  readonly invocations: number;
  /** Memory of the functions times time. */
  readonly gbSeconds: number;
  /** Of the table and its indexes. */
  readonly writeUnits: number;
  /** Of the table. */
  readonly readUnits: number;
  /** Objects that were put or listed. */
  readonly objectWrites: number;
  /** Objects that were read. */
  readonly objectReads: number;
  /** Timers beyond what the queue can delay. */
  readonly schedules: number;
  /** Bytes of the records, events and objects that were written. */
  readonly bytes: number;
}

/** A run that was started and waits for a place under its concurrency key. */
export interface Queued {
  /** When it was started, ms since 1970. */
  readonly since: number;
  /** Runs that are let in before it. Absent while it is on its way into or out of the queue. */
  readonly ahead?: number;
}

/** A stored run, as `getWorkflowRunById` returns it. */
export interface WorkflowState {
  readonly runId: string;
  readonly workflowName: string;
  readonly resourceId?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly status: RunStatus;
  /** Current state, when it has any key. */
  readonly initialState?: Readonly<Record<string, unknown>>;
  /** Input of the run. */
  readonly payload?: unknown;
  readonly result?: unknown;
  readonly error?: Error;
  readonly steps: Readonly<Record<string, StepResult>>;
  /** Execution path of each step that is running, by step id. */
  readonly activeStepsPath: Readonly<Record<string, readonly number[]>>;
  readonly suspendedPaths: Readonly<Record<string, readonly number[]>>;
  readonly waitingPaths: Readonly<Record<string, readonly number[]>>;
  readonly resumeLabels: ResumeLabels;
  readonly requestContext?: Readonly<Record<string, unknown>>;
  readonly tripwire?: Tripwire;
  readonly serializedStepGraph: SerializedGraph;
  readonly stepExecutionPath: readonly string[];
  /** Only while the run waits for others of its workflow. */
  readonly queued?: Queued;
  /** When it fails unless it is over. Only of a run with a time limit; each time travel has its own. */
  readonly deadlineAt?: Date;
  /** Only when it is parked: its status stays what it was. */
  readonly parked?: ParkedState;
  /** Where the place counts it: on AWS. */
  readonly cost?: RunCost;
}

/** Types of {@link RunEvent}; `custom` is what a step gave to `writer.custom`: its payload reaches streams as it is. */
export type RunEventType =
  | 'workflow-start'
  | 'workflow-step-start'
  | 'workflow-step-waiting'
  | 'workflow-step-result'
  | 'workflow-step-suspended'
  | 'workflow-step-progress'
  | 'workflow-step-output'
  | 'workflow-canceled'
  | 'workflow-paused'
  | 'workflow-finish'
  | 'custom';

/** One lifecycle event of a run, as streams and the events route show it. */
export interface RunEvent {
  /** Deterministic: a reader drops repeats by it. */
  readonly id: string;
  readonly type: RunEventType;
  readonly runId: string;
  /** `USER`: a step wrote it. */
  readonly from: 'WORKFLOW' | 'USER';
  /** When it happened, ms since 1970. */
  readonly time: number;
  readonly payload: Readonly<Record<string, unknown>>;
}
