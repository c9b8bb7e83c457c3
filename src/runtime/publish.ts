import {
  deadlineEvent,
  type EventBase,
  runEvent,
  type RunEventDetails,
  type RunEventType,
  stepEvent,
  type WorkflowEvent,
} from '../core/event.ts';
import { WorkflowError } from '../core/errors.ts';
import { pathOf, type RecordKey, type RunHeader, type RunStatus, type StepStatus } from '../core/records.ts';
import type { Engine } from './engine.ts';

/** The run that events are about, and how long the chain of events was that led to them. */
export interface EventScope {
  readonly workflowId: string;
  readonly runId: string;
  readonly epoch: number;
  /** Hop of the event that is being handled; what it leads to has one more. */
  readonly hop: number;
  /** Of a run that was restarted with a request context: what handlers of the events have to read. */
  readonly restartedAt?: number | undefined;
}

/** A place in the graph and the turn it is in. */
interface Place {
  readonly key: RecordKey;
  readonly turn: string;
  readonly stepId: string;
}

/** Makes and publishes the events of one handling. */
export class Publisher {
  private readonly engine: Engine;
  readonly scope: EventScope;

  constructor(engine: Engine, scope: EventScope) {
    this.engine = engine;
    this.scope = scope;
  }

  /** One whose events lead to what restarts have brought into this run. */
  after({ restarts }: Pick<RunHeader, 'restarts'>): Publisher {
    const restartedAt = restarts?.at;
    if (restartedAt === undefined || restartedAt <= (this.scope.restartedAt ?? 0)) return this;
    return new Publisher(this.engine, { ...this.scope, restartedAt });
  }

  private base(): EventBase {
    const { workflowId, runId, epoch, hop } = this.scope;
    return { workflowId, runId, epoch, hop: hop + 1, time: this.engine.backend.clock.now() };
  }

  /** Whether a call or a sweep publishes, and no event that was delivered. */
  get isCall(): boolean {
    return this.scope.hop === 0;
  }

  /** Whether the chain of events is as long as it may get. */
  get exhausted(): boolean {
    return this.scope.hop >= this.engine.limits.hops;
  }

  /** What a run that is {@link exhausted} fails with. */
  get exhaustion(): WorkflowError {
    const { hops } = this.engine.limits;
    return new WorkflowError(
      'WORKFLOW_LIMIT_EXCEEDED',
      `The run caused ${hops} events one after the other: split the work over several runs, or raise the limit hops`,
      { details: { limit: 'hops', allowed: hops } },
    );
  }

  stepRun(
    at: Place & {
      prev?: WorkflowEvent['prev'];
      dueAt?: number | undefined;
      to?: number;
      seesCell?: boolean | undefined;
    },
  ): WorkflowEvent {
    const { key, turn, stepId, prev, dueAt, to, seesCell } = at;
    return stepEvent(this.base(), 'workflow.step.run', {
      key,
      turn,
      stepId,
      dueAt,
      ...(prev === undefined ? {} : { prev }),
      ...(to === undefined ? {} : { to }),
      ...(seesCell === true ? { seesCell } : {}),
      restartedAt: this.scope.restartedAt,
    });
  }

  /** The end of a step, arm or block; nothing when per-step ends are switched off. */
  stepEnd({ key, turn, stepId, status }: Place & { status: StepStatus }): WorkflowEvent[] {
    const at = { key, turn, stepId, status };
    return this.engine.stepEndEvents ? [stepEvent(this.base(), 'workflow.step.end', at)] : [];
  }

  run(type: RunEventType, status: RunStatus, details?: RunEventDetails): WorkflowEvent {
    return runEvent(this.base(), type, status, details);
  }

  /** Sets the timer of the run's deadline. */
  async armDeadline({ deadlineAt }: Pick<RunHeader, 'deadlineAt'>): Promise<void> {
    if (deadlineAt === undefined) return;
    await this.engine.backend.timers.schedule(deadlineEvent(this.base(), deadlineAt), deadlineAt);
  }

  /** Publishes in one request, facts before the work that follows from them. */
  async publish(events: readonly WorkflowEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.engine.backend.bus.publish(events);
    for (const event of events) this.engine.backend.metrics.count('event.published', { type: event.type });
  }

  /** Publishes work; a retry goes to the worker directly, at its due time, and past the bus. */
  async publishAt(event: WorkflowEvent, dueAt: number | undefined): Promise<void> {
    if (dueAt === undefined) await this.publish([event]);
    else await this.engine.backend.timers.schedule(event, dueAt);
  }
}

/** What a `step.run` says about the entry before it. */
export function previous(key: RecordKey, status: StepStatus): NonNullable<WorkflowEvent['prev']> {
  return { path: pathOf(key), status };
}
