import type { WorkflowDefinition } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import type { Graph } from '../core/graph.ts';
import type { RunRef, WorkflowHost } from '../core/host.ts';
import type { HistoryEntry } from '../core/run-history.ts';
import type { PayloadLink } from '../ports/index.ts';

export type { HistoryEntry } from '../core/run-history.ts';
export type {
  CreateRequest,
  EventPage,
  EventsRequest,
  OutputOptions,
  RestartRequest,
  ResumeRequest,
  RunRef,
  StartRequest,
  StoredRun,
  TimeTravelRequest,
} from '../core/host.ts';

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
  /** Handles one delivered event: resolves to acknowledge it, rejects to have it delivered again. */
  handle(event: WorkflowEvent): Promise<void>;
  /**
   * Publishes again what may have been lost, for every run that is due for a look: an event that its transport dropped, or
   * that a call did not live to publish. Where the process feeds itself this happens each minute; on AWS a function calls it.
   * Resolves with the number of runs that were looked at.
   */
  sweep(): Promise<number>;
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
  /** Resume schema of each step that has one, by step id. */
  readonly resumeSchemas: Readonly<Record<string, unknown>>;
}
