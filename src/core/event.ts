import type { Graph } from './graph.ts';
import type { RecordKey, RunStatus, StepStatus } from './records.ts';
import { formatKey, pathOf } from './records.ts';

/** Version of the event format: a consumer refuses a higher one. */
export const eventFormat = 1;

/** All event types; on EventBridge the detail-type. */
export const eventTypes = [
  'workflow.start',
  'workflow.step.run',
  'workflow.step.end',
  'workflow.suspend',
  'workflow.resume',
  'workflow.end',
  'workflow.fail',
  'workflow.cancel',
  'workflow.timeout',
] as const;
/** See {@link eventTypes}. */
export type EventType = (typeof eventTypes)[number];

/**
 * An event: which thing happened to which run, and where. It carries neither results nor state (those are in the store),
 * so it stays under 2 KB however large a run grows. Any event is a hint: the handler checks against the store.
 */
export interface WorkflowEvent {
  readonly format: number;
  /** Deterministic: the same fact has the same id, whoever publishes it and however often. */
  readonly id: string;
  readonly type: EventType;
  /** Whether the event is routed to the work queue. */
  readonly work: boolean;
  readonly workflowId: string;
  readonly runId: string;
  readonly epoch: number;
  /**
   * Execution path: `[i]`, or `[i, j]` for arm or item j of the block at entry i. Empty for events of the whole run, but for a
   * `suspend`, which says where the run stands, and a `resume`.
   */
  readonly path: readonly number[];
  /** Formatted turn; absent for events of the whole run. */
  readonly turn?: string;
  /** Id of the step that `path` means. */
  readonly stepId?: string;
  /** Status after a `step.end`, `suspend`, `end` or `fail`. */
  readonly status?: StepStatus | RunStatus;
  /** What ended just before a `step.run`: an observer loses nothing when per-step ends are switched off. */
  readonly prev?: { readonly path: readonly number[]; readonly status: StepStatus };
  /** Of a nested run: the place that waits for it. Its status events are work then. */
  readonly parent?: { readonly runId: string; readonly path: readonly number[] };
  /** A `step.run` of several items of a foreach: the last of them; `path` names the first. */
  readonly to?: number;
  /** A `step.run` of a member whose block had members that changed state or request context. */
  readonly seesCell?: boolean;
  /** A `step.run` in a run that was restarted with a request context: the `restarts.at` that its handler has to read at least. */
  readonly restartedAt?: number;
  /**
   * A `step.run` or `timeout` that must not be handled earlier, ms since 1970: what a retry's delay and a re-armed timer rest on.
   */
  readonly dueAt?: number;
  /** Number of events that led here, one after the other. */
  readonly hop: number;
  /** When the fact was published first, ms since 1970; redeliveries may differ. */
  readonly time: number;
}

/** What all events of one publication share. */
export interface EventBase {
  readonly workflowId: string;
  readonly runId: string;
  readonly epoch: number;
  readonly hop: number;
  readonly time: number;
}

const runEventWork: Record<EventType, boolean> = {
  'workflow.start': false,
  'workflow.step.run': true,
  'workflow.step.end': false,
  'workflow.suspend': false,
  'workflow.resume': false,
  'workflow.end': false,
  'workflow.fail': false,
  'workflow.cancel': true,
  'workflow.timeout': true,
};

/** An event of a step, arm or block. */
export function stepEvent(
  base: EventBase,
  type: 'workflow.step.run' | 'workflow.step.end',
  at: {
    key: RecordKey;
    turn: string;
    stepId: string;
    status?: StepStatus;
    prev?: WorkflowEvent['prev'];
    dueAt?: number | undefined;
    to?: number;
    seesCell?: boolean;
    restartedAt?: number | undefined;
  },
): WorkflowEvent {
  const range = at.to === undefined ? '' : `-${at.to}`;
  const suffix = at.status === undefined ? range : `/${at.status}`;
  return {
    ...base,
    format: eventFormat,
    id: `${base.runId}/${type}/${formatKey(at.key)}/${at.turn}${suffix}`,
    type,
    work: runEventWork[type],
    path: pathOf(at.key),
    turn: at.turn,
    stepId: at.stepId,
    ...(at.status === undefined ? {} : { status: at.status }),
    ...(at.prev === undefined ? {} : { prev: at.prev }),
    ...(at.dueAt === undefined ? {} : { dueAt: at.dueAt }),
    ...(at.to === undefined ? {} : { to: at.to }),
    ...(at.seesCell === true ? { seesCell: true } : {}),
    ...(at.restartedAt === undefined ? {} : { restartedAt: at.restartedAt }),
  };
}

/** Types of events of the whole run. */
export type RunEventType = Exclude<EventType, 'workflow.step.run' | 'workflow.step.end' | 'workflow.timeout'>;

/** See {@link runEvent}. */
export interface RunEventDetails {
  /** Tells apart what can happen several times in an epoch (a suspension's position). */
  readonly mark?: string;
  /** See {@link WorkflowEvent.parent}. */
  readonly parent?: WorkflowEvent['parent'];
  /** Somebody has to do something about it: the parent, callbacks, nested runs. A cancel always is. */
  readonly work?: boolean;
}

/** An event of the whole run. */
export function runEvent(
  base: EventBase,
  type: RunEventType,
  status: RunStatus,
  { mark = '', parent, work = false }: RunEventDetails = {},
): WorkflowEvent {
  return {
    ...base,
    format: eventFormat,
    id: `${base.runId}/${type}/${base.epoch}${mark === '' ? '' : `/${mark}`}`,
    type,
    work: work || parent !== undefined || runEventWork[type],
    path: [],
    status,
    ...(parent === undefined ? {} : { parent }),
  };
}

/** The event that comes when the time of a run is over. Only timers send it. */
export function deadlineEvent(base: EventBase, dueAt: number): WorkflowEvent {
  const type = 'workflow.timeout';
  const id = `${base.runId}/${type}/${base.epoch}`;
  return { ...base, format: eventFormat, id, type, work: runEventWork[type], path: [], dueAt };
}

/** What a {@link RunEventDetails.mark} was given as: the position at which a run was suspended. Undefined for other events. */
export function suspendedAt({ type, status, runId, epoch, id }: WorkflowEvent): string | undefined {
  const prefix = `${runId}/${type}/${epoch}/`;
  const isSuspension = type === 'workflow.suspend' && status === 'suspended' && id.startsWith(prefix);
  return isSuspension ? id.slice(prefix.length) : undefined;
}

/** The record that a path means. Undefined for one that no record of the graph can have: it came from elsewhere. */
export function keyOfPath(path: readonly number[], graph: Graph): RecordKey | undefined {
  const [entry, member, ...rest] = path;
  if (!isIndex(entry) || rest.length > 0) return undefined;
  if (member === undefined) return { entry };
  if (!isIndex(member)) return undefined;
  return graph[entry]?.type === 'foreach' ? { entry, item: member } : { entry, arm: member };
}

function isIndex(part: number | undefined): part is number {
  return part !== undefined && Number.isInteger(part) && part >= 0;
}
