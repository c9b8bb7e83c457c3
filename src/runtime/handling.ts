import type { DropReason } from '../core/decide.ts';
import type { StepDefinition } from '../core/definition.ts';
import type { WorkflowEvent } from '../core/event.ts';
import type { JoinOpening } from '../core/join.ts';
import { graphStamp } from '../core/parked.ts';
import { logOf, type RecordKey, type RunHeader } from '../core/records.ts';
import { firstTurn, formatTurn } from '../core/turn.ts';
import type { HandleOptions } from './api.ts';
import type { Engine } from './engine.ts';
import type { Publisher } from './publish.ts';
import type { CompiledWorkflow } from './registry.ts';

/** An event that is being handled, before its run is read. */
export interface EventHandling {
  readonly engine: Engine;
  readonly workflow: CompiledWorkflow;
  readonly runId: string;
  readonly epoch: number;
  readonly publisher: Publisher;
}

/** One handling of one event, or one API call: what its parts share. */
export interface Handling extends EventHandling {
  /** As it was read when the handling began. Only what never changes within an epoch may be taken from it. */
  readonly header: RunHeader;
}

/** A `step.run` of a step. */
export interface StepEvent {
  readonly event: WorkflowEvent;
  readonly key: RecordKey;
  readonly turn: string;
  readonly step: StepDefinition;
  /** Owner of the claim that this handling makes; never shared by two. */
  readonly owner: string;
  /** The time that the function has in which this happens. */
  readonly time: HandleOptions;
}

/** A `step.run` of a step that is being handled. */
export interface StepHandling extends Handling, StepEvent {}

/** Acknowledges an event that has nothing to do. */
export function drop(engine: Engine, reason: DropReason): void {
  engine.backend.metrics.count('event.dropped', { reason });
}

/** The turn in which an entry, or a block with its arms, starts in this epoch. */
export function entryTurn(handling: Pick<Handling, 'epoch'>): string {
  return formatTurn(firstTurn(handling.epoch));
}

/**
 * What every write that begins a record, or a block, says: where its states are kept, and by which graph it is begun. `members`: of
 * a block of which no record of a member tells that.
 */
export function begunBy(
  { header, workflow }: Pick<Handling, 'header' | 'workflow'>,
  entry: number,
  members?: Pick<JoinOpening, 'taken'>,
): { readonly log?: string; readonly graph: string } {
  const log = logOf(header);
  const graph = graphStamp(workflow.graphHash, workflow.graph[entry], members);
  return log === undefined ? { graph } : { log, graph };
}
