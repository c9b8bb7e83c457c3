import type { DropReason } from '../core/decide.ts';
import type { StepDefinition } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import type { RecordKey } from '../core/records.ts';
import { firstTurn, formatTurn } from '../core/turn.ts';
import type { Engine } from './engine.ts';
import type { Publisher } from './publish.ts';
import type { CompiledWorkflow } from './registry.ts';

/** One handling of one event, or one API call: what its parts share. */
export interface Handling {
  readonly engine: Engine;
  readonly workflow: CompiledWorkflow;
  readonly runId: string;
  readonly epoch: number;
  readonly publisher: Publisher;
}

/** A `step.run` that is being handled. */
export interface StepHandling extends Handling {
  readonly event: WorkflowEvent;
  readonly key: RecordKey;
  readonly turn: string;
  readonly step: StepDefinition;
  /** Owner of the claim that this handling makes; never shared by two. */
  readonly owner: string;
}

/** Acknowledges an event that has nothing to do. */
export function drop(engine: Engine, reason: DropReason): void {
  engine.backend.metrics.count('event.dropped', { reason });
}

/** The turn in which an entry, or a block with its arms, starts in this epoch. */
export function entryTurn(handling: Pick<Handling, 'epoch'>): string {
  return formatTurn(firstTurn(handling.epoch));
}
