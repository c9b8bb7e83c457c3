import type { RunStatus } from '../core/records.ts';
import type { StepResult, Tripwire } from '../core/snapshot.ts';
import type { Usage } from '../core/usage.ts';

export type { Usage } from '../core/usage.ts';

/** What every event of a stream has. */
interface EventOf<Type extends string, Payload, From extends 'WORKFLOW' | 'USER' = 'WORKFLOW'> {
  readonly type: Type;
  /** The run whose stream it is, also for events of the runs nested in it. */
  readonly runId: string;
  readonly from: From;
  readonly payload: Payload;
}

/** Names of the step that an event is about. */
interface StepNames {
  /** Id of the step; of one of a nested workflow, with the ids that lead to it: `outer.inner`. */
  readonly id: string;
  /** The same. */
  readonly stepName: string;
  /** The same for all events of one execution. Absent for a sleep and a foreach. */
  readonly stepCallId?: string;
}

type StepFields = Omit<StepResult, 'status'>;

/** An object without fields. */
type NoFields = Readonly<Record<string, never>>;

/** Events of the whole run. */
type RunEvents =
  | EventOf<'workflow-start', { readonly workflowId: string }>
  | EventOf<'workflow-canceled' | 'workflow-paused', NoFields>
  | EventOf<
      'workflow-finish',
      {
        readonly workflowStatus: RunStatus;
        /** Why the run failed, when no step did. */
        readonly metadata: { readonly error?: Error; readonly errorMessage?: string };
        readonly output: { readonly usage: Usage };
        readonly tripwire?: Tripwire;
      }
    >;

/** Events of steps. */
type StepEvents =
  | EventOf<'workflow-step-start', StepNames & StepFields & { readonly status: 'running' }>
  | EventOf<'workflow-step-waiting', StepNames & StepFields & { readonly status: 'waiting' }>
  | EventOf<'workflow-step-suspended', StepNames & StepFields & { readonly status: 'suspended' }>
  | EventOf<
      'workflow-step-result',
      StepNames & StepFields & { readonly status: StepResult['status'] | 'bailed' }
    >
  | EventOf<
      'workflow-step-progress',
      Pick<StepNames, 'id' | 'stepName'> & {
        /** Items of the foreach that have succeeded. */
        readonly completedCount: number;
        readonly totalCount: number;
        /** Number of the item that the event is about, from 0. */
        readonly currentIndex: number;
        readonly iterationStatus: 'success' | 'failed' | 'suspended';
        readonly iterationOutput?: unknown;
      }
    >
  | EventOf<
      'workflow-step-output',
      { readonly output: unknown; readonly runId: string; readonly stepName: string },
      'USER'
    >;

/** What a step gave to `writer.custom`, as it is. Types without `data-` are possible, too. */
export interface CustomStreamEvent {
  readonly type: `data-${string}`;
  readonly runId: string;
  readonly from: 'WORKFLOW';
  readonly data?: unknown;
  readonly id?: string;
}

/** One event of `stream()`. */
export type WorkflowStreamEvent = RunEvents | StepEvents | CustomStreamEvent;

/** One event of `watch()`. */
export type WorkflowWatchEvent =
  | WorkflowStreamEvent
  | EventOf<'workflow-step-finish', StepNames & { readonly metadata: NoFields }>;

/** One event of `streamLegacy()`: that of `watch()` without `workflow-` before its type. */
export interface LegacyStreamEvent {
  readonly type: string;
  /** Absent in `tool-call-` events. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Of the `tool-call-` events of a step that is an agent: its name, its input, and the text of a delta. */
  readonly name?: string;
  readonly args?: unknown;
  readonly argsTextDelta?: string;
}

/**
 * The output of a run while it is executed, in this process or in others. Its other members make it usable like the
 * stream itself.
 */
export interface WorkflowRunOutput<Result> extends AsyncIterable<WorkflowStreamEvent> {
  readonly runId: string;
  readonly workflowId: string;
  /** All events from the first one on. Each reading of this property is a stream of its own. */
  readonly fullStream: ReadableStream<WorkflowStreamEvent>;
  /** As of the last event. */
  readonly status: RunStatus;
  /** What the execution came to, when the stream closes. Rejects when it could not be started or followed. */
  readonly result: Promise<Result>;
  /** What agents used, when the stream closes. */
  readonly usage: Promise<Usage>;
  /** Of a stream of its own, as `fullStream` gives one. */
  getReader(): ReadableStreamDefaultReader<WorkflowStreamEvent>;
  /** Of a stream of its own, as `fullStream` gives one. */
  pipeTo(
    destination: WritableStream<WorkflowStreamEvent>,
    options?: Parameters<ReadableStream['pipeTo']>[1],
  ): Promise<void>;
  /** Of a stream of its own, as `fullStream` gives one. */
  pipeThrough<Out>(transform: {
    readonly readable: ReadableStream<Out>;
    readonly writable: WritableStream<WorkflowStreamEvent>;
  }): ReadableStream<Out>;
  /** Two streams. */
  tee(): [ReadableStream<WorkflowStreamEvent>, ReadableStream<WorkflowStreamEvent>];
  /** Always false: each reader has a stream of its own. */
  readonly locked: boolean;
  /** Does nothing: a reader cancels what it reads. */
  cancel(): Promise<void>;
}

/** What `streamLegacy()` gives. */
export interface LegacyOutput<Result> {
  /** From the start of the run to its end, over suspensions. */
  readonly stream: ReadableStream<LegacyStreamEvent>;
  /** What the execution that was begun last in this process comes to. */
  getWorkflowState(): Promise<Result>;
}
