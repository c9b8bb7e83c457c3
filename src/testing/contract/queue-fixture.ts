import { ok } from 'node:assert/strict';
import { runEvent, stepEvent, type WorkflowEvent } from '../../core/event.ts';
import type { EventHandler, WorkSource } from '../../ports/index.ts';
import { turn } from './run-fixture.ts';
import type { ContractBackend } from './suite.ts';

/** Virtual time that is let pass while something is waited for: longer than any pause between two deliveries. */
const PATIENCE_MS = 31_000;

/** A backend with a source, and what it delivered. */
export class QueueFixture {
  readonly backend: ContractBackend;
  readonly runId: string;
  /** Each delivery, in order. */
  readonly delivered: WorkflowEvent[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(backend: ContractBackend) {
    this.backend = backend;
    this.runId = backend.ids.unique();
  }

  get source(): WorkSource {
    return this.sourceOf(this.backend);
  }

  sourceOf({ source }: ContractBackend): WorkSource {
    ok(source !== undefined, 'the contract of a queue is for places that have a source');
    return source;
  }

  /** A `step.run` of entry `entry`: a work event. */
  work(entry: number, more: Partial<WorkflowEvent> = {}): WorkflowEvent {
    const base = { workflowId: 'workflow', runId: this.runId, epoch: 1, hop: entry, time: 1_767_225_600_000 };
    return {
      ...stepEvent(base, 'workflow.step.run', { key: { entry }, turn: turn(), stepId: 'step' }),
      ...more,
    };
  }

  /** A fact that no worker has to handle. */
  fact(): WorkflowEvent {
    const base = { workflowId: 'workflow', runId: this.runId, epoch: 1, hop: 1, time: 1_767_225_600_000 };
    return runEvent(base, 'workflow.end', 'success');
  }

  /** Starts to deliver; `handle` decides what becomes of each event. */
  start(concurrency: number, handle: EventHandler = async () => {}, backend = this.backend): void {
    this.sourceOf(backend).start(
      async (event) => {
        this.delivered.push(event);
        for (const look of this.#waiting) look();
        await handle(event);
      },
      { concurrency },
    );
  }

  /** Resolves when `condition` holds; it is looked at after each delivery. */
  async until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition()) resolve();
    };
    this.#waiting.add(look);
    look();
    await this.patiently(promise);
    this.#waiting.delete(look);
  }

  /** Waits for a promise, and lets virtual time pass where the place has it. */
  async patiently<T>(promise: Promise<T>): Promise<T> {
    if (this.backend.advance === undefined) return promise;
    const state = { isOver: false };
    const over = (): void => {
      state.isOver = true;
    };
    promise.then(over, over);
    for (let round = 0; round < 100 && !state.isOver; round += 1) await this.backend.advance(PATIENCE_MS);
    ok(state.isOver, 'what was waited for did not happen, however much time passed');
    return promise;
  }

  /** Ids of what was delivered, each once. */
  ids(): Set<string> {
    return new Set(this.delivered.map((event) => event.id));
  }
}

/** Ids of events. */
export function idsOf(events: readonly WorkflowEvent[]): Set<string> {
  return new Set(events.map((event) => event.id));
}
