import type { WorkflowDefinition } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import type { Graph } from '../core/graph.ts';
import type { RunRef, StoredRun, WorkflowHost } from '../core/host.ts';
import type { ScheduleDescription, ScheduleStart, ScheduleTick } from '../core/schedule.ts';
import type { HistoryEntry } from '../core/run-history.ts';
import type { PayloadLink } from '../ports/index.ts';

export type { HistoryEntry } from '../core/run-history.ts';
export type {
  CreateRequest,
  EventPage,
  EventsRequest,
  KeyResumeRequest,
  OutputOptions,
  RepeatableRequest,
  RestartRequest,
  ResumeRequest,
  RunRef,
  StartRequest,
  StoredRun,
  TimeTravelRequest,
} from '../core/host.ts';
export type { ScheduleDescription, ScheduleStart, ScheduleTick } from '../core/schedule.ts';

/**
 * What an audit of a run found.
 * - `over`: it has ended, and nobody has to learn of it any more.
 * - `nothing-due`: it waits for its time, for somebody, or for a step that is at work.
 * - `published`: something was due, and what was missing of that is published.
 * - `parked`: this code does not have its workflow, or not the step where it stands. It stays in the sight of the sweeper.
 * - `unknown`: there is no such run; it may have been removed, or have expired.
 */
export type Audit = 'over' | 'nothing-due' | 'published' | 'parked' | 'unknown';

/**
 * The runtime by ids: what the HTTP routes, the Lambdas and the `Run` objects of authors are made of. `owner` is the
 * verified principal of the caller; when it is given, runs of another owner answer WORKFLOW_RUN_FORBIDDEN (and are absent
 * from lists). Every method rejects with WORKFLOW_NOT_FOUND for an unknown workflow, with WORKFLOW_RUN_NOT_FOUND for an
 * unknown run, and with WORKFLOW_RUNTIME_CLOSED after `close`.
 */
export interface Runtime extends WorkflowHost {
  /** The registered workflows, in the order of registration. */
  readonly workflows: readonly WorkflowDefinition[];
  /** Description of a workflow. Throws WORKFLOW_NOT_FOUND. */
  describe(workflowId: string): WorkflowDescription;
  /**
   * Handles one delivered event: resolves to acknowledge it, rejects to have it delivered again. With a `deadline`, a step ends by
   * then at the latest, and one that may not end by then is not begun: WORKFLOW_TIME_SHORT.
   */
  handle(event: WorkflowEvent, options?: HandleOptions): Promise<void>;
  /**
   * Starts the run of one time of a schedule, with what the workflow declares for it, or with `given` where a deployment and
   * not the workflow has the schedule. Its id follows from the tick, so that any number of calls for one start one run.
   * Where a process feeds itself this happens when it is due; on AWS the Scheduler's message leads to it. Resolves with
   * undefined when the run cannot be started however often it is tried (no such workflow or schedule, or values that are
   * refused): then the logger is told.
   */
  startScheduled(tick: ScheduleTick, given?: ScheduleStart): Promise<StoredRun | undefined>;
  /**
   * Publishes again what may have been lost, for every run that is due for a look: an event that its transport dropped, or
   * that a call did not live to publish. Where the process feeds itself this happens each minute; on AWS a function calls it.
   * Resolves with the number of runs that were looked at.
   */
  sweep(): Promise<number>;
  /**
   * Looks at one run now, whenever its next sweep is, and publishes what is due: for whoever found a message of it that could
   * not be processed. Of a nested run that is over or suspended, it looks at the run above as well, and says what it found there.
   * Resolves also for a run that is unknown; rejects when the store or the bus is not available.
   */
  audit(runId: string): Promise<Audit>;
  /**
   * Every state that a run went through, in order, with attempts, iterations and former epochs. WORKFLOW_HISTORY_ABSENT for a
   * run that keeps no history.
   */
  history(request: HistoryRequest): Promise<HistoryPage>;
  /**
   * Keeps a value (its JSON) that a caller sends ahead of the start or the resumption that it is for, until the run is removed or 7
   * days have passed. The run need not exist; when it does, it has to be the caller's. Nobody else can read the value, or learn
   * that it is there. Rejects with WORKFLOW_ARGUMENT_INVALID when `sha256` is not that of `text`.
   */
  keepValue(request: KeptValueRef & { readonly text: string }): Promise<void>;
  /** The JSON of a value that was kept. Rejects with WORKFLOW_VALUE_NOT_FOUND when the caller kept none of this hash for the run. */
  keptValue(request: KeptValueRef): Promise<string>;
  /**
   * Keeps a value (its JSON) that is too large for an answer, and resolves with a link by which the caller, who may see the run, gets
   * it; undefined where the place has no links, since its answers have no limit.
   */
  shareValue(request: KeptValueRef & { readonly text: string }): Promise<PayloadLink | undefined>;
  /**
   * A link by which a caller does what {@link Runtime.keepValue} does with a value that is too large for a request: `bytes` of UTF-8.
   * What is sent to it has to have this hash and this number of bytes, and is looked at when it is used. Undefined where the place
   * has no links. Rejects with WORKFLOW_LIMIT_EXCEEDED for more than a value may have.
   */
  linkValue(
    request: KeptValueRef & { readonly bytes: number },
  ): Promise<(PayloadLink & { readonly headers: Readonly<Record<string, string>> }) | undefined>;
  /** Stops taking work, waits for steps in flight, closes the backend. Idempotent; nothing keeps the process alive afterwards. */
  close(): Promise<void>;
}

/** How much time a handling has: options of {@link Runtime.handle} for a function that is ended at a certain time. */
export interface HandleOptions {
  /**
   * Time by which a step has to be over, ms since 1970: when the function ends, less what storing an outcome takes. A step that is
   * not over then fails with WORKFLOW_STEP_TIMEOUT, and is tried again when its retries say so, like any attempt that fails. A
   * step that has less than 1 s left is not begun. @default none
   */
  readonly deadline?: number;
  /**
   * What a function has until the `deadline` when it begins, ms. With it, a step whose `timeoutMs` fits into that, but not into
   * what is left, is not begun. Nothing is refused while nine tenths are left. @default unknown: a step is begun with what is
   * left
   */
  readonly allotmentMs?: number;
}

/** See {@link Runtime.history}. */
export interface HistoryRequest extends RunRef {
  /** `cursor` of the page before. @default the beginning */
  readonly cursor?: string;
}

/** Names a value that was sent ahead of a run. */
export interface KeptValueRef extends RunRef {
  /** SHA-256 of its JSON text in UTF-8: 64 hex digits, in lower case. */
  readonly sha256: string;
}

/** One page of a history: about 500 states. */
export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /** For the next call. Opaque; a foreign one is WORKFLOW_CURSOR_INVALID. */
  readonly cursor: string;
  /** There are no more entries now. */
  readonly isLast: boolean;
  /** The run is over, and all of its history was given. */
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
  /** When its runs start by themselves; absent when they do not. */
  readonly schedules?: readonly ScheduleDescription[];
  /** Resume schema of each step that has one, by step id. */
  readonly resumeSchemas: Readonly<Record<string, unknown>>;
}
