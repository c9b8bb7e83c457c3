import type { WorkflowEvent } from '../core/event.ts';

/**
 * Publishes events, at least once and in no promised order. `publish` resolves only when every event is accepted (each
 * entry of a partly failed batch is sent again) and rejects with WORKFLOW_BACKEND_UNAVAILABLE when that cannot be had;
 * then any part of them may have been accepted.
 */
export interface EventBus {
  publish(events: readonly WorkflowEvent[]): Promise<void>;
}

/**
 * Delivers an event later. A timer is a hint: the due time that counts is in the store, and a handler that is woken early
 * sets the timer again. So an implementation may deliver early (SQS cannot delay for more than 900 s), late, or twice.
 */
export interface Timers {
  /** Delivers `event` to a worker at `dueAt` (ms since 1970), or at its limit when that is earlier. */
  schedule(event: WorkflowEvent, dueAt: number): Promise<void>;
}

/** What a worker does with one event: resolving acknowledges it, rejecting asks for another delivery. */
export type EventHandler = (event: WorkflowEvent) => Promise<void>;

/**
 * Feeds a worker in this process. Only the places without a delivery service of their own have one: on AWS, SQS invokes
 * the processor function instead.
 */
export interface WorkSource {
  /**
   * Begins to deliver `work` events to `handler`, up to `concurrency` at a time.
   * A rejected delivery comes again after a growing pause, at most 30 s.
   */
  start(handler: EventHandler, options: { readonly concurrency: number }): void;
  /** Takes no further event and resolves when the handlers in flight have returned. */
  stop(): Promise<void>;
}
